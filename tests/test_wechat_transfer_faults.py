# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Whatever goes wrong between us and WeChat, a withdrawal is paid at most once and both sides agree at the end."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
import requests

from odoo.addons.distribution_wechat.models.distribution_wechat_transfer_exchange import QUIET_AFTER

from support.live import APP_ID
from support.money_out import BILLS, ONE_BILL, Payee, assert_all_agree

WITHOUT_EFFECT = ("timeout_before", "reset_before", "system_error", "rate_limit", "html_502")
WITH_EFFECT = ("timeout_after", "reset_after", "system_error_after", "bad_signature", "unsigned", "unknown_serial")
ENVELOPES = (
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
)
CONTENTS = ("wrong_amount", "wrong_appid", "wrong_mchid", "wrong_openid")


@pytest.fixture(autouse=True)
def agreement(live):
    yield
    live.simulator.clear_faults()
    live.simulator.notify_well()
    live.simulator.set_balance(10_000_000)
    assert live.simulator.wait_idle(20)
    assert_all_agree(live)


def bills_of(payee):
    """Return the numbers of all bills for a person at WeChat."""
    bills = payee.simulator.ledger()["transfers"]
    return [number for number, bill in bills.items() if bill["openid"] == payee.person.open_id]


def options_of(kind):
    return {"seconds": 0.2} if kind.startswith("timeout") else {}


@pytest.mark.parametrize("kind", WITHOUT_EFFECT)
def test_no_answer_and_nothing_happened(live, kind):
    live.simulator.add_fault(kind, BILLS, "POST", **options_of(kind))
    payee = Payee(live, "Without").go()
    assert (payee.transfer(), payee.bill(), payee.state) == ("unknown", None, "being_sent")
    assert payee.figures() == (60.0, 40.0)
    number = payee.number
    payee.sweep()
    assert payee.state == "waiting_for_confirmation" and bills_of(payee) == [number]
    payee.confirm()
    assert payee.state == "paid" and payee.booked() == 1


@pytest.mark.parametrize("kind", WITH_EFFECT)
def test_no_answer_and_it_happened(live, kind):
    live.simulator.add_fault(kind, BILLS, "POST", **options_of(kind))
    payee = Payee(live, "With").go()
    assert payee.transfer() == "unknown" and payee.bill()["state"] == "WAIT_USER_CONFIRM"
    payee.send()
    assert payee.transfer() == "unknown"
    payee.sweep()
    # The query says that it waits, the repeated request brings the package.
    assert payee.confirmation().status_code == 200 and bills_of(payee) == [payee.number]
    payee.confirm()
    assert payee.state == "paid" and payee.booked() == 1


@pytest.mark.parametrize("kind", ("timeout_before", "timeout_after", "system_error", "bad_signature", "html_502"))
def test_the_query_gets_no_answer_either(live, kind):
    payee = Payee(live, "Unheard").go()
    live.simulator.notify_as("lost", "MCHTRANSFER*")
    payee.confirm()
    live.simulator.add_fault(kind, ONE_BILL, "GET", **options_of(kind))
    payee.sweep()
    assert payee.state == "waiting_for_confirmation" and payee.booked() == 0
    payee.sweep()
    assert payee.state == "paid" and payee.booked() == 1


@pytest.mark.parametrize("kind", ("timeout_before", "timeout_after", "system_error_after", "bad_signature"))
def test_the_cancellation_gets_no_answer(live, kind):
    payee = Payee(live, "Unsure").go()
    payee.cancel()
    live.simulator.add_fault(kind, f"{ONE_BILL}/cancel", "POST", **options_of(kind))
    payee.sweep()
    assert payee.figures()[1] in (0.0, 40.0)
    for _again in range(2):
        payee.sweep()
        assert live.simulator.wait_idle(20)
    assert payee.state == "cancelled" and payee.figures() == (100.0, 0.0)


def test_not_enough_money_waits_for_a_top_up_under_the_same_number(live):
    live.simulator.set_balance(100)
    payee = Payee(live, "Waiting").go()
    assert (payee.transfer(), payee.bill(), payee.state) == ("intent", None, "being_sent")
    assert payee.alerts() == ["Top up the WeChat Pay account"]
    number = payee.number
    live.simulator.set_balance(10_000_000)
    payee.send()
    assert payee.bill() is None, "not before its time"
    with live.env() as env:
        env["distribution.withdrawal"].browse(payee.id).run_id.action_send_wechat_transfers()
    assert bills_of(payee) == [number]
    payee.confirm()
    assert payee.state == "paid" and payee.alerts() == []


def test_not_enough_money_is_tried_again_by_itself(live):
    live.simulator.add_fault("not_enough", BILLS, "POST")
    payee = Payee(live, "Patient").go()
    payee.write(retry_at=datetime.now() - timedelta(minutes=1))
    payee.send()
    payee.confirm()
    assert payee.state == "paid" and bills_of(payee) == [payee.number]


def test_a_refusal_that_a_distributors_question_meets_is_told_in_nobodys_name(live):
    live.simulator.add_fault("error", BILLS, "POST", status=400, code="PARAM_ERROR", message="no")
    payee = Payee(live, "Curious")
    payee.ask()
    payee.approve()
    payee.query()
    with live.env() as env:
        transfer = env["distribution.withdrawal"].browse(payee.id).wechat_transfer_ids
        robot = env.ref("base.user_root")
        assert transfer.activity_ids.summary == "WeChat refused the transfer"
        assert transfer.activity_ids.create_uid == robot
        assert payee.person.partner_id not in transfer.message_ids.author_id.ids
    live.let_ask_again()
    assert payee.query() == "waiting_for_confirmation"
    payee.confirm()


def test_a_refusal_stays_open_and_tells_finance(live):
    live.simulator.add_fault("error", BILLS, "POST", status=400, code="INVALID_REQUEST", message="你尚未获取该转账场景")
    payee = Payee(live, "Refused").go()
    values = payee.transfer("state", "error_code", "error_message")
    assert (values["state"], values["error_code"]) == ("intent", "INVALID_REQUEST")
    assert payee.alerts() == ["WeChat refused the transfer"] and payee.figures() == (60.0, 40.0)
    payee.write(retry_at=False)
    payee.send()
    payee.confirm()
    assert payee.state == "paid" and bills_of(payee) == [payee.number]


def test_a_refusal_that_took_effect_is_believed_to_wechat_not_to_the_answer(live):
    """A 4xx is not signed: somebody in between may have made it up."""
    payee = Payee(live, "Proxy").go()
    payee.write(state="unknown", package_info=False)
    live.simulator.add_fault("error", BILLS, "POST", status=400, code="PARAM_ERROR", message="no")
    payee.write(state="intent")
    payee.send()
    assert payee.transfer() == "wait_user_confirm"
    payee.confirm()
    assert payee.state == "paid" and bills_of(payee) == [payee.number]


def test_cancelled_after_an_unanswered_request_only_when_it_cannot_arrive_any_more(live):
    live.simulator.add_fault("timeout_before", BILLS, "POST", seconds=0.2)
    payee = Payee(live, "Lost").go()
    assert payee.cancel().json()["state"] == "cancelling"
    payee.sweep()
    assert payee.state == "cancelling" and payee.figures() == (60.0, 40.0)
    payee.write(asked_at=datetime.now() - QUIET_AFTER - timedelta(seconds=1))
    payee.sweep()
    assert payee.state == "cancelled" and payee.figures() == (100.0, 0.0) and payee.bill() is None


@pytest.mark.parametrize("state", ("ACCEPTED", "PROCESSING"))
def test_accepted_first(live, state):
    live.simulator.add_fault("accepted", state=state)
    payee = Payee(live, "Slow").go()
    assert (payee.transfer(), payee.state) == (state.lower(), "being_sent")
    payee.sweep()
    payee.confirm()
    assert payee.state == "paid" and payee.booked() == 1


def test_fails_after_the_confirmation(live):
    payee = Payee(live, "Frozen").go()
    live.simulator.add_fault("fail_on_confirm", contains=payee.number)
    payee.confirm()
    reading = payee.read()
    assert reading["state"] == "failed" and "customer service" in reading["reason"]
    assert payee.figures() == (100.0, 0.0) and payee.booked() == 0


def test_transferring_is_neither_paid_nor_cancellable(live):
    payee = Payee(live, "Between").go()
    payee.confirm(result="TRANSFERING")
    payee.sweep()
    assert (payee.transfer(), payee.state, payee.booked()) == ("transfering", "being_sent", 0)
    assert payee.cancel().status_code == 409
    live.simulator.finish_transfer(payee.number, "SUCCESS")
    assert live.simulator.wait_idle(20)
    assert payee.state == "paid"


@pytest.mark.parametrize(
    "behaviour", (("lost", {}), ("late", {"seconds": 0.5}), ("duplicate", {"n": 3}), ("concurrent", {"n": 4}))
)
def test_notifications_lost_late_twice_and_at_once(live, behaviour):
    kind, options = behaviour
    payee = Payee(live, "Notified").go()
    live.simulator.notify_as(kind, "MCHTRANSFER*", **options)
    payee.confirm()
    payee.sweep()
    assert payee.state == "paid" and payee.booked() == 1 and payee.figures() == (60.0, 0.0)
    notices = live.simulator.notifications(payee.number)
    assert all(attempt["seconds"] < 5 for notice in notices for attempt in notice["attempts"])


def test_a_notification_that_meets_the_sweep(live):
    payee = Payee(live, "Meeting").go()
    live.simulator.notify_as("hold", "MCHTRANSFER*")
    live.simulator.confirm_transfer(payee.number)
    with ThreadPoolExecutor(3) as pool:
        work = [pool.submit(payee.query) for _count in range(2)]
        work.append(pool.submit(live.simulator.release_notifications, payee.number))
        assert [done.result() for done in work][:2] == ["paid", "paid"]
    assert live.simulator.wait_idle(20)
    assert payee.booked() == 1 and payee.figures() == (60.0, 0.0)


@pytest.mark.parametrize("kind", ENVELOPES)
def test_forged_envelopes_are_refused(live, kind):
    payee = Payee(live, "Forged").go()
    attempt = live.simulator.forge(payee.number, kind)
    assert attempt["status"] == 401, attempt
    assert payee.state == "waiting_for_confirmation" and payee.booked() == 0
    payee.confirm()
    assert payee.state == "paid"


@pytest.mark.parametrize("kind", CONTENTS)
def test_signed_lies_are_refused_and_told(live, kind):
    payee = Payee(live, "Lied").go()
    if kind == "wrong_appid":
        attempt = live.simulator.forge(payee.number, "changed", {"appid": "wx0000000000000000"})
    else:
        attempt = live.simulator.forge(payee.number, kind)
    assert attempt["status"] in (401, 404), attempt
    assert payee.state == "waiting_for_confirmation" and payee.booked() == 0
    if kind != "wrong_mchid":
        live.simulator.forge(payee.number, kind)
        assert payee.alerts() == ["WeChat says something else"]
    payee.confirm()
    assert payee.state == "paid"


def test_a_contradiction_after_the_end_changes_nothing(live):
    payee = Payee(live, "Contradicted").go()
    payee.confirm()
    attempt = live.simulator.forge(payee.number, "changed", {"state": "FAIL", "fail_reason": "ACCOUNT_FROZEN"})
    assert attempt["status"] == 404
    assert payee.state == "paid" and payee.figures() == (60.0, 0.0)
    assert payee.alerts() == ["WeChat says something else"]


def test_old_news_after_the_end_changes_nothing(live):
    payee = Payee(live, "Outdated").go()
    payee.confirm()
    attempt = live.simulator.forge(payee.number, "changed", {"state": "WAIT_USER_CONFIRM"})
    assert attempt["status"] == 204
    assert payee.transfer() == "success"


def test_number_of_nobody_and_of_another_account(live):
    payee = Payee(live, "Crossed").go()
    assert live.simulator.forge(payee.number, "changed", {"out_bill_no": "DW0000"})["status"] == 404
    with live.env() as env:
        account = env["distribution.wechat.account"].browse(live.account_id)
        other = account.copy({"name": "Other", "app_id": "wxother00000000001", "mch_id": account.mch_id})
        merchant = live.simulator.merchant
        other.write(
            {
                "merchant_serial": merchant.serial,
                "merchant_private_key": merchant.private_key_pem,
                "api_v3_key": merchant.apiv3_key,
                "wechatpay_public_key": live.simulator.platform_public_key_pem,
                "wechatpay_public_key_id": live.simulator.public_key_id,
            }
        )
        url = other.notification_url
        assert account.app_id == APP_ID
    assert live.simulator.forge(payee.number, url=url)["status"] == 404
    assert requests.post(url, data=b"{}", timeout=10).status_code == 401
    assert payee.state == "waiting_for_confirmation" and payee.booked() == 0
    payee.confirm()


def test_changed_settings_do_not_change_what_is_asked_again(live):
    live.simulator.add_fault("timeout_after", BILLS, "POST", seconds=0.2)
    payee = Payee(live, "Steady").go()
    with live.env() as env:
        env["distribution.wechat.account"].browse(live.account_id).transfer_remark = "别的备注"
    payee.sweep()
    assert payee.confirmation().status_code == 200 and bills_of(payee) == [payee.number]
    payee.confirm()
    assert payee.state == "paid"


def test_two_senders_at_once_make_one_bill(live):
    payee = Payee(live, "Twice")
    payee.ask()
    payee.approve()
    with ThreadPoolExecutor(4) as pool:
        states = list(pool.map(lambda _number: payee.query(), range(4)))
    assert "waiting_for_confirmation" in states
    assert bills_of(payee) == [payee.number]
    payee.confirm()
    assert payee.booked() == 1


def test_a_server_that_dies_between_calling_and_recording(live):
    """What was committed before the call is found and asked about; the number stays."""
    payee = Payee(live, "Crash").go()
    number = payee.number
    payee.write(state="unknown", package_info=False, created_at=False, transfer_bill_no=False, expires_at=False)
    payee.send()
    payee.sweep()
    assert bills_of(payee) == [number] and payee.confirmation().status_code == 200
    payee.confirm()
    assert payee.state == "paid" and payee.booked() == 1
