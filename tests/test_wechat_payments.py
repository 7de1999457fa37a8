# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""A person pays an order by WeChat, and gets money back: over HTTP, with the merchant's books beside it."""

import datetime
import threading
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest

from odoo.exceptions import UserError

from odoo.addons.distribution_wechat.hooks import uninstall_hook
from odoo.addons.distribution_wechat.models.payment_provider import CODE

from support.payments import (
    EXPIRE,
    SWEEP,
    books,
    expire,
    now,
    pay,
    pay_parameters,
    payer,
    refund,
    refunds_at_wechat,
    state_of,
)

REFUNDS = "*/refund/domestic/refunds"


@pytest.fixture
def person(live):
    with payer(live) as person:
        yield person


# === PAYING === #


def test_from_the_order_to_the_books(live, person):
    order_id = person.place_order_by_hand()
    assert state_of(person, order_id)["state"] == "unpaid"
    number = pay(person, order_id)
    assert 6 <= len(number) <= 32
    state = state_of(person, order_id)
    assert (state["state"], state["paid"], state["refunded"]) == ("paid", "100.00", "0.00")
    assert books(live, order_id) == {
        "order": "sale",
        "txs": [("online_direct", "done", 100.0)],
        "open": 0,
        "booked": [100.0],
        "moves_balance": 0,
        "receivable_open": -100.0,
        "unreconciled": 1,
        "activities": 0,
    }
    payment = live.simulator.ledger()["payments"][number]
    assert (payment["state"], payment["amount"]) == ("SUCCESS", 10000)
    with live.env() as env:
        tx = env["payment.transaction"].search([("reference", "=", number)])
        assert (tx.provider_reference, tx.is_post_processed) == (payment["transaction_id"], True)
        line = tx.payment_id.payment_method_line_id
        assert (line.code, line.payment_provider_id.wechat_account_id.id) == ("distribution_wechat", live.account_id)
    attempts = [one for notice in live.simulator.notifications(number) for one in notice["attempts"]]
    assert [one["status"] for one in attempts] == [204]
    assert attempts[0]["seconds"] < 5


def test_paying_needs_the_payer_and_an_end(live, person):
    order_id = person.place_order_by_hand()
    pay_parameters(person, order_id)
    placed = live.simulator.state()["orders"][-1]["request"]
    assert placed["payer"] == {"openid": person.open_id}
    assert placed["amount"] == {"total": 10000, "currency": "CNY"}
    with live.env() as env:
        expires_at = env["sale.order"].browse(order_id).wechat_expires_at
    end = datetime.datetime.fromisoformat(placed["time_expire"])
    assert end.utcoffset() == datetime.timedelta(hours=8)
    assert end == expires_at.replace(tzinfo=datetime.UTC)


def test_asking_twice_goes_on_with_one_payment(live, person):
    order_id = person.place_order_by_hand()
    first, second = (pay_parameters(person, order_id) for _time in range(2))
    assert first["package"] == second["package"]
    assert len(books(live, order_id)["txs"]) == 1


def test_asking_at_once_makes_one_payment(live, person):
    order_id = person.place_order_by_hand()
    barrier = threading.Barrier(4)

    def ask(_number):
        barrier.wait()
        return pay_parameters(person, order_id)["package"]

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(ask, range(4)))) == 1
    assert books(live, order_id)["txs"] == [("online_direct", "draft", 100.0)]


def test_paid_order_is_not_paid_again(live, person):
    order_id = person.place_order_by_hand()
    pay(person, order_id)
    answer = person.post(f"/orders/{order_id}/pay")
    assert (answer.status_code, answer.json()["code"]) == (409, "already_paid")


def test_expired_order_cannot_be_paid(live, person):
    order_id = person.place_order_by_hand(minutes=-1)
    answer = person.post(f"/orders/{order_id}/pay")
    assert (answer.status_code, answer.json()["code"]) == (409, "order_closed")


def test_payment_that_was_not_reported_is_found_when_paying_again(live, person):
    live.simulator.notify_as("lost")
    order_id = person.place_order_by_hand()
    pay(person, order_id)
    assert state_of(person, order_id)["state"] == "unpaid"
    answer = person.post(f"/orders/{order_id}/pay")
    assert (answer.status_code, answer.json()["code"]) == (409, "already_paid")
    assert books(live, order_id)["booked"] == [100.0]


def test_payment_that_was_not_reported_is_found_by_asking(live, person):
    live.simulator.notify_as("lost")
    order_id = person.place_order_by_hand()
    pay(person, order_id)
    answer = person.post(f"/orders/{order_id}/payment/query")
    assert (answer.status_code, answer.json()["state"]) == (200, "paid")
    assert books(live, order_id)["order"] == "sale"


def test_payment_that_was_not_reported_is_found_by_the_sweep(live, person):
    live.simulator.notify_as("lost")
    order_id = person.place_order_by_hand()
    pay(person, order_id)
    live.run_cron(SWEEP)
    assert books(live, order_id)["booked"] == [100.0]
    assert state_of(person, order_id)["state"] == "paid"


def test_changed_total_gets_a_new_number_and_the_old_one_is_closed(live, person):
    order_id = person.place_order_by_hand()
    pay_parameters(person, order_id)
    old = live.simulator.state()["orders"][-1]["out_trade_no"]
    with live.env() as env:
        env["sale.order"].browse(order_id).order_line.product_uom_qty = 2
    number = pay(person, order_id)
    payments = live.simulator.ledger()["payments"]
    assert number != old
    assert (payments[old]["state"], payments[number]["state"], payments[number]["amount"]) == (
        "CLOSED",
        "SUCCESS",
        20000,
    )
    assert books(live, order_id)["txs"] == [("online_direct", "cancel", 100.0), ("online_direct", "done", 200.0)]


def test_paying_too_little_for_a_changed_order_is_given_back(live, person):
    order_id = person.place_order_by_hand()
    parameters = pay_parameters(person, order_id)
    with live.env() as env:
        env["sale.order"].browse(order_id).order_line.product_uom_qty = 2
    number = live.simulator.pay(pay_params=parameters)["out_trade_no"]
    assert live.simulator.wait_idle(20)
    assert refunds_at_wechat(live, number) == []
    live.run_cron(SWEEP)
    assert live.simulator.wait_idle(20)
    assert refunds_at_wechat(live, number) == [("SUCCESS", 10000)]
    state = books(live, order_id)
    assert (state["order"], state["booked"], state["unreconciled"]) == ("sent", [-100.0, 100.0], 0)
    pay(person, order_id)
    assert books(live, order_id)["order"] == "sale"


def test_web_shop_does_not_offer_it(live):
    with live.env() as env:
        providers = env["payment.provider"]._get_compatible_providers(
            live.company_id, env.user.partner_id.id, 10.0, currency_id=env.ref("base.CNY").id
        )
        assert "distribution_wechat" not in providers.mapped("code")


def test_activating_twice_changes_nothing(live):
    with live.env() as env:
        account = env["distribution.wechat.account"].browse(live.account_id)
        account.action_activate_payment()
        provider = env["payment.provider"].search([("wechat_account_id", "=", account.id)])
        assert len(provider) == 1
        assert (provider.state, provider.is_published, account.is_payment_active) == ("enabled", False, True)
        assert provider.available_currency_ids.mapped("name") == ["CNY"]
        lines = env["account.payment.method.line"].search([("payment_provider_id", "=", provider.id)])
        assert lines.journal_id == provider.journal_id


# === EXPIRY === #


def test_unpaid_order_expires(live, person):
    order_id = person.place_order_by_hand()
    pay_parameters(person, order_id)
    number = live.simulator.state()["orders"][-1]["out_trade_no"]
    expire(live, order_id)
    state = books(live, order_id)
    assert (state["order"], state["txs"], state["open"]) == ("cancel", [("online_direct", "cancel", 100.0)], 0)
    assert live.simulator.ledger()["payments"][number]["state"] == "CLOSED"
    assert state_of(person, order_id)["state"] == "closed"


def test_order_nobody_tried_to_pay_expires(live, person):
    order_id, waiting = person.place_order_by_hand(), person.place_order_by_hand()
    expire(live, order_id)
    assert (books(live, order_id)["order"], books(live, waiting)["order"]) == ("cancel", "sent")


def test_expiry_finds_a_payment_that_was_not_reported(live, person):
    live.simulator.notify_as("lost")
    order_id = person.place_order_by_hand()
    pay(person, order_id)
    expire(live, order_id)
    state = books(live, order_id)
    assert (state["order"], state["booked"]) == ("sale", [100.0])


def test_order_whose_payment_is_under_way_does_not_expire(live, person):
    order_id = person.place_order_by_hand()
    parameters = pay_parameters(person, order_id)
    live.simulator.pay(pay_params=parameters, result="USERPAYING")
    expire(live, order_id)
    assert books(live, order_id)["order"] == "sent"
    live.simulator.pay(pay_params=parameters)
    assert live.simulator.wait_idle(20)
    assert books(live, order_id)["order"] == "sale"


def test_order_waits_while_wechat_cannot_say(live, person):
    order_id = person.place_order_by_hand()
    pay_parameters(person, order_id)
    live.simulator.add_fault("system_error", path="*/out-trade-no/*")
    expire(live, order_id)
    assert books(live, order_id)["order"] == "sent"
    live.run_cron(EXPIRE)
    assert books(live, order_id)["order"] == "cancel"


def test_payment_for_a_cancelled_order_is_given_back(live, person):
    live.simulator.notify_as("hold")
    order_id = person.place_order_by_hand()
    number = pay(person, order_id)
    with live.env() as env:
        env["sale.order"].browse(order_id).action_cancel()
    live.simulator.release_notifications(number)
    assert live.simulator.wait_idle(20)
    assert refunds_at_wechat(live, number) == []
    live.run_cron(SWEEP)
    assert live.simulator.wait_idle(20)
    assert refunds_at_wechat(live, number) == [("SUCCESS", 10000)]
    state = books(live, order_id)
    assert (state["order"], state["booked"], state["open"]) == ("cancel", [-100.0, 100.0], 0)
    assert (state["receivable_open"], state["unreconciled"], state["moves_balance"]) == (0, 0, 0)
    assert state_of(person, order_id)["state"] == "refunded"
    with live.env() as env:
        bodies = " ".join(env["sale.order"].browse(order_id).message_ids.mapped("body"))
        assert "was cancelled before the payment arrived" in bodies


def test_payment_of_a_cancelled_order_is_closed_by_the_sweep(live, person):
    order_id = person.place_order_by_hand()
    pay_parameters(person, order_id)
    number = live.simulator.state()["orders"][-1]["out_trade_no"]
    with live.env() as env:
        env["sale.order"].browse(order_id).action_cancel()
    live.run_cron(SWEEP)
    assert live.simulator.ledger()["payments"][number]["state"] == "CLOSED"
    assert books(live, order_id)["open"] == 0


@pytest.mark.parametrize("_round", range(6))
def test_paying_races_with_expiry(live, person, _round):
    """Money wins or is given back: never both paid and cancelled."""
    order_id = person.place_order_by_hand()
    parameters = pay_parameters(person, order_id)
    barrier = threading.Barrier(2)
    with live.env() as env:
        env["sale.order"].browse(order_id).wechat_expires_at = now() - datetime.timedelta(seconds=1)

    def phone():
        barrier.wait()
        try:
            return live.simulator.pay(pay_params=parameters)
        except Exception as error:
            # The simulator refuses to take money for a closed order.
            return error

    def merchant():
        barrier.wait()
        live.run_cron(EXPIRE)

    with ThreadPoolExecutor(2) as pool:
        paid, _expired = pool.submit(phone), pool.submit(merchant)
        paid, _expired = paid.result(), _expired.result()
    assert live.simulator.wait_idle(20)
    live.run_cron(SWEEP)
    live.run_cron(EXPIRE)
    live.run_cron(SWEEP)
    assert live.simulator.wait_idle(20)
    state = books(live, order_id)
    if isinstance(paid, dict):
        assert state["order"] == "sale" or (state["booked"] == [-100.0, 100.0] and state["receivable_open"] == 0)
    else:
        assert (state["order"], state["booked"]) == ("cancel", [])


# === REFUNDS === #


def test_partial_refunds_up_to_what_was_paid(live, person):
    order_id = person.place_order_by_hand()
    number = pay(person, order_id)
    refund(live, order_id, "30.01")
    assert state_of(person, order_id)["refunded"] == "30.01"
    state = books(live, order_id)
    assert (state["booked"], state["receivable_open"], state["moves_balance"]) == ([-30.01, 100.0], -69.99, 0)
    with pytest.raises(UserError, match="has so much left"), live.env() as env:
        env["sale.order"].browse(order_id)._refund_by_wechat(Decimal("70.00"), "More")
    refund(live, order_id, "69.99")
    assert refunds_at_wechat(live, number) == [("SUCCESS", 3001), ("SUCCESS", 6999)]
    state = books(live, order_id)
    assert (state["booked"], state["receivable_open"], state["unreconciled"]) == ([-69.99, -30.01, 100.0], 0, 0)
    assert (state["order"], state_of(person, order_id)["state"]) == ("sale", "refunded")


def test_accountant_refunds_from_the_payment(live, person):
    order_id = person.place_order_by_hand()
    number = pay(person, order_id)
    with live.env() as env:
        payment = env["sale.order"].browse(order_id).transaction_ids.payment_id
        wizard = env["payment.refund.wizard"].create({"payment_id": payment.id, "amount_to_refund": 12.5})
        wizard.action_refund()
    assert live.simulator.wait_idle(20)
    assert refunds_at_wechat(live, number) == [("SUCCESS", 1250)]
    with live.env() as env:
        # The button changes nothing when WeChat has nothing new to say.
        txs = env["sale.order"].browse(order_id).transaction_ids
        (txs | txs.child_transaction_ids).action_query_wechat()
    assert books(live, order_id)["booked"] == [-12.5, 100.0]


def test_refund_of_an_invoiced_order_waits_for_the_credit_note(live, person):
    order_id = person.place_order_by_hand()
    pay(person, order_id)
    with live.env() as env:
        order = env["sale.order"].browse(order_id)
        invoice = order._create_invoices()
        invoice.action_post()
        assert invoice.payment_state in ("paid", "in_payment")
    refund(live, order_id, "40")
    assert books(live, order_id)["receivable_open"] == 40.0
    with live.env() as env:
        assert env["sale.order"].browse(order_id).invoice_ids.payment_state in ("paid", "in_payment")


def test_refunds_at_once_never_exceed_what_was_paid(live, person):
    order_id = person.place_order_by_hand()
    number = pay(person, order_id)
    barrier = threading.Barrier(3)

    def give_back(_number):
        barrier.wait()
        try:
            refund(live, order_id, "60")
        except Exception as error:
            # One is refused by us, another by PostgreSQL, as it would be tried again over HTTP.
            return type(error).__name__
        return "done"

    with ThreadPoolExecutor(3) as pool:
        results = list(pool.map(give_back, range(3)))
    assert results.count("done") == 1, results
    assert refunds_at_wechat(live, number) == [("SUCCESS", 6000)]
    assert books(live, order_id)["booked"] == [-60.0, 100.0]


def test_wish_that_is_rolled_back_is_never_sent(live, person):
    order_id = person.place_order_by_hand()
    number = pay(person, order_id)
    with pytest.raises(ZeroDivisionError), live.env() as env:
        env["sale.order"].browse(order_id)._refund_by_wechat(Decimal(10), "Oops")
        raise ZeroDivisionError
    assert live.simulator.wait_idle(20)
    assert refunds_at_wechat(live, number) == []


def test_fifty_refunds_are_the_most(live, person):
    order_id = person.place_order_by_hand()
    pay(person, order_id)
    with live.env() as env:
        tx = env["sale.order"].browse(order_id).transaction_ids
        for _time in range(50):
            tx._create_child_transaction(1.0, is_refund=True)
        with pytest.raises(UserError, match="50 refunds"):
            tx._refund_by_wechat(Decimal(1), "One more")
        env.cr.rollback()


# === WHAT A REVIEW FOUND === #


def test_refused_refund_is_never_sent_again_by_asking(live, person):
    """Its amount counts as not given back, and may have been refunded under another number since."""
    order_id = person.place_order_by_hand()
    number = pay(person, order_id)
    live.simulator.add_fault("error", path=REFUNDS, method="POST", times=1, status=403, code="NO_AUTH", message="no")
    refused = refund(live, order_id, "50.00")
    live.simulator.clear_faults()
    refund(live, order_id, "50.00")
    with live.env() as env:
        env["payment.transaction"].search([("reference", "=", refused)]).action_query_wechat()
    assert live.simulator.wait_idle(20)
    assert refunds_at_wechat(live, number) == [("SUCCESS", 5000)]


def test_number_that_wechat_had_accepted_is_not_closed_when_it_is_unknown(live, person):
    order_id = person.place_order_by_hand()
    pay_parameters(person, order_id)
    live.simulator.add_fault("error", path="*/out-trade-no/*", times=None, status=404, code="ORDER_NOT_EXIST")
    expire(live, order_id)
    expire(live, order_id)
    found = books(live, order_id)
    assert (found["order"], found["open"], found["activities"]) == ("sent", 1, 1)


def test_merchant_is_not_changed_while_money_is_under_way(live, person):
    pay_parameters(person, person.place_order_by_hand())
    with pytest.raises(UserError, match="under way"), live.env() as env:
        env["distribution.wechat.account"].browse(live.account_id).mch_id = "1900009999"
    with pytest.raises(UserError, match="under way"), live.env() as env:
        uninstall_hook(env)


def test_cancelling_a_paid_order_puts_its_money_on_somebodys_list(live, person):
    order_id = person.place_order_by_hand()
    pay(person, order_id)
    with live.env() as env:
        order = env["sale.order"].browse(order_id)
        order._action_cancel()
        assert "refund the payment" in str(order.activity_ids.mapped("note"))
        assert not any(user._is_superuser() for user in order.activity_ids.user_id)


def test_payment_of_a_deleted_order_is_given_back(live, person):
    order_id = person.place_order_by_hand()
    parameters = pay_parameters(person, order_id)
    with live.env() as env:
        order = env["sale.order"].browse(order_id)
        order._action_cancel()
        order.unlink()
    paid = live.simulator.pay(pay_params=parameters)
    assert live.simulator.wait_idle(20)
    live.run_cron(SWEEP)
    assert live.simulator.wait_idle(20)
    assert refunds_at_wechat(live, paid["out_trade_no"]) == [("SUCCESS", 10000)]


def test_sweep_notes_what_it_has_looked_at(live, person):
    orders = [person.place_order_by_hand() for _number in range(3)]
    for order_id in orders:
        pay_parameters(person, order_id)
    live.run_cron(SWEEP)
    with live.env() as env:
        assert all(env["sale.order"].browse(orders).transaction_ids.mapped("wechat_checked_at"))


def test_provider_is_known_to_the_journal_after_an_upgrade(live):
    """A database from before the payments never ran the hook that introduces the provider."""
    with live.env() as env:
        lines = env["account.payment.method.line"].search([("payment_provider_id.code", "=", CODE)])
        provider = lines.payment_provider_id
        env["account.payment.method"].search([("code", "=", CODE)]).code = "gone"
        account = env["distribution.wechat.account"].browse(live.account_id)
        env["payment.provider"]._activate_for_wechat(account)
        assert env["account.payment.method"].search([("code", "=", CODE)])
        assert provider in provider.journal_id.inbound_payment_method_line_ids.payment_provider_id
        env.cr.rollback()
