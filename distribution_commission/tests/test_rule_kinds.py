# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from datetime import date
from decimal import Decimal

from psycopg2 import IntegrityError

from odoo.tests import freeze_time, tagged
from odoo.tools import mute_logger

from .rules_common import RulesCommon


@freeze_time("2026-03-10")  # periods are months: not over the end of one
@tagged("post_install", "-at_install")
class TestRuleKinds(RulesCommon):
    """What rules pay: the readme's worked examples, with their numbers."""

    # === WHAT A RATE IS TAKEN OF === #

    def _tax(self, percent=13, **vals):
        return self.env["account.tax"].create(
            {"name": f"{percent} %", "amount": percent, "company_id": self.company.id, **vals}
        )

    def _sell_taxed(self, quantity=10, price=100.0, tax=None):
        order = self._create_order(None, [(self.goods, quantity, price)])
        order.order_line.tax_ids = tax or self._tax()
        order.action_confirm()
        return order

    def test_rate_of_the_value_with_taxes(self):
        self._rule(rate=10, product_id=self.goods, base_kind="taxed")
        order = self._sell_taxed()
        self.assertEqual(self._get_term(order).expected_amount, 113)
        picking = self._deliver(order)
        self.assertEarned(order, "113", "50", "20")
        self.assertIn("10 % of 1130.00 USD with taxes", self._get_why(order))
        self._return(picking, 3)
        self.assertEarned(order, "79.10", "35", "14")

    def test_taxes_included_in_the_price_are_not_in_the_untaxed_value(self):
        tax = self._tax(price_include_override="tax_included")
        order = self._sell_taxed(price=113, tax=tax)
        self._deliver(order)
        self.assertEarned(order, "100", "50", "20")

    def test_rate_of_the_list_price_forgets_the_discount(self):
        self._rule(rate=10, product_id=self.goods, base_kind="list")
        order = self._sell(10, 60)
        self.goods.list_price = 500
        picking = self._deliver(order)
        self.assertEarned(order, "100", "30", "12")
        self.assertIn("10 % of 1000.00 USD, 10 units at the list price of 100.00", self._get_why(order))
        self._return(picking, 4)
        self.assertEarned(order, "60", "18", "7.2")

    def test_rate_of_the_margin_keeps_the_cost_of_the_day(self):
        """Known bugs 30 and 32: discounts, units and later costs."""
        self.goods.standard_price = 60
        self._rule(rate=25, product_id=self.goods, base_kind="margin")
        order = self._create_order(None, [(self.goods, 2, 1200)])
        order.order_line.product_uom_id = self.env.ref("uom.product_uom_dozen")
        order.order_line.write({"price_unit": 1200, "discount": 10})
        order.action_confirm()
        self.goods.standard_price = 10
        picking = self._deliver(order)
        self.assertEarned(order, "180", "108", "43.2")  # 25 % of 2,160 - 24 × 60
        self.assertIn("25 % of a margin of 720.00 USD", self._get_why(order))
        self.assertIn("a cost of 60.00 for each of 24 units", self._get_why(order))
        self._return(picking, 12)
        self.assertEarned(order, "90", "54", "21.6")

    def test_price_reduction_comes_out_of_the_margin(self):
        self.goods.standard_price = 60
        self._rule(rate=25, product_id=self.goods, base_kind="margin")
        order = self._sell(10)
        self._deliver(order)
        self.assertEarned(order, "100", "50", "20")
        self._credit(self._invoice(order), price=20)
        self.assertEarned(order, "50", "40", "16")  # 25 % of 800 - 600

    def _sell_hours(self):
        """Sell four hours at 50.00, which cost 30.00 each."""
        hours = self.env["product.product"].create(
            {"name": "Hour", "type": "service", "taxes_id": False, "invoice_policy": "order", "standard_price": 30}
        )
        self._rule(rate=25, product_id=hours, base_kind="margin")
        return self._sell(lines=[(hours, 4, 50)])

    def _invoice_at(self, order, price):
        invoice = self._invoice(order, post=False)
        invoice.invoice_line_ids.price_unit = price
        invoice.action_post()
        return invoice

    def test_service_at_another_price_costs_what_it_costs(self):
        order = self._sell_hours()
        self._invoice_at(order, 40)
        self.assertEarned(order, "10", "8", "3.2")  # 25 % of 160 - 120
        self.assertIn("a cost of 30.00 for each of 4 units", self._get_why(order))

    def test_service_reduced_in_price_and_credited(self):
        order = self._sell_hours()
        invoice = self._invoice(order)
        self.assertEarned(order, "20", "10", "4")  # 25 % of 200 - 120
        self._credit(invoice, price=10)
        self.assertEarned(order, "10", "8", "3.2")  # 160 - 120
        self._credit(invoice, quantity=1, price=40)
        self.assertEarned(order, "7.5", "6", "2.4")  # 120 - 90
        self.assertEqual(self._get_term(order).pending_amount, 0)

    def test_service_invoiced_again_costs_once(self):
        order = self._sell_hours()
        invoice = self._invoice_part(order, 1)
        self._credit(invoice)
        self.assertEarned(order, "0", "0", "0")
        self._invoice_part(order, 1)
        self.assertEarned(order, "5", "2.5", "1")  # 25 % of 50 - 30

    def test_goods_invoiced_at_another_price_cost_what_they_cost(self):
        self.program.trigger = "invoiced"
        self.goods.standard_price = 60
        self._rule(rate=25, product_id=self.goods, base_kind="margin")
        order = self._sell(10)
        picking = self._deliver(order)
        invoice = self._invoice_at(order, 80)
        self.assertEarned(order, "50", "40", "16")  # 25 % of 800 - 600
        self._return(picking, 3)
        self._credit(invoice, quantity=3)
        self.assertEarned(order, "35", "28", "11.2")  # 560 - 420

    def test_goods_credited_that_stay_cost_what_they_cost(self):
        self.program.trigger = "invoiced"
        self.goods.standard_price = 60
        self._rule(rate=25, product_id=self.goods, base_kind="margin")
        order = self._sell(10)
        self._deliver(order)
        self._credit(self._invoice(order), quantity=3)
        self.assertEarned(order, "25", "35", "14")  # 700 - 600

    def test_margin_of_what_is_invoiced_is_the_same_before_and_after_delivery(self):
        """Eight of ten left, whose value is all that a price reduction left: the other two cost as much."""
        self.program.trigger = "invoiced"
        self.goods.standard_price = 60
        self._rule(rate=25, product_id=self.goods, base_kind="margin")
        order = self._sell(10)
        self._credit(self._invoice(order), price=20.0)
        self.assertEarned(order, "50", "40", "16")
        self._deliver(order, {self.goods: 8})
        self.assertEarned(order, "50", "40", "16")

    def test_sale_below_cost_has_no_margin(self):
        self.goods.standard_price = 120
        self._rule(rate=25, product_id=self.goods, base_kind="margin")
        order = self._sell(10)
        self._deliver(order)
        self.assertEarned(order, "0", "50", "20")

    def test_margin_in_another_currency(self):
        euro = self.env.ref("base.EUR")
        euro.active = True
        self.env["res.currency.rate"].create(
            {"currency_id": euro.id, "company_id": self.company.id, "name": "2020-01-01", "rate": 0.5}
        )
        self.goods.standard_price = 60
        self._rule(rate=25, product_id=self.goods, base_kind="margin")
        pricelist = self.env["product.pricelist"].create({"name": "Euro", "currency_id": euro.id})
        order = self._sell(10, 50, pricelist_id=pricelist.id)
        self._deliver(order)
        self.assertEarned(order, "100", "50", "20")  # 500 euros are 1,000: 25 % of 1,000 - 600

    # === AMOUNTS PER ORDER === #

    def _fix_order(self, amount, **vals):
        return self._rule(rate=0, kind="fixed_order", fixed_amount=amount, **vals)

    def test_fixed_amount_per_order_is_shared_out_by_value(self):
        self.goods.product_tag_ids = self.goods_b.product_tag_ids = self.new
        self._fix_order(10, product_tag_id=self.new)
        goods_c = self._create_goods("Pot", product_tag_ids=self.new.ids)
        order = self._sell(
            lines=[(self.goods, 1, 100), (self.goods_b, 1, 200), (goods_c, 1, 400), (self.service, 1, 50)]
        )
        terms = order.commission_term_ids.filtered(lambda term: term.level == 1)
        self.assertEqual(terms.sorted("line_id").mapped("expected_amount"), [1.43, 2.86, 5.71, 5])
        picking = self._deliver(order)
        self.assertEqual(self._earned(order, self.cleo), Decimal("10"))
        self.assertIn("10.00 USD for the order on level 1, shared out", terms[0].entry_ids.why)
        self._return(picking, 1, self.goods_b)
        self.assertEqual(self._earned(order, self.cleo), Decimal("7.14"))

    def test_line_added_later_takes_its_part_of_the_amount_per_order(self):
        self._fix_order(10, product_scope="all", date_from="2020-01-01")
        order = self._sell(1)
        order.order_line = [(0, 0, {"product_id": self.goods_b.id, "product_uom_qty": 1, "price_unit": 300})]
        self._deliver(order)
        by_line = order.commission_term_ids.filtered(lambda term: term.level == 1).sorted("line_id")
        self.assertEqual(by_line.mapped("earned_amount"), [2.5, 7.5])

    # === LEAST AND MOST === #

    def test_most_per_unit_line_and_order(self):
        for scope, most, earned, kept in (
            ("unit", 6, "60", "36"),
            ("line", 45, "45", "27"),
            ("order", 45, "45", "27"),
        ):
            with self.subTest(scope), self.cr.savepoint() as savepoint:
                self._rule(rate=10, product_id=self.goods, limit_scope=scope, maximum_amount=most)
                order = self._sell(10)
                picking = self._deliver(order)
                self.assertEarned(order, earned, "50", "20")
                self.assertIn("The rule pays at most", self._get_why(order))
                self._return(picking, 4)
                self.assertEarned(order, kept, "30", "12")
                savepoint.rollback()

    def test_least_per_unit_line_and_order(self):
        for scope, least, earned in (("unit", 1.5, "15"), ("line", 15, "15"), ("order", 15, "15")):
            with self.subTest(scope), self.cr.savepoint() as savepoint:
                self._rule(rate=1, product_id=self.goods, limit_scope=scope, minimum_amount=least)
                order = self._sell(10)
                self._deliver(order)
                self.assertEarned(order, earned, "50", "20")
                self.assertIn("The rule pays at least", self._get_why(order))
                savepoint.rollback()

    def test_most_per_order_is_shared_out_by_what_the_lines_would_earn(self):
        self._rule(rate=10, product_scope="all", date_from="2020-01-01", limit_scope="order", maximum_amount=35)
        order = self._sell(lines=[(self.goods, 1, 100), (self.goods_b, 3, 200)])
        self._deliver(order, {self.goods: 1})
        self.assertEqual(self._earned(order, self.cleo), Decimal("5"))
        self._deliver(order)
        self.assertEqual(self._earned(order, self.cleo), Decimal("35"))

    def test_line_added_later_shares_the_limit_of_the_order(self):
        rule = self._rule(rate=10, date_from="2020-01-01", limit_scope="order", maximum_amount=15)
        order = self._sell(1)
        rule.maximum_amount = 5
        order.order_line = [(0, 0, {"product_id": self.goods_b.id, "product_uom_qty": 1, "price_unit": 300})]
        self.assertEqual(self._get_term(order).sorted("line_id").mapped("expected_amount"), [3.75, 11.25])

    def test_negative_line_takes_nothing_of_an_amount_per_order(self):
        self._fix_order(10, date_from="2020-01-01")
        order = self._sell(lines=[(self.goods, 1, 1000), (self.goods_b, 1, 100)])
        order.order_line[1].price_unit = -500
        self._deliver(order, {self.goods: 1})
        self.assertEqual(self._earned(order, self.cleo), 10)

    def test_what_is_shared_out_by_the_fen_is_explained(self):
        """The largest remainder moves a fen against the limit."""
        for limits, price in (({"minimum_amount": 10.5}, 333.6), ({"maximum_amount": 3.01}, 30.1)):
            with self.subTest(**limits), self.cr.savepoint() as savepoint:
                self._rule(
                    rate=1 if "minimum_amount" in limits else 3.34,
                    date_from="2020-01-01",
                    limit_scope="order",
                    **limits,
                )
                order = self._sell(lines=[(self.goods, 1, price), (self.goods_b, 1, price), (self.service, 1, price)])
                self._deliver(order)
                self.assertTrue(all(order.commission_term_ids.entry_ids.mapped("why")))
                savepoint.rollback()

    def test_no_minimum_where_nothing_is_paid(self):
        self._rule(
            rate=0, product_id=self.goods, minimum_amount=15, tier_ids=[(0, 0, {"amount_from": 5000, "rate": 5})]
        )
        order = self._sell(10)
        self._deliver(order)
        self.assertEarned(order, "0", "50", "20")

    def test_limits_hold_where_a_line_has_no_part_of_the_amount_per_order(self):
        """A tenth of a yuan beside more than a hundred gets no fen of 3.33: it has the minimum, up to the cap."""
        rule = self._fix_order(3.33, product_id=self.goods)
        for limits, earned in (
            ({"limit_scope": "unit", "minimum_amount": 0.05}, ["0.03", "3.33"]),
            ({"limit_scope": "order", "minimum_amount": 0, "maximum_amount": 2}, ["0.00", "2.00"]),
        ):
            rule.write(limits)
            order = self._sell(lines=[(self.goods, 1, 0.1), (self.goods, 1, 123.45)])
            terms = order.commission_term_ids.filtered(lambda term: term.level == 1).sorted("line_id")
            self.assertEqual([f"{term.expected_amount:.2f}" for term in terms], earned)

    def test_entry_does_not_say_what_its_rule_pays_now(self):
        rule = self._rule(rate=12, product_id=self.goods)
        order = self._sell(1, 100)
        self._deliver(order)
        self.assertIn(f"Rule: {self.program.name}, {self.goods.display_name}, level 1: 12 %.", self._get_why(order))
        rule.rate = 9
        self.env.flush_all()
        self.env.cr.execute("UPDATE distribution_commission_rule SET write_date = now() + interval '1 hour'")
        self.env.invalidate_all()
        self.assertIn(f"Rule: {self.program.name}, {self.goods.display_name}, level 1.", self._get_why(order))
        self.assertIn("Rate 12 % on level 1", self._get_why(order))

    def test_entry_names_its_rule_the_grade_then_and_what_was_rounded(self):
        rule = self._rule(rate=12, grade_id=self.gold)
        self.cleo.grade_id = self.gold
        order = self._sell(1, 33.38)
        self.cleo.grade_id = False
        self._deliver(order)
        why = self._get_why(order)
        self.assertIn(f"Rule: {rule.display_name}.", why)
        self.assertIn("Grade then: Gold.", why)
        self.assertIn("That is 4.0056, rounded half up to 4.01.", why)
        self.assertNotIn("Grade then", self._get_why(order, 2))
        even = self._sell(1, 100)
        self._deliver(even)
        self.assertNotIn("rounded", self._get_why(even))

    def test_costs_and_multiplied_amounts_are_not_rounded(self):
        self.goods.standard_price = 3.3333
        self._rule(rate=10, product_id=self.goods, base_kind="margin")
        order = self._sell(10000, 10)
        self._deliver(order)
        self.assertEqual(self._earned(order, self.cleo), Decimal("6666.70"))
        self.assertIn("a cost of 3.3333 for each of 10000 units", self._get_why(order))

    def test_limit_of_a_margin_after_a_price_reduction(self):
        self.goods.standard_price = 60
        self._rule(rate=10, product_id=self.goods, base_kind="margin", maximum_amount=30)
        order = self._sell(10)
        self._deliver(order)
        self._credit(self._invoice(order), price=10)
        self.assertEqual(self._earned(order, self.cleo), Decimal("27"))  # nine tenths of 30, below 10 % of 300

    def test_least_of_a_margin_after_a_price_reduction(self):
        """What is left of the price has its part of the least, also where the margin came to more at first."""
        self.goods.standard_price = 60
        self._rule(rate=10, product_id=self.goods, base_kind="margin", minimum_amount=30)
        order = self._sell(10)
        self._deliver(order)
        self.assertEqual(self._earned(order, self.cleo), Decimal("40"))
        invoice = self._invoice(order)
        self._credit(invoice, price=20)
        self.assertEqual(self._earned(order, self.cleo), Decimal("24"))
        self._credit(invoice, price=20)
        self.assertEqual(self._earned(order, self.cleo), Decimal("18"))

    def test_least_of_an_order_below_cost_is_shared_out_by_value(self):
        self.goods.standard_price = 500
        self._rule(rate=25, product_id=self.goods, base_kind="margin", minimum_amount=15, limit_scope="order")
        order = self._sell(lines=[(self.goods, 1, 10.0), (self.goods, 1, 300.0)])
        self._deliver(order)
        terms = order.commission_term_ids.filtered(lambda term: term.level == 1).sorted("line_id")
        self.assertEqual([f"{term.earned_amount:.2f}" for term in terms], ["0.48", "14.52"])

    def test_least_never_breaks_the_cap(self):
        self._rule(rate=1, product_scope="category", categ_id=self.tea, minimum_amount=100)
        self.goods.categ_id = self.tea
        order = self._sell(1)
        self._deliver(order)
        self.assertEqual(self._earned(order), Decimal("30"))
        self.assertIn("scaled to the cap of 30 %", self._get_why(order))

    def test_most_of_a_period(self):
        self._rule(rate=10, product_id=self.goods, limit_scope="period", maximum_amount=150)
        first, second, third = self._sell(10), self._sell(10), self._sell(10)
        for order in (first, second, third):
            self._deliver(order)
        self.assertEarned(first, "100", "50", "20")
        self.assertEarned(second, "50", "50", "20")
        self.assertEarned(third, "0", "50", "20")
        self.assertIn("other orders had taken 100.00, and left 50.00; this line has 50.00", self._get_why(second))

    def test_most_of_a_period_for_orders_confirmed_at_once_and_grown_later(self):
        self._rule(rate=10, product_id=self.goods, limit_scope="period", maximum_amount=150)
        orders = [self._create_order(None, [(self.goods, 10, 100)]) for _order in range(2)]
        (orders[0] | orders[1]).action_confirm()
        self.assertEqual([self._get_term(order).expected_amount for order in orders], [100, 50])
        orders[0].order_line.product_uom_qty = 15
        for order in orders:
            self._deliver(order)
        self.assertEqual([self._earned(order, self.cleo) for order in orders], [100, 50])

    def test_what_others_let_go_of_a_period_is_found_by_goods_and_discounts_only(self):
        self._rule(rate=10, product_id=self.goods, limit_scope="period", maximum_amount=150)
        first, second = self._sell(10), self._sell(10)
        first._action_cancel()
        note = {"order_id": second.id, "display_type": "line_note", "name": "Ring twice."}
        down_payment = {"order_id": second.id, "name": "In advance", "is_downpayment": True, "product_uom_qty": 0}
        lines = self.env["sale.order.line"].create([note, {**down_payment, "price_unit": 300, "tax_ids": []}])
        self.assertEqual(self._get_term(second).expected_amount, 50)
        lines[1].price_unit = 200
        lines.unlink()
        self.assertEqual(self._get_term(second).expected_amount, 50)
        coupon = {"product_id": self.goods_b.id, "product_uom_qty": 1, "price_unit": -100, "tax_ids": []}
        coupon = self.env["sale.order.line"].create({**coupon, "order_id": second.id})
        self.assertEqual(self._get_term(second).expected_amount, 90)
        third = self._sell(20)
        self.assertEqual(self._get_term(third).expected_amount, 60)
        coupon.product_uom_qty = 0
        self.assertEqual(sum(second.commission_term_ids.filtered(lambda t: t.level == 1).mapped("expected_amount")), 90)
        second._action_cancel()
        third.order_line.product_uom_qty = 19
        self.assertEqual(self._get_term(third).expected_amount, 150)

    def test_most_of_a_period_when_an_order_is_confirmed_again(self):
        self._rule(rate=10, product_id=self.goods, limit_scope="period", maximum_amount=150)
        first = self._sell(10)
        self._deliver(first, {self.goods: 4})
        first._action_cancel()
        second = self._sell(20)
        self.assertEqual(self._get_term(second).expected_amount, 150)
        first.action_draft()
        first.action_confirm()
        self._deliver(first)
        self.assertEarned(first, "0", "50", "20")

    def test_most_of_a_period_is_each_receivers_own(self):
        self.program.unpaid_share = "upline"
        self.program.rule_ids.filtered(lambda rule: rule.level == 2).write(
            {"limit_scope": "period", "maximum_amount": 30}
        )
        self._rule(rate=0, level=2, product_id=self.goods, distributor_id=self.ben)
        first = self._sell(6)
        self.assertEqual(self._get_term(first, 2).distributor_id, self.ada)
        order = self._sell(lines=[(self.goods, 5, 100), (self.goods_b, 5, 100)])
        terms = self._get_term(order, 2).sorted("line_id")
        self.assertEqual(
            [(term.distributor_id, term.expected_amount) for term in terms], [(self.ada, 0), (self.ben, 25)]
        )

    def test_cancelled_order_leaves_its_part_of_the_period_to_others(self):
        self._rule(rate=10, product_id=self.goods, limit_scope="period", maximum_amount=150)
        self._sell(10)._action_cancel()
        order = self._sell(15)
        self._deliver(order)
        self.assertEarned(order, "150", "75", "30")

    def test_impossible_limits_are_refused(self):
        for vals in ({"minimum_amount": -1}, {"minimum_amount": 5, "maximum_amount": 4}):
            with self.subTest(**vals), mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError):
                self._rule(product_id=self.goods, **vals)

    # === WORST CASE === #

    def test_worst_case_knows_taxes_costs_and_limits_of_a_product(self):
        self.goods.taxes_id = self._tax(25)
        with self.assertRefused(r"25 % \+ 5 % \+ 2 % = 32 %"):
            self._rule(rate=20, product_id=self.goods, base_kind="taxed")
        self.goods.standard_price = 60
        self._rule(rate=50, product_id=self.goods, base_kind="margin").unlink()
        with self.assertRefused(r"24 % \+ 5 % \+ 2 % = 31 %"):
            self._rule(rate=60, product_id=self.goods, base_kind="margin")
        with self.assertRefused(r"24 % \+ 5 % \+ 2 % = 31 %"):
            self._rule(rate=1, product_id=self.goods, limit_scope="unit", minimum_amount=24)
        self._rule(rate=90, product_id=self.goods, limit_scope="unit", maximum_amount=23)

    # === SIMULATOR === #

    def test_simulator_knows_every_base(self):
        self.goods.write({"standard_price": 60, "taxes_id": self._tax(25).ids})
        for base_kind, amount in (("taxed", 20), ("list", 20), ("margin", 2)):
            with self.subTest(base_kind), self.cr.savepoint() as savepoint:
                self._rule(rate=10, product_id=self.goods, base_kind=base_kind)
                lines = self._simulate(quantity=2, price_unit={"taxed": 80, "list": 90, "margin": 70}[base_kind])[1]
                self.assertEqual(lines[0], (1, "wins", amount))
                savepoint.rollback()

    def test_labels_say_what_a_rule_pays(self):
        for vals, label in (
            ({"rate": 7.5}, "7.5 %"),
            ({"rate": 7.5, "base_kind": "margin"}, "7.5 % of margin"),
            ({"rate": 0, "kind": "fixed_unit", "fixed_amount": 5}, "$\xa05.00 per unit"),
            ({"rate": 0, "kind": "fixed_order", "fixed_amount": 5}, "$\xa05.00 per order"),
        ):
            with self.subTest(label):
                rule = self._rule(product_id=self.goods, date_from=date(2026, 1, 1), date_to=date(2026, 1, 1), **vals)
                self.assertEqual(rule.pay_label, label)
                rule.unlink()

    def test_labels_say_from_which_sales_a_tier_pays(self):
        rule = self._rule(product_id=self.goods, rate=5, tier_ids=[(0, 0, {"amount_from": 1000, "rate": 8})])
        self.assertEqual(rule.pay_label, "5 % / 8 % from $\xa01,000.00")

    def test_entries_say_what_was_agreed_on(self):
        self._rule(product_id=self.goods, base_kind="margin", rate=7.5)
        self._rule(level=2, product_id=self.goods, rate=0, kind="fixed_unit", fixed_amount=5)
        self._rule(level=3, product_id=self.goods, rate=0, kind="fixed_order", fixed_amount=4)
        self.goods.standard_price = 10
        order = self._sell(1, 100)
        self._deliver(order)
        entries = self.env["distribution.commission.entry"].search([("order_id", "=", order.id)], order="level")
        self.assertEqual(entries.mapped("pay_label"), ["7.5 % of margin", "5.00 USD per unit", "4.00 USD per order"])
        [(product, amount)] = entries._read_group([("id", "in", entries.ids)], ["product_id"], ["amount:sum"])
        self.assertEqual((product, f"{amount:.2f}"), (self.goods, f"{sum(entries.mapped('amount')):.2f}"))

    def test_simulator_takes_a_sale_only(self):
        for vals in ({"quantity": 0}, {"quantity": -3}, {"price_unit": -10}):
            simulation, lines = self._simulate(**vals)
            self.assertEqual((lines, simulation.is_no_sale, simulation.amount_cap), ([], True, 0))
        _simulation, [first, *_others] = self._simulate(price_unit=0)
        self.assertEqual(first, (1, "nothing", 0))

    def test_labels_say_within_which_limits(self):
        for vals, label in (
            ({}, ""),
            ({"minimum_amount": 5}, "at least $\xa05.00 for each order line"),
            ({"maximum_amount": 9, "limit_scope": "unit"}, "at most $\xa09.00 for each unit"),
            (
                {"minimum_amount": 5, "maximum_amount": 9, "limit_scope": "period"},
                "$\xa05.00 to $\xa09.00 for each period",
            ),
        ):
            with self.subTest(label):
                rule = self._rule(product_id=self.goods, **vals)
                self.assertEqual(rule.limit_label, label)
                self.assertEqual(self._simulate()[0].line_ids[0].limit_label, label)
                rule.unlink()
