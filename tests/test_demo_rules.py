"""The oracle itself, against numbers computed by hand from tests/data/RULES.md."""

import datetime as dt
import sys
import unittest
from decimal import Decimal
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import oracle  # noqa: E402
from oracle.ledger import Account, Key, commission  # noqa: E402
from oracle.trade import referrer  # noqa: E402


class TestStatedRules(unittest.TestCase):
    """What happens, before any commission."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.trade = oracle.build_trade(oracle.read_rows())
        cls.orders = {order.number: order for order in cls.trade.orders}

    def test_sample_has_62_orders_of_which_40_count(self):
        reasons = [order.reason for order in self.trade.orders]
        self.assertEqual(len(reasons), 62)
        self.assertEqual({reason: reasons.count(reason) for reason in set(reasons)}, {
            "bound": 40, "self-purchase": 15, "not referred": 3, "binding over": 3, "no customer": 1,
        })  # fmt: skip

    def test_chains_are_one_to_four_deep(self):
        depths = [len(self.trade.chain(distributor, 9)) for distributor in range(1, 13)]
        self.assertEqual(depths, [1, 2, 3, 4] * 3)

    def test_days_of_an_order(self):
        """Order 9 is on day floor(9 x 183 / 62) = 26 after 1 April; order 10 leaves at night."""
        order = self.orders["536374"]
        self.assertEqual(order.confirmed.replace(tzinfo=None), dt.datetime(2026, 4, 27, 9, 9))
        self.assertEqual(order.delivered.replace(tzinfo=None), dt.datetime(2026, 4, 28, 10))
        night = self.orders["536375"].delivered
        self.assertEqual(night.replace(tzinfo=None), dt.datetime(2026, 5, 1, 0, 30))
        self.assertEqual(night.astimezone(dt.UTC).date(), dt.date(2026, 4, 30))

    def test_customers_are_dealt_out_in_turn(self):
        """Customers 1, 2, 3, 5 are the first four that are no distributors; 26 is not referred."""
        self.assertEqual([referrer(k, 12) for k in (1, 2, 3, 4, 5, 26)], [1, 2, 3, None, 4, None])

    def test_binding_ends_after_90_days(self):
        """Customer 1 is bound until 30 June, exclusive: the order of 22 June counts, that of 1 July does not."""
        self.assertEqual([self.orders[n].distributor for n in ("536396", "536399")], [1, None])

    def test_returns_are_five_percent_of_the_lines_and_one_genuine(self):
        invented = [reversal for reversal in self.trade.reversals if not reversal.genuine]
        self.assertEqual((len(invented), len(self.trade.reversals)), (49, 50))
        kinds = {(r.mode, (r.at.date() - self.orders[r.line.order].delivered.date()).days) for r in invented}
        self.assertEqual(len(kinds), 9)

    def test_unmatched_cancellations_are_listed(self):
        self.assertEqual(len(self.trade.unmatched), 8)


class TestCommissionOfTheOracle(unittest.TestCase):
    """How much."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.world = oracle.expected(["7.5", "3.33", "1.25"])

    def amounts(self, order, position, level, distributor):
        key = Key(order, position, level, distributor)
        return [entry.amount for entry in self.world.entries if entry.key == key]

    def test_half_a_penny_goes_up(self):
        self.assertEqual(commission(Decimal("7.5"), Decimal("0.60")), Decimal("0.05"))

    def test_three_levels_of_one_line(self):
        """350.40 x 7.5 % = 26.28; x 3.33 % = 11.66832; x 1.25 % = 4.38; distributor 4, then 3, then 2."""
        found = [self.amounts("536374", 0, level, who) for level, who in ((1, 4), (2, 3), (3, 2), (4, 1))]
        self.assertEqual(found, [[Decimal("26.28")], [Decimal("11.67")], [Decimal("4.38")], []])

    def test_genuine_cancellation_takes_back_six_of_eight(self):
        """8 x 4.25 = 34.00 earns 2.55; 2 x 4.25 = 8.50 earns 0.6375, so 1.91 goes back."""
        line = next(r.line for r in self.world.trade.reversals if r.genuine)
        self.assertEqual(self.amounts("536488", line.position, 1, 9), [Decimal("2.55"), Decimal("-1.91")])

    def test_shipping_earns_nothing(self):
        order = next(order for order in self.world.trade.orders if order.number == "536370")
        post = next(line for line in order.lines if line.code == "POST")
        self.assertEqual(self.amounts("536370", post.position, 1, 3), [])

    def test_debt_is_repaid_first(self):
        account = Account()
        for amount in ("10.00", "-12.00", "5.00"):
            account.settle(Decimal(amount))
        self.assertEqual((account.available, account.debt), (Decimal("3.00"), Decimal("0.00")))

    def test_books_follow_the_ledger(self):
        for figures in oracle.balances(self.world).values():
            self.assertEqual(figures.expense, figures.earned - figures.clawed_back)
            self.assertEqual(-figures.accrued, figures.held + figures.due)
            self.assertEqual(-figures.payable, figures.available - figures.debt)
            self.assertEqual(figures.settled - figures.paid, figures.available - figures.debt)
            self.assertFalse(figures.expense + figures.accrued + figures.payable + figures.bank)
