# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Notifications: signed, repeated, lost, doubled, late, forged."""

import json
import time

import pytest

from ..forgeries import ENVELOPE
from .clients import answer, callback, order, refused, transfer


def paid(sim, client, number="T00001"):
    order(client, number)
    sim.pay(number)
    assert sim.wait_idle()


def test_a_notification_is_signed_and_encrypted(sim, pay, shop):
    paid(sim, pay)
    [(headers, body)] = shop.received
    told = callback(pay, (headers, body))
    assert told["event_type"] == "TRANSACTION.SUCCESS" and told["summary"] == "支付成功"
    assert told["resource"] == answer(pay.query(out_trade_no="T00001"))[1]
    assert b"T00001" not in body
    assert headers["Wechatpay-Signature-Type"] == "WECHATPAY2-SHA256-RSA2048"
    [kept] = sim.notifications("T00001")
    assert (kept["state"], kept["attempts"][0]["status"]) == ("DELIVERED", 204)


def test_a_notification_is_repeated_until_answered(sim, pay, shop):
    shop.statuses = [500, 401, 200]
    paid(sim, pay)
    assert [attempt["status"] for attempt in sim.notifications()[0]["attempts"]] == [500, 401, 200]
    ids = {json.loads(body)["id"] for _, body in shop.received}
    assert len(ids) == 1 and all(callback(pay, one) for one in shop.received)
    shop.statuses = [500] * 9
    paid(sim, pay, "T00002")
    assert sim.notifications("T00002")[0]["state"] == "FAILED"
    assert len(sim.notifications("T00002")[0]["attempts"]) == 3


def test_an_answer_after_the_limit_counts_as_none(sim, pay, shop):
    sim.settings.answer_within = 0.1
    shop.seconds = 0.3
    paid(sim, pay)
    assert [attempt["status"] for attempt in sim.notifications()[0]["attempts"]] == [0, 0, 0]


def test_lost_and_sent_again(sim, pay, shop):
    sim.notify_as("lost")
    paid(sim, pay)
    assert not shop.received and sim.notifications()[0]["state"] == "LOST"
    assert sim.resend("T00001")["status"] == 204
    assert callback(pay, shop.received[0])["resource"]["trade_state"] == "SUCCESS"


def test_duplicates_one_after_the_other_and_at_once(sim, pay, shop):
    sim.notify_as("duplicate", n=3)
    paid(sim, pay)
    assert len(shop.received) == 3
    shop.seconds = 0.4
    sim.notify_as("concurrent", n=4)
    paid(sim, pay, "T00002")
    assert len(shop.received) == 7 and shop.most_inside == 4


def test_late_and_out_of_order(sim, pay, shop):
    sim.notify_as("late", seconds=0.3)
    started = time.monotonic()
    paid(sim, pay)
    assert time.monotonic() - started >= 0.3 and len(shop.received) == 1
    sim.notify_as("hold", "TRANSACTION.*", contains="T00002")
    paid(sim, pay, "T00002")
    paid(sim, pay, "T00003")
    assert sim.release_notifications("T00002") == {"released": 1}
    assert sim.wait_idle()
    order_of = [callback(pay, one)["resource"]["out_trade_no"] for one in shop.received]
    assert order_of == ["T00001", "T00003", "T00002"]


@pytest.mark.parametrize("kind", sorted(ENVELOPE - {"stale"}))
def test_a_forged_envelope_is_refused_by_the_library(sim, pay, shop, kind, monkeypatch):
    monkeypatch.setattr(pay._core, "_update_certificates", lambda: None)
    sim.notify_as(kind, genuine=True)
    paid(sim, pay)
    assert [refused(pay, one) for one in shop.received] == [True, False]
    assert [one["forgery"] for one in sim.notifications()[0]["attempts"]] == [kind, None]


def test_a_stale_notification_has_an_old_timestamp(sim, pay, shop):
    sim.notify_as("stale")
    paid(sim, pay)
    [(headers, _)] = shop.received
    assert time.time() - int(headers["Wechatpay-Timestamp"]) > 3500
    assert callback(pay, shop.received[0])["resource"]["out_trade_no"] == "T00001"


def test_rightly_signed_lies(sim, pay, shop):
    paid(sim, pay)
    transfer(pay)
    for kind in ("wrong_amount", "wrong_appid", "wrong_mchid", "wrong_openid"):
        sim.forge("T00001", kind)
    sim.forge("B1", "wrong_amount")
    sim.forge("B1", "changed", {"out_bill_no": "B2"})
    truth, amount, appid, mchid, openid, transferred, other = [callback(pay, one)["resource"] for one in shop.received]
    assert amount["amount"]["total"] == truth["amount"]["total"] + 1
    assert appid["appid"] != truth["appid"] and mchid["mchid"] != truth["mchid"] and openid["payer"] != truth["payer"]
    assert (transferred["transfer_amount"], transferred["state"]) == (5001, "SUCCESS")
    assert other["out_bill_no"] == "B2"


def test_a_success_that_never_was(sim, pay, shop):
    order(pay)
    assert sim.forge("T00001")["status"] == 204
    assert callback(pay, shop.received[0])["resource"]["trade_state"] == "SUCCESS"
    assert answer(pay.query(out_trade_no="T00001"))[1]["trade_state"] == "NOTPAY"
    assert sim.ledger()["payments"]["T00001"]["state"] == "NOTPAY"


@pytest.mark.parametrize("url", ["https://shop.example.com/notify", "http://192.0.2.1/notify", "https://127.0.0.1/x"])
def test_only_loopback_is_notified(sim, pay, url):
    sim.settings.answer_within = 0.2
    order(pay, notify_url=url)
    sim.pay("T00001")
    assert sim.wait_idle()
    assert {attempt["said"] for attempt in sim.notifications()[0]["attempts"]} == {
        "not delivered: only http to loopback addresses"
    }
