# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Orders and refunds."""

import json

import pytest

from .. import ControlError
from ..clock import rfc3339
from ..crypto import new_private_key, public_pem
from .clients import APPID, BUYER, DAY, SELLER, answer, callback, code_of, order, pay_client, refund

# === Orders ===


def test_order_pay_query(sim, pay):
    status, placed = order(pay, attach="来自小程序")
    assert status == 200 and placed["prepay_id"].startswith("wx")
    assert answer(pay.query(out_trade_no="T00001"))[1]["trade_state"] == "NOTPAY"
    sim.pay(prepay_id=placed["prepay_id"])
    status, found = answer(pay.query(out_trade_no="T00001"))
    assert (status, found["trade_state"], found["amount"]["payer_total"]) == (200, "SUCCESS", 1000)
    assert found["payer"] == {"openid": BUYER} and found["attach"] == "来自小程序"
    assert answer(pay.query(transaction_id=found["transaction_id"]))[1] == found


def test_the_same_order_replays_and_a_changed_one_is_refused(sim, pay):
    first = order(pay)
    assert order(pay) == first
    assert code_of(order(pay, total=1001)) == (403, "OUT_TRADE_NO_USED")
    assert code_of(order(pay, attach="x")) == (403, "OUT_TRADE_NO_USED")
    sim.pay("T00001")
    assert code_of(order(pay)) == (400, "ORDERPAID")


def test_a_prepay_id_lives_two_hours(sim, pay):
    first = order(pay)[1]["prepay_id"]
    sim.move_clock(7199)
    assert order(pay)[1]["prepay_id"] == first
    sim.move_clock(1)
    with pytest.raises(ControlError, match="prepay_id"):
        sim.pay("T00001")
    assert order(pay)[1]["prepay_id"] != first
    sim.pay("T00001")


def test_an_order_is_not_paid_after_its_end(sim, pay):
    order(pay, time_expire=rfc3339(sim.clock.now() + 600))
    order(pay, "T00002", time_expire=rfc3339(sim.clock.now() + 600))
    sim.move_clock(590)
    sim.pay("T00001")
    sim.move_clock(20)
    with pytest.raises(ControlError, match="支付结束时间"):
        sim.pay("T00002")


def test_an_unpaid_order_closes_after_seven_days(sim, pay):
    order(pay)
    sim.move_clock(7 * DAY - 60)
    assert answer(pay.query(out_trade_no="T00001"))[1]["trade_state"] == "NOTPAY"
    sim.move_clock(60)
    assert answer(pay.query(out_trade_no="T00001"))[1]["trade_state"] == "CLOSED"


def test_close(sim, pay):
    order(pay)
    assert pay.close("T00001")[0] == 204
    assert answer(pay.query(out_trade_no="T00001"))[1]["trade_state"] == "CLOSED"
    assert code_of(order(pay)) == (400, "ORDER_CLOSED")
    with pytest.raises(ControlError, match="CLOSED"):
        sim.pay("T00001")
    order(pay, "T00002")
    sim.pay("T00002")
    assert code_of(answer(pay.close("T00002"))) == (400, "ORDERPAID")
    assert code_of(answer(pay.close("T00003"))) == (404, "ORDER_NOT_EXIST")


def test_an_empty_204_is_signed(sim, pay, shop):
    order(pay)
    stranger = pay_client(sim, shop.url, public_key=public_pem(new_private_key()))
    with pytest.raises(Exception, match="verify"):
        stranger.close("T00001")


def test_while_the_user_types_his_password(sim, pay):
    order(pay)
    sim.pay("T00001", result="USERPAYING")
    assert answer(pay.query(out_trade_no="T00001"))[1]["trade_state"] == "USERPAYING"
    assert code_of(answer(pay.close("T00001"))) == (202, "USERPAYING")
    sim.pay("T00001", result="PAYERROR")
    sim.pay("T00001")
    assert answer(pay.query(out_trade_no="T00001"))[1]["trade_state"] == "SUCCESS"


@pytest.mark.parametrize(
    ("number", "more", "code"),
    [
        ("T0001", {}, "PARAM_ERROR"),
        ("T" * 33, {}, "PARAM_ERROR"),
        ("T00001号", {}, "PARAM_ERROR"),
        ("T00001", {"total": 0}, "PARAM_ERROR"),
        ("T00001", {"total": 1.5}, "PARAM_ERROR"),
        ("T00001", {"openid": "oNobody"}, "PARAM_ERROR"),
        ("T00001", {"attach": "x" * 129}, "PARAM_ERROR"),
        ("T00001", {"time_expire": "2026-11-22 10:00"}, "PARAM_ERROR"),
        ("T00001", {"notify_url": "http://127.0.0.1/notify?order=1"}, "PARAM_ERROR"),
        ("T00001", {"appid": "wxother"}, "APPID_MCHID_NOT_MATCH"),
        ("T00001", {"mchid": "1900000110"}, "MCH_NOT_EXISTS"),
    ],
)
def test_formats_of_an_order(pay, number, more, code):
    assert code_of(order(pay, number, **more)) == (400, code)


def test_the_front_end_must_hold_a_good_pay_sign(sim, pay):
    prepay_id = order(pay)[1]["prepay_id"]
    params = {"appId": APPID, "timeStamp": "1700000000", "nonceStr": "n", "package": f"prepay_id={prepay_id}"}
    signed = pay.sign([APPID, "1700000000", "n", params["package"]])
    with pytest.raises(ControlError, match="签名"):
        sim.pay(pay_params={**params, "signType": "RSA", "paySign": signed, "nonceStr": "m"})
    with pytest.raises(ControlError, match="签名"):
        sim.pay(pay_params={**params, "signType": "MD5", "paySign": signed})
    assert sim.pay(pay_params={**params, "signType": "RSA", "paySign": signed})["trade_state"] == "SUCCESS"


def test_only_the_buyer_pays_and_only_what_he_has(sim, pay):
    order(pay, total=500)
    with pytest.raises(ControlError, match="openid"):
        sim.pay("T00001", openid=SELLER)
    sim.set_balance(499, openid=BUYER)
    with pytest.raises(ControlError, match="NOT_ENOUGH"):
        sim.pay("T00001")
    sim.set_balance(500, openid=BUYER)
    sim.pay("T00001")
    assert sim.ledger()["users"][BUYER] == 0


# === Refunds ===


def test_refunds_in_parts_up_to_the_total(sim, pay, shop):
    order(pay)
    assert code_of(refund(pay, "R0", 1)) == (400, "INVALID_REQUEST")
    sim.pay("T00001")
    status, first = refund(pay, "R1", 300)
    assert (status, first["status"], first["amount"]["payer_refund"]) == (200, "PROCESSING", 300)
    assert sim.wait_idle()
    assert answer(pay.query_refund("R1"))[1]["status"] == "SUCCESS"
    assert answer(pay.query(out_trade_no="T00001"))[1]["trade_state"] == "REFUND"
    assert code_of(refund(pay, "R2", 701)) == (400, "INVALID_REQUEST")
    assert refund(pay, "R2", 700)[0] == 200
    assert code_of(refund(pay, "R3", 1)) == (400, "INVALID_REQUEST")
    told = [callback(pay, one) for one in shop.received if b"REFUND.SUCCESS" in one[1]]
    assert told[0]["resource"]["refund_status"] == "SUCCESS"
    assert told[0]["resource"]["amount"] == {"total": 1000, "refund": 300, "payer_total": 1000, "payer_refund": 300}


def test_the_same_refund_replays_and_a_changed_one_is_refused(sim, pay):
    sim.settings.refund_seconds = None
    order(pay)
    sim.pay("T00001")
    first = refund(pay, "R1", 300)
    assert refund(pay, "R1", 300) == first
    assert code_of(refund(pay, "R1", 301)) == (400, "INVALID_REQUEST")
    assert sim.ledger()["merchant"]["refunding"] == 300
    sim.finish_refund("R1")
    assert refund(pay, "R1", 300)[1]["status"] == "SUCCESS"
    assert sim.ledger()["merchant"]["refunding"] == 0


def test_what_cannot_be_refunded(sim, pay):
    order(pay)
    sim.pay("T00001")
    assert code_of(refund(pay, "R1", 300, total=900)) == (400, "INVALID_REQUEST")
    assert code_of(refund(pay, "R1", 300, out_trade_no="T00009")) == (404, "RESOURCE_NOT_EXISTS")
    assert code_of(answer(pay.query_refund("R9"))) == (404, "RESOURCE_NOT_EXISTS")
    sim.set_balance(299)
    assert code_of(refund(pay, "R1", 300)) == (403, "NOT_ENOUGH")
    sim.set_balance(300)
    assert refund(pay, "R1", 300)[0] == 200
    sim.set_balance(1000)
    sim.move_clock(365 * DAY)
    assert code_of(refund(pay, "R2", 300)) == (400, "INVALID_REQUEST")


def test_at_most_fifty_parts(sim, pay):
    order(pay)
    sim.pay("T00001")
    assert {refund(pay, f"R{part}", 1)[0] for part in range(50)} == {200}
    assert code_of(refund(pay, "R50", 1)) == (400, "INVALID_REQUEST")


def test_a_refund_may_close_or_become_abnormal(sim, pay, shop):
    order(pay)
    sim.pay("T00001")
    assert sim.wait_idle()
    sim.add_fault("refund_closed")
    refund(pay, "R1", 1000)
    assert sim.wait_idle()
    assert answer(pay.query_refund("R1"))[1]["status"] == "CLOSED"
    sim.add_fault("refund_abnormal")
    assert refund(pay, "R2", 1000)[0] == 200
    assert sim.wait_idle()
    assert answer(pay.query_refund("R2"))[1]["status"] == "ABNORMAL"
    assert [json.loads(body)["event_type"] for _, body in shop.received[1:]] == ["REFUND.CLOSED", "REFUND.ABNORMAL"]
