# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from datetime import datetime
from decimal import Decimal
from fractions import Fraction

from odoo.tests import BaseCase, tagged

from ..engine.amount import Line, Pay, commission, commissions
from ..engine.convergence import Posting, Row, converge
from ..engine.eligible_base import Delivery, LineFacts, discount_factor, eligible_bases
from ..engine.money import allocate, exact, round_half_up

CENT = Decimal("0.01")
DAY = datetime(2026, 3, 1)


@tagged("post_install", "-at_install")
class TestEngine(BaseCase):
    """The arithmetic by itself, in milliseconds."""

    def test_exact_reads_what_the_database_stored(self):
        self.assertEqual(exact(0.1) * 3, exact(0.3))
        self.assertEqual(exact(123456789.01), Fraction("123456789.01"))
        self.assertEqual(exact(False), 0)

    def test_round_half_up_in_both_directions_and_any_unit(self):
        self.assertEqual(round_half_up(Fraction("0.125"), CENT), Decimal("0.13"))
        self.assertEqual(round_half_up(Fraction("-0.125"), CENT), Decimal("-0.13"))
        self.assertEqual(round_half_up(Fraction(5, 2), Decimal("1")), Decimal("3"))
        self.assertEqual(round_half_up(Fraction("1.124"), Decimal("0.05")), Decimal("1.10"))

    def test_allocate_loses_nothing_and_favours_the_earlier(self):
        self.assertEqual(allocate(Decimal("0.05"), [1, 1], CENT), [Decimal("0.03"), Decimal("0.02")])
        self.assertEqual(
            allocate(Decimal("-10.00"), [1, 1, 1], CENT), [Decimal("-3.34"), Decimal("-3.33"), Decimal("-3.33")]
        )
        self.assertEqual(allocate(Decimal("1.00"), [0, 0], CENT), [Decimal("1.00"), Decimal("0.00")])
        self.assertEqual(allocate(Decimal("1.00"), [], CENT), [])

    def test_commission_is_rounded_once(self):
        line = Line(Fraction(100), Fraction(1))
        self.assertEqual(commission(Pay(rate=Fraction("12.5")), Fraction("33.33"), line, CENT), Decimal("4.17"))
        line = Line(Fraction(100), Fraction(1), exact("0.8"))
        self.assertEqual(commission(Pay(rate=Fraction(10)), Fraction(100), line, CENT), Decimal("12.50"))

    def test_fixed_amount_is_for_units_that_were_paid(self):
        pay = Pay("fixed_unit", fixed=Fraction("1.25"))
        line = Line(worth=Fraction(300), units=Fraction(12), currency_rate=Fraction(7))
        self.assertEqual(commission(pay, Fraction(300), line, CENT), Decimal("15.00"))
        self.assertEqual(commission(pay, Fraction(25), line, CENT), Decimal("1.25"))
        self.assertEqual(commission(pay, Fraction(20), line, CENT), Decimal("1.00"))
        self.assertEqual(commission(pay, Fraction(0), Line(Fraction(0), Fraction(12)), CENT), Decimal("0.00"))

    def test_levels_together_keep_to_the_cap(self):
        line = Line(worth=Fraction(10), units=Fraction(1))
        pays = [Pay("fixed_unit", fixed=Fraction(4)), Pay("fixed_unit", fixed=Fraction(2)), Pay(rate=Fraction(0))]
        self.assertEqual(
            commissions(pays, line.worth, line, Fraction(30), CENT), [Decimal("2.00"), Decimal("1.00"), Decimal("0.00")]
        )
        tied = [Pay(rate=Fraction(20))] * 2
        self.assertEqual(
            commissions(tied, Fraction("0.10"), Line(Fraction("0.10"), Fraction(1)), Fraction(30), CENT),
            [Decimal("0.02"), Decimal("0.01")],
        )
        within = [Pay(rate=Fraction(15))] * 2
        self.assertEqual(
            commissions(within, Fraction("0.10"), Line(Fraction("0.10"), Fraction(1)), Fraction(30), CENT),
            [Decimal("0.02"), Decimal("0.02")],
            "Rounding is no excess",
        )
        self.assertEqual(commissions([], line.worth, line, Fraction(30), CENT), [])

    def test_base_is_the_smallest_of_sent_kept_and_money(self):
        facts = LineFacts(
            ordered=Fraction(10),
            worth=Fraction(100),
            sent=Fraction(12),
            deliveries=(Delivery(1, DAY, Fraction(12), Fraction(1)),),
            invoiced_quantity=Fraction(10),
            invoiced=Fraction(100),
            credited=Fraction(30),
        )
        base = eligible_bases(facts)[-1]
        self.assertEqual((base.value, base.kept, base.money, base.amount), (100, 110, 90, 90))

    def test_cancelled_order_and_line_without_quantity_have_no_base(self):
        sent = (Delivery(1, DAY, Fraction(1)),)
        self.assertEqual(eligible_bases(LineFacts(is_cancelled=True, deliveries=sent)), [])
        self.assertEqual(eligible_bases(LineFacts(deliveries=sent, sent=Fraction(1)))[-1].amount, 0)

    def test_return_without_a_delivery_reduces_the_whole(self):
        facts = LineFacts(
            ordered=Fraction(10),
            worth=Fraction(100),
            sent=Fraction(10),
            returned_elsewhere=Fraction(4),
            deliveries=(Delivery(1, DAY, Fraction(5)), Delivery(2, DAY, Fraction(5))),
        )
        self.assertEqual([base.amount for base in eligible_bases(facts)], [50, 60])

    def test_discount_never_turns_a_line_negative(self):
        self.assertEqual(discount_factor(Fraction(100), Fraction(-25)), Fraction(3, 4))
        self.assertEqual(discount_factor(Fraction(100), Fraction(-200)), 0)
        self.assertEqual(discount_factor(Fraction(0), Fraction(-200)), 1)

    def test_ledger_at_its_target_gets_nothing(self):
        bases = eligible_bases(
            LineFacts(
                ordered=Fraction(1), worth=Fraction(100), sent=Fraction(1), deliveries=(Delivery(7, DAY, Fraction(1)),)
            )
        )
        rows = [Row(1, Decimal("10.00"), Decimal("100.00"), 7)]
        self.assertEqual(converge(bases, [Decimal("10.00")], rows, 1, CENT), [])

    def test_clawback_reverses_the_latest_first(self):
        rows = [Row(1, Decimal("6.00"), Decimal("60.00"), 7), Row(2, Decimal("4.00"), Decimal("40.00"), 8)]
        bases = eligible_bases(
            LineFacts(
                ordered=Fraction(10),
                worth=Fraction(100),
                sent=Fraction(10),
                returned_elsewhere=Fraction(5),
                deliveries=(Delivery(7, DAY, Fraction(6)), Delivery(8, DAY, Fraction(4))),
            )
        )
        self.assertEqual(
            converge(bases, [Decimal("5.00")] * 2, rows, 1, CENT),
            [Posting(Decimal("-4.00"), Decimal("-40.00"), 8, 2), Posting(Decimal("-1.00"), Decimal("-10.00"), 7, 1)],
        )
