# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Whatever happens in whatever order, the ledger is what the model in plain Python says, to the fen.

40 histories of up to 15 events, or as many as wanted:

    DISTRIBUTION_HISTORIES=10000 DISTRIBUTION_SEED=7 ./setup/test tests/test_property.py

A history that fails is reduced to its smallest form and printed as a call that can be pasted into `TestFound` below.
"""

import os
import traceback
from contextlib import closing

from property.check import Check
from property.drive import Drive
from property.history import World, as_test, draw, shrink
from property.stage import START, Stage

from odoo.tests import freeze_time, tagged

from odoo.addons.distribution_commission.tests.common import CommissionCommon

HISTORIES = int(os.environ.get("DISTRIBUTION_HISTORIES", "40"))
SEED = os.environ.get("DISTRIBUTION_SEED", "2026")
LONGEST = int(os.environ.get("DISTRIBUTION_EVENTS", "15"))
# A transaction that goes on for ever becomes slow: each class is one.
IN_ONE_CLASS = 200


class PropertyCase(CommissionCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        freezer = freeze_time(START)
        cls.clock = freezer.start()
        cls.addClassCleanup(freezer.stop)
        cls.stage = Stage(cls)

    def play(self, world, events):
        """Play a history and compare after every event; leaves nothing behind."""
        with closing(self.env.cr.savepoint()) as savepoint:
            try:
                drive = Drive(self.stage, world, self.clock)
                check = Check(drive)
                for event in events:
                    if drive.play(event) and not drive.is_waiting():
                        check.everything()
                if drive.play(("look",)):
                    check.everything()
                check.books()
            finally:
                savepoint.rollback()

    def fails(self, world, events):
        try:
            self.play(world, events)
        except Exception as error:
            return error
        return None

    def play_number(self, number):
        """Play a random history; if it fails, find its smallest form and fail with it."""
        world, events = draw(SEED, number, LONGEST)
        error = self.fails(world, events)
        if error:
            place = get_place(error)
            smallest = shrink(world, events, lambda *history: get_place(self.fails(*history)) == place)
            reason = self.fails(*smallest) or error
            raise AssertionError(
                f"History {number} of seed {SEED} fails; its smallest form:\n{as_test(*smallest)}\n"
                f"{type(reason).__name__}: {reason}"
            ) from reason


def get_place(error):
    """Return what kind of error it is and where it was raised: a smaller history must fail for the same reason."""
    if error is None:
        return None
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return type(error), frame.filename, frame.lineno


def make_case(first):
    """Return a test case for some of the histories."""

    class TestHistories(PropertyCase):
        def test_ledger_is_what_the_model_says(self):
            last = min(first + IN_ONE_CLASS, HISTORIES) - 1
            print(f"\nhistories {first} to {last} of seed {SEED}")
            for number in range(first, last + 1):
                self.play_number(number)

    TestHistories.__qualname__ = TestHistories.__name__ = f"TestHistoriesFrom{first}"
    return tagged("post_install", "-at_install")(TestHistories)


for start in range(0, HISTORIES, IN_ONE_CLASS):
    globals()[f"TestHistoriesFrom{start}"] = make_case(start)


@tagged("post_install", "-at_install")
class TestFound(PropertyCase):
    """Histories that once failed, or that chance brings too seldom."""

    def test_last_fen_of_an_order_stays_with_its_line_when_the_order_is_reopened(self):
        """The terms of the first line are made anew and younger than those of the second, which has earned."""
        self.play(
            World(rates=(0, 0, 0)),
            [
                ("rule", 1, 0, 0, 2, 333, 0),
                ("sell", 0, 0, ((0, 1, 10000, 0), (3, 1, 10000, 0)), 0, 0),
                ("invoice", 0, 100, 0, 1),
                ("cancel", 0),
                ("reopen", 0),
            ],
        )

    def test_return_takes_from_the_latest_delivery(self):
        """Seldom drawn: two deliveries of one line on two days, and a part comes back while both are held."""
        self.play(
            World(hold=7),
            [
                ("sell", 0, 0, ((0, 10, 10000, 0),), 0, 0),
                ("ship", 0, 50, 50, 1),
                ("wait", 24),
                ("ship", 0, 100, 100, 1),
                ("give_back", 0, 20, 1),
            ],
        )

    def test_down_payment_is_deducted_and_given_back(self):
        """Seldom drawn: the final invoice deducts what was invoiced in advance, and the money for it goes back."""
        self.play(
            World(trigger="paid", levels=3, rates=(1000, 500, 200)),
            [
                ("sell", 0, 0, ((0, 10, 10000, 0, 0), (3, 1, 3333, 0, 0)), 0, 0),
                ("down_payment", 0, 30, 1),
                ("charge", 0, 30, 0),
                ("pay_invoice", 0, 100),
                ("ship", 0, 50, 50, 1),
                ("invoice", 0, 100, 1, 1),
                ("pay_invoice", 1, 100),
                ("credit", 0, 0, 100, 1),
                ("refund", 0, 100),
                ("refund", 0, 33),
            ],
        )

    def test_cost_stays_with_what_was_credited_and_kept(self):
        """Seldom drawn: a margin whose prices and quantities are credited, of goods and of a service."""
        self.play(
            World(trigger="invoiced", rule=(1, 0, 0, 5, 1000, 0, 0)),
            [
                ("sell", 0, 0, ((0, 10, 10000, 0, 0), (3, 10, 3333, 10, 0)), 0, 0),
                ("invoice", 0, 100, 0, 1),
                ("credit", 0, 2, 20, 1),
                ("ship", 0, 50, 50, 1),
                ("credit", 0, 1, 20, 1),
                ("give_back", 0, 50, 1),
                ("invoice", 0, 50, 0, 1),
                ("credit", 1, 0, 100, 1),
            ],
        )

    def test_what_waits_is_looked_at_before_it_is_settled(self):
        """Seldom drawn: of two deliveries, one return and one receipt in the background some are looked at together."""
        self.play(
            World(trigger="received", background=True),
            [
                ("sell", 0, 0, ((0, 10, 10000, 0, 0),), 0, 0),
                ("ship", 0, 50, 50, 1),
                ("receive", 0),
                ("look",),
                ("ship", 0, 100, 100, 1),
                ("receive", 1),
                ("give_back", 0, 50, 1),
                ("wait", 24),
                ("settle",),
                ("give_back", 1, 20, 1),
            ],
        )

    def test_down_payment_that_was_credited_need_not_be_invoiced_again(self):
        """Seldom drawn: the final invoice deducts it, is paid, and is all there is to pay."""
        self.play(
            World(trigger="paid"),
            [
                ("sell", 0, 0, ((0, 10, 10000, 0, 0),), 0, 0),
                ("down_payment", 0, 30, 1),
                ("invoice", 0, 100, 1, 1),
                ("credit", 0, 0, 100, 1),
                ("pay_invoice", 1, 100),
                ("ship", 0, 100, 100, 1),
            ],
        )

    def test_refund_falls_on_what_is_open_before_what_is_sent(self):
        """Of two lines one is sent in part, and the other when the money is back."""
        self.play(
            World(levels=3, rates=(1000, 500, 200)),
            [
                ("sell", 0, 0, ((0, 10, 10000, 0, 2), (1, 3, 3333, 10, 1)), 1000, 0),
                ("charge", 0, 100, 0),
                ("ship", 0, 50, 0, 1),
                ("refund", 0, 33),
                ("refund", 0, 33),
                ("give_back", 0, 20, 1),
                ("ship", 0, 100, 100, 1),
                ("refund", 0, 25),
            ],
        )

    def test_invoice_that_was_issued_again_is_not_credited(self):
        """Reversed and issued again, in part for goods that are not sent; then money goes back."""
        self.play(
            World(rates=(1000, 500, 200), levels=2),
            [
                ("sell", 0, 0, ((0, 10, 10000, 0, 0), (3, 3, 3333, 0, 1)), 0, 0),
                ("charge", 0, 100, 0),
                ("ship", 0, 70, 70, 1),
                ("invoice", 0, 100, 0, 1),
                ("credit", 0, 0, 100, 1),
                ("invoice", 0, 100, 0, 1),
                ("refund", 0, 10),
                ("credit", 1, 1, 50, 1),
                ("refund", 0, 33),
            ],
        )

    def test_what_is_open_and_credited_is_not_given_back_twice(self):
        """Invoiced ahead, the half that is not sent is credited, and more than its price goes back."""
        self.play(
            World(levels=2, rates=(1000, 500, 0)),
            [
                ("sell", 0, 0, ((0, 10, 10000, 0, 0),), 0, 0),
                ("charge", 0, 100, 0),
                ("invoice", 0, 100, 0, 1),
                ("ship", 0, 50, 50, 1),
                ("credit", 0, 1, 50, 1),
                ("refund", 0, 33),
                ("refund", 0, 33),
            ],
        )

    def test_tier_of_a_share_that_passes_up_is_that_of_who_stands_there(self):
        """The one above has sold on that level; the one who is paid nothing has not."""
        self.play(
            World(levels=3, rule=(1, 0, 0, 2, 333, 0, 1), passes_up=True),
            [
                ("rule", 1, 0, 3, 0, 0, 0, 0),
                ("sell", 0, 0, ((0, 1, 12345, 0, 0),), 0, 0),
                ("sell", 0, 0, ((0, 1, 10000, 0, 0),), 0, 0),
                ("ship", 0, 100, 100, 1),
                ("ship", 0, 100, 100, 1),
            ],
        )

    def test_down_payment_does_not_look_again_at_what_is_left_of_a_period(self):
        """What another order has let go of since belongs to who is confirmed or changed next."""
        self.play(
            World(rule=(1, 0, 0, 0, 1000, 8, 0)),
            [
                ("sell", 0, 0, ((0, 1, 100, 0, 0),), 0, 1),
                ("sell", 0, 0, ((0, 1, 10000, 0, 0),), 0, 1),
                ("cancel", 0),
                ("down_payment", 0, 30, 1),
            ],
        )
