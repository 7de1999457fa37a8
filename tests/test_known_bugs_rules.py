# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Bugs that real distribution systems shipped, of rules and rates: each has a number, each is a test."""

from psycopg2 import IntegrityError

from odoo.tests import freeze_time, tagged
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
