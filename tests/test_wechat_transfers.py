# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Commission to a WeChat balance: earned, settled, asked for, approved, sent, confirmed, booked."""

from datetime import datetime, timedelta, timezone

import pytest

from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user

from odoo.addons.distribution_wechat.models import distribution_wechat_transfer

from support.money_out import BILLS, QUERY, SEND, Payee, assert_all_agree


@pytest.fixture(autouse=True)
def agreement(live):
    yield
    live.simulator.clear_faults()
    live.simulator.notify_well()
    assert live.simulator.wait_idle(20)
    assert_all_agree(live)


def set_program(live, **vals):
    with live.env() as env:
        env["distribution.program"].browse(live.program_id).write(vals)


def test_from_earning_to_booked_money(live):
    dora = Payee(live, "Dora", 100)
    quote = dora.person.get("/me/withdrawals/quote", params={"amount": "40.00"}).json()
    assert (quote["net"], quote["available"], quote["minimum"], quote["left_today"]) == ("40.00", "100.00", "10.00", 3)
    assert quote["reasons"] == []
    assert dora.ask()["state"] == "under_review"
    assert dora.figures() == (60.0, 40.0)
    assert dora.confirmation().json()["code"] == "not_waiting_for_confirmation"
    dora.approve()
    assert dora.state == "being_sent" and dora.bill() is None
    dora.send()
    reading = dora.read()
    assert reading["state"] == "waiting_for_confirmation"
    left = datetime.fromisoformat(reading["expires_at"]) - datetime.now(timezone.utc)
    assert timedelta(hours=23) < left <= timedelta(hours=24)
    parameters = dora.confirmation().json()
    assert (parameters["openId"], parameters["appId"]) == (dora.person.open_id, "wxtest0000000001")
    live.simulator.confirm_transfer(package=parameters["package"], openid=dora.person.open_id)
    assert live.simulator.wait_idle(20)
    assert dora.state == "paid" and dora.booked() == 1
    assert dora.figures() == (60.0, 0.0)
    assert dora.confirmation().status_code == 409
    assert live.simulator.ledger()["users"][dora.person.open_id] == 10_000_000 + 4000


def test_all_that_is_available_in_one_wish_without_review(live):
    set_program(live, withdrawal_review=False)
    try:
        payee = Payee(live, "Fast", 12.34)
        assert payee.ask(None)["state"] == "being_sent"
        # No cron has run: the person's own question sends what is committed.
        assert payee.query() == "waiting_for_confirmation"
        payee.confirm()
        assert payee.state == "paid" and payee.figures() == (0.0, 0.0)
    finally:
        set_program(live, withdrawal_review=True)


def test_not_confirmed_in_time_the_money_is_available_again(live):
    payee = Payee(live, "Late").go()
    live.simulator.expire_transfer(payee.number)
    assert live.simulator.wait_idle(20)
    reading = payee.read()
    assert (reading["state"], reading["reason"]) == ("expired", "It was not confirmed within 24 hours.")
    assert payee.figures() == (100.0, 0.0) and payee.booked() == 0
    old = payee.number
    payee.go()
    assert payee.number != old
    payee.confirm()
    assert payee.state == "paid"


def test_expiry_while_the_notification_is_lost(live):
    payee = Payee(live, "Forgetful").go()
    live.simulator.notify_as("lost", "MCHTRANSFER*")
    live.simulator.expire_transfer(payee.number)
    assert payee.state == "waiting_for_confirmation"
    payee.sweep()
    assert payee.state == "expired" and payee.figures() == (100.0, 0.0)


def test_nothing_to_confirm_after_the_deadline(live):
    payee = Payee(live, "Overdue").go()
    payee.write(expires_at=datetime.now() - timedelta(minutes=1))
    assert payee.confirmation().status_code == 409
    assert payee.state == "being_sent"


def test_limits_of_the_program_hold_over_http(live):
    payee = Payee(live, "Limited", 100)

    def refused(body):
        answer = payee.person.post("/me/withdrawals", body)
        assert answer.status_code == 422, answer.text
        return answer.json()["code"]

    assert refused({"amount": "9.99"}) == "below_minimum"
    assert refused({"amount": "100.01"}) == "not_enough"
    assert refused({"amount": "10.001"}) == "amount_invalid"
    assert refused({}) == refused({"amount": "10.00", "all": True}) == "invalid"
    for _count in range(3):
        payee.ask("10.00")
    assert refused({"amount": "10.00"}) == "daily_limit_reached"
    quote = payee.person.get("/me/withdrawals/quote").json()
    assert (quote["left_today"], [reason["code"] for reason in quote["reasons"]]) == (0, ["daily_limit_reached"])
    assert payee.figures() == (70.0, 30.0)
    with live.env() as env:
        env["distribution.distributor"].browse(payee.person.distributor_id).action_suspend()
    assert refused({"amount": "10.00"}) == "suspended"


def test_a_person_without_money_or_membership(live):
    stranger = live.person("Nobody")
    assert stranger.get("/me/withdrawals").json()["code"] == "not_a_distributor"
    poor = Payee(live, "Poor", 0)
    quote = poor.person.get("/me/withdrawals/quote").json()
    assert (quote["available"], quote["reasons"][0]["code"]) == ("0.00", "not_enough")
    assert poor.person.post("/me/withdrawals", {"amount": "10.00"}).json()["code"] == "not_enough"
    assert poor.person.post("/me/withdrawals", {"all": True}).json()["code"] == "below_minimum"


def test_real_name_is_wanted_from_2000_before_anything_is_sent(live):
    payee = Payee(live, "Big", 5000, real_name="李小红")
    answer = payee.person.post("/me/withdrawals", {"amount": "2000.00"})
    assert answer.json()["code"] == "real_name_missing"
    assert payee.figures() == (5000.0, 0.0)
    payee.go("1999.99")
    assert payee.state == "waiting_for_confirmation"
    with live.env() as env:
        distributor = env["distribution.distributor"].browse(payee.person.distributor_id)
        distributor.real_name = "李小红"
        env.flush_all()
        env.invalidate_all()
        assert distributor.real_name == "李**"
        env.cr.execute("SELECT real_name_encrypted FROM distribution_distributor WHERE id = %s", [distributor.id])
        assert "李" not in env.cr.fetchone()[0]
    payee.confirm()
    payee.go("2000.00")
    assert name_is_kept(live, payee)
    payee.confirm()
    assert payee.state == "paid" and not name_is_kept(live, payee)
    assert "李小红" not in live.log.read_text()


def name_is_kept(live, payee):
    with live.env() as env:
        env.cr.execute(
            "SELECT user_name_encrypted FROM distribution_wechat_transfer WHERE withdrawal_id = %s", [payee.id]
        )
        return bool(env.cr.fetchone()[0])


def test_finance_cannot_pay_out_a_large_amount_without_a_name(live):
    payee = Payee(live, "Rich", 3000)
    with pytest.raises(UserError, match="wants the real name"), live.env() as env:
        account = env["distribution.account"].search([("distributor_id", "=", payee.person.distributor_id)])
        wizard = env["distribution.payout.wizard"].create({"channel": "wechat"})
        line = wizard.line_ids.filtered(lambda line: line.account_id == account)
        assert "real name" in line.problem
        (wizard.line_ids - line).unlink()
        wizard.action_create_run()
    assert payee.figures() == (3000.0, 0.0)


def test_a_wrong_name_fails_and_gives_the_money_back(live):
    payee = Payee(live, "Misnamed", 2500, real_name="李小红")
    with live.env() as env:
        env["distribution.distributor"].browse(payee.person.distributor_id).real_name = "李小绿"
    payee.go("2000.00")
    payee.confirm()
    reading = payee.read()
    assert (reading["state"], reading["reason"]) == ("failed", "The real name differs from that of the WeChat account.")
    assert payee.figures() == (2500.0, 0.0)


def test_finance_pays_out_over_wechat_without_being_asked(live):
    payee = Payee(live, "Pushed", 55.5)
    with live.env() as env:
        wizard = env["distribution.payout.wizard"].create({"channel": "wechat"})
        mine = wizard.line_ids.filtered(lambda line: line.distributor_id.id == payee.person.distributor_id)
        assert not mine.problem
        (wizard.line_ids - mine).unlink()
        run = env["distribution.payout.run"].browse(wizard.action_create_run()["res_id"])
        payee.id = run.withdrawal_ids.id
        env.cr.commit()
        outcome = run.action_send_wechat_transfers()
        assert outcome["params"]["type"] == "success"
        run_id = run.id
    payee.confirm()
    assert payee.state == "paid"
    with live.env() as env:
        assert env["distribution.payout.run"].browse(run_id).state == "done"


def test_who_never_logged_in_cannot_be_paid_over_wechat(live):
    with live.env() as env:
        wallet = env["distribution.wechat.account"].browse(live.account_id).wallet_journal_id
        partner = env["res.partner"].create({"name": "Offline"})
        distributor = env["distribution.distributor"].create({"partner_id": partner.id, "program_id": live.program_id})
        account = env["distribution.account"]._get_or_create(distributor, env.company)
        problem = env["distribution.payout.run"]._get_payee_problem("wechat", wallet, account, 50)
        assert "no login" in problem


def test_withdrawals_at_wechat_are_not_touched_by_hand(live):
    payee = Payee(live, "Guarded").go()
    with live.env() as env:
        withdrawal = env["distribution.withdrawal"].browse(payee.id)
        with pytest.raises(UserError, match="nothing is recorded by hand"):
            env["distribution.payout.confirm"].create({"run_id": withdrawal.run_id.id}).action_confirm()
        with pytest.raises(UserError, match="nothing is recorded by hand"):
            env["distribution.withdrawal.fail"].create({"withdrawal_id": payee.id, "reason": "No"}).action_confirm()
        with pytest.raises(UserError, match="says how it ends"):
            withdrawal._give_back("cancel", False)
        with pytest.raises(UserError, match="says how it ends"):
            withdrawal.run_id._confirm_paid(withdrawal, withdrawal.create_date.date())
    assert payee.figures() == (60.0, 40.0)
    payee.confirm()


def test_runs_of_a_removed_channel_do_not_become_runs_to_pay_by_hand(live):
    payee = Payee(live, "Uninstalled").go()
    with live.env() as env:
        run = env["distribution.withdrawal"].browse(payee.id).run_id
        domain = [("field_id.model", "=", run._name), ("field_id.name", "=", "channel"), ("value", "=", "wechat")]
        env["ir.model.fields.selection"].search(domain)._process_ondelete()
        assert run.channel == "removed" and run.state == "in_progress"
        with pytest.raises(UserError, match="nothing is recorded by hand"):
            env["distribution.payout.confirm"].create({"run_id": run.id}).action_confirm()
        payee_transfer = run.withdrawal_ids.wechat_transfer_ids
        env.cr.execute("UPDATE distribution_wechat_transfer SET state = 'cancelled' WHERE id = %s", payee_transfer.ids)
        env.invalidate_all()
        with pytest.raises(UserError, match="has been uninstalled"):
            run.withdrawal_ids.action_cancel()
        assert "removed" not in dict(env["distribution.payout.wizard"]._get_channels())
        env.cr.rollback()
    payee.confirm()
    assert payee.state == "paid"


def test_rights(live):
    payee = Payee(live, "Rights").go()
    with live.env() as env:
        reader = new_test_user(env, "transfer-reader", groups="distribution_core.group_distribution_user")
        reader.write({"company_ids": [(4, live.company_id)], "company_id": live.company_id})
        transfer = env["distribution.withdrawal"].browse(payee.id).wechat_transfer_ids.with_user(reader)
        assert transfer.state == "wait_user_confirm"
        for forbidden in (
            transfer.action_advance,
            transfer.action_cancel,
            lambda: transfer.write({"state": "success"}),
            lambda: transfer.read(["open_id"]),
            lambda: transfer.read(["package_info"]),
        ):
            with pytest.raises(AccessError):
                forbidden()
    payee.confirm()


# === CANCELLING === #


def test_cancelled_while_under_review(live):
    payee = Payee(live, "Undecided")
    assert payee.ask()["can_cancel"] is True
    answer = payee.cancel().json()
    assert (answer["state"], answer["can_cancel"]) == ("cancelled", False)
    assert payee.figures() == (100.0, 0.0)
    assert payee.cancel().json()["state"] == "cancelled"
    assert payee.figures() == (100.0, 0.0)


def test_cancelled_before_it_was_sent_never_reaches_wechat(live):
    payee = Payee(live, "Quick")
    payee.ask()
    payee.approve()
    assert payee.cancel().json()["state"] == "cancelled"
    payee.send()
    payee.sweep()
    assert payee.bill() is None and payee.figures() == (100.0, 0.0)


def test_cancelled_at_wechat(live):
    payee = Payee(live, "Hesitant").go()
    assert payee.cancel().json()["state"] == "cancelling"
    assert payee.figures() == (60.0, 40.0)
    assert payee.confirmation().status_code == 409
    payee.sweep()
    assert live.simulator.wait_idle(20)
    payee.sweep()
    assert payee.state == "cancelled" and payee.figures() == (100.0, 0.0)
    assert payee.bill()["state"] == "CANCELLED"


def test_confirmation_wins_against_the_cancellation(live):
    payee = Payee(live, "Torn").go()
    live.simulator.add_fault("confirm_wins", contains=payee.number)
    payee.cancel()
    payee.sweep()
    assert live.simulator.wait_idle(20)
    assert payee.state == "paid" and payee.booked() == 1 and payee.figures() == (60.0, 0.0)
    assert payee.cancel().json()["code"] == "not_cancellable"


def test_confirmed_between_the_wish_to_cancel_and_the_call(live):
    payee = Payee(live, "Faster").go()
    payee.cancel()
    live.simulator.notify_as("lost", "MCHTRANSFER*")
    payee.confirm()
    payee.sweep()
    assert payee.state == "paid" and payee.booked() == 1


def test_finance_cancels_the_run(live):
    payee = Payee(live, "Stopped").go()
    with live.env() as env:
        env["distribution.withdrawal"].browse(payee.id).run_id.action_cancel()
    assert payee.state == "cancelling"
    payee.sweep()
    assert live.simulator.wait_idle(20)
    assert payee.state == "cancelled"


def test_a_run_is_cancelled_but_for_what_is_confirmed(live):
    early, late = Payee(live, "Early"), Payee(live, "Confirmed")
    approve_together(live, [early, late])
    late.confirm(result="TRANSFERING")
    late.sweep()
    with live.env() as env:
        outcome = env["distribution.withdrawal"].browse(early.id).run_id.action_cancel()
        late_name = env["distribution.withdrawal"].browse(late.id).name
    assert outcome["params"]["message"] == f"It is too late to cancel 1 of the withdrawals: {late_name}"
    assert (early.state, late.state) == ("cancelling", "being_sent")
    early.sweep()
    assert live.simulator.wait_idle(20)
    assert early.state == "cancelled"
    live.simulator.finish_transfer(late.number, "SUCCESS")
    assert live.simulator.wait_idle(20)
    assert late.state == "paid"


# === TIME === #


def test_bills_older_than_30_days_are_for_people(live):
    payee = Payee(live, "Ancient").go()
    payee.write(created_at=datetime.now() - timedelta(days=31))
    payee.sweep()
    payee.sweep()
    assert payee.alerts() == ["WeChat gives no answer after 30 days"]
    assert payee.figures() == (60.0, 40.0) and payee.transfer() == "wait_user_confirm"
    payee.confirm()
    assert payee.state == "paid" and payee.alerts() == []


def close_by_hand(live, payee, **vals):
    with live.env() as env:
        transfer = env["distribution.withdrawal"].browse(payee.id).wechat_transfer_ids
        wizard = env["distribution.wechat.transfer.close"].with_context(active_id=transfer.id)
        wizard.create({"reason": "As the console shows it", **vals}).action_confirm()


@pytest.mark.parametrize("outcome", ("success", "cancelled"))
def test_what_wechat_forgot_is_closed_by_hand(live, outcome):
    payee = Payee(live, "Forgotten").go()
    vals = {"outcome": outcome, "finished_at": datetime.now().replace(microsecond=0)}
    with pytest.raises(UserError, match="WeChat tells how"):
        close_by_hand(live, payee, **vals)
    live.simulator.notify_as("lost", "MCHTRANSFER*")
    if outcome == "success":
        payee.confirm()
    else:
        live.simulator.expire_transfer(payee.number)
    payee.write(created_at=datetime.now() - timedelta(days=31))
    payee.sweep()
    assert payee.figures() == (60.0, 40.0)
    with pytest.raises(UserError, match="not in the future"):
        close_by_hand(live, payee, outcome="success", finished_at=datetime.now() + timedelta(days=1))
    with live.env() as env:
        reader = new_test_user(env, f"closer-{outcome}", groups="distribution_core.group_distribution_user")
        transfer = env["distribution.withdrawal"].browse(payee.id).wechat_transfer_ids
        with pytest.raises(AccessError):
            env["distribution.wechat.transfer.close"].with_user(reader).create({"transfer_id": transfer.id})
    close_by_hand(live, payee, **vals)
    paid = outcome == "success"
    assert payee.figures() == ((60.0, 0.0) if paid else (100.0, 0.0)) and payee.booked() == int(paid)
    assert payee.state == ("paid" if paid else "cancelled") and payee.alerts() == []
    with pytest.raises(UserError, match="WeChat tells how"):
        close_by_hand(live, payee, **vals)


def test_lists_are_the_persons_own_and_paged(live):
    payee = Payee(live, "Pager", 100)
    ids = [payee.ask("10.00")["id"] for _count in range(3)]
    first = payee.person.get("/me/withdrawals", params={"limit": 2}).json()
    second = payee.person.get("/me/withdrawals", params={"limit": 2, "cursor": first["next_cursor"]}).json()
    assert [item["id"] for item in first["items"] + second["items"]] == ids[::-1]
    assert second["next_cursor"] is None


# === TURNS === #


def approve_together(live, payees):
    """Put the wishes of several people into one run and send them."""
    for payee in payees:
        payee.ask()
    with live.env() as env:
        wizard = env["distribution.withdrawal.approve"].with_context(active_ids=[payee.id for payee in payees])
        wizard.create({}).action_approve()
    live.run_cron(SEND)


def test_who_was_asked_longest_ago_is_asked_first(live, monkeypatch):
    payees = [Payee(live, f"Turn{number}") for number in range(3)]
    approve_together(live, payees)
    asked = []

    def note_and_fail(transfer):
        asked.append(transfer.name)
        raise UserError("No luck")

    with live.env() as env:
        env["distribution.wechat.transfer"].search([]).write({"checked_at": datetime.now()})
        monkeypatch.setattr(type(env["distribution.wechat.transfer"]), "_advance", note_and_fail)
    for minutes, payee in zip((20, 30, 6), payees, strict=True):
        payee.write(checked_at=datetime.now() - timedelta(minutes=minutes))
    live.run_cron(QUERY)
    assert asked == [payees[1].number, payees[0].number, payees[2].number]
    live.run_cron(QUERY)
    assert len(asked) == 3, "it failed, and has had its turn all the same"
    payees[2].write(checked_at=False)
    live.run_cron(QUERY)
    assert asked[3:] == [payees[2].number]
    monkeypatch.undo()
    for payee in payees:
        payee.confirm()


def test_what_finance_sends_at_once_ends_in_time(live, monkeypatch):
    payees = [Payee(live, f"Hurried{number}") for number in range(3)]
    for payee in payees:
        payee.ask()
        payee.approve()
    monkeypatch.setattr(distribution_wechat_transfer, "AT_ONCE", 0)
    with live.env() as env:
        transfers = env["distribution.withdrawal"].browse([payee.id for payee in payees]).wechat_transfer_ids
        message = transfers.action_advance()["params"]["message"]
        assert env["ir.cron.trigger"].search_count(
            [("cron_id", "=", env.ref(SEND).id), ("create_date", ">", datetime.now() - timedelta(minutes=1))]
        )
    assert message == "1 transfers are up to date with WeChat. 2 more follow in the background."
    assert [payee.transfer() for payee in payees] == ["wait_user_confirm", "intent", "intent"]
    payees[0].send()
    for payee in payees:
        payee.confirm()


def test_the_persons_question_does_not_send_before_its_time(live):
    live.simulator.add_fault("not_enough", BILLS, "POST")
    payee = Payee(live, "Impatient").go()
    assert payee.query() == "being_sent" and payee.bill() is None
    payee.write(retry_at=datetime.now() - timedelta(minutes=1))
    assert payee.query() == "waiting_for_confirmation"
    payee.confirm()


def alerts_of(live, payees):
    """Return what finance is told about the transfers of several people, and how many messages they have."""
    with live.env() as env:
        transfers = env["distribution.withdrawal"].browse([payee.id for payee in payees]).wechat_transfer_ids
        return transfers.activity_ids.mapped("summary"), len(transfers.message_ids)


@pytest.mark.parametrize(
    "broken",
    ({"mch_id": "1999999999"}, {"merchant_serial": None}, {"active": False}),
    ids=lambda vals: next(iter(vals)),
)
def test_an_account_that_cannot_be_used_is_told_of_once(live, broken):
    sent, waiting = Payee(live, "Blocked").go(), Payee(live, "Behind")
    waiting.ask()
    waiting.approve()
    before = alerts_of(live, [sent, waiting])[1]
    with live.env() as env:
        account = env["distribution.wechat.account"].browse(live.account_id)
        kept = {name: account[name] for name in broken}
        # Past the guards of the form: whatever led to it.
        name, value = next(iter(broken.items()))
        env.cr.execute(f"UPDATE distribution_wechat_account SET {name} = %s WHERE id = %s", [value, account.id])
    try:
        for _again in range(3):
            sent.sweep()
            waiting.send()
        alerts, messages = alerts_of(live, [sent, waiting])
        assert alerts == ["The WeChat account cannot be used"]
        # The activity and nothing else.
        assert messages <= before + 1
    finally:
        with live.env() as env:
            name, value = next(iter(kept.items()))
            env.cr.execute(
                f"UPDATE distribution_wechat_account SET {name} = %s WHERE id = %s", [value, live.account_id]
            )
    waiting.send()
    for payee in (sent, waiting):
        payee.confirm()
    assert (sent.state, waiting.state) == ("paid", "paid")
