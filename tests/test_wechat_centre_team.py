# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""The distribution centre over HTTP: team and customers, and nothing of anybody else."""

import uuid

import pytest

from odoo import fields

from support.centre import Shop, assert_problem, ok
from support.live import SECRET


@pytest.fixture
def shop(live):
    return Shop(live)


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


def log_in_at_rival(live):
    """Found another merchant with a mini-program, and return the token of somebody who is in it."""
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
    return ok(live.call("POST", "/sessions", {"app_id": app_id, "code": code}), 201)["access_token"]


def test_another_mini_program_of_another_company_shows_nothing(live, shop):
    """The same person in the other merchant's mini-program is somebody else, with nothing."""
    dora, carl = shop.distributor("Dora"), shop.person("Carl")
    shop.bind(carl, dora)
    shop.sell(carl, 1)
    token = log_in_at_rival(live)
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
