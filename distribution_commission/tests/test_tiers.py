# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo.tests import freeze_time, tagged

from .rules_common import RulesCommon


@tagged("post_install", "-at_install")
class TestTiers(RulesCommon):
    """Rates by the sales of the period so far."""

    def _tiers(self, *rows):
        """Return commands for tiers of (from, below, rate)."""
        return [
            (0, 0, {"amount_from": start, "amount_to": end, "rate": rate, "fixed_amount": rate})
            for start, end, rate in rows
        ]

    def _tier_rule(self, *rows, **vals):
        return self._rule(rate=0, date_from="2020-01-01", tier_ids=self._tiers(*rows), **vals)

    def _get_rates(self, orders, level=1):
        return [self._get_term(order, level).rate for order in orders]

    def test_sales_of_the_month_before_the_order_decide(self):
        """Known bug 33's sound half: every amount of sales has one tier."""
        self._tier_rule((0, 1000, 8), (1000, 5000, 10), (5000, 0, 12))
        with freeze_time("2026-03-10"):
            orders = [self._sell(quantity) for quantity in (9, 1, 40, 1)]
        self.assertEqual(self._get_rates(orders), [8, 8, 10, 12])
        with freeze_time("2026-04-10"):
            next_month = self._sell(1)
        self.assertEqual(self._get_rates([next_month]), [8])
        self._deliver(orders[2])
        self.assertEarned(orders[2], "400", "200", "80")
        self.assertIn("sales of the period before the order were 1000.0", self._get_why(orders[2]))

    def test_period_is_in_the_time_zone_of_the_program_and_as_long_as_it_says(self):
        self._tier_rule((0, 1000, 8), (1000, 0, 10))
        with freeze_time("2026-03-31 15:59:00"):
            march = self._sell(20)
        with freeze_time("2026-03-31 16:00:00"):  # April in Shanghai
            april = self._sell(1)
        self.assertEqual(self._get_rates([march, april]), [8, 8])
        self.program.sales_period = "year"
        with freeze_time("2026-03-31 16:00:00"):
            self.assertEqual(self._get_rates([self._sell(1)]), [10])
        self.program.sales_period = "quarter"
        with freeze_time("2026-03-31 16:00:00"):
            self.assertEqual(self._get_rates([self._sell(1)]), [8], "100 and 100 of the second quarter")

    def test_each_level_has_its_own_sales(self):
        self._tier_rule((0, 1000, 4), (1000, 0, 6), level=2)
        with freeze_time("2026-03-10"):
            self._sell(10)
            order = self._sell(1)
        self.assertEqual(self._get_rates([order], 2), [6])
        self.assertEqual(self._get_rates([order], 1), [10])

    def test_cancelled_orders_are_no_sales_and_confirming_again_counts_once(self):
        self._tier_rule((0, 1000, 8), (1000, 0, 10))
        with freeze_time("2026-03-10"):
            order = self._sell(10)
            order._action_cancel()
            self.assertEqual(self._get_rates([self._sell(1)]), [8])
            order.action_draft()
            order.action_confirm()
            self.assertEqual(self._get_rates([order]), [8], "Its own value is not before it")
            self.assertEqual(self._get_rates([self._sell(1)]), [10])

    def test_first_tier_may_pay_nothing_and_counts_all_the_same(self):
        self._tier_rule((0, 1000, 0), (1000, 0, 10))
        with freeze_time("2026-03-10"):
            orders = [self._sell(10), self._sell(1)]
        self.assertEqual(self._get_rates(orders), [0, 10])

    def test_tiers_of_an_amount_per_unit(self):
        self._rule(rate=0, kind="fixed_unit", product_id=self.goods, tier_ids=self._tiers((0, 1000, 5), (1000, 0, 7)))
        with freeze_time("2026-03-10"):
            self._sell(10)
            order = self._sell(2)
        self._deliver(order)
        self.assertEarned(order, "14", "10", "4")

    def test_gaps_and_overlaps_are_refused(self):
        for rows, message in (
            (((0, 1000, 8), (1500, 0, 10)), "leave a gap from .*1,000.00 to .*1,500.00"),
            (((0, 1000, 8), (900, 0, 10)), "overlap: one begins at .*900.00"),
            (((0, 0, 8), (1000, 0, 10)), "overlap: one begins at .*1,000.00"),
            (((10, 0, 8),), "leave a gap from .*0.00 to .*10.00"),
            (((0, 1000, 8),), "needs no end"),
        ):
            with self.subTest(rows), self.assertRefused(message):
                self._tier_rule(*rows)
        rule = self._tier_rule((0, 1000, 8), (1000, 0, 10))
        with self.assertRefused("needs no end"):
            rule.tier_ids[1].unlink()
        with self.assertRefused("gap"):
            rule.tier_ids[0].amount_to = 500

    def test_the_dearest_tier_counts_for_the_cap(self):
        with self.assertRefused(r"24 % \+ 5 % \+ 2 % = 31 %"):
            self._tier_rule((0, 1000, 8), (1000, 0, 24))
        rule = self._tier_rule((0, 1000, 8), (1000, 0, 23))
        with self.assertRefused(r"24 % \+ 5 % \+ 2 % = 31 %"):
            rule.tier_ids[0].rate = 24

    def test_simulator_shows_the_sales_that_decide(self):
        self._tier_rule((0, 1000, 8), (1000, 0, 12))
        with freeze_time("2026-03-10"):
            self._sell(10)
        simulation = self._simulate(date="2026-03-11")[0]
        self.assertEqual((simulation.line_ids[0].period_sales, simulation.line_ids[0].amount), (1000, 12))

    def test_duplicated_program_takes_tiers_along(self):
        self._tier_rule((0, 1000, 8), (1000, 0, 10))
        copy = self.program.copy({"name": "Copy"})
        self.assertEqual(copy.rule_ids.tier_ids.mapped("rate"), [8, 10])
