# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""The distribution centre over HTTP: scanned and typed codes bind people, and distributors get theirs."""

import base64
import uuid
from datetime import timedelta
from functools import partial

import pytest

from odoo import fields

from support.centre import Shop, assert_problem, at_once, bindings_of, ok
from support.live import APP_ID


@pytest.fixture
def shop(live):
    return Shop(live)


# === BINDING === #


def test_scanning_a_code_binds_once(live, shop):
    dora, carl = shop.distributor("Dora"), shop.person("Carl")
    scene = shop.scene(dora)
    first = ok(carl.post("/bindings", {"scene": scene}))
    assert (first["outcome"], first["purpose"], first["recommended_by"]) == ("bound", "shop", "D**")
    assert ok(carl.post("/bindings", {"scene": scene}))["outcome"] == "already_yours"
    assert ok(carl.post("/bindings", {"code": dora.code.lower()}))["outcome"] == "already_yours"
    assert bindings_of(live, carl) == [(dora.distributor_id, "qr", "active")]


def test_code_typed_in_binds(live, shop):
    dora, carl = shop.distributor("Dora"), shop.person("Carl")
    assert ok(carl.post("/bindings", {"code": f" {dora.code} "}))["outcome"] == "bound"
    assert bindings_of(live, carl) == [(dora.distributor_id, "code", "active")]


def test_protection_holds_until_its_date_and_then_another_may_take_over(live, shop):
    dora, emil, carl = shop.distributor("Dora"), shop.distributor("Emil"), shop.person("Carl")
    ok(carl.post("/bindings", {"code": dora.code}))
    with live.env() as env:
        binding = env["distribution.binding"].search([("partner_id", "=", carl.partner_id)])
        last_day = binding.program_id._get_business_date(binding.protected_until).isoformat()
    problem = assert_problem(carl.post("/bindings", {"scene": shop.scene(emil)}), 409, "protected")
    assert last_day in problem["detail"]
    with live.env() as env:
        binding = env["distribution.binding"].browse(binding.id)
        binding.protected_until = fields.Datetime.now() - timedelta(minutes=1)
    assert ok(carl.post("/bindings", {"scene": shop.scene(emil)}))["outcome"] == "bound"
    assert [row[2] for row in bindings_of(live, carl)] == ["ended", "active"]


def test_program_that_asks_changes_nothing_until_the_customer_agrees(live, shop):
    dora, emil, carl = shop.distributor("Dora"), shop.distributor("Emil"), shop.person("Carl")
    shop.bind(carl, dora, days_ago=20)
    with live.env() as env:
        env["distribution.program"].browse(live.program_id).binding_policy = "ask"
    try:
        asked = ok(carl.post("/bindings", {"code": emil.code}))
        assert (asked["outcome"], asked["recommended_by"]) == ("asked", "D**")
        assert [row[0] for row in bindings_of(live, carl)] == [dora.distributor_id]
        agreed = ok(carl.post("/bindings", {"code": emil.code, "agreed": True}))
        assert (agreed["outcome"], agreed["recommended_by"]) == ("bound", "E**")
        assert [(row[0], row[2]) for row in bindings_of(live, carl)] == [
            (dora.distributor_id, "ended"),
            (emil.distributor_id, "active"),
        ]
        with live.env() as env:
            env["distribution.program"].browse(live.program_id).binding_policy = "first"
        problem = assert_problem(carl.post("/bindings", {"code": dora.code}), 409, "protected")
        assert "another distributor" in problem["detail"]
    finally:
        with live.env() as env:
            env["distribution.program"].browse(live.program_id).binding_policy = "last"


def test_own_unknown_archived_and_dead_codes(live, shop):
    dora, carl = shop.distributor("Dora"), shop.person("Carl")
    scene = shop.scene(dora)
    assert_problem(dora.post("/bindings", {"scene": scene}), 422, "own_code")
    assert_problem(dora.post("/bindings", {"code": dora.code}), 422, "own_code")
    other = shop.distributor("Erin")
    problem = assert_problem(dora.post("/bindings", {"code": other.code}), 409, "member")
    assert "your orders are your own" in problem["detail"]
    for body in ({"scene": "x" * 20}, {"code": "D99999"}):
        assert_problem(carl.post("/bindings", body), 404, "code_unknown")
    for body in ({}, {"scene": scene, "code": dora.code}, {"scene": "a b"}, {"scene": "a" * 33}):
        assert_problem(carl.post("/bindings", body), 422, "invalid")
    with live.env() as env:
        env["distribution.link"].search([("code", "=", scene)]).active = False
    assert_problem(carl.post("/bindings", {"scene": scene}), 404, "code_unknown")
    assert shop.scene(dora) != scene
    with live.env() as env:
        env["distribution.distributor"].browse(dora.distributor_id).action_close()
    assert_problem(carl.post("/bindings", {"code": dora.code}), 404, "code_unknown")
    assert bindings_of(live, carl) == []


def test_scene_of_another_mini_program_is_unknown(live, shop):
    dora, carl = shop.distributor("Dora"), shop.person("Carl")
    with live.env() as env:
        account = env["distribution.wechat.account"].browse(live.account_id)
        other = env["distribution.wechat.account"].create(
            {"name": "Other", "app_id": f"wx{uuid.uuid4().hex[:16]}", "program_id": account.program_id.id}
        )
        distributor = env["distribution.distributor"].browse(dora.distributor_id)
        scene = env["distribution.link"]._get_own(other, distributor, "shop").code
    assert_problem(carl.post("/bindings", {"scene": scene}), 404, "code_unknown")


def test_bindings_at_once_leave_one_and_no_error(live, shop):
    distributors = [shop.distributor(name) for name in ("Dora", "Emil", "Fred", "Gina")]
    for _round in range(3):
        carl = shop.person("Carl")
        calls = [partial(carl.post, "/bindings", {"code": one.code}) for one in distributors for _again in "12"]
        answers = at_once(*calls)
        outcomes = [answer.json().get("outcome") or answer.json()["code"] for answer in answers]
        assert {answer.status_code for answer in answers} == {200, 409}, [answer.text for answer in answers]
        assert sorted(outcomes) == ["already_yours", "bound", *["protected"] * 6]
        assert len(bindings_of(live, carl)) == 1


def test_login_brings_the_scene_and_never_fails_for_it(live, shop):
    dora, emil, carl = shop.distributor("Dora"), shop.distributor("Emil"), shop.person("Carl")

    def log_in(scene):
        code = live.simulator.login_code(carl.open_id)["code"]
        return ok(live.call("POST", "/sessions", {"app_id": APP_ID, "code": code, "scene": scene}), 201)["binding"]

    assert log_in(shop.scene(dora, "recruit"))["outcome"] == "bound"
    assert log_in(shop.scene(dora))["outcome"] == "already_yours"
    assert log_in(shop.scene(emil))["outcome"] == "protected"
    for scene in ("id%3D1&x=2", "x" * 128):
        assert log_in(scene)["outcome"] == "code_unknown"
    assert len(bindings_of(live, carl)) == 1
    code = live.simulator.login_code(dora.open_id)["code"]
    own = live.call("POST", "/sessions", {"app_id": APP_ID, "code": code, "scene": shop.scene(dora)})
    assert ok(own, 201)["binding"]["outcome"] == "own_code"


# === CODES === #


def test_code_and_its_image_are_made_once(live, shop):
    dora = shop.distributor("Dora")
    first, second = (ok(dora.post("/me/codes", {"purpose": "shop"})) for _time in "12")
    assert first == second
    assert first["code"] == dora.code
    assert len(first["scene"]) <= 32
    live.simulator.add_fault("html_502", path="/wxa/getwxacodeunlimit", times=1)
    path = f"/me/codes/{first['scene']}/image"
    assert_problem(dora.get(path), 502, "wechat_unavailable")
    live.simulator.add_fault("errcode", path="/wxa/getwxacodeunlimit", times=1, errcode=45009, errmsg="too often")
    assert_problem(dora.get(path), 422, "wechat_refused")
    image = ok(dora.get(path))
    assert image["media_type"] == "image/png"
    assert base64.b64decode(image["image"]).startswith(b"\x89PNG")
    # WeChat is not asked again: it would fail now.
    live.simulator.add_fault("html_502", path="/wxa/getwxacodeunlimit", times=None)
    assert ok(dora.get(path)) == image
    live.simulator.clear_faults()


def test_expired_access_token_is_replaced_for_an_image(live, shop):
    dora = shop.distributor("Dora")
    live.simulator.invalidate_tokens(APP_ID)
    assert ok(dora.get(f"/me/codes/{shop.scene(dora)}/image"))["image"]


def test_codes_asked_for_at_once_are_one(live, shop):
    dora = shop.distributor("Dora")
    answers = at_once(*[lambda: dora.post("/me/codes", {"purpose": "recruit"})] * 6)
    assert len({ok(answer)["scene"] for answer in answers}) == 1


def test_codes_of_products_and_of_those_who_may_not(live, shop):
    dora, carl = shop.distributor("Dora"), shop.person("Carl")
    with live.env() as env:
        product = env["product.product"].browse(live.product_id).product_tmpl_id
        hidden = env["product.template"].create({"name": "Hidden", "is_published": False})
    scene = shop.scene(dora, "product", product_id=product.id)
    bound = ok(carl.post("/bindings", {"scene": scene}))
    assert (bound["purpose"], bound["product_id"]) == ("product", product.id)
    assert_problem(dora.post("/me/codes", {"purpose": "product", "product_id": hidden.id}), 404, "product_unknown")
    for body in ({"purpose": "product"}, {"purpose": "shop", "product_id": product.id}):
        assert_problem(dora.post("/me/codes", body), 422, "invalid")
    assert_problem(carl.post("/me/codes", {"purpose": "shop"}), 404, "not_a_distributor")
    ok(carl.post("/me/distributor", {"agreement_accepted": True}))
    assert_problem(carl.post("/me/codes", {"purpose": "shop"}), 409, "not_active")
    assert_problem(carl.get(f"/me/codes/{scene}/image"), 404, "not_found")
    assert_problem(dora.get("/me/codes/%00%27/image"), 404, "not_found")
