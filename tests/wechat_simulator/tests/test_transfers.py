# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Transfers to users."""

import pytest
from wechatpayv3.type import RequestType

from .. import ControlError
from ..crypto import new_private_key, public_pem
from .clients import APPID, BILLS, DAY, INFOS, SELLER, answer, bill, callback, code_of, pay_client, transfer


def test_a_transfer_waits_for_the_user(sim, pay, shop):
    status, asked = transfer(pay, amount=200_000, user_name="李小红")
    assert (status, asked["state"]) == (200, "WAIT_USER_CONFIRM")
    assert sim.ledger()["merchant"]["locked"] == 200_000
    before = sim.ledger()["users"][SELLER]
    sim.confirm_transfer(package=asked["package_info"], openid=SELLER)
    assert bill(pay)["state"] == "SUCCESS"
    assert sim.ledger()["users"][SELLER] == before + 200_000
    assert sim.wait_idle()
    told = callback(pay, shop.received[0])
    assert told["event_type"] == "MCHTRANSFER.BILL.FINISHED"
    assert told["resource"]["state"] == "SUCCESS" and told["resource"]["transfer_amount"] == 200_000
    by_id = answer(pay.mch_transfer_bills_query(transfer_bill_no=asked["transfer_bill_no"]))
    assert by_id == (200, bill(pay))


def test_the_same_transfer_replays_and_a_changed_one_is_refused(sim, pay):
    first = transfer(pay, user_name="李小红")
    assert transfer(pay, user_name="李小红") == first
    assert code_of(transfer(pay, user_name="李小绿")) == (400, "INVALID_REQUEST")
    assert code_of(transfer(pay, amount=5001, user_name="李小红")) == (400, "INVALID_REQUEST")
    assert sim.ledger()["merchant"]["locked"] == 5000
    sim.confirm_transfer("B1")
    assert transfer(pay, user_name="李小红")[1]["state"] == "SUCCESS"
    assert "package_info" not in transfer(pay, user_name="李小红")[1]


def test_a_wrong_name_fails_when_confirmed(sim, pay):
    transfer(pay, user_name="李小绿")
    sim.confirm_transfer("B1")
    assert (bill(pay)["state"], bill(pay)["fail_reason"]) == ("FAIL", "NAME_NOT_CORRECT")
    assert sim.ledger()["merchant"] == {"available": 10_000_000, "locked": 0, "refunding": 0, "unshipped": 0}


def test_a_name_encrypted_for_somebody_else_is_refused(sim, pay, shop):
    stranger = pay_client(sim, shop.url, public_key=public_pem(new_private_key()))
    assert code_of(transfer(stranger, user_name="李小红")) == (400, "PARAM_ERROR")
    assert transfer(pay, user_name="李小红")[0] == 200


def test_without_funds_the_same_number_may_be_tried_again(sim, pay):
    sim.set_balance(4999)
    assert code_of(transfer(pay)) == (403, "NOT_ENOUGH")
    assert code_of(answer(pay.mch_transfer_bills_query(out_bill_no="B1"))) == (404, "NOT_FOUND")
    sim.set_balance(5000)
    assert transfer(pay)[0] == 200
    assert sim.ledger()["merchant"]["available"] == 0


def test_a_transfer_expires_after_24_hours(sim, pay, shop):
    transfer(pay)
    sim.move_clock(DAY - 60)
    assert bill(pay)["state"] == "WAIT_USER_CONFIRM"
    sim.move_clock(60)
    assert (bill(pay)["state"], bill(pay)["fail_reason"]) == ("FAIL", "OVERDUE_CLOSE")
    assert sim.ledger()["merchant"] == {"available": 10_000_000, "locked": 0, "refunding": 0, "unshipped": 0}
    with pytest.raises(ControlError, match="FAIL"):
        sim.confirm_transfer("B1")
    assert sim.wait_idle()
    assert callback(pay, shop.received[0])["resource"]["fail_reason"] == "OVERDUE_CLOSE"


def test_a_transfer_can_be_queried_for_30_days(sim, pay):
    transfer(pay)
    sim.confirm_transfer("B1")
    sim.move_clock(30 * DAY - 60)
    assert bill(pay)["state"] == "SUCCESS"
    sim.move_clock(60)
    assert code_of(answer(pay.mch_transfer_bills_query(out_bill_no="B1"))) == (404, "NOT_FOUND")


def test_cancel_before_the_user_confirms(sim, pay, shop):
    sim.settings.cancel_seconds = None
    transfer(pay)
    status, said = answer(pay.mch_transfer_bills_cancel("B1"))
    assert (status, said["state"]) == (200, "CANCELING")
    with pytest.raises(ControlError, match="CANCELING"):
        sim.confirm_transfer("B1")
    sim.finish_cancel("B1")
    assert bill(pay)["state"] == "CANCELLED"
    assert sim.ledger()["merchant"]["available"] == 10_000_000
    transfer(pay, "B2")
    sim.confirm_transfer("B2")
    assert code_of(answer(pay.mch_transfer_bills_cancel("B2"))) == (400, "INVALID_REQUEST")


def test_cancel_races_confirm(sim, pay):
    transfer(pay)
    sim.add_fault("confirm_wins", contains="B1")
    assert answer(pay.mch_transfer_bills_cancel("B1"))[1]["state"] == "CANCELING"
    assert sim.wait_idle()
    assert bill(pay)["state"] == "SUCCESS"


def test_fail_after_transfering(sim, pay, shop):
    transfer(pay)
    sim.confirm_transfer("B1", result="TRANSFERING")
    assert bill(pay)["state"] == "TRANSFERING" and not shop.received
    sim.finish_transfer("B1", "FAIL", "ACCOUNT_FROZEN")
    assert (bill(pay)["state"], bill(pay)["fail_reason"]) == ("FAIL", "ACCOUNT_FROZEN")
    transfer(pay, "B2")
    sim.add_fault("fail_on_confirm", contains="B2")
    sim.confirm_transfer("B2")
    assert bill(pay, "B2")["state"] == "FAIL"
    transfer(pay, "B3")
    sim.refuse_transfer("B3")
    assert bill(pay, "B3")["state"] == "FAIL"
    assert sim.ledger()["merchant"]["available"] == 10_000_000


@pytest.mark.parametrize("state", ["ACCEPTED", "PROCESSING"])
def test_a_transfer_may_be_accepted_first(sim, pay, state):
    sim.add_fault("accepted", state=state)
    first = transfer(pay)[1]
    assert first["state"] == state and "package_info" not in first
    assert bill(pay)["state"] == "WAIT_USER_CONFIRM" and "package_info" not in bill(pay)
    assert transfer(pay)[1]["package_info"]


@pytest.mark.parametrize(
    ("number", "more", "code"),
    [
        ("B-1", {}, "PARAM_ERROR"),
        ("B" * 33, {}, "PARAM_ERROR"),
        ("B1", {"amount": 0.5}, "PARAM_ERROR"),
        ("B1", {"notify_url": "http://127.0.0.1/x?y=1"}, "PARAM_ERROR"),
        ("B1", {"transfer_scene_report_infos": INFOS[:1]}, "INVALID_REQUEST"),
        ("B1", {"transfer_scene_report_infos": INFOS[::-1]}, "INVALID_REQUEST"),
        ("B1", {"transfer_scene_report_infos": None}, "PARAM_ERROR"),
        ("B1", {"user_recv_perception": "现金奖励"}, "INVALID_REQUEST"),
        ("B1", {"appid": "wxother"}, "INVALID_REQUEST"),
    ],
)
def test_formats_of_a_transfer(pay, number, more, code):
    assert code_of(transfer(pay, number, **more)) == (400, code)


def test_a_name_is_required_from_2000_yuan(sim, pay):
    body = {
        "appid": APPID, "out_bill_no": "B1", "transfer_scene_id": "1005", "openid": SELLER, "transfer_amount": 200_000,
        "transfer_remark": "佣金", "transfer_scene_report_infos": INFOS,
    }  # fmt: skip
    from_2000 = answer(pay._core.request(BILLS, RequestType.POST, body))
    assert code_of(from_2000) == (400, "PARAM_ERROR")
    assert answer(pay._core.request(BILLS, RequestType.POST, {**body, "transfer_amount": 199_999}))[0] == 200
