"""The simulation: what happens on each day, at its time of day."""

import datetime

from .clock import moment
from .program import bind, plan_bindings
from .sample import LAST_DAY, START


class Agenda:
    """What is to be done, by day and time of day."""

    def __init__(self):
        self._items = []

    def add(self, day, clock, action, *arguments):
        """Note an action; what the rules place after the last day is left out (2.5)."""
        if START <= day <= LAST_DAY:
            self._items.append((moment(day, clock), len(self._items), day, clock, action, arguments))

    def __len__(self):
        return len(self._items)

    def __iter__(self):
        """Yield (day, time of day, action, arguments) in order of time, then as noted."""
        for _moment, _number, day, clock, action, arguments in sorted(self._items, key=lambda item: item[:2]):
            yield day, clock, action, arguments


def every_day():
    """Yield the days of the demo."""
    day = START
    while day <= LAST_DAY:
        yield day
        day += datetime.timedelta(days=1)


def add_trade(agenda, trader, lines, orders):
    """Note orders, deliveries, invoices, returns and credit notes (sections 2, 4, 5)."""
    agenda.add(START, "9:41", trader.credit_discount, lines, START)
    for order in orders:
        agenda.add(order.day, order.ordered, trader.confirm, order)
        agenda.add(order.delivery_day, order.delivered, trader.deliver, order)
        agenda.add(order.delivery_day, "11:00", trader.invoice, order, order.delivery_day)
        for planned_return in order.returns:
            add_return(agenda, trader, planned_return)


def add_return(agenda, trader, planned_return):
    """Note the documents of a return."""
    for document, day in planned_return.documents:
        if document == "return":
            agenda.add(day, "15:00", trader.take_back, planned_return)
        else:
            agenda.add(day, "15:00", trader.credit, planned_return, day)


def add_bindings(agenda, trader, lines, orders, distributors):
    """Note the bindings, at the beginning of the day (3.5)."""
    for day, pairs in plan_bindings(lines, orders).items():
        agenda.add(day, "0:00", bind, trader.env, day, pairs, distributors, trader.customers)


def add_office(agenda, office):
    """Note what the company does by itself: nightly jobs, settlement, payout (section 7)."""
    for day in every_day():
        agenda.add(day, "2:00", office.run_nightly_jobs)
        if day.day == 5:
            agenda.add(day, "12:00", office.pay_out)
    agenda.add(LAST_DAY, "23:59", office.post_entries)
