# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Bugs that real systems shipped (known-bugs.md), played over HTTP by several requests at once."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from odoo.exceptions import UserError

from odoo.addons.distribution_wechat.controllers.api import ENDPOINTS

from support.money_out import Payee, assert_all_agree


@pytest.fixture(autouse=True)
def agreement(live):
    with live.env() as env:
        env["distribution.program"].browse(live.program_id).withdrawal_daily_limit = 20
    yield
    assert live.simulator.wait_idle(20)
    assert_all_agree(live)


def at_once(count, action):
    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(action, range(count)))


def test_bugs_1_and_2_eight_withdrawals_of_100_from_a_balance_of_100(live):
    payee = Payee(live, "Eight", 100)
    answers = at_once(8, lambda _number: payee.person.post("/me/withdrawals", {"amount": "100.00"}))
    assert sorted(answer.status_code for answer in answers) == [201] + [422] * 7, [a.text for a in answers]
    assert payee.figures() == (0.0, 100.0)


def test_bug_1_no_update_is_lost_between_parts_of_a_balance(live):
    payee = Payee(live, "Parts", 100)
    answers = at_once(4, lambda _number: payee.person.post("/me/withdrawals", {"amount": "20.00"}))
    assert [answer.status_code for answer in answers] == [201] * 4
    assert payee.figures() == (20.0, 80.0)


def test_bug_3_refused_reservation_leaves_no_withdrawal(live):
    payee = Payee(live, "Nothing", 50)
    answers = at_once(4, lambda _number: payee.person.post("/me/withdrawals", {"amount": "30.00"}))
    assert sorted(answer.status_code for answer in answers) == [201, 422, 422, 422]
    assert len(payee.person.get("/me/withdrawals").json()["items"]) == 1
    assert payee.figures() == (20.0, 30.0)


def test_bug_4_a_stale_record_does_not_overwrite_the_balance(live):
    payee = Payee(live, "Stale", 100)
    with live.env() as env:
        account = env["distribution.account"].search([("distributor_id", "=", payee.person.distributor_id)])
        assert account.available == 100.0
        env.cr.commit()
        payee.ask("40.00")
        # This environment still believes in 100.
        env["distribution.account"]._release_reserved({account.id: "40.00"})
        assert (account.available, account.reserved) == (100.0, 0.0)
        env["distribution.account"]._reserve({account.id: "40.00"})
    assert payee.figures() == (60.0, 40.0)


def test_bug_5_double_approval_makes_one_transfer(live):
    payee = Payee(live, "Approved")
    payee.ask()

    def approve(_number):
        try:
            with live.env() as env:
                wallet = env["distribution.wechat.account"].browse(live.account_id).wallet_journal_id
                withdrawal = env["distribution.withdrawal"].browse(payee.id)
                env["distribution.payout.run"]._approve_requests(withdrawal, wallet, "wechat")
            return "approved"
        except Exception as error:
            return error

    outcomes = at_once(3, approve)
    assert outcomes.count("approved") == 1, outcomes
    payee.send()
    bills = live.simulator.ledger()["transfers"]
    assert sum(bill["openid"] == payee.person.open_id for bill in bills.values()) == 1
    assert isinstance(approve(0), UserError)
    payee.confirm()
    assert payee.booked() == 1


def test_bug_5_double_refusal_gives_the_money_back_once(live):
    payee = Payee(live, "Refused", 100)
    payee.ask("40.00")
    payee.ask("30.00")
    answers = at_once(4, lambda _number: payee.cancel())
    assert {answer.json()["state"] for answer in answers} == {"cancelled"}
    assert payee.figures() == (60.0, 40.0)


def test_bug_5_the_same_wish_sent_again_is_the_same_wish(live):
    payee = Payee(live, "Again", 100)
    body, key = {"amount": "10.00"}, "the-same-wish"
    answers = at_once(4, lambda _number: payee.person.post("/me/withdrawals", body, key=key))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert payee.figures() == (90.0, 10.0)


def test_bug_23_the_client_cannot_confirm_its_own_payout(live):
    payee = Payee(live, "Liar").go()
    for body in ({"state": "SUCCESS"}, {"result": "success"}):
        assert payee.person.post(f"/me/withdrawals/{payee.id}/query", body).status_code == 422
    assert payee.person.post(f"/me/withdrawals/{payee.id}/confirmation").status_code == 405
    assert payee.query() == "waiting_for_confirmation" and payee.booked() == 0
    live.simulator.notify_as("lost", "MCHTRANSFER*")
    payee.confirm()
    assert payee.query() == "paid" and payee.booked() == 1


def test_bug_24_no_route_moves_money_without_a_login(live):
    payee = Payee(live, "Locked").go()
    routes = [declared for declared in ENDPOINTS if declared.path.startswith("/me/withdrawals")]
    assert len(routes) == 7
    for declared in routes:
        path = declared.path.replace("<int:withdrawal_id>", str(payee.id))
        body = {"amount": "10.00"} if declared.body else None
        assert live.call(declared.method, path, body).status_code == 401, declared.path
        stranger = Payee(live, "Stranger", 0)
        if "<int" in declared.path:
            assert stranger.person.call(declared.method, path, body).status_code == 404, declared.path
    assert payee.figures() == (60.0, 40.0)
    payee.confirm()


def test_bug_25_fields_of_an_order_are_not_the_customers_to_write(live):
    buyer = live.person("Assigner")
    for field, value in (("partner_id", 1), ("price_unit", 0.01), ("state", "sale"), ("amount_total", 0)):
        answer = buyer.post("/orders", {"lines": [{"variant_id": live.product_id, "quantity": 1}], field: value})
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
        line = {"variant_id": live.product_id, "quantity": 1, field: value}
        answer = buyer.post("/orders", {"lines": [line]})
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid")


def test_bug_27_settings_are_enforced_also_at_once(live):
    payee = Payee(live, "Limit", 100)
    with live.env() as env:
        program = env["distribution.program"].browse(live.program_id)
        program.write({"withdrawal_daily_limit": 3, "withdrawal_minimum": 15})
    assert payee.person.post("/me/withdrawals", {"amount": "14.99"}).json()["code"] == "below_minimum"
    answers = at_once(6, lambda _number: payee.person.post("/me/withdrawals", {"amount": "15.00"}))
    assert sorted(answer.status_code for answer in answers) == [201] * 3 + [422] * 3
    assert {a.json()["code"] for a in answers if a.status_code == 422} == {"daily_limit_reached"}
    assert payee.figures() == (55.0, 45.0)
    with live.env() as env:
        env["distribution.program"].browse(live.program_id).withdrawal_minimum = 10
