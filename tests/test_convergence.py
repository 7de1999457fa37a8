# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Whatever the order of events, the ledger ends at the same sums: generated histories on the real models."""

from contextlib import closing
from decimal import Decimal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from odoo.tests import tagged

from odoo.addons.distribution_commission.tests.common import CommissionCommon

PRICE = Decimal("33.33")
ORDERED = 10


@st.composite
def histories(draw):
    """Draw what happens to an order of ten pieces, and two orders in which it can happen.

    What must come first is in `needs`: a return needs its delivery, a credit note its invoice.
    """
    first = draw(st.integers(1, ORDERED))
    second = draw(st.integers(0, ORDERED - first))
    events, needs = {"ship first": first}, {}
    if second:
        events["ship second"], needs["ship second"] = second, {"ship first"}
    for name, shipped in (("first", first), ("second", second)):
        for part in ("a", "b"):
            already = events.get(f"return {name} a", 0)
            back = draw(st.integers(0, shipped - already)) if part == "a" or already else 0
            if back:
                events[f"return {name} {part}"], needs[f"return {name} {part}"] = back, {f"ship {name}"}
    if draw(st.booleans()):
        events["invoice"] = ORDERED
        credited = draw(st.integers(0, ORDERED))
        if credited:
            events["credit"], needs["credit"] = credited, {"invoice"}
    if draw(st.integers(0, 5)) == 0:
        events["cancel"], needs["cancel"] = 1, set(events)
    return events, _feasible(draw, events, needs), _feasible(draw, events, needs)


def _feasible(draw, events, needs):
    priority, order = draw(st.permutations(sorted(events))), []
    while len(order) < len(events):
        order.append(next(e for e in priority if e not in order and needs.get(e, set()) <= set(order)))
    return order


def expected_base(events):
    """Return what is left to earn on, worked out by hand from the events."""
    if "cancel" in events:
        return Decimal(0)
    shipped = sum(quantity for name, quantity in events.items() if name.startswith("ship"))
    returned = sum(quantity for name, quantity in events.items() if name.startswith("return"))
    money = ORDERED - events.get("credit", 0) if "invoice" in events else shipped
    return PRICE * max(0, min(shipped, shipped - returned, money))


@tagged("post_install", "-at_install")
class TestConvergence(CommissionCommon):
    rates = {1: 7.5, 2: 3.33, 3: 1.25}

    @settings(max_examples=15, deadline=None, print_blob=True, suppress_health_check=list(HealthCheck))
    @given(histories(), st.sampled_from(["shipped", "received"]))
    def test_any_order_of_events_ends_at_the_same_sums(self, history, trigger):
        events, one_way, other_way = history
        expected = [
            (expected_base(events) * Decimal(rate) / 100).quantize(Decimal("0.01"), "ROUND_HALF_UP")
            for rate in ("7.5", "3.33", "1.25")
        ]
        with closing(self.env.cr.savepoint()) as savepoint:
            self.program.trigger = trigger
            for sequence in (one_way, other_way):
                self.assertEqual(self._play(events, sequence), expected, sequence)
            savepoint.rollback()

    def _play(self, events, sequence):
        """Run the events in a sequence, replaying each, and return what levels 1 to 3 hold."""
        order = self._sell(ORDERED, float(PRICE))
        documents = {}
        for name in sequence:
            getattr(self, f"_event_{name.split()[0]}")(order, documents, name, events[name])
            self._receive(order)
            self.assertReplayAddsNothing(order)
        return [self._earned(order, distributor) for distributor in (self.cleo, self.ben, self.ada)]

    def _event_ship(self, order, documents, name, quantity):
        documents[name] = self._deliver(order, {self.goods: quantity})

    def _event_return(self, _order, documents, name, quantity):
        self._return(documents[f"ship {name.split()[1]}"], quantity)

    def _event_invoice(self, order, documents, name, _quantity):
        documents[name] = self._invoice(order)

    def _event_credit(self, _order, documents, _name, quantity):
        self._credit(documents["invoice"], quantity=quantity)

    def _event_cancel(self, order, _documents, _name, _quantity):
        order._action_cancel()

    def _receive(self, order):
        order.picking_ids._confirm_receipt()
