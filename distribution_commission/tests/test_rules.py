# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from psycopg2 import IntegrityError

from odoo.exceptions import UserError, ValidationError
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from .common import CommissionCommon


@tagged("post_install", "-at_install")
class TestRules(CommissionCommon):
    """What a rule set may be, and who earns by it."""

    def _rule(self, level):
        return self.program.rule_ids.filtered(lambda rule: rule.level == level)

    def test_rates_above_the_cap_are_refused_through_any_door(self):
        with self.assertRaisesRegex(ValidationError, r"25 % \+ 5 % \+ 2 % = 32 %, above its cap of 30 %"):
            self._rule(1).rate = 25.0
        with self.assertRaisesRegex(ValidationError, "above its cap"):
            self.program.cap_rate = 10.0
        with self.assertRaisesRegex(ValidationError, "above its cap"), Form(self.program) as form:
            form.cap_rate = 16.0

    def test_levels_that_are_not_paid_do_not_count_for_the_cap(self):
        self.program.level_count = 1
        self._rule(1).rate = 29.0
        with self.assertRaisesRegex(ValidationError, "above its cap"):
            self.program.level_count = 2

    @mute_logger("odoo.sql_db")
    def test_no_fourth_level_no_negative_rate_no_second_rule(self):
        for vals in (
            {"level": 4, "rate": 1},
            {"level": 0, "rate": 1},
            {"level": 3, "rate": -5},
            {"level": 1, "rate": 1},
        ):
            with self.assertRaises(IntegrityError), self.cr.savepoint():
                self.env["distribution.commission.rule"].create({"program_id": self.program.id, **vals})
        with self.assertRaises(IntegrityError), self.cr.savepoint():
            self.program.level_count = 4
            self.env.flush_all()

    def test_level_without_rate_does_not_silence_those_above(self):
        self._rule(1).active = False
        self._rule(2).rate = 0
        order = self._sell(10)
        self._deliver(order)
        self.assertEarned(order, "0", "0", "20")

    def test_one_paid_level_is_the_default(self):
        self.program.level_count = self.env["distribution.program"].default_get(["level_count"])["level_count"]
        order = self._sell(10)
        self._deliver(order)
        self.assertEarned(order, "100", "0", "0")

    def test_closed_distributor_earns_nothing_and_passes_nothing_on(self):
        self.ben.action_close()
        order = self._sell(10)
        self._deliver(order)
        self.assertEarned(order, "100", "0", "20")

    def test_used_rule_is_archived_not_deleted(self):
        self._sell(10)
        with self.assertRaisesRegex(UserError, "archive it instead"):
            self._rule(1).unlink()
        self._rule(1).active = False

    def test_settings_create_missing_accounts(self):
        self.company.commission_accrued_account_id = False
        self.env["res.config.settings"].create({}).action_create_commission_accounts()
        self.assertEqual(self.company.commission_accrued_account_id.account_type, "liability_current")

    def test_missing_accounts_are_named(self):
        self.company.commission_accrued_account_id = False
        order = self._sell(10)
        self._deliver(order)
        with self.assertRaisesRegex(UserError, "Commission Accrued Account"):
            self.entry_model.search([("order_id", "=", order.id)])._post_accruals()

    def test_branch_posts_where_its_parent_posts(self):
        branch = self.env["res.company"].create({"name": "Branch", "parent_id": self.company.id})
        self.env.cr.precommit.run()  # where Odoo gives a branch its chart
        self.assertEqual(branch.commission_payable_account_id, self.company.commission_payable_account_id)
        self.assertEqual(branch.commission_journal_id, self.company.commission_journal_id)
