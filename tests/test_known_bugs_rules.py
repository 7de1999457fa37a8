# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Bugs that real distribution systems shipped, of rules and rates: each has a number, each is a test."""

from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, ValidationError
from odoo.tests import freeze_time, new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.distribution_commission.tests.rules_common import RulesCommon


@tagged("post_install", "-at_install")
class TestKnownBugsOfRules(RulesCommon):
    def test_bug_11_reversal_uses_the_rate_of_the_sale(self):
        rule = self._rule(rate=20, product_id=self.goods)
        order = self._sell(10)
        picking = self._deliver(order)
        rule.rate = 5
        self._return(picking, 5)
        self.assertEarned(order, "100", "25", "10")

    def test_bug_17_a_level_that_earns_nothing_silences_nobody(self):
        self._rule(rate=0, product_id=self.goods)
        self.ben.action_close()
        order = self._sell(10)
        self._deliver(order)
        self.assertEarned(order, "0", "0", "20")

    def test_bug_18_an_id_is_not_a_rank(self):
        """The grade made first is the higher one, and has the smaller id."""
        high, low = self.env["distribution.grade"].create(
            [
                {"name": "High", "program_id": self.program.id, "sequence": 20},
                {"name": "Low", "program_id": self.program.id, "sequence": 10},
            ]
        )
        self.assertLess(high.id, low.id)
        self.assertEqual(self.program.grade_ids.sorted()[-1], high)
        self._rule(rate=15, grade_id=high)
        self._rule(rate=12, grade_id=low)
        for grade, rate in ((high, 15), (low, 12)):
            self.cleo.grade_id = grade
            order = self._sell(1)
            self.assertEqual(self._get_term(order).rate, rate)

    def test_bug_29_shares_never_go_negative(self):
        """Levels are paid by rates of their own, not by differences between grades."""
        self._rule(rate=8, grade_id=self.gold)
        self._rule(rate=1, level=2, grade_id=self.gold)
        (self.cleo | self.ben | self.ada).grade_id = self.gold
        order = self._sell(10)
        picking = self._deliver(order)
        self.assertEarned(order, "80", "10", "20")
        self._return(picking, 10)
        self.assertEarned(order, "0", "0", "0")
        with self.assertRaises(ValidationError), self.cr.savepoint():
            self._rule(rate=24, grade_id=self.gold, date_from="2020-01-01")

    def test_bug_30_rate_and_cost_are_those_of_the_order(self):
        self.goods.standard_price = 60
        rule = self._rule(rate=25, product_id=self.goods, base_kind="margin")
        order = self._sell(10)
        rule.rate = 5
        self.goods.standard_price = 90
        self._deliver(order)
        invoice = self._invoice(order)
        self.assertEarned(order, "100", "50", "20")
        self.goods.standard_price = 10
        self._credit(invoice, quantity=5)
        self.assertEarned(order, "0", "25", "10")  # five more mugs at a cost of 60 than were paid for

    def test_bug_32_margin_knows_discounts_units_and_currencies(self):
        euro = self.env.ref("base.EUR")
        euro.active = True
        self.env["res.currency.rate"].create(
            {"currency_id": euro.id, "company_id": self.company.id, "name": "2020-01-01", "rate": 0.5}
        )
        pricelist = self.env["product.pricelist"].create({"name": "Euro", "currency_id": euro.id})
        self.goods.standard_price = 60
        self._rule(rate=25, product_id=self.goods, base_kind="margin")
        order = self._create_order(None, [(self.goods, 1, 600)], pricelist_id=pricelist.id)
        order.order_line.product_uom_id = self.env.ref("uom.product_uom_dozen")
        order.order_line.write({"price_unit": 600, "discount": 10})
        order.action_confirm()
        self._deliver(order)
        self.assertEarned(order, "90", "54", "21.6")  # 540 euros are 1,080: 25 % of 1,080 - 12 × 60

    @mute_logger("odoo.sql_db")
    def test_bug_33_tiers_have_no_gap_and_no_overlap(self):
        """A tier counts up to the next, below the first the rule itself pays; two from the same sales are refused."""
        with self.assertRaises(IntegrityError), self.cr.savepoint():
            tiers = [(0, 0, {"amount_from": 100, "rate": rate}) for rate in (5, 6)]
            self._rule(rate=4, product_id=self.goods, tier_ids=tiers)
        tiers = [(0, 0, {"amount_from": start, "rate": rate}) for start, rate in ((200, 6), (100, 5))]
        self._rule(rate=4, product_id=self.goods, tier_ids=tiers)
        with freeze_time("2026-03-10"):
            rates = [self._get_term(self._sell(1)).rate for _order in range(4)]
        self.assertEqual(rates, [4, 5, 6, 6])

    def test_bug_39_nobody_writes_an_amount(self):
        order = self._sell(10)
        self._deliver(order)
        groups = "distribution_core.group_distribution_manager,sales_team.group_sale_manager"
        user = new_test_user(self.env, "boss", groups=groups, company_id=self.company.id)
        term = self._get_term(order).with_user(user)
        for record, vals in ((term, {"expected_amount": 1}), (term, {"rate": 1}), (term.entry_ids, {"amount": 1})):
            with self.assertRaises(AccessError), self.cr.savepoint():
                record.write(vals)

    def test_bug_40_a_kind_of_commission_never_removes_the_distributor(self):
        for kind, vals in (("percent", {"rate": 0}), ("fixed_unit", {}), ("fixed_order", {"fixed_amount": 1})):
            with self.subTest(kind), self.cr.savepoint() as savepoint:
                self._rule(product_id=self.goods, kind=kind, **{"rate": 0, **vals})
                order = self._sell(1)
                self.assertEqual(order.distribution_distributor_id, self.cleo)
                savepoint.rollback()
