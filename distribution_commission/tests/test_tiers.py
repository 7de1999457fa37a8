# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from psycopg2 import IntegrityError

from odoo.exceptions import UserError
from odoo.tests import Form, freeze_time, tagged
from odoo.tools import mute_logger

from .rules_common import RulesCommon


@tagged("post_install", "-at_install")
class TestTiers(RulesCommon):
    """Rates by the sales of the period so far."""

    def _tiers(self, *rows):
        """Return commands for tiers of (from, rate or amount)."""
        return [(0, 0, {"amount_from": start, "rate": pay, "fixed_amount": pay}) for start, pay in rows]

    def _tier_rule(self, rate, *rows, **vals):
        return self._rule(rate=rate, date_from="2020-01-01", tier_ids=self._tiers(*rows), **vals)

    def _get_rates(self, orders, level=1):
        return [self._get_term(order, level).rate for order in orders]

    def test_sales_of_the_month_before_the_order_decide(self):
        """Known bug 33's sound half: every amount of sales has one tier."""
        self._tier_rule(8, (1000, 10), (5000, 12))
        with freeze_time("2026-03-10"):
            orders = [self._sell(quantity) for quantity in (9, 1, 40, 1)]
        self.assertEqual(self._get_rates(orders), [8, 8, 10, 12])
        with freeze_time("2026-04-10"):
            next_month = self._sell(1)
        self.assertEqual(self._get_rates([next_month]), [8])
        self._deliver(orders[2])
        self.assertEarned(orders[2], "400", "200", "80")
        self.assertIn("in the period before the order were 1000.00 USD", self._get_why(orders[2]))

    def test_period_is_in_the_time_zone_of_the_program_and_as_long_as_it_says(self):
        self._tier_rule(8, (1000, 10))
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
        self._tier_rule(4, (1000, 6), level=2)
        with freeze_time("2026-03-10"):
            self._sell(10)
            order = self._sell(1)
        self.assertEqual(self._get_rates([order], 2), [6])
        self.assertEqual(self._get_rates([order], 1), [10])

    def test_cancelled_orders_are_no_sales_and_confirming_again_counts_once(self):
        self._tier_rule(8, (1000, 10))
        with freeze_time("2026-03-10"):
            order = self._sell(10)
            order._action_cancel()
            self.assertEqual(self._get_rates([self._sell(1)]), [8])
            order.action_draft()
            order.action_confirm()
            self.assertEqual(self._get_rates([order]), [8], "Its own value is not before it")
            self.assertEqual(self._get_rates([self._sell(1)]), [10])

    def test_line_that_is_changed_counts_as_it_is_now(self):
        self._tier_rule(8, (1000, 10))
        with freeze_time("2026-03-10"):
            order = self._sell(10)
            order.order_line.product_uom_qty = 1
            self.assertEqual(self._get_rates([self._sell(1)]), [8], "100 were sold before")
            order.order_line.product_uom_qty = 9
            self.assertEqual(self._get_rates([self._sell(1)]), [10], "900 and 100")
        self.assertEqual(self._get_rates([order]), [8], "Its own rate stays as it was agreed on")

    def test_first_tier_may_pay_nothing_and_counts_all_the_same(self):
        self._tier_rule(0, (1000, 10))
        with freeze_time("2026-03-10"):
            orders = [self._sell(10), self._sell(1)]
        self.assertEqual(self._get_rates(orders), [0, 10])

    def test_tiers_of_an_amount_per_unit(self):
        self._fix(5, product_id=self.goods, tier_ids=self._tiers((1000, 7)))
        with freeze_time("2026-03-10"):
            self._sell(10)
            order = self._sell(2)
        self._deliver(order)
        self.assertEarned(order, "14", "10", "4")

    @mute_logger("odoo.sql_db")
    def test_gaps_and_overlaps_cannot_be_written(self):
        """Known bug 33: below the first tier the rule itself pays, each tier counts up to the next."""
        for rows in (((0, 10),), ((-5, 10),), ((1000, 10), (1000, 12))):
            with self.subTest(rows), self.assertRaises(IntegrityError), self.cr.savepoint():
                self._tier_rule(8, *rows)
        rule = self._tier_rule(8, (1000, 10))
        other = self._rule(rate=9, product_id=self.goods)
        with self.assertRaisesRegex(UserError, "stays with its rule"):
            rule.tier_ids.rule_id = other

    def test_tiers_are_edited_in_the_form(self):
        rule = self._tier_rule(8, (1000, 10), (5000, 12))
        with Form(rule) as form:
            with form.tier_ids.edit(0) as tier:
                tier.amount_from = 2000
            with form.tier_ids.new() as tier:
                tier.amount_from, tier.rate = 9000, 13
            form.tier_ids.remove(1)
        self.assertEqual([(tier.amount_from, tier.rate) for tier in rule.tier_ids.sorted()], [(2000, 10), (9000, 13)])

    def test_changed_tiers_count_at_once(self):
        rule = self._tier_rule(8, (100, 10))
        with freeze_time("2026-03-10"):
            orders = [self._sell(1), self._sell(1)]
            rule.tier_ids.rate = 11
            orders.append(self._sell(1))
            rule.tier_ids = self._tiers((250, 12))
            orders.append(self._sell(1))
            rule.tier_ids.filtered(lambda tier: tier.rate == 12).unlink()
            orders.append(self._sell(1))
        self.assertEqual(self._get_rates(orders), [8, 10, 11, 12, 11])

    def test_the_dearest_tier_counts_for_the_cap(self):
        with self.assertRefused(r"24 % \+ 5 % \+ 2 % = 31 %"):
            self._tier_rule(8, (1000, 24))
        rule = self._tier_rule(8, (1000, 23))
        with self.assertRefused(r"24 % \+ 5 % \+ 2 % = 31 %"):
            rule.tier_ids.rate = 24

    def test_limits_hold_where_the_first_line_of_the_order_pays_nothing(self):
        """Its tier paid nothing yet; that of a line added later does, within the limits they have in common."""
        for limits, amount in (({"maximum_amount": 15}, 15), ({"minimum_amount": 30}, 30)):
            with self.subTest(**limits), self.cr.savepoint() as savepoint, freeze_time("2026-03-10"):
                self._tier_rule(0, (500, 2), product_id=self.goods, limit_scope="order", **limits)
                order = self._sell(1)
                self._sell(10)
                order.order_line.create(
                    {"order_id": order.id, "product_id": self.goods.id, "product_uom_qty": 10, "price_unit": 100.0}
                )
                terms = self._get_term(order)
                self.assertEqual(sorted(terms.mapped("rate")), [0, 2])
                self._deliver(order)
                self.assertEqual(sum(terms.entry_ids.mapped("amount")), amount)
                savepoint.rollback()

    def test_simulator_shows_the_sales_that_decide(self):
        self._tier_rule(8, (1000, 12))
        with freeze_time("2026-03-10"):
            self._sell(10)
        simulation = self._simulate(date="2026-03-11")[0]
        self.assertEqual((simulation.line_ids[0].period_sales, simulation.line_ids[0].amount), (1000, 12))

    def test_duplicated_program_takes_tiers_along(self):
        self._tier_rule(8, (1000, 10))
        copy = self.program.copy({"name": "Copy"})
        self.assertEqual(copy.rule_ids.tier_ids.mapped("rate"), [10])
