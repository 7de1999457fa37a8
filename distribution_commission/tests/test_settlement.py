# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from datetime import date

from odoo.exceptions import AccessError, UserError
from odoo.tests import freeze_time, new_test_user, tagged

from .common import CommissionCommon


@tagged("post_install", "-at_install")
class TestSettlement(CommissionCommon):
    """Journal entries, settlement and the account, read as an accountant."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.expense = cls.company.commission_expense_account_id
        cls.accrued = cls.company.commission_accrued_account_id
        cls.payable = cls.company.commission_payable_account_id

    def _earn(self, day, quantity=10):
        with freeze_time(f"{day} 02:00:00"):
            order = self._sell(quantity)
            picking = self._deliver(order)
        return order, picking

    def test_accounts_are_created_with_the_chart(self):
        self.assertRecordValues(
            self.expense + self.accrued + self.payable,
            [
                {"account_type": "expense", "reconcile": False},
                {"account_type": "liability_current", "reconcile": True},
                {"account_type": "liability_payable", "reconcile": True},
            ],
        )

    def test_accounts_have_their_names_in_every_language_also_in_a_later_one(self):
        account, journal = self.company.commission_payable_account_id, self.company.commission_journal_id
        self.env["res.lang"]._activate_lang("zh_CN")
        account.with_context(lang="zh_CN").name = account.with_context(lang="en_US").name
        for lang in ("zh_CN", "en_US"):
            self.company.commission_accrued_account_id.with_context(lang=lang).name = "Our own name"
        self.env["ir.module.module"]._load_module_terms(["distribution_commission"], ["zh_CN"])
        self.assertEqual(account.with_context(lang="zh_CN").name, "应付分销佣金")
        self.assertEqual(journal.with_context(lang="zh_CN").name, "分销佣金")
        self.assertEqual(account.name, "Distribution Commission Payable")
        self.assertEqual(self.company.commission_accrued_account_id.with_context(lang="zh_CN").name, "Our own name")
        self.company.commission_contra_account_id = False
        self.company.with_context(lang="zh_CN")._create_commission_accounts()
        contra = self.company.commission_contra_account_id
        self.assertEqual(contra.with_context(lang="en_US").name, "Distribution Commission on Own Purchases")
        self.assertEqual(contra.with_context(lang="zh_CN").name, "自购分销佣金")

    def test_scheduled_actions_write_in_the_companys_language(self):
        self.env["res.lang"]._activate_lang("zh_CN")
        self.company.partner_id.lang = "zh_CN"
        self._earn("2026-03-01")
        entries = self.entry_model.with_context(lang=False).search([("accrual_line_id", "=", False)])
        self.assertIn("计佣与追回", entries._post_accruals()[0].ref)
        self.entry_model._release(self.program)
        settlement = self.env["distribution.settlement"].with_context(lang=False)._create_from_due(self.program)
        settlement.action_post()
        self.assertIn("佣金结算", settlement.line_ids.move_line_id.move_id.ref)

    def test_account_is_there_with_the_first_entry(self):
        accounts = self.env["distribution.account"]
        self.assertFalse(accounts.search([("distributor_id", "=", self.ada.id)]))
        self._sell(10)
        self.assertFalse(accounts.search([("distributor_id", "=", self.ada.id)]))
        self._deliver(self._sell(10))
        account = accounts.search([("distributor_id", "=", self.ada.id)])
        self.assertEqual((account.held_amount, account.due_amount, account.available), (20, 0, 0))
        self._deliver(self._sell(10))
        self.assertEqual(accounts.search([("distributor_id", "=", self.ada.id)]), account)
        self.assertEqual(self.ada.commission_account_ids, account)

    def test_accrual_is_dated_and_carries_partners(self):
        order, _picking = self._earn("2026-03-01")
        with freeze_time("2026-03-05 02:00:00"):
            move = self.entry_model.search([("order_id", "=", order.id)])._post_accruals()
        self.assertRecordValues(move, [{"date": date(2026, 3, 1), "state": "posted"}])
        self.assertRecordValues(
            move.line_ids.sorted(lambda line: (line.distribution_distributor_id.id, -line.balance)),
            [
                {"account_id": account.id, "balance": sign * amount, "partner_id": distributor.partner_id.id}
                for distributor, amount in ((self.ada, 20.0), (self.ben, 50.0), (self.cleo, 100.0))
                for account, sign in ((self.expense, 1), (self.accrued, -1))
            ],
        )
        self.assertFalse(self.entry_model.search([("order_id", "=", order.id)])._post_accruals())

    def test_clawback_is_posted_on_its_own_date(self):
        order, picking = self._earn("2026-03-01")
        with freeze_time("2026-04-02 02:00:00"):
            self._return(picking, 3)
            moves = self.entry_model.search([("order_id", "=", order.id)])._post_accruals()
        self.assertEqual(moves.mapped("date"), [date(2026, 3, 1), date(2026, 4, 2)])
        claw = moves[1].line_ids.filtered(lambda line: line.account_id == self.expense)
        self.assertEqual(sorted(claw.mapped("balance")), [-30.0, -15.0, -6.0])

    def test_settlement_moves_accrued_to_payable_and_reconciles(self):
        self._earn("2026-03-01")
        with freeze_time("2026-04-01 02:00:00"):
            settlement = self._settle()
        line = settlement.line_ids.filtered(lambda line: line.distributor_id == self.cleo)
        self.assertRecordValues(line, [{"amount": 100.0, "entry_count": 1, "state": "posted"}])
        self.assertRecordValues(
            line.move_line_id, [{"account_id": self.payable.id, "balance": -100.0, "date": date(2026, 4, 1)}]
        )
        self.assertTrue(all(line.entry_ids.accrual_line_id.mapped("reconciled")))
        self.assertAccount(self.cleo, available="100")
        self.assertBooksAgree()

    def test_orders_of_a_branch_are_settled_with_distributors_of_the_parent(self):
        """The customer is the branch's own, and so is the order; who earns is a contact of the parent alone."""
        branch = self.env["res.company"].create({"name": "Branch", "parent_id": self.company.id})
        self.env.cr.precommit.run()  # where Odoo gives a branch its chart
        (self.ada + self.ben + self.cleo).partner_id.company_id = self.company
        self.customer.company_id = branch
        self.env["stock.quant"]._update_available_quantity(
            self.goods, self.env["stock.warehouse"].search([("company_id", "=", branch.id)], limit=1).lot_stock_id, 10
        )
        with freeze_time("2026-03-01 02:00:00"):
            order = self._sell(company_id=branch.id)
            self._deliver(order)
        with freeze_time("2026-04-01 02:00:00"):
            settlement = self._settle()
        self.assertRecordValues(
            settlement, [{"company_id": branch.id, "state": "posted", "amount_total": 170.0, "distributor_count": 3}]
        )
        self.assertEqual(settlement.line_ids.move_line_id.move_id.company_id, branch)

    def test_settling_at_once_is_the_same_as_by_draft(self):
        self._earn("2026-03-01")
        self.entry_model._release(self.program)
        settlement = self.env["distribution.settlement"]._settle_due(self.program)
        self.assertRecordValues(
            settlement, [{"state": "posted", "amount_total": 170.0, "distributor_count": 3, "entry_count": 3}]
        )
        self.assertEqual(set(settlement.entry_ids.mapped("state")), {"settled"})
        line = settlement.line_ids.filtered(lambda line: line.distributor_id == self.cleo)
        self.assertRecordValues(line, [{"amount": 100.0, "entry_count": 1, "state": "posted"}])
        self.assertRecordValues(line.move_line_id, [{"account_id": self.payable.id, "balance": -100.0}])
        self.assertAccount(self.cleo, available="100")
        self.assertBooksAgree()

    def test_what_is_due_on_the_day_is_settled_whichever_job_comes_first(self):
        self.program.settlement_period = "daily"
        self._earn("2026-03-01")
        with freeze_time("2026-03-08 02:00:00"):
            self.program.next_settlement_date = "2026-03-08"
            self.env["distribution.settlement"]._settle_if_its_day(self.program)
        self.assertAccount(self.cleo, available="100")

    def test_statements_do_not_grow_with_distributors(self):
        counts = []
        for distributors in (self.ada, self.cleo, self.ben | self.ada):
            self._earn("2026-03-01")
            self.entry_model._release(self.program)
            self.env.flush_all()
            before = self.env.cr.sql_log_count
            settlement = self.env["distribution.settlement"]._create_from_due(
                self.program, distributors, mark_settled=True
            )
            settlement._add_to_accounts()
            self.env.flush_all()
            counts.append(self.env.cr.sql_log_count - before)
        # The first one fills caches.
        self.assertEqual(counts[1], counts[2])

    def test_posting_twice_is_refused_and_changes_nothing(self):
        self._earn("2026-03-01")
        settlement = self._settle()
        with self.assertRaisesRegex(UserError, "not a draft any more"):
            settlement.action_post()
        self.assertAccount(self.cleo, available="100")

    def test_cancelled_draft_gives_entries_back(self):
        self._earn("2026-03-01")
        self.entry_model._release(self.program)
        settlement = self.env["distribution.settlement"]._create_from_due(self.program)
        self.assertFalse(self.env["distribution.settlement"]._create_from_due(self.program))
        settlement.action_cancel()
        self.assertAccount(self.cleo)
        self.assertTrue(self.env["distribution.settlement"]._create_from_due(self.program))

    def test_clawback_after_settlement_takes_from_available(self):
        _order, picking = self._earn("2026-03-01")
        self._settle()
        self._return(picking, 3)
        self._settle()
        self.assertAccount(self.cleo, available="70")
        self.assertBooksAgree()

    def test_debt_is_repaid_from_the_next_earnings(self):
        _order, picking = self._earn("2026-03-01")
        self._settle()
        # As if it had been paid out: the account is emptied.
        account = self._account(self.cleo)
        account._reserve({account.id: 100})
        account._pay_reserved({account.id: 100})
        self._return(picking, 10)
        self._settle()
        self.assertAccount(self.cleo, debt="100")
        self._earn("2026-03-02", 4)
        self._settle()
        self.assertAccount(self.cleo, debt="60")
        self._earn("2026-03-03", 8)
        self._settle()
        self.assertAccount(self.cleo, available="20")

    def test_suspended_distributor_keeps_what_is_earned_unsettled(self):
        order, _picking = self._earn("2026-03-01")
        self.cleo.action_suspend()
        settlement = self._settle()
        self.assertNotIn(self.cleo, settlement.line_ids.distributor_id)
        self.assertEarned(order, "100", "50", "20")
        self.cleo.action_activate()
        self._settle()
        self.assertAccount(self.cleo, available="100")

    def test_settlement_day_makes_up_for_a_missed_day(self):
        with freeze_time("2026-03-10 02:00:00"):
            self.program.write({"settlement_period": "monthly", "settlement_day": 5})
            self.env.flush_all()
        self.assertEqual(self.program.next_settlement_date, date(2026, 4, 5))
        self.assertEqual(self.program._get_settlement_date_after(date(2026, 4, 5)), date(2026, 5, 5))

    def test_account_refuses_more_than_it_holds(self):
        account = self._account(self.cleo)
        with self.assertRaisesRegex(UserError, "does not hold enough"):
            account._reserve({account.id: 1})

    def test_commission_moves_stay_posted(self):
        order, _picking = self._earn("2026-03-01")
        move = self.entry_model.search([("order_id", "=", order.id)])._post_accruals()
        with self.assertRaisesRegex(UserError, "commission ledger"):
            move.button_draft()
        with self.assertRaisesRegex(UserError, "commission ledger"):
            move.button_cancel()
        with self.assertRaisesRegex(UserError, "commission ledger"):
            move._reverse_moves()

    def test_account_with_open_balances_is_not_left_behind(self):
        order, _picking = self._earn("2026-03-01")
        self.entry_model.search([("order_id", "=", order.id)])._post_accruals()
        other = self.accrued.copy()
        with self.assertRaisesRegex(UserError, "still have balances"):
            self.company.commission_accrued_account_id = other
        self._settle()
        self.company.commission_accrued_account_id = other

    def test_only_finance_settles(self):
        self._earn("2026-03-01")
        self.entry_model._release(self.program)
        user = new_test_user(self.env, "sales-reader", groups="distribution_core.group_distribution_user")
        finance = new_test_user(self.env, "finance", groups="distribution_core.group_distribution_finance")
        settlement = self.env["distribution.settlement"]._create_from_due(self.program)
        with self.assertRaises(AccessError):
            settlement.with_user(user).action_post()
        with self.assertRaises(AccessError):
            settlement.with_user(finance).write({"state": "posted"})
        settlement.with_user(finance).action_post()
        self.assertAccount(self.cleo, available="100")

    def test_wizard_previews_what_it_settles(self):
        self._earn("2026-03-01")
        self.entry_model._release(self.program)
        wizard = self.env["distribution.settlement.wizard"].create({"program_id": self.program.id})
        self.assertEqual((wizard.entry_count, wizard.distributor_count, wizard.amount_total), (3, 3, 170.0))
        settlement = self.env["distribution.settlement"].browse(wizard.action_create_settlement()["res_id"])
        self.assertEqual(settlement.amount_total, 170.0)
        with self.assertRaisesRegex(UserError, "is due"):
            wizard.action_create_settlement()
