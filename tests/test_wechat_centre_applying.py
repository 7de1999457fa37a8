# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""The distribution centre over HTTP: people apply, below somebody or nobody, as the program lets them."""

import contextlib

import pytest

from support.centre import Shop, assert_problem, at_once, ok


@pytest.fixture
def shop(live):
    return Shop(live)


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


def test_who_is_asked_for_more_answers(live, shop):
    carl, body = shop.person("Carl"), {"agreement_accepted": True}
    ok(carl.post("/me/distributor", body))
    with live.env() as env:
        distributor = env["distribution.distributor"].search([("partner_id", "=", carl.partner_id)])
        distributor.action_ask("Where do you recommend?")
    assert ok(carl.get("/me/distributor"))["reason"] == "Where do you recommend?"
    assert_problem(carl.post("/me/distributor", body), 422, "answer_required")
    assert ok(carl.get("/me/distributor"))["state"] == "incomplete"
    assert ok(carl.post("/me/distributor", {**body, "message": "In my shop"}))["state"] == "draft"


@contextlib.contextmanager
def agreement(live):
    """Publish the first of two versions of the program's agreement, and yield its number; afterwards it has none."""
    with live.env() as env:
        program = env["distribution.program"].browse(live.program_id)
        program.introduction = "<p>Recommend what you like</p>"
        first, second = (env["distribution.agreement"].create({"program_id": program.id}) for _time in "12")
        first.text, second.text = "<p>Be honest</p>", "<p>Be honest and kind</p>"
        first.action_publish()
        version = first.version
    try:
        yield version
    finally:
        with live.env() as env:
            # Published for good, but not of this program: the other tests accept nothing.
            other = env["distribution.program"].browse(live.program_id).copy({"name": "Shelf"})
            env.cr.execute(
                "UPDATE distribution_agreement SET program_id = %s WHERE program_id = %s", [other.id, live.program_id]
            )


def test_program_introduces_itself_and_everybody_accepts_its_agreement(live, shop):
    """The version that was read is named: a new one is read first, and members are asked again."""
    carl, dora = shop.person("Carl"), shop.distributor("Dora")
    with agreement(live) as version:
        told = ok(carl.get("/program"))
        assert (told["introduction"], told["rules"]) == ("<p>Recommend what you like</p>", None)
        assert (told["agreement"]["version"], told["agreement"]["text"]) == (version, "<p>Be honest</p>")
        body = {"agreement_accepted": True}
        for wrong in ({}, {"agreement_version": version + 1}):
            assert_problem(carl.post("/me/distributor", {**body, **wrong}), 422, "agreement_required")
        applied = ok(carl.post("/me/distributor", {**body, "agreement_version": version}))
        assert (applied["state"], applied["agreement_due"]) == ("draft", False)
        assert ok(dora.get("/me/distributor"))["agreement_due"] is True
        with live.env() as env:
            env["distribution.agreement"].search([("program_id", "=", live.program_id)], limit=1).action_publish()
            accepted = env["distribution.distributor"].search([("partner_id", "=", carl.partner_id)]).acceptance_ids
            assert (accepted.agreement_id.version, accepted.door) == (version, "mini_program")
        assert_problem(dora.post("/me/agreement", {"version": version}), 409, "agreement_outdated")
        accepted = ok(dora.post("/me/agreement", {"version": version + 1}))
        assert (accepted["state"], accepted["agreement_due"]) == ("active", False)
        assert_problem(shop.person("Nobody").post("/me/agreement", {"version": 1}), 404, "not_a_distributor")


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
