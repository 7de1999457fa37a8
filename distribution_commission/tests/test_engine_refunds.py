# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from datetime import datetime
from decimal import Decimal
from fractions import Fraction

from odoo.tests import BaseCase, tagged

from ..engine.eligible_base import Delivery, LineFacts, eligible_bases
from ..engine.refunds import (
    Document,
    Payment,
    Share,
    get_paid_moment,
    get_possible_share,
    get_share,
    get_uncovered_refund,
    share_out_refund,
)

CENT = Decimal("0.01")
DAYS = [datetime(2026, 3, day) for day in range(1, 10)]


def payments(*amounts):
    return [Payment(day, Fraction(amount)) for day, amount in zip(DAYS, amounts, strict=False)]


def documents(*amounts):
    return [Document(Fraction(abs(amount)), amount < 0) for amount in amounts]


def get_holds(facts):
    return [(base.delivery_id, base.moment, base.amount) for base in eligible_bases(facts)]


def facts_of(sent, returned=0, **vals):
    """Return the facts of 10 pieces at 10."""
    sent, returned = Fraction(sent), Fraction(returned)
    return LineFacts(
        ordered=Fraction(10), worth=Fraction(100), taxed=Fraction(100), sent=sent, returned=returned, **vals
    )


@tagged("post_install", "-at_install")
class TestEngineRefunds(BaseCase):
    """Money of a whole order, without the ORM."""

    def test_order_is_paid_from_the_moment_its_total_is_reached(self):
        self.assertEqual(get_paid_moment(payments(400, 600), 1000), DAYS[1])
        self.assertEqual(get_paid_moment(payments(600, -100, 500), 1000), DAYS[2])
        self.assertEqual(get_paid_moment(payments(1000, -1000), 1000), DAYS[0])
        self.assertIsNone(get_paid_moment(payments(500, -500, 500), 1000))
        self.assertIsNone(get_paid_moment([], 1000))
        late = [Payment(DAYS[1], Fraction(-100)), Payment(DAYS[1], Fraction(1000))]
        self.assertEqual(get_paid_moment(late, 1000), DAYS[1], "In one second the payment comes first")

    def test_refund_counts_as_far_as_nothing_else_explains_it(self):
        for paid, total, posted, uncovered in (
            ((1000, -250), 1000, (), 250),
            ((1000, -250), 1000, (1000, -250), 0),
            ((1000, -250), 1000, (1000, -100), 150),
            ((1000, 1000, -1000), 1000, (), 0),  # paid twice
            ((1000, 1000, -1100), 1000, (1000, -100), 0),  # and a credit note
            ((1000, -400), 600, (), 0),  # the quantity was reduced
            ((1000, -500), 600, (1000, -400), 100),  # reduced, credited, and more
            ((500, -100), 1000, (1000, -100), 0),  # a deposit
        ):
            self.assertEqual(get_uncovered_refund(payments(*paid), total, documents(*posted)), uncovered)

    def test_what_is_invoiced_again_is_not_credited(self):
        for paid, total, posted, uncovered in (
            ((1000, -100), 1000, (1000, -1000, 1000), 100),
            ((1000, -100), 1000, (1000, -1000), 0),  # not yet
            ((1000, -300), 1000, (1000, -1000, 1000, -200), 100),  # a part of it is credited
            ((1000, -150), 1000, (1000, -1000, 900), 50),  # again for less
            ((1000, -100), 1000, (1000, -1000, 1000, -1000, 1000), 100),
            ((1000, -450), 600, (1000, -1000, 600), 50),  # again for a quantity that was reduced
            ((1000, -100), 1000, (600, -100, 400), 0),  # the rest is invoiced, not again
            ((1200, -200), 1000, (1200, -200), 0),  # more than was ordered, and back
            ((1000, -150), 1000, (300, -300, 300, 700), 150),  # a down payment
        ):
            self.assertEqual(get_uncovered_refund(payments(*paid), total, documents(*posted)), uncovered)

    def test_refund_is_shared_out_over_what_came_back_first(self):
        mug, bowl = Share(Fraction(0), Fraction(300)), Share(Fraction(100), Fraction(100))
        self.assertEqual(share_out_refund(Fraction(60), [mug, bowl], CENT), [0, 60])
        self.assertEqual(share_out_refund(Fraction(130), [mug, bowl], CENT), [30, 100])
        self.assertEqual(share_out_refund(Fraction(999), [mug, bowl], CENT), [300, 100])
        self.assertEqual(share_out_refund(Fraction(10), [], CENT), [])
        nothing = Share(Fraction(0), Fraction(0))
        self.assertEqual(share_out_refund(Fraction(10), [nothing], CENT), [0])

    def test_shares_are_without_taxes(self):
        taxed = Share(Fraction(0), Fraction(100), tax_factor=Fraction(113, 100))
        free = Share(Fraction(0), Fraction(113))
        self.assertEqual(share_out_refund(Fraction("22.60"), [taxed, free], CENT), [10, Fraction("11.30")])

    def test_refund_of_what_is_open_takes_nothing_of_what_is_sent(self):
        mugs = get_share(facts_of(sent=6))
        self.assertEqual(mugs, Share(Fraction(0), Fraction(60), Fraction(40), Fraction(60)))
        bowl = get_share(facts_of(sent=10))
        self.assertEqual(share_out_refund(Fraction(40), [mugs, bowl], CENT), [0, 0])
        self.assertEqual(share_out_refund(Fraction(56), [mugs, bowl], CENT), [6, 10])
        # What came back comes first, before what is open.
        back = get_share(facts_of(sent=6, returned=1))
        self.assertEqual(share_out_refund(Fraction(15), [back, bowl], CENT), [10, 0])

    def test_refund_of_what_is_open_and_invoiced_takes_of_the_invoice(self):
        mugs = get_share(facts_of(sent=6, invoiced_quantity=Fraction(8), invoiced=Fraction(80)))
        self.assertEqual([share_out_refund(Fraction(amount), [mugs], CENT) for amount in (40, 45)], [[20], [25]])
        # What is open was credited: it is not given back a second time.
        invoiced = {"invoiced_quantity": Fraction(10), "invoiced": Fraction(100), "credited": Fraction(40)}
        mugs = get_share(facts_of(sent=6, **invoiced, credited_in_all=Fraction(40)))
        self.assertEqual(share_out_refund(Fraction(5), [mugs], CENT), [5])

    def test_line_that_is_invoiced_again_bears_as_one_that_is_not_credited(self):
        twice = {"invoiced": Fraction(200), "invoiced_in_all": Fraction(200), "invoiced_quantity": Fraction(20)}
        credited = {"credited": Fraction(100), "credited_in_all": Fraction(100)}
        self.assertEqual(get_share(facts_of(sent=10, **twice, **credited)), get_share(facts_of(sent=10)))

    def test_what_is_open_was_given_back_before_what_may_still_be_earned(self):
        mugs, bowl = (get_possible_share(facts_of(sent=sent)) for sent in (6, 10))
        self.assertEqual(share_out_refund(Fraction(40), [mugs, bowl], CENT), [40, 0])
        self.assertEqual(share_out_refund(Fraction(56), [mugs, bowl], CENT), [46, 10])

    def test_what_is_not_delivered_comes_last_without_a_moment(self):
        facts = LineFacts(
            measure="ordered",
            ordered=Fraction(10),
            worth=Fraction(100),
            sent=Fraction(6),
            deliveries=(Delivery(7, DAYS[4], Fraction(6)),),
            moment=DAYS[2],
        )
        bases = eligible_bases(facts)
        self.assertEqual(
            [(base.delivery_id, base.moment, base.amount) for base in bases], [(7, DAYS[4], 60), (0, None, 100)]
        )

    def test_hold_begins_with_the_later_of_trigger_and_delivery(self):
        facts = LineFacts(
            measure="invoiced",
            ordered=Fraction(10),
            worth=Fraction(100),
            sent=Fraction(10),
            deliveries=(Delivery(7, DAYS[1], Fraction(6)), Delivery(8, DAYS[5], Fraction(4))),
            invoiced_quantity=Fraction(10),
            invoiced=Fraction(100),
            moment=DAYS[3],
        )
        bases = eligible_bases(facts)
        self.assertEqual(
            [(base.delivery_id, base.moment, base.amount) for base in bases], [(7, DAYS[3], 60), (8, DAYS[5], 100)]
        )

    def test_goods_sent_in_exchange_are_not_money_twice(self):
        facts = LineFacts(
            ordered=Fraction(10),
            worth=Fraction(100),
            sent=Fraction(13),
            returned=Fraction(3),
            deliveries=(Delivery(7, DAYS[1], Fraction(10), Fraction(3)), Delivery(8, DAYS[5], Fraction(3))),
            invoiced_quantity=Fraction(10),
            invoiced=Fraction(100),
            credited=Fraction(20),
        )
        self.assertEqual(eligible_bases(facts)[-1].amount, 80)
