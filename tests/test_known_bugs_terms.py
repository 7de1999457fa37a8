# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Bugs that real distribution systems shipped, by number: who earns, at which rate, and from when."""

from datetime import date, datetime
from decimal import Decimal

from odoo.tests import freeze_time, tagged

from odoo.addons.distribution_commission.tests.common import CommissionCommon


@tagged("post_install", "-at_install")
class TestKnownBugsOfTerms(CommissionCommon):
    def _rule(self, level):
        return self.program.rule_ids.filtered(lambda rule: rule.level == level)

    def _pay(self, invoice):
        wizard = self.env["account.payment.register"].with_context(active_model="account.move", active_ids=invoice.ids)
        wizard.create({"payment_date": invoice.invoice_date}).action_create_payments()

    def test_bug_11_reversal_uses_the_currency_rate_of_the_sale(self):
        abroad = self.env.ref("base.EUR") if self.company.currency_id.name != "EUR" else self.env.ref("base.USD")
        abroad.active = True
        pricelist = self.env["product.pricelist"].create({"name": "Abroad", "currency_id": abroad.id})
        rates = self.env["res.currency.rate"]
        common = {"currency_id": abroad.id, "company_id": self.company.id}
        with freeze_time("2026-03-01 02:00:00"):
            rates.create({**common, "name": "2026-03-01", "rate": 0.5})
            order = self._sell(10, pricelist_id=pricelist.id)
            picking = self._deliver(order)
        self.assertEarned(order, "200", "100", "40")
        with freeze_time("2026-03-05 02:00:00"):
            rates.create({**common, "name": "2026-03-05", "rate": 0.8})
            self._return(picking, 5)
            self._credit(self._invoice(order), quantity=10)
        self.assertEarned(order, "0", "0", "0")

    def test_bug_17_level_without_earnings_silences_nobody_above(self):
        self._rule(1).rate = 0
        zero_rated = self._sell(10)
        self._deliver(zero_rated)
        self.assertEarned(zero_rated, "0", "50", "20")
        self._rule(1).action_archive()
        without_rule = self._sell(10)
        self._deliver(without_rule)
        self.assertEarned(without_rule, "0", "50", "20")
        self._rule(2).action_archive()
        third_only = self._sell(10)
        self._deliver(third_only)
        self.assertEarned(third_only, "0", "0", "20")

    def test_bug_18_ids_are_not_ranks(self):
        """Younger records stand above older ones in the tree, in the order of grades, and in the order of rules."""
        lowest = self._create_distributor("Lowest")
        middle = self._create_distributor("Middle")
        top = self._create_distributor("Top")
        lowest.parent_id, middle.parent_id = middle, top
        gold, silver = self.env["distribution.grade"].create(
            [
                {"name": "Gold", "sequence": 20, "program_id": self.program.id},
                {"name": "Silver", "sequence": 10, "program_id": self.program.id},
            ]
        )
        self.assertEqual(self.program.grade_ids.sorted(), silver + gold)
        lowest.grade_id = silver
        # The rule for gold is older than that for silver, and both are younger than that for all.
        rules = [{"audience": "grade", "grade_id": grade.id, "rate": rate} for grade, rate in ((gold, 14), (silver, 8))]
        self.env["distribution.commission.rule"].create(
            [{"program_id": self.program.id, "level": 1, **vals} for vals in rules]
        )
        order = self._create_order(lines=[(self.goods, 10, 100.0)], distribution_distributor_id=lowest.id)
        order.action_confirm()
        self._deliver(order)
        earned = [self._earned(order, distributor) for distributor in (lowest, middle, top)]
        self.assertEqual(earned, [Decimal("80"), Decimal("50"), Decimal("20")])
        self.assertEqual(order.commission_term_ids.filtered(lambda term: term.level == 1).grade_id, silver)

    def _get_release_dates(self, order):
        entries = self.entry_model.search([("order_id", "=", order.id), ("level", "=", 1)], order="id")
        return entries.mapped("release_date")

    def test_bug_21_hold_counts_from_shipping_not_from_payment(self):
        with freeze_time("2026-03-01 02:00:00"):
            order = self._sell(10)
            invoice = self._invoice(order)
            self._pay(invoice)
            self.assertIn(invoice.payment_state, ("paid", "in_payment"))
        with freeze_time("2026-03-20 02:00:00"):
            self._deliver(order, {self.goods: 6})
        with freeze_time("2026-04-10 02:00:00"):
            self._deliver(order)
            self.assertEqual(self.entry_model._release(self.program), 3)
        self.assertEqual(self._get_release_dates(order), [date(2026, 3, 27), date(2026, 4, 17)])

    def test_bug_21_hold_counts_from_the_receipt_where_that_is_the_trigger(self):
        self.program.trigger = "received"
        with freeze_time("2026-03-01 02:00:00"):
            order = self._sell(10)
            self._pay(self._invoice(order))
        with freeze_time("2026-03-20 02:00:00"):
            self._deliver(order)
        with freeze_time("2026-03-25 02:00:00"):
            order.action_confirm_receipt()
        self.assertEqual(self._get_release_dates(order), [date(2026, 4, 1)])

    @freeze_time("2026-06-01 02:00:00")
    def test_bug_22_unbound_customer_pays_nobody(self):
        """However often it was bound, and whatever rows that left."""
        bindings = self.env["distribution.binding"]
        for distributor in (self.ben, self.ada, self.cleo):
            bindings._bind(self.customer, distributor, date_from=datetime(2026, 2, 1))
            bindings._get_current(self.customer, self.program).protected_until = datetime(2026, 2, 1)
        bindings._get_current(self.customer, self.program).action_end()
        every = bindings.search([("partner_id", "=", self.customer.id)])
        self.assertGreaterEqual(len(every), 4)
        self.assertEqual(set(every.mapped("state")), {"ended"})
        order = self._sell(10)
        self._deliver(order)
        self.assertFalse(order.distribution_distributor_id)
        self.assertFalse(order.commission_term_ids)
        self.assertEqual(self._earned(order), 0)

    def test_bug_29_shares_never_go_negative(self):
        """Rates that fall or rise from level to level, amounts above the cap, and more taken back than was sold."""
        self._rule(1).rate = 2
        self._rule(2).write({"kind": "fixed_unit", "fixed_amount": 90})
        self._rule(3).rate = 15
        order = self._sell(10)
        picking = self._deliver(order)
        shares = [self._earned(order, distributor) for distributor in (self.cleo, self.ben, self.ada)]
        self.assertGreater(min(shares), 0)
        self.assertEqual(sum(shares), 300)
        self._return(picking, 10)
        invoice = self._invoice(order)
        for _time in range(2):
            self._credit(invoice)
        self.assertEarned(order, "0", "0", "0")
        self._settle()
        for distributor in (self.cleo, self.ben, self.ada):
            self.assertAccount(distributor)

    def test_bug_30_rate_edited_between_order_and_invoice_changes_nothing(self):
        order = self._sell(10)
        expected = order.commission_expected
        for level, rate in ((1, 1), (2, 0)):
            self._rule(level).rate = rate
        self._rule(3).action_archive()
        self.program.write({"cap_rate": 1, "level_count": 1})
        self._invoice(order)
        self._deliver(order)
        self.assertEarned(order, "100", "50", "20")
        self.assertEqual((order.commission_expected, order.commission_earned), (expected, 170.0))
