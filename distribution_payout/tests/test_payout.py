# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from datetime import date
from decimal import Decimal

from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, freeze_time, new_test_user, tagged
from odoo.tools import mute_logger

from ..hooks import uninstall_hook
from .common import PayoutCommon


@tagged("post_install", "-at_install")
class TestPayout(PayoutCommon):
    """Money out: reserved, paid, booked, reconciled; failed and cancelled."""

    def test_wizard_reserves_what_is_available(self):
        self._earn_and_settle()
        run = self._create_run()
        self.assertRecordValues(run, [{"state": "in_progress", "amount_total": 170.0, "amount_open": 170.0}])
        self.assertAccount(self.cleo, reserved="100")
        with self.assertRaisesRegex(UserError, "nothing to pay out"):
            self._create_run()

    def test_confirmed_payment_is_booked_and_discharges_the_payable(self):
        self._earn_and_settle()
        run = self._create_run()
        with freeze_time("2026-04-05 02:00:00"):
            self._pay(run, date(2026, 4, 5))
        self.assertRecordValues(run, [{"state": "done", "amount_paid": 170.0, "amount_open": 0.0}])
        self.assertAccount(self.cleo)
        items = self._payable_items(self.cleo)
        self.assertRecordValues(
            items,
            [
                {"balance": -100.0, "date": date(2026, 4, 1), "reconciled": True},
                {"balance": 100.0, "date": date(2026, 4, 5), "reconciled": True},
            ],
        )
        move = items[1].move_id
        self.assertRecordValues(move, [{"state": "posted", "journal_id": self.bank.id}])
        bank_items = move.line_ids.filtered(lambda line: line.account_id == run._get_outgoing_account())
        self.assertEqual(sorted(bank_items.mapped("balance")), [-100.0, -50.0, -20.0])
        self.assertTrue(all(line.partner_id for line in move.line_ids))
        self.assertBooksAgree()

    def test_payment_is_confirmed_once(self):
        self._earn_and_settle()
        run = self._create_run()
        withdrawals = run.withdrawal_ids
        self._pay(run)
        with self.assertRaisesRegex(UserError, "left to be paid"):
            self._pay(run)
        with self.assertRaisesRegex(UserError, "is Paid already"):
            run._confirm_paid(withdrawals, date(2026, 4, 5))
        with self.assertRaisesRegex(UserError, "is Paid already"):
            withdrawals.action_cancel()
        self.assertAccount(self.cleo)

    def test_failed_payment_gives_the_amount_back_and_books_nothing(self):
        self._earn_and_settle()
        run = self._create_run()
        withdrawal = self._withdrawal(run, self.cleo)
        fail = self.env["distribution.withdrawal.fail"].create(
            {"withdrawal_id": withdrawal.id, "reason": "Account closed"}
        )
        fail.action_confirm()
        self.assertRecordValues(withdrawal, [{"state": "failed", "failure_reason": "Account closed", "move_id": False}])
        self.assertAccount(self.cleo, available="100")
        with self.assertRaisesRegex(UserError, "is Failed already"):
            fail.action_confirm()
        self._pay(run)
        self.assertEqual(run.amount_paid, 70.0)
        self.assertAccount(self.cleo, available="100")

    def test_partial_confirmation_leaves_the_rest_open(self):
        self._earn_and_settle()
        run = self._create_run()
        wizard = self.env["distribution.payout.confirm"].create({"run_id": run.id})
        wizard.withdrawal_ids = self._withdrawal(run, self.cleo)
        self.assertEqual(wizard.amount_total, 100.0)
        wizard.action_confirm()
        self.assertRecordValues(run, [{"state": "in_progress", "amount_paid": 100.0, "amount_open": 70.0}])
        run.action_cancel()
        self.assertEqual(run.state, "done")
        self.assertAccount(self.ben, available="50")

    def test_partial_payout_discharges_oldest_first(self):
        self._earn_and_settle(4, "2026-01-05", "2026-02-01")
        self._earn_and_settle(6, "2026-02-05", "2026-03-01")
        wizard = self.env["distribution.payout.wizard"].create({"journal_id": self.bank.id})
        line = wizard.line_ids.filtered(lambda line: line.distributor_id == self.cleo)
        line.amount = 70.0
        run = self.env["distribution.payout.run"].browse(wizard.action_create_run()["res_id"])
        self._pay(run)
        settlements = self._payable_items(self.cleo).filtered(lambda item: item.balance < 0)
        self.assertEqual(settlements.mapped("amount_residual"), [0.0, -30.0])
        self.assertBooksAgree()

    def test_small_amounts_wait(self):
        self.program.withdrawal_minimum = 60.0
        self._earn_and_settle()
        self.assertEqual(self._create_run().withdrawal_ids.distributor_id, self.cleo)
        with self.assertRaisesRegex(UserError, "less than the smallest withdrawal"):
            self.env["distribution.withdrawal"]._create_reserved({self._account(self.ben): Decimal("50.00")})

    def test_amounts_above_what_is_available_are_refused(self):
        self._earn_and_settle()
        wizard = self.env["distribution.payout.wizard"].create({"journal_id": self.bank.id})
        with self.assertRaisesRegex(ValidationError, "lies between 0 and"):
            wizard.line_ids[0].amount = 1000.0
        with self.assertRaisesRegex(UserError, "does not hold enough"):
            self.env["distribution.withdrawal"]._create_reserved({self._account(self.ben): Decimal("50.01")})

    def test_suspended_distributor_is_not_paid(self):
        self._earn_and_settle()
        self.cleo.action_suspend()
        self.assertNotIn(self.cleo, self._create_run().withdrawal_ids.distributor_id)

    def test_journal_in_another_currency_is_refused_before_anything_is_reserved(self):
        self._earn_and_settle()
        currency = (
            self.env["res.currency"]
            .with_context(active_test=False)
            .search([("id", "!=", self.company.currency_id.id)], limit=1)
        )
        currency.active = True
        foreign = self.env["account.journal"].create(
            {"name": "Foreign", "code": "FRGN", "type": "bank", "currency_id": currency.id}
        )
        wizard = self.env["distribution.payout.wizard"].create({"journal_id": self.bank.id})
        wizard.journal_id = foreign
        with self.assertRaisesRegex(UserError, "choose another journal"):
            wizard.action_create_run()

    def test_finance_alone_opens_every_wizard(self):
        self._earn_and_settle()
        finance = new_test_user(self.env, "payer", groups="distribution_core.group_distribution_finance")
        with Form(self.env["distribution.payout.wizard"].with_user(finance)) as form:
            self.assertEqual(form.journal_id, self.bank)
        run_id = form.record.action_create_run()["res_id"]
        with Form(self.env["distribution.payout.confirm"].with_user(finance).with_context(active_id=run_id)) as form:
            self.assertEqual(form.amount_total, 170.0)
        Form(self.env["distribution.settlement.wizard"].with_user(finance))

    def test_payable_is_not_paid_past_the_payout_runs(self):
        self._earn_and_settle()
        register = self.env["account.payment.register"].with_context(
            active_model="account.move.line", active_ids=self._payable_items(self.cleo).ids
        )
        with self.assertRaisesRegex(UserError, "is paid by a payout run"):
            register.create({"journal_id": self.bank.id})._create_payments()

    def test_journal_that_is_no_bank_is_refused(self):
        self._earn_and_settle()
        sales = self.env["account.journal"].search(
            [("type", "=", "sale"), ("company_id", "=", self.company.id)], limit=1
        )
        with self.assertRaisesRegex(UserError, "is not a bank or cash journal"):
            self.env["distribution.payout.run"]._create_run(
                self.company, sales, {self._account(self.cleo): Decimal("50.00")}
            )

    def test_module_with_money_under_way_is_not_uninstalled(self):
        self._earn_and_settle()
        run = self._create_run()
        with self.assertRaisesRegex(UserError, "still under way"):
            uninstall_hook(self.env)
        run.action_cancel()
        uninstall_hook(self.env)

    def test_payment_date_is_not_in_the_future(self):
        self._earn_and_settle()
        run = self._create_run()
        with self.assertRaisesRegex(ValidationError, "has not come yet"):
            self._pay(run, date(2999, 1, 1))

    def test_return_after_payout_makes_debt_and_later_earnings_repay_it(self):
        _order, picking = self._earn_and_settle()
        self._pay(self._create_run())
        self._return(picking, 4)
        self._settle()
        self.assertAccount(self.cleo, debt="40")
        self.assertBooksAgree()
        self._earn_and_settle(10)
        self.assertAccount(self.cleo, available="60")
        self.assertBooksAgree()
        self._pay(self._create_run())
        self.assertAccount(self.cleo)
        self.assertTrue(all(self._payable_items(self.cleo).mapped("reconciled")))

    def test_return_while_the_payment_is_under_way(self):
        _order, picking = self._earn_and_settle()
        run = self._create_run()
        self._return(picking, 4)
        self._settle()
        self.assertAccount(self.cleo, reserved="100", debt="40")
        self._withdrawal(run, self.cleo).action_cancel()
        self.assertAccount(self.cleo, available="60")
        self.assertBooksAgree()

    def test_only_finance_pays(self):
        self._earn_and_settle()
        run = self._create_run()
        reader = new_test_user(self.env, "reader", groups="distribution_core.group_distribution_user")
        finance = new_test_user(self.env, "finance", groups="distribution_core.group_distribution_finance")
        with self.assertRaises(AccessError):
            run.with_user(reader).action_cancel()
        with self.assertRaises(AccessError):
            self.env["distribution.payout.confirm"].with_user(reader).create({"run_id": run.id})
        with self.assertRaises(AccessError):
            run.withdrawal_ids[0].with_user(finance).write({"state": "paid"})
        self.env["distribution.payout.confirm"].with_user(finance).create({"run_id": run.id}).action_confirm()
        self.assertEqual(run.state, "done")

    def test_wizard_pays_only_what_the_user_may_see(self):
        self._earn_and_settle()
        other = self.env["res.company"].create({"name": "Other"})
        stranger = new_test_user(
            self.env,
            "stranger-finance",
            groups="distribution_core.group_distribution_finance",
            company_id=other.id,
            company_ids=[(6, 0, other.ids)],
        )
        account = self._account(self.cleo)
        vals = {
            "company_id": self.company.id,
            "journal_id": self.bank.id,
            "line_ids": [(0, 0, {"account_id": account.id, "amount": 50})],
        }
        with self.assertRaises(AccessError):
            self.env["distribution.payout.wizard"].with_user(stranger).create(vals).action_create_run()
        self.assertAccount(self.cleo, available="100")
        with self.assertRaisesRegex(UserError, "is owed by"):
            self.env["distribution.payout.run"]._create_run(other, self.bank, {account: Decimal("50.00")})

    def test_payee_stands_in_a_payout_once(self):
        self._earn_and_settle()
        line = {"account_id": self._account(self.cleo).id, "amount": 30}
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError), self.cr.savepoint():
            self.env["distribution.payout.wizard"].create(
                {"journal_id": self.bank.id, "line_ids": [(0, 0, line), (0, 0, line)]}
            )

    # === WHAT DISTRIBUTORS ASK FOR === #

    def _request(self, amount, distributor=None):
        account = self._account(distributor or self.cleo)
        return self.env["distribution.withdrawal"]._request(account, Decimal(amount))

    def _approve(self, withdrawals):
        wizard = self.env["distribution.withdrawal.approve"].with_context(active_ids=withdrawals.ids).create({})
        return self.env["distribution.payout.run"].browse(wizard.action_approve()["res_id"])

    def test_request_is_reserved_reviewed_and_paid(self):
        self._earn_and_settle()
        withdrawal = self._request("40.00")
        self.assertRecordValues(withdrawal, [{"state": "requested", "origin": "distributor", "run_id": False}])
        self.assertAccount(self.cleo, available="60", reserved="40")
        run = self._approve(withdrawal)
        self.assertRecordValues(withdrawal, [{"state": "reserved", "run_id": run.id}])
        self._pay(run)
        self.assertRecordValues(withdrawal, [{"state": "paid"}])
        self.assertAccount(self.cleo, available="60")
        self.assertBooksAgree()

    def test_request_is_approved_once(self):
        self._earn_and_settle()
        withdrawal = self._request("40.00")
        run = self._approve(withdrawal)
        with self.assertRaisesRegex(UserError, "is In Withdrawal already"):
            self.env["distribution.payout.run"]._approve_requests(withdrawal, self.bank)
        self.assertEqual(withdrawal.run_id, run)

    def test_refused_request_gives_the_amount_back_once(self):
        self._earn_and_settle()
        withdrawal = self._request("40.00")
        refuse = self.env["distribution.withdrawal.fail"].create(
            {"withdrawal_id": withdrawal.id, "reason": "Name unknown"}
        )
        refuse.action_confirm()
        self.assertRecordValues(withdrawal, [{"state": "refused", "failure_reason": "Name unknown"}])
        self.assertAccount(self.cleo, available="100")
        with self.assertRaisesRegex(UserError, "is Refused already"):
            refuse.action_confirm()
        with self.assertRaisesRegex(UserError, "is Refused already"):
            self.env["distribution.payout.run"]._approve_requests(withdrawal, self.bank)
        self.assertAccount(self.cleo, available="100")

    def test_requests_are_limited_by_the_business_day(self):
        self.program.withdrawal_daily_limit = 2
        self._earn_and_settle()
        with freeze_time("2026-04-05 15:00:00"):  # 23:00 in Shanghai
            self._request("10.00")._cancel()
            self._request("10.00")
            with self.assertRaisesRegex(UserError, "2 withdrawals a day are allowed"):
                self._request("10.00")
        with freeze_time("2026-04-05 16:30:00"):  # half past midnight of the 6th
            self._request("10.00")
        self.assertAccount(self.cleo, available="80", reserved="20")

    def test_request_that_breaks_a_rule_is_refused_naming_it(self):
        self._earn_and_settle()
        problems = self.env["distribution.withdrawal"]._get_request_problems
        account = self._account(self.cleo)
        for amount, code in (("9.99", "below_minimum"), ("10.001", "amount_invalid"), ("100.01", "not_enough")):
            self.assertEqual([problem[0] for problem in problems(account, Decimal(amount))], [code])
            with self.assertRaises(UserError):
                self._request(amount)
        self.assertEqual(problems(account, Decimal("10.00")), [])
        self.cleo.action_suspend()
        self.assertEqual(problems(account, Decimal("10.00"))[0][0], "suspended")
        self.assertAccount(self.cleo, available="100")

    def test_suspended_distributor_is_not_approved(self):
        self._earn_and_settle()
        withdrawal = self._request("40.00")
        self.cleo.action_suspend()
        with self.assertRaisesRegex(UserError, "its commission is held"):
            self._approve(withdrawal)

    def test_module_with_a_request_under_review_is_not_uninstalled(self):
        self._earn_and_settle()
        self._request("40.00")
        with self.assertRaisesRegex(UserError, "still under way"):
            uninstall_hook(self.env)

    def test_nothing_to_approve(self):
        with self.assertRaisesRegex(UserError, "nothing to approve"):
            self.env["distribution.withdrawal.approve"].create({}).action_approve()
