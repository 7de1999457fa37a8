# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Everything WeChat and the net can do wrong to payments and refunds: both sides agree in the end."""

import datetime

import pytest
import requests

from support.payments import (
    EXPIRE,
    SWEEP,
    books,
    expire,
    pay,
    pay_parameters,
    payer,
    refund,
    refunds_at_wechat,
    state_of,
)

ORDER, QUERY, CLOSE = "*/transactions/jsapi", "*/out-trade-no/*", "*/close"
REFUND = "*/domestic/refunds*"
WITHOUT_EFFECT = ["timeout_before", "reset_before", "system_error", "rate_limit", "html_502"]
WITH_EFFECT = ["timeout_after", "reset_after", "system_error_after", "bad_signature", "unsigned", "unknown_serial"]
ENVELOPE = [
    "wrong_key",
    "wrong_serial",
    "empty_serial",
    "stale",
    "signtest",
    "tampered",
    "unsigned",
    "no_signature_type",
    "bad_tag",
    "wrong_apiv3_key",
    "wrong_mchid",
]


@pytest.fixture
def person(live):
    with payer(live) as person:
        yield person


def last_number(live):
    return live.simulator.state()["orders"][-1]["out_trade_no"]


def attempts(live, number):
    return [one for notice in live.simulator.notifications(number) for one in notice["attempts"]]


def assert_paid_once(live, order_id):
    state = books(live, order_id)
    assert (state["order"], state["booked"], state["open"], state["moves_balance"]) == ("sale", [100.0], 0, 0)
    with live.env() as env:
        txs = env["sale.order"].browse(order_id).transaction_ids.filtered(lambda tx: tx.state == "done")
        payment = live.simulator.ledger()["payments"][txs.reference]
        assert (payment["state"], payment["amount"], payment["transaction_id"]) == (
            "SUCCESS",
            10000,
            txs.provider_reference,
        )


# === ORDERING === #


@pytest.mark.parametrize("kind", WITHOUT_EFFECT + WITH_EFFECT)
def test_order_without_a_trusted_answer_is_gone_on_with(live, person, kind):
    order_id = person.place_order_by_hand()
    live.simulator.add_fault(kind, path=ORDER, seconds=0.2)
    answer = person.post(f"/orders/{order_id}/pay")
    assert (answer.status_code, answer.json()["code"]) == (502, "wechat_unavailable"), answer.text
    assert books(live, order_id)["txs"] == [("online_direct", "draft", 100.0)]
    number = pay(person, order_id)
    assert_paid_once(live, order_id)
    with live.env() as env:
        assert env["sale.order"].browse(order_id).transaction_ids.reference == number


def test_stale_answer_is_an_answer(live, person):
    """The signature is WeChat's, over our own TLS connection: an old timestamp in it does no harm."""
    order_id = person.place_order_by_hand()
    live.simulator.add_fault("stale_answer", path=ORDER)
    pay(person, order_id)
    assert_paid_once(live, order_id)


def test_order_that_wechat_refuses(live, person):
    order_id = person.place_order_by_hand()
    live.simulator.add_fault("error", path=ORDER, status=403, code="NO_AUTH", message="no")
    answer = person.post(f"/orders/{order_id}/pay")
    assert (answer.status_code, answer.json()["code"]) == (422, "wechat_refused")
    pay(person, order_id)
    assert_paid_once(live, order_id)


def test_order_closed_at_wechat_gets_a_new_number(live, person):
    order_id = person.place_order_by_hand()
    pay_parameters(person, order_id)
    old = last_number(live)
    with live.env() as env:
        env["distribution.wechat.account"].browse(live.account_id)._get_merchant().close_order(old)
    assert pay(person, order_id) != old
    assert_paid_once(live, order_id)


def test_order_that_never_reached_wechat_expires(live, person):
    order_id = person.place_order_by_hand()
    live.simulator.add_fault("timeout_before", path=ORDER, seconds=0.2)
    assert person.post(f"/orders/{order_id}/pay").status_code == 502
    expire(live, order_id)
    # The request could still arrive.
    assert books(live, order_id)["order"] == "sent"
    with live.env() as env:
        env["sale.order"].browse(order_id).transaction_ids.wechat_asked_at -= datetime.timedelta(minutes=2)
    live.run_cron(EXPIRE)
    state = books(live, order_id)
    assert (state["order"], state["txs"], state["open"]) == ("cancel", [("online_direct", "cancel", 100.0)], 0)


@pytest.mark.parametrize("kind", WITHOUT_EFFECT + WITH_EFFECT)
@pytest.mark.parametrize("path", [QUERY, CLOSE], ids=["query", "close"])
def test_expiry_without_a_trusted_answer_is_finished_later(live, person, kind, path):
    order_id = person.place_order_by_hand()
    pay_parameters(person, order_id)
    live.simulator.add_fault(kind, path=path, method="GET" if path == QUERY else "POST", seconds=0.2)
    expire(live, order_id)
    assert books(live, order_id)["order"] == "sent"
    live.run_cron(EXPIRE)
    assert (books(live, order_id)["order"], books(live, order_id)["open"]) == ("cancel", 0)
    assert live.simulator.ledger()["payments"][last_number(live)]["state"] == "CLOSED"


def test_asking_without_an_answer(live, person):
    order_id = person.place_order_by_hand()
    pay_parameters(person, order_id)
    live.simulator.add_fault("reset_after", path=QUERY)
    answer = person.post(f"/orders/{order_id}/payment/query")
    assert (answer.status_code, answer.json()["code"]) == (502, "wechat_unavailable")


# === NOTIFICATIONS OF PAYMENTS === #


@pytest.mark.parametrize(
    "kind,options", [("duplicate", {"n": 4}), ("concurrent", {"n": 4}), ("late", {"seconds": 1})], ids=lambda v: str(v)
)
def test_notifications_out_of_order(live, person, kind, options):
    live.simulator.notify_as(kind, "TRANSACTION.*", **options)
    order_id = person.place_order_by_hand()
    number = pay(person, order_id)
    assert_paid_once(live, order_id)
    done = attempts(live, number)
    assert {one["status"] for one in done} == {204}
    assert max(one["seconds"] for one in done) < 5


def test_colliding_notifications_do_not_wait_for_seconds(live, person):
    """Odoo waits up to 2, 4, 8 seconds before it tries again; WeChat waits five for an answer."""
    order_id = person.place_order_by_hand()
    before = len(live.log.read_text())
    live.simulator.notify_as("concurrent", "TRANSACTION.*", n=4)
    number = pay(person, order_id)
    assert_paid_once(live, order_id)
    assert {one["status"] for one in attempts(live, number)} == {204}
    assert "tries left" not in live.log.read_text()[before:]


def test_lost_notification_is_found_by_the_sweep_and_repeating_it_changes_nothing(live, person):
    live.simulator.notify_as("lost")
    order_id = person.place_order_by_hand()
    number = pay(person, order_id)
    live.run_cron(SWEEP)
    assert_paid_once(live, order_id)
    assert live.simulator.resend(number)["status"] == 204
    assert_paid_once(live, order_id)


@pytest.mark.parametrize("kind", ENVELOPE)
def test_forged_notification_is_refused_and_the_genuine_one_taken(live, person, kind):
    live.simulator.notify_as("hold")
    order_id = person.place_order_by_hand()
    number = pay(person, order_id)
    forged = live.simulator.forge(number, kind)
    assert forged["status"] == 401
    assert forged["seconds"] < 5
    state = books(live, order_id)
    assert (state["order"], state["txs"], state["activities"]) == ("sent", [("online_direct", "draft", 100.0)], 0)
    live.simulator.release_notifications(number)
    assert live.simulator.wait_idle(20)
    assert_paid_once(live, order_id)


@pytest.mark.parametrize(
    "kind,changes",
    [
        ("wrong_amount", None),
        ("wrong_appid", None),
        ("wrong_openid", None),
        ("changed", {"amount": {"total": 10000, "currency": "USD"}}),
        ("changed", {"amount": {}}),
        ("changed", {"payer": None}),
    ],
    ids=str,
)
def test_signed_but_wrong_notification_confirms_nothing(live, person, kind, changes):
    live.simulator.notify_as("hold")
    order_id = person.place_order_by_hand()
    number = pay(person, order_id)
    for _time in range(2):
        assert live.simulator.forge(number, kind, changes)["seconds"] < 5
    state = books(live, order_id)
    assert (state["order"], state["txs"], state["activities"]) == ("sent", [("online_direct", "draft", 100.0)], 1)
    live.simulator.release_notifications(number)
    assert live.simulator.wait_idle(20)
    assert_paid_once(live, order_id)


def test_notification_that_is_no_payment_changes_nothing(live, person):
    order_id = person.place_order_by_hand()
    pay_parameters(person, order_id)
    number = last_number(live)
    live.simulator.forge(number, "changed", {"trade_state": "NOTPAY"})
    live.simulator.forge(number, "changed", {"trade_state": None})
    assert books(live, order_id)["order"] == "sent"
    assert live.simulator.forge(number, "changed", {"out_trade_no": "NOSUCHNUMBER"})["status"] == 404
    assert live.simulator.forge(number, "changed", {"out_trade_no": None})["status"] == 404


def test_number_of_another_account_is_not_found(live, person):
    """Two mini-programs of a merchant have the same keys: a signature alone does not say whose payment it is."""
    live.simulator.notify_as("hold")
    order_id = person.place_order_by_hand()
    number = pay(person, order_id)
    with live.env() as env:
        account = env["distribution.wechat.account"].browse(live.account_id)
        other = account.search([("app_id", "=", "wxother000000001")]) or account.copy(
            {
                "app_id": "wxother000000001",
                "mch_id": account.mch_id,
                "merchant_serial": account.merchant_serial,
                "merchant_private_key_encrypted": account.merchant_private_key_encrypted,
                "api_v3_key_encrypted": account.api_v3_key_encrypted,
                "wechatpay_public_key": account.wechatpay_public_key,
                "wechatpay_public_key_id": account.wechatpay_public_key_id,
            }
        )
        url = other.notification_url
    assert live.simulator.forge(number, url=url)["status"] == 404
    assert books(live, order_id)["order"] == "sent"
    live.simulator.release_notifications(number)
    assert live.simulator.wait_idle(20)
    assert_paid_once(live, order_id)


def test_garbage_is_refused(live):
    url = f"{live.url}/distribution/v1/notifications/{live.account_id}"
    for body in (b"", b"{}", b"\xff\xfe", b"[" * 1000):
        assert requests.post(url, data=body, timeout=10).status_code == 401


# === REFUNDS === #


@pytest.mark.parametrize("kind", WITHOUT_EFFECT + WITH_EFFECT + ["stale_answer"])
def test_refund_without_a_trusted_answer_happens_once(live, person, kind):
    order_id = person.place_order_by_hand()
    number = pay(person, order_id)
    live.simulator.notify_as("lost", "REFUND.*")
    live.simulator.add_fault(kind, path=REFUND, method="POST", seconds=0.2)
    refund(live, order_id, "25.50")
    live.run_cron(SWEEP)
    assert live.simulator.wait_idle(20)
    live.run_cron(SWEEP)
    assert refunds_at_wechat(live, number) == [("SUCCESS", 2550)]
    state = books(live, order_id)
    assert (state["booked"], state["open"], state["receivable_open"]) == ([-25.5, 100.0], 0, -74.5)


@pytest.mark.parametrize("kind", ["timeout_after", "system_error", "bad_signature"])
def test_refund_whose_query_fails_waits(live, person, kind):
    order_id = person.place_order_by_hand()
    number = pay(person, order_id)
    live.simulator.configure(refund_seconds=None)
    refund_number = refund(live, order_id, "10")
    live.simulator.notify_as("lost", "REFUND.*")
    live.simulator.finish_refund(refund_number)
    live.simulator.add_fault(kind, path=REFUND, method="GET", seconds=0.2)
    live.run_cron(SWEEP)
    assert books(live, order_id)["open"] == 1
    assert state_of(person, order_id)["refunding"] == "10.00"
    live.run_cron(SWEEP)
    assert (books(live, order_id)["booked"], refunds_at_wechat(live, number)) == ([-10.0, 100.0], [("SUCCESS", 1000)])


@pytest.mark.parametrize("reported", ["*", "none"], ids=["notified", "swept"])
def test_closed_refund_can_be_made_anew(live, person, reported):
    order_id = person.place_order_by_hand()
    number = pay(person, order_id)
    if reported == "none":
        live.simulator.notify_as("lost", "REFUND.*")
    live.simulator.add_fault("refund_closed")
    refund(live, order_id, "100")
    live.run_cron(SWEEP)
    state = books(live, order_id)
    assert ("refund", "error", -100.0) in state["txs"]
    assert (state["booked"], state["open"], state["activities"]) == ([100.0], 0, 1)
    refund(live, order_id, "100")
    assert refunds_at_wechat(live, number) == [("CLOSED", 10000), ("SUCCESS", 10000)]
    assert books(live, order_id)["booked"] == [-100.0, 100.0]


def test_stranded_refund_is_the_merchants_to_complete(live, person):
    order_id = person.place_order_by_hand()
    number = pay(person, order_id)
    live.simulator.add_fault("refund_abnormal")
    refund_number = refund(live, order_id, "100")
    state = books(live, order_id)
    assert (state["booked"], state["open"], state["activities"]) == ([100.0], 0, 1)
    # The money has left the merchant: it cannot be given back a second time.
    with pytest.raises(Exception, match="has so much left"):
        refund(live, order_id, "1")
    assert refunds_at_wechat(live, number) == [("ABNORMAL", 10000)]
    # Completed in the console, WeChat reports the end.
    changes = {"refund_status": "SUCCESS"}
    assert live.simulator.forge(refund_number, "changed", changes)["status"] == 204
    assert books(live, order_id)["booked"] == [-100.0, 100.0]


def test_refund_waits_for_money(live, person):
    order_id = person.place_order_by_hand()
    number = pay(person, order_id)
    live.simulator.set_balance(0)
    refund_number = refund(live, order_id, "40")
    live.run_cron(SWEEP)
    state = books(live, order_id)
    assert (state["open"], state["booked"], state["activities"]) == (1, [100.0], 1)
    assert refunds_at_wechat(live, number) == []
    live.simulator.set_balance(10_000_000)
    live.run_cron(SWEEP)
    assert live.simulator.wait_idle(20)
    assert books(live, order_id)["booked"] == [-40.0, 100.0]
    assert list(live.simulator.ledger()["refunds"])[-1] == refund_number


def test_refused_refund_is_over(live, person):
    order_id = person.place_order_by_hand()
    number = pay(person, order_id)
    live.simulator.add_fault("error", path=REFUND, method="POST", status=403, code="NO_AUTH", message="no")
    refund(live, order_id, "40")
    state = books(live, order_id)
    assert ("refund", "error", -40.0) in state["txs"]
    assert (state["open"], state["activities"]) == (0, 1)
    refund(live, order_id, "100")
    assert refunds_at_wechat(live, number) == [("SUCCESS", 10000)]


@pytest.mark.parametrize("kind,options", [("duplicate", {"n": 4}), ("concurrent", {"n": 4}), ("late", {"seconds": 1})])
def test_refund_notifications_out_of_order(live, person, kind, options):
    order_id = person.place_order_by_hand()
    pay(person, order_id)
    live.simulator.notify_as(kind, "REFUND.*", **options)
    number = refund(live, order_id, "60")
    assert books(live, order_id)["booked"] == [-60.0, 100.0]
    done = attempts(live, number)
    assert {one["status"] for one in done} == {204}
    assert max(one["seconds"] for one in done) < 5


@pytest.mark.parametrize("kind", [*ENVELOPE, "wrong_amount"])
def test_forged_notification_of_a_refund(live, person, kind):
    order_id = person.place_order_by_hand()
    pay(person, order_id)
    live.simulator.notify_as("hold", "REFUND.*")
    number = refund(live, order_id, "60")
    forged = live.simulator.forge(number, kind)
    assert forged["status"] == (204 if kind == "wrong_amount" else 401)
    assert forged["seconds"] < 5
    assert books(live, order_id)["booked"] == [100.0]
    live.simulator.release_notifications(number)
    assert live.simulator.wait_idle(20)
    assert books(live, order_id)["booked"] == [-60.0, 100.0]


def test_late_news_of_a_refund_changes_nothing(live, person):
    order_id = person.place_order_by_hand()
    pay(person, order_id)
    number = refund(live, order_id, "60")
    for status in ("PROCESSING", "CLOSED", "ABNORMAL", "SUCCESS"):
        assert live.simulator.forge(number, "changed", {"refund_status": status})["status"] == 204
    state = books(live, order_id)
    assert (state["booked"], state["activities"]) == ([-60.0, 100.0], 0)
