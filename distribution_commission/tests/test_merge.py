# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo.tests import Form, tagged

from .common import CommissionCommon


@tagged("post_install", "-at_install")
class TestMergeCommission(CommissionCommon):
    """What a merged distributor has earned, and earns: nothing is lost, nothing doubled."""

    @classmethod
    def _prepare_program_vals(cls):
        return {**super()._prepare_program_vals(), "hold_days": 0}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.eve = cls._create_distributor("Eve")

    def _merge_contacts(self):
        wizard = self.env["base.partner.merge.automatic.wizard"].create({})
        wizard._merge((self.eve | self.cleo).partner_id.ids, self.eve.partner_id)

    def test_confirmed_order_still_earns_for_the_merged_one(self):
        order = self._sell()
        self._deliver(order, {self.goods: 4})
        self._settle()
        self.cleo._merge_into(self.eve, "Joined twice")
        self._deliver(order)
        self._settle()
        self.assertEqual(order.commission_term_ids.distributor_id, self.ada | self.ben | self.cleo)
        self.assertEarned(order, "100", "50", "20")
        self.assertAccount(self.cleo, available="100")
        self.assertAccount(self.eve)
        self.assertReplayAddsNothing(order)
        self.assertBooksAgree()

    def test_new_orders_earn_for_the_survivor(self):
        self.cleo._merge_into(self.eve, "Joined twice")
        order = self._sell()
        self._deliver(order)
        self.assertEqual((self._earned(order, self.eve), self._earned(order, self.cleo)), (100, 0))
        self.assertEqual(self._earned(order, self.ben), 50, "The survivor had no upline and got the merged one's")

    def test_accounts_of_one_contact_are_brought_together(self):
        order = self._sell()
        self._deliver(order, {self.goods: 4})
        self._settle()
        self._merge_contacts()
        self.assertEqual(self.cleo.merged_into_id, self.eve)
        self.assertAccount(self.cleo)
        self.assertAccount(self.eve, available="40")
        self.assertBooksAgree()
        self._deliver(order)
        self._settle()
        self.assertEarned(order, "100", "50", "20")
        self.assertAccount(self.cleo)
        self.assertAccount(self.eve, available="100")
        self.assertBooksAgree()

    def test_contacts_merged_after_the_distributors(self):
        order = self._sell()
        self._deliver(order)
        self._settle()
        self.cleo._merge_into(self.eve, "Joined twice")
        self.assertAccount(self.cleo, available="100")
        self._merge_contacts()
        self._merge_again()
        self.assertAccount(self.eve, available="100")
        self.assertBooksAgree()

    def _merge_again(self):
        self.eve.merged_ids._contacts_merged()

    def test_debt_meets_what_can_be_withdrawn(self):
        order = self._sell()
        picking = self._deliver(order)
        self._settle()
        account = self._account(self.cleo)
        account._reserve({account.id: 100})
        account._pay_reserved({account.id: 100})
        self._return(picking, 3)
        self._settle()
        self.assertAccount(self.cleo, debt="30")
        mine = self._sell(partner=self.stranger, distribution_distributor_id=self.eve.id)
        self._deliver(mine)
        self._settle()
        self.assertAccount(self.eve, available="100")
        self._merge_contacts()
        self.assertAccount(self.cleo)
        self.assertAccount(self.eve, available="70")
        self._return(mine.picking_ids.filtered(lambda p: p.state == "done")[:1], 10)
        self._settle()
        self.assertAccount(self.eve, debt="30")

    def test_reserved_money_follows_when_it_comes_back(self):
        self._deliver(self._sell())
        self._settle()
        account = self._account(self.cleo)
        account._reserve({account.id: 60})
        self._merge_contacts()
        self.assertAccount(self.cleo, reserved="60")
        self.assertAccount(self.eve, available="40")
        self.assertBooksAgree()
        account._release_reserved({account.id: 60})
        self.assertAccount(self.cleo)
        self.assertAccount(self.eve, available="100")
        self.assertBooksAgree()

    def test_clawback_after_the_merge_takes_back_once(self):
        order = self._sell()
        picking = self._deliver(order)
        self._settle()
        self._merge_contacts()
        self._return(picking, 4)
        self._settle()
        self.assertEarned(order, "60", "30", "12")
        self.assertAccount(self.eve, available="60")
        self.assertAccount(self.cleo)
        self.assertBooksAgree()

    def test_wizard_shows_the_balances(self):
        order = self._sell()
        self._deliver(order, {self.goods: 4})
        self._settle()
        self._deliver(order)
        self.entry_model._release(self.program)
        with Form(self.env["distribution.distributor.merge"].with_context(default_distributor_id=self.cleo.id)) as form:
            form.survivor_id = self.eve
            form.reason = "x"
            self.assertEqual((form.commission_available, form.commission_due, form.commission_debt), (40, 60, 0))
