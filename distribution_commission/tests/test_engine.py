# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from datetime import datetime
from decimal import Decimal
from fractions import Fraction

from odoo.tests import BaseCase, tagged

from ..engine.amount import Share, Sold, get_amounts, get_line_amounts
from ..engine.convergence import Posting, Row, converge
from ..engine.eligible_base import Base, Delivery, LineFacts, discount_factor, eligible_bases, is_taken_back
from ..engine.money import allocate, exact, round_half_up
from ..engine.pay import Line, Pay

CENT = Decimal("0.01")
DAY = datetime(2026, 3, 1)


def _base(amount, part=Fraction(1)):
    return Base(0, None, *[Fraction(amount)] * 3, part)


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

    def _pay(self, pay, base, line):
        """Return what one level gets on a base, without a cap."""
        amount = Fraction(base)
        part = amount / line.worth if line.worth else Fraction(1)
        sold = Sold(line, (Share(1, 1, pay),), (_base(amount, part),), Fraction(10000))
        return get_amounts([sold], CENT)[1][0].final

    def test_commission_is_rounded_once(self):
        line = Line(Fraction(100), Fraction(1))
        self.assertEqual(self._pay(Pay(rate=Fraction("12.5")), "33.33", line), Decimal("4.17"))
        line = Line(Fraction(100), Fraction(1), exact("0.8"))
        self.assertEqual(self._pay(Pay(rate=Fraction(10)), 100, line), Decimal("12.50"))

    def test_fixed_amount_is_for_units_that_were_paid(self):
        pay = Pay(per_unit=Fraction("1.25"))
        line = Line(worth=Fraction(300), units=Fraction(12), currency_rate=Fraction(7))
        self.assertEqual(self._pay(pay, 300, line), Decimal("15.00"))
        self.assertEqual(self._pay(pay, 25, line), Decimal("1.25"))
        self.assertEqual(self._pay(pay, 20, line), Decimal("1.00"))
        self.assertEqual(self._pay(pay, 0, Line(Fraction(0), Fraction(12))), Decimal("0.00"))

    def test_levels_together_keep_to_the_cap(self):
        cap = Fraction(30)
        pays = [Pay(per_unit=Fraction(4)), Pay(per_unit=Fraction(2)), Pay(rate=Fraction(0))]
        line = Line(worth=Fraction(10), units=Fraction(1))
        self.assertEqual(get_line_amounts(pays, line, cap, CENT), [Decimal("2.00"), Decimal("1.00"), Decimal("0.00")])
        dime = Line(Fraction("0.10"), Fraction(1))
        tied, within = [Pay(rate=Fraction(20))] * 2, [Pay(rate=Fraction(15))] * 2
        self.assertEqual(get_line_amounts(tied, dime, cap, CENT), [Decimal("0.02"), Decimal("0.01")])
        self.assertEqual(
            get_line_amounts(within, dime, cap, CENT), [Decimal("0.02"), Decimal("0.02")], "Rounding is no excess"
        )
        self.assertEqual(get_line_amounts([], line, cap, CENT), [])

    def test_rate_of_taxed_value_list_price_and_margin(self):
        line = Line(Fraction(800), Fraction(10), Fraction(8), Fraction(904), Fraction(12), Fraction(6))
        ten = Fraction(10)
        for kind, whole, half in (
            ("untaxed", "10.00", "5.00"),
            ("taxed", "11.30", "5.65"),
            ("list", "12.00", "6.00"),
            ("margin", "4.00", "2.00"),
        ):
            with self.subTest(kind):
                self.assertEqual(self._pay(Pay(ten, kind), 800, line), Decimal(whole))
                self.assertEqual(self._pay(Pay(ten, kind), 400, line), Decimal(half))

    def test_price_reduction_does_not_bring_the_cost_back(self):
        """10 sold at 100, 20 % of the price credited: the margin is 800 - 600, not four fifths of 400."""
        line = Line(Fraction(1000), Fraction(10), cost=Fraction(60))
        base = Base(0, None, Fraction(1000), Fraction(1000), Fraction(800))
        sold = Sold(line, (Share(1, 1, Pay(Fraction(10), "margin")),), (base,), Fraction(100))
        self.assertEqual(get_amounts([sold], CENT)[1][0].final, Decimal("20.00"))
        loss = Line(Fraction(500), Fraction(10), cost=Fraction(60))
        self.assertEqual(self._pay(Pay(Fraction(10), "margin"), 500, loss), 0)

    def test_quantity_counts_whatever_its_price(self):
        """Of 10 ordered at 100: what V and G are quantities of, by what was invoiced, credited, returned."""
        ten = {"measure": "invoiced", "ordered": Fraction(10), "worth": Fraction(1000), "moment": DAY}
        for what, is_sent, sent, returned, invoiced, standing, credited, expected in (
            ("invoiced at 80", False, 0, 0, (10, 800), 10, (0, 0), 10),
            ("reduced to 80", False, 0, 0, (10, 1000), 10, (0, 200), 10),
            ("three credited", False, 0, 0, (10, 1000), 10, (3, 300), 7),
            ("four invoiced again", False, 0, 0, (8, 800), 4, (4, 400), 4),
            ("goods credited stay", True, 10, 0, (10, 1000), 10, (3, 300), 10),
            ("goods returned and credited", True, 10, 3, (10, 1000), 10, (3, 300), 7),
            ("of four invoiced one returned and credited", True, 10, 1, (4, 400), 4, (1, 100), 3),
            ("four goods invoiced again", True, 10, 0, (8, 800), 4, (4, 400), 4),
        ):
            with self.subTest(what):
                facts = LineFacts(
                    is_sent=is_sent,
                    sent=Fraction(sent),
                    returned=Fraction(returned),
                    invoiced_quantity=Fraction(invoiced[0]),
                    invoiced=Fraction(invoiced[1]),
                    standing_quantity=Fraction(standing),
                    credited_quantity=Fraction(credited[0]),
                    credited=Fraction(credited[1]),
                    **ten,
                )
                self.assertEqual(eligible_bases(facts)[-1].kept_part, Fraction(expected, 10))

    def test_credit_takes_a_quantity_back_or_reduces_its_price(self):
        for quantity, amount, left_quantity, left, expected in (
            (10, 100, 10, 1000, False),
            (3, 300, 10, 1000, True),
            (3, 270, 10, 900, True),  # at 90 after a reduction of 10 each
            (3, 260, 10, 900, False),
            (1, "8.84", 7, "61.89", True),  # rounded
            (1, 10, 0, 0, False),
        ):
            with self.subTest(quantity=quantity, amount=amount):
                numbers = [Fraction(number) for number in (quantity, amount, left_quantity, left)]
                self.assertEqual(is_taken_back(*numbers, CENT), expected)

    def test_limits_are_for_the_whole_and_earned_in_proportion(self):
        line = Line(Fraction(1000), Fraction(10))
        for pay, whole, part in (
            (Pay(Fraction(20), maximum=Fraction(50)), "50.00", "20.00"),
            (Pay(Fraction(20), scope="unit", maximum=Fraction(3)), "30.00", "12.00"),
            (Pay(Fraction(1), scope="unit", minimum=Fraction(3)), "30.00", "12.00"),
            (Pay(Fraction(1), minimum=Fraction(15)), "15.00", "6.00"),
            (Pay(Fraction(5), minimum=Fraction(15), maximum=Fraction(60)), "50.00", "20.00"),
            (Pay(Fraction(5), scope="period", maximum=Fraction(0)), "0.00", "0.00"),
        ):
            with self.subTest(pay):
                self.assertEqual(self._pay(pay, 1000, line), Decimal(whole))
                self.assertEqual(self._pay(pay, 400, line), Decimal(part))

    def test_an_order_has_its_amount_and_its_limit_in_common(self):
        lines = [Line(Fraction(worth), Fraction(1)) for worth in (100, 200, 400)]

        def earn(pay, *parts):
            sold = [
                Sold(line, (Share(position, "rule", pay),), (_base(line.worth * part),), Fraction(100))
                for position, (line, part) in enumerate(zip(lines, parts, strict=True))
            ]
            return [str(amounts[0].final) for amounts in get_amounts(sold, CENT).values()]

        fixed = Pay(per_order=Fraction(10))
        self.assertEqual(earn(fixed, 1, 1, 1), ["1.43", "2.86", "5.71"])
        self.assertEqual(earn(fixed, 1, 0, Fraction(1, 2)), ["1.43", "0.00", "2.86"], "Sent later, or come back")
        most = Pay(Fraction(10), scope="order", maximum=Fraction(35))
        self.assertEqual(earn(most, 1, 1, 1), ["5.00", "10.00", "20.00"])
        self.assertEqual(earn(most, 1, 0, 0), ["5.00", "0.00", "0.00"])
        least = Pay(Fraction(1), scope="order", minimum=Fraction(10))
        self.assertEqual(earn(least, 1, 1, 1), ["1.43", "2.86", "5.71"])

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
        self.assertEqual((base.value, base.kept, base.money, base.amount), (100, 110, 70, 70))

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
