# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""The distribution centre over HTTP: people scan, apply, recruit and read what they earned; the merchant trades."""

import base64
import contextlib
import itertools
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from functools import partial

import pytest

from odoo import fields
from odoo.tests import freeze_time

from support.live import APP_ID, SECRET

serial = itertools.count(1)


class Shop:
    """What the merchant does for the tests, and people with names that must never be read by others."""

    def __init__(self, live):
        self.live = live

    def person(self, name):
        """Return somebody with a name and a phone of their own that only they may read."""
        person = self.live.person(name)
        person.clear_name, person.clear_phone = f"{name} Secretname{next(serial)}", f"+86138{next(serial):08d}"
        with self.live.env() as env:
            partner = env["res.partner"].browse(person.partner_id)
            partner.write({"name": person.clear_name, "phone": person.clear_phone})
        return person

    def distributor(self, name, upline=None):
        person = self.person(name)
        person.become_distributor(upline)
        with self.live.env() as env:
            person.code = env["distribution.distributor"].browse(person.distributor_id).code
        return person

    def chain(self, *names):
        """Return distributors, each below the one before."""
        people = []
        for name in names:
            people.append(self.distributor(name, people[-1] if people else None))
        return people

    def scene(self, distributor, purpose="shop", **values):
        answer = distributor.post("/me/codes", {"purpose": purpose, **values})
        assert answer.status_code == 200, answer.text
        return answer.json()["scene"]

    @contextlib.contextmanager
    def on(self, days_ago):
        """Yield the merchant's environment some days ago."""
        with freeze_time(fields.Datetime.now() - timedelta(days=days_ago)), self.live.env() as env:
            yield env

    def sell(self, buyer, quantity=1, price=100.0, days_ago=0, ship=True, discount=0.0):
        """Sell to a person; shipped goods are received at once.

        :return: id of the order
        """
        with self.on(days_ago) as env:
            lines = [{"product_id": self.live.product_id, "product_uom_qty": quantity, "price_unit": price}]
            if discount:
                lines.append({"product_id": self.service(env).id, "product_uom_qty": 1, "price_unit": -discount})
            order = env["sale.order"].create(
                {"partner_id": buyer.partner_id, "order_line": [fields.Command.create(line) for line in lines]}
            )
            order.action_confirm()
        if ship:
            self.ship(order.id, days_ago)
        return order.id

    def service(self, env):
        values = {"name": "Discount", "type": "service", "taxes_id": False, "company_id": self.live.company_id}
        return env["product.product"].create(values)

    def ship(self, order_id, days_ago=0):
        with self.on(days_ago) as env:
            order = env["sale.order"].browse(order_id)
            for move in order.picking_ids.move_ids:
                move.write({"quantity": move.product_uom_qty, "picked": True})
            order.picking_ids.with_context(skip_backorder=True).button_validate()
            order.action_confirm_receipt()

    def take_back(self, order_id, quantity):
        with self.live.env() as env:
            picking = env["sale.order"].browse(order_id).picking_ids[:1]
            wizard = env["stock.return.picking"].with_context(active_id=picking.id, active_model="stock.picking")
            wizard = wizard.create({})
            wizard.product_return_moves.write({"quantity": quantity, "to_refund": True})
            back = env["stock.picking"].browse(wizard.action_create_returns()["res_id"])
            back.move_ids.write({"quantity": quantity, "picked": True})
            back.button_validate()

    def settle(self):
        with self.live.env() as env:
            program = env["distribution.program"].browse(self.live.program_id)
            env["distribution.commission.entry"]._release(program)
            env["distribution.settlement"]._create_from_due(program).action_post()

    def bind(self, customer, distributor, days_ago=0):
        with self.on(days_ago) as env:
            partner = env["res.partner"].browse(customer.partner_id)
            env["distribution.binding"]._bind(
                partner, env["distribution.distributor"].browse(distributor.distributor_id)
            )


@pytest.fixture
def shop(live):
    return Shop(live)


def ok(answer, status=200):
    assert answer.status_code == status, answer.text
    return answer.json()


def assert_problem(answer, status, code):
    assert (answer.status_code, answer.json().get("code")) == (status, code), answer.text
    return answer.json()


def bindings_of(live, person):
    with live.env() as env:
        found = env["distribution.binding"].search([("partner_id", "=", person.partner_id)], order="id")
        return [(binding.distributor_id.id, binding.source, binding.state) for binding in found]


def at_once(*calls):
    with ThreadPoolExecutor(len(calls)) as pool:
        return [future.result() for future in [pool.submit(call) for call in calls]]


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


# === APPLYING === #


def test_who_i_am(shop):
    dora, carl = shop.distributor("Dora"), shop.person("Carl")
    me = ok(carl.get("/me"))
    assert (me["name"], me["phone"]) == (carl.clear_name, f"{carl.clear_phone[:-8]}****{carl.clear_phone[-4:]}")
    assert (me["is_distributor"], me["distributor"], me["binding"]) == (False, None, None)
    ok(carl.post("/bindings", {"code": dora.code}))
    assert ok(carl.get("/me"))["binding"]["recommended_by"] == "D**"
    assert ok(dora.get("/me"))["distributor"] == {"state": "active", "code": dora.code}


def test_applying_twice_is_one_application_and_the_merchant_decides(live, shop):
    carl = shop.person("Carl")
    assert_problem(carl.post("/me/distributor", {"agreement_accepted": False}), 422, "agreement_required")
    assert_problem(carl.get("/me/distributor"), 404, "not_a_distributor")
    assert_problem(carl.get("/me/summary"), 404, "not_a_distributor")
    first = ok(carl.post("/me/distributor", {"agreement_accepted": True, "name": "张三丰"}))
    assert (first["state"], first["upline"]) == ("draft", None)
    assert ok(carl.post("/me/distributor", {"agreement_accepted": True, "name": "Other"})) == first
    assert ok(carl.get("/me"))["name"] == "张三丰"
    assert ok(carl.get("/me/distributor")) == first
    assert ok(carl.get("/me/summary"))["available"] == "0.00"
    with live.env() as env:
        distributor = env["distribution.distributor"].search([("partner_id", "=", carl.partner_id)])
        distributor.action_activate()
    assert ok(carl.get("/me/distributor"))["state"] == "active"


def test_program_introduces_itself_and_everybody_accepts_its_agreement(live, shop):
    """The version that was read is named: a new one is read first, and members are asked again."""
    carl, dora = shop.person("Carl"), shop.distributor("Dora")
    with live.env() as env:
        program = env["distribution.program"].browse(live.program_id)
        program.introduction = "<p>Recommend what you like</p>"
        first, second = (env["distribution.agreement"].create({"program_id": program.id}) for _time in "12")
        first.text, second.text = "<p>Be honest</p>", "<p>Be honest and kind</p>"
        first.action_publish()
        version = first.version
    try:
        told = ok(carl.get("/program"))
        assert (told["introduction"], told["rules"]) == ("<p>Recommend what you like</p>", None)
        assert (told["agreement"]["version"], told["agreement"]["text"]) == (version, "<p>Be honest</p>")
        body = {"agreement_accepted": True}
        assert_problem(carl.post("/me/distributor", body), 422, "agreement_required")
        assert_problem(
            carl.post("/me/distributor", {**body, "agreement_version": version + 1}), 422, "agreement_required"
        )
        applied = ok(carl.post("/me/distributor", {**body, "agreement_version": version}))
        assert (applied["state"], applied["agreement_due"]) == ("draft", False)
        assert ok(dora.get("/me/distributor"))["agreement_due"] is True
        with live.env() as env:
            second = env["distribution.agreement"].search([("program_id", "=", live.program_id)], limit=1)
            second.action_publish()
            membership = env["distribution.distributor"].search([("partner_id", "=", carl.partner_id)])
            assert (membership.acceptance_ids.agreement_id.version, membership.acceptance_ids.door) == (
                version,
                "mini_program",
            )
        assert_problem(dora.post("/me/agreement", {"version": version}), 409, "agreement_outdated")
        accepted = ok(dora.post("/me/agreement", {"version": version + 1}))
        assert (accepted["state"], accepted["agreement_due"]) == ("active", False)
        assert_problem(shop.person("Nobody").post("/me/agreement", {"version": 1}), 404, "not_a_distributor")
    finally:
        with live.env() as env:
            # Published for good, but not of this program: the other tests accept nothing.
            other = env["distribution.program"].browse(live.program_id).copy({"name": "Shelf"})
            env.cr.execute(
                "UPDATE distribution_agreement SET program_id = %s WHERE program_id = %s", [other.id, live.program_id]
            )


def test_program_by_invitation_takes_codes(live, shop):
    carl, emil, dora = shop.person("Carl"), shop.person("Emil"), shop.distributor("Dora")
    ok(emil.post("/bindings", {"scene": shop.scene(dora, "recruit")}))
    with live.env() as env:
        env["distribution.program"].browse(live.program_id).join_policy = "invitation"
    try:
        body = {"agreement_accepted": True}
        assert ok(carl.get("/program"))["join_policy"] == "invitation"
        assert_problem(carl.post("/me/distributor", body), 422, "invitation_required")
        assert ok(carl.post("/me/distributor", {**body, "code": dora.code}))["state"] == "draft"
        assert ok(emil.post("/me/distributor", body))["upline"] == "D**"
    finally:
        with live.env() as env:
            env["distribution.program"].browse(live.program_id).join_policy = "review"


def test_program_that_everybody_joins_offers_itself_after_an_order(live, shop):
    carl, emil = shop.person("Carl"), shop.person("Emil")
    with live.env() as env:
        env["distribution.program"].browse(live.program_id).write(
            {"join_policy": "open", "is_offered_after_order": True}
        )
    try:
        assert ok(carl.get("/me"))["is_offered"] is False
        with live.env() as env:
            line = {"product_id": live.product_id, "product_uom_qty": 1}
            env["sale.order"].create({"partner_id": carl.partner_id, "order_line": [(0, 0, line)]}).action_confirm()
        assert ok(carl.get("/me"))["is_offered"] is True
        for person in (carl, emil):
            assert ok(person.post("/me/distributor", {"agreement_accepted": True}))["state"] == "active"
        assert ok(carl.get("/me"))["is_offered"] is False
    finally:
        with live.env() as env:
            env["distribution.program"].browse(live.program_id).write(
                {"join_policy": "review", "is_offered_after_order": False}
            )


def test_applications_at_once_are_one(live, shop):
    carl = shop.person("Carl")
    answers = at_once(*[lambda: carl.post("/me/distributor", {"agreement_accepted": True})] * 6)
    assert len({ok(answer)["code"] for answer in answers}) == 1
    with live.env() as env:
        assert env["distribution.distributor"].search_count([("partner_id", "=", carl.partner_id)]) == 1


@pytest.mark.parametrize("way", ["recruit", "recruit_ended", "shop", "named", "named_scene", "closed"])
def test_upline_of_an_application(live, shop, way):
    dora, emil, carl = shop.distributor("Dora"), shop.distributor("Emil"), shop.person("Carl")
    body, upline = {"agreement_accepted": True}, dora
    ok(carl.post("/bindings", {"scene": shop.scene(dora, "shop" if way == "shop" else "recruit")}))
    with live.env() as env:
        if way == "recruit_ended":
            env["distribution.binding"].search([("partner_id", "=", carl.partner_id)]).action_end()
        if way == "closed":
            upline = None
            env["distribution.distributor"].browse(dora.distributor_id).action_close()
    if way.startswith("named"):
        upline = emil
        body |= {"code": emil.code} if way == "named" else {"scene": shop.scene(emil, "recruit")}
    assert ok(carl.post("/me/distributor", body))["upline"] == (f"{upline.name[0]}**" if upline else None)
    with live.env() as env:
        application = env["distribution.distributor"].search([("partner_id", "=", carl.partner_id)])
        assert application.parent_id.id == (upline.distributor_id if upline else False)


def test_who_may_not_apply(live, shop):
    dora, carl = shop.distributor("Dora"), shop.person("Carl")
    body = {"agreement_accepted": True}
    assert_problem(carl.post("/me/distributor", {**body, "code": "D99999"}), 404, "code_unknown")
    assert_problem(carl.post("/me/distributor", {**body, "name": "\x00bad"}), 422, "invalid")
    assert_problem(carl.post("/me/distributor", {**body, "name": "  "}), 422, "invalid")
    assert_problem(dora.post("/me/distributor", {**body, "code": dora.code}), 422, "own_code")
    for state in ("suspended", "closed"):
        with live.env() as env:
            env["distribution.distributor"].browse(dora.distributor_id).state = state
        assert_problem(dora.post("/me/distributor", body), 409, f"membership_{state}")
        assert ok(dora.get("/me/distributor"))["state"] == state
        ok(dora.get("/me/summary"))
    assert ok(dora.get("/me"))["is_distributor"] is False


def test_archived_program_is_read_but_takes_nobody(live, shop):
    dora, carl = shop.distributor("Dora"), shop.person("Carl")
    with live.env() as env:
        env["distribution.program"].browse(live.program_id).active = False
    try:
        assert_problem(carl.post("/me/distributor", {"agreement_accepted": True}), 409, "program_closed")
        assert_problem(carl.post("/bindings", {"code": dora.code}), 404, "code_unknown")
        assert_problem(dora.post("/me/codes", {"purpose": "shop"}), 409, "not_active")
        for path in ("/me", "/me/summary", "/me/entries", "/me/team", "/me/customers", "/me/distributor"):
            ok(dora.get(path))
    finally:
        with live.env() as env:
            env["distribution.program"].browse(live.program_id).active = True


# === MONEY === #


def figures(person, **expected):
    summary = ok(person.get("/me/summary"))
    assert {name: summary[name] for name in expected} == expected
    return summary


def test_money_through_every_state(live, shop):
    dora, carl = shop.distributor("Dora"), shop.person("Carl")
    shop.bind(carl, dora, days_ago=40)
    figures(dora, currency="CNY", pending="0.00", customers=1, orders=0, next_release_date=None)
    first = shop.sell(carl, 3, days_ago=30, ship=False)
    figures(dora, pending="30.00", held="0.00", orders=1)
    shop.ship(first, days_ago=30)
    with live.env() as env:
        release = env["distribution.commission.entry"].search([("order_id", "=", first)]).release_date
    figures(dora, pending="0.00", held="30.00", next_release_date=release.isoformat(), today="0.00", due="0.00")
    with live.env() as env:
        env["distribution.commission.entry"]._release(env["distribution.program"].browse(live.program_id))
    figures(dora, held="0.00", due="30.00", next_release_date=None, next_settlement_date=None, available="0.00")
    shop.settle()
    figures(dora, due="0.00", available="30.00")
    with live.env() as env:
        account = env["distribution.account"].search([("distributor_id", "=", dora.distributor_id)])
        bank = env["account.journal"].search([("type", "=", "bank"), ("company_id", "=", live.company_id)], limit=1)
        runs = env["distribution.payout.run"]
        paid, _open = (runs._create_run(env.company, bank, {account: Decimal(amount)}) for amount in ("12", "10"))
        paid._confirm_paid(paid.withdrawal_ids, fields.Date.today())
    figures(dora, available="8.00", in_withdrawal="10.00", waiting_confirmation="0.00", paid="12.00")
    shop.take_back(first, 2)
    shop.settle()
    figures(dora, available="0.00", debt="12.00", taken_back="20.00", today="-20.00", paid="12.00")
    shop.sell(carl, 1)
    summary = figures(dora, held="10.00", today="-10.00", this_month="-10.00", orders=2)
    # What was earned less what was taken back is in exactly one place each.
    sums = {name: Decimal(summary[name]) for name in ("held", "due", "available", "in_withdrawal", "paid", "debt")}
    debt = sums.pop("debt")
    assert sum(sums.values()) - debt == Decimal("30") - Decimal("20") + Decimal("10")


def test_suspension_holds_the_settlement(live, shop):
    dora = shop.distributor("Dora")
    with live.env() as env:
        program = env["distribution.program"].browse(live.program_id)
        program.settlement_period = "daily"
        tomorrow = program.next_settlement_date.isoformat()
    try:
        figures(dora, next_settlement_date=tomorrow)
        with live.env() as env:
            env["distribution.distributor"].browse(dora.distributor_id).action_suspend()
        figures(dora, next_settlement_date=None)
    finally:
        with live.env() as env:
            env["distribution.program"].browse(live.program_id).settlement_period = "manual"


def test_yesterday_is_a_day_of_the_program(live, shop):
    dora, carl = shop.distributor("Dora"), shop.person("Carl")
    shop.bind(carl, dora, days_ago=5)
    shop.sell(carl, 1, days_ago=1)
    figures(dora, today="0.00", yesterday="10.00")


def test_pending_is_what_the_terms_say_to_the_fen(live, shop):
    """Open, half sent, discounted, returned, cancelled, finished with an odd amount: the short cut loses nothing."""
    dora, carl = shop.distributor("Dora"), shop.person("Carl")
    shop.bind(carl, dora)
    shop.sell(carl, 3, 33.33, ship=False)
    shop.sell(carl, 1, 0.05)
    shop.sell(carl, 1, 0.05, ship=False)
    shop.sell(carl, 1, 0.04)
    shop.sell(carl, 7, 12.34, discount=5.55)
    shop.sell(carl, 7, 12.34, discount=5.55, ship=False)
    shop.take_back(shop.sell(carl, 5, 9.99), 2)
    cancelled = shop.sell(carl, 5, 9.99, ship=False)
    partly = shop.sell(carl, 4, 19.99, ship=False)
    with live.env() as env:
        env["sale.order"].browse(cancelled)._action_cancel()
        picking = env["sale.order"].browse(partly).picking_ids
        picking.move_ids.write({"quantity": 1, "picked": True})
        picking.with_context(skip_backorder=True).button_validate()
        picking._confirm_receipt()
    with live.env() as env:
        # More was ordered after everything had been earned.
        env["sale.order"].browse(shop.sell(carl, 1, 50.0)).order_line.product_uom_qty = 2
    with live.env() as env:
        terms = env["distribution.commission.term"].search([("distributor_id", "=", dora.distributor_id)])
        every = sum((Decimal(repr(amount)) for amount in terms.mapped("pending_amount")), Decimal(0))
        distributor = env["distribution.distributor"].browse(dora.distributor_id)
        candidates = distributor.with_company(live.company_id)._get_open_term_ids()
        assert set(candidates) < set(terms.ids)
    assert every > 20
    figures(dora, pending=f"{every:.2f}")


def count_queries(live, person):
    with live.env() as env:
        distributor = env["distribution.distributor"].browse(person.distributor_id).with_company(live.company_id)
        distributor.mapped("program_id.level_count")
        env.flush_all()
        before = env.cr.sql_log_count
        distributor._get_summary_amounts()
        distributor._get_earnings_by_period()
        distributor._get_next_release_date()
        distributor.read(["team_count", "customer_count", "order_count"])
        return env.cr.sql_log_count - before


def test_figures_take_the_same_queries_however_many_there_are(live, shop):
    _ada, dora = shop.chain("Ada", "Dora")
    carl = shop.person("Carl")
    shop.bind(carl, dora, days_ago=5)
    shop.sell(carl, 2, days_ago=3)

    def grow(name):
        below = shop.distributor(name, dora)
        shop.distributor(name * 2, below)
        buyer = shop.person("Buyer")
        shop.bind(buyer, below)
        shop.sell(buyer, 1)
        for one in (buyer, carl):
            shop.sell(one, 1, ship=False)

    grow("A")
    small, team = count_queries(live, dora), ok(dora.get("/me/summary"))["team"]
    for name in "BCDE":
        grow(name)
    assert count_queries(live, dora) == small
    assert [level["count"] for level in ok(dora.get("/me/summary"))["team"]] == [5 * level["count"] for level in team]


# === ENTRIES === #


def test_entries_tell_why_and_hide_people(live, shop):
    ada, ben = shop.chain("Ada", "Ben")
    carl = shop.person("Carl")
    shop.bind(carl, ben)
    order_id = shop.sell(carl, 4)
    shop.take_back(order_id, 1)
    with live.env() as env:
        number = env["sale.order"].browse(order_id).name
    clawback, earning = ok(ben.get("/me/entries"))["items"]
    assert (earning["order"], earning["buyer"], earning["level"]) == (number, "C**", 1)
    assert (earning["base"], earning["rate"], earning["amount"]) == ("400.00", "10", "40.00")
    assert (earning["state"], earning["kind"], earning["reason"]) == ("held", "earning", None)
    assert "Rate 10 %" in earning["why"]
    assert number in earning["why"]
    assert (clawback["kind"], clawback["reason"], clawback["amount"]) == ("clawback", "returned", "-10.00")
    assert clawback["reason_text"] == "Goods were returned."
    above = ok(ada.get("/me/entries"))["items"]
    assert [(entry["level"], entry["buyer"], entry["amount"]) for entry in above] == [
        (2, None, "-5.00"),
        (2, None, "20.00"),
    ]
    assert ok(ben.get(f"/me/entries/{earning['id']}")) == earning
    assert_problem(ada.get(f"/me/entries/{earning['id']}"), 404, "not_found")


def test_why_is_in_the_readers_language(live, shop):
    dora, carl = shop.distributor("Dora"), shop.person("Carl")
    shop.bind(carl, dora)
    shop.sell(carl, 1)
    with live.env() as env:
        env["res.lang"]._activate_lang("zh_CN")
        env["res.partner"].browse(dora.partner_id).lang = "zh_CN"
    why = ok(dora.get("/me/entries", headers={"Accept-Language": "en-US"}))["items"][0]["why"]
    assert any("\u4e00" <= character <= "\u9fff" for character in why), why


@pytest.mark.parametrize("reason", ["cancelled", "credited", "changed"])
def test_reason_of_a_clawback(live, shop, reason):
    dora, carl = shop.distributor("Dora"), shop.person("Carl")
    shop.bind(carl, dora)
    order_id = shop.sell(carl, 2)
    with live.env() as env:
        order = env["sale.order"].browse(order_id)
        if reason == "cancelled":
            order._action_cancel()
        elif reason == "changed":
            order.order_line.price_unit = 80
        else:
            invoice = order._create_invoices()
            invoice.action_post()
            wizard = env["account.move.reversal"].with_context(active_model="account.move", active_ids=invoice.ids)
            wizard = wizard.create({"journal_id": invoice.journal_id.id})
            wizard.reverse_moves()
            wizard.new_move_ids.invoice_line_ids.price_unit = 10
            wizard.new_move_ids.action_post()
    assert ok(dora.get("/me/entries", params={"kind": "clawback"}))["items"][0]["reason"] == reason


def test_entries_are_filtered_and_paged(live, shop):
    dora, carl = shop.distributor("Dora"), shop.person("Carl")
    shop.bind(carl, dora, days_ago=40)
    shop.sell(carl, 1, days_ago=30)
    shop.settle()
    for _number in range(4):
        shop.sell(carl, 1)

    def count(**params):
        return len(ok(dora.get("/me/entries", params=params))["items"])

    with live.env() as env:
        today = env["distribution.program"].browse(live.program_id)._get_business_date().isoformat()
    assert (count(), count(state="held"), count(state="settled"), count(state="due")) == (5, 4, 1, 0)
    assert (count(kind="clawback"), count(level=1), count(level=2)) == (0, 5, 0)
    assert (count(date_from=today), count(date_to="2000-01-01")) == (4, 0)
    assert_problem(dora.get("/me/entries", params={"level": 4}), 422, "invalid")
    seen, cursor = [], None
    while True:
        page = ok(dora.get("/me/entries", params={"limit": 2, **({"cursor": cursor} if cursor else {})}))
        seen += [entry["id"] for entry in page["items"]]
        cursor = page["next_cursor"]
        if not cursor:
            break
    assert len(seen) == len(set(seen)) == 5
    assert seen == sorted(seen, reverse=True)


# === TEAM AND CUSTOMERS === #


def test_team_by_level_with_what_each_sells(live, shop):
    ada, ben, _cleo, dan, _eve = shop.chain("Ada", "Ben", "Cleo", "Dan", "Eve")
    fay, carl = shop.distributor("Fay", ada), shop.person("Carl")
    shop.bind(carl, ben)
    shop.sell(carl, 2)
    shop.sell(carl, 1, 50.0)
    ok(shop.person("Newcomer").post("/me/distributor", {"agreement_accepted": True, "code": ada.code}))
    items = ok(ada.get("/me/team"))["items"]
    assert [(member["name"], member["level"]) for member in items] == [("F**", 1), ("D**", 3), ("C**", 2), ("B**", 1)]
    by_name = {member["name"]: member for member in items}
    assert (by_name["B**"]["orders"], by_name["B**"]["sales"], by_name["B**"]["team_count"]) == (2, "250.00", 3)
    assert (by_name["F**"]["orders"], by_name["F**"]["sales"], by_name["F**"]["team_count"]) == (0, "0.00", 0)
    assert [member["name"] for member in ok(ada.get("/me/team", params={"level": 2}))["items"]] == ["C**"]
    assert ok(ada.get("/me/summary"))["team"] == [
        {"level": 1, "count": 2},
        {"level": 2, "count": 1},
        {"level": 3, "count": 1},
    ]
    assert ok(dan.get("/me/team"))["items"][0]["level"] == 1
    assert ok(fay.get("/me/team"))["items"] == []


def test_customers_who_are_bound_now(live, shop):
    dora, carl, gone = shop.distributor("Dora"), shop.person("Carl"), shop.person("Gone")
    shop.bind(carl, dora)
    shop.bind(gone, dora)
    with live.env() as env:
        env["distribution.binding"].search([("partner_id", "=", gone.partner_id)]).date_to = fields.Datetime.now()
    items = ok(dora.get("/me/customers"))["items"]
    assert [(item["name"], item["until"]) for item in items] == [("C**", None)]
    assert items[0]["since"].endswith("Z")
    assert ok(dora.get("/me/summary"))["customers"] == 1


def test_nobody_reads_names_or_phones_of_others(live, shop):
    ada, ben, cleo = shop.chain("Ada", "Ben", "Cleo")
    carl = shop.person("Carl")
    scene = shop.scene(cleo, "recruit")
    answers = {carl: [carl.post("/bindings", {"scene": scene}).text], ada: [], ben: [], cleo: []}
    shop.take_back(shop.sell(carl, 2), 1)
    answers[carl].append(carl.post("/me/distributor", {"agreement_accepted": True}).text)
    for person in answers:
        for path in ("/me", "/me/distributor", "/me/summary", "/me/entries", "/me/team", "/me/customers"):
            answer = person.get(path)
            assert answer.status_code == 200, answer.text
            answers[person].append(answer.text)
    for person, texts in answers.items():
        own = "\n".join(texts)
        for other in answers.keys() - {person}:
            for clear in (other.clear_name, other.clear_name.split()[1], other.clear_phone, other.clear_phone[3:]):
                assert clear not in own, (person.name, other.name)
        assert person.clear_phone not in own
    assert '"items": [{' in "".join(answers[cleo]), "nothing was there to be hidden"


def test_another_mini_program_of_another_company_shows_nothing(live, shop):
    """The same person in the other merchant's mini-program is somebody else, with nothing."""
    dora, carl = shop.distributor("Dora"), shop.person("Carl")
    shop.bind(carl, dora)
    shop.sell(carl, 1)
    app_id = f"wx{uuid.uuid4().hex[:16]}"
    live.simulator.register_app(app_id, SECRET)
    with live.env() as env:
        company = env["res.company"].create({"name": f"Rival {app_id}", "currency_id": env.ref("base.CNY").id})
        program = env["distribution.program"].create({"name": "Rival", "company_id": company.id})
        env["distribution.wechat.account"].create(
            {
                "name": "Rival",
                "company_id": company.id,
                "program_id": program.id,
                "app_id": app_id,
                "app_secret": SECRET,
                "mini_program_url": live.simulator.url,
            }
        )
    live.simulator.register_user(openid=f"o{app_id}", appid=app_id, unionid=f"u{app_id}", phone="13900000000")
    code = live.simulator.login_code(f"o{app_id}")["code"]
    token = ok(live.call("POST", "/sessions", {"app_id": app_id, "code": code}), 201)["access_token"]
    assert ok(live.call("GET", "/me", token=token))["binding"] is None
    assert_problem(live.call("GET", "/me/summary", token=token), 404, "not_a_distributor")
    assert_problem(live.call("POST", "/bindings", {"code": dora.code}, token=token), 404, "code_unknown")
    scene = shop.scene(dora)
    assert_problem(live.call("POST", "/bindings", {"scene": scene}, token=token), 404, "code_unknown")
    entry = ok(dora.get("/me/entries"))["items"][0]["id"]
    ok(live.call("POST", "/me/distributor", {"agreement_accepted": True}, token=token))
    assert_problem(live.call("GET", f"/me/entries/{entry}", token=token), 404, "not_found")
    assert_problem(live.call("GET", f"/me/codes/{scene}/image", token=token), 404, "not_found")
    assert ok(live.call("GET", "/me/entries", token=token))["items"] == []
    assert ok(live.call("GET", "/me/customers", token=token))["items"] == []
