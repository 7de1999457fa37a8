# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""What rules guarantee for a month, once it has ended; a part of the model."""

import math
from collections import Counter
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction

from .pay import ZERO, Row

# After every day that is known: goods that are not sent yet.
SOME_DAY = date.max


def last_of_month(day):
    return (day.replace(day=1) + timedelta(days=31)).replace(day=1) - timedelta(days=1)


@dataclass(eq=False)
class Guarantee:
    """What was promised a distributor for the month that ends on a day."""

    distributor: object
    level: int
    rule: int
    last: date
    rows: list = field(default_factory=list)

    @property
    def added(self):
        return sum(row.amount for row in self.rows)


class Guarantees:
    """Part of `model.Model`."""

    def guarantee(self, orders):
        """Bring what was added for months of orders that have ended to what they lack now."""
        for key, members in self._months().items():
            is_looked_at = key[-1] < self.today and any(order in orders for order, _line, _term in members)
            if is_looked_at and (key in self.guarantees or self._least(members)):
                self._follow(self.guarantees.setdefault(key, Guarantee(*key)), members)

    def _months(self):
        """Return orders, lines and terms by distributor, level, rule and the last day of their month."""
        months = {}
        for order in self.orders:
            for line in order.lines:
                for term in line.terms:
                    key = term.distributor, term.level, term.rule, last_of_month(term.day)
                    months.setdefault(key, []).append((order, line, term))
        return months

    @staticmethod
    def _least(members):
        """Return the highest least of what was sold and kept, in fen."""
        return max((int(term.least_of_month * 100) for _order, _line, term in members if term.earned > 0), default=0)

    def _follow(self, guarantee, members):
        """On each day, what is due of it and of what was sold comes to the least together."""
        terms = [term for _order, _line, term in members if term.rows]
        known = [row.release for row in guarantee.rows if row.release]
        begin = min([guarantee.last + timedelta(days=max((term.hold for term in terms), default=0)), *known])
        first = max(self.today, begin)
        sold, rooms = self._by_day([row for term in terms for row in term.rows], first), self._rooms(members, first)
        if SOME_DAY not in sold | (rooms if self._lacks(members, sold, first) else {}):
            for row in guarantee.rows:
                row.release = row.release or max([first, *sold, *rooms])
        has, earned, added, room, changes = self._by_day(guarantee.rows, first), 0, 0, ZERO, []
        for day in sorted({first, SOME_DAY, *sold, *has, *rooms}):
            earned, added, room = earned + sold[day], added + has[day], room + rooms.get(day, ZERO)
            least = self._least_by(members, day)
            lacks = min(least - earned, math.floor(room * 100)) if 0 < earned < least else 0
            changes.append((day, lacks - added))
            added = lacks
        for day, change in sorted(changes, key=lambda each: each[1] < 0):
            self._change(guarantee, day if day != SOME_DAY else None, change)

    def _lacks(self, members, sold, first):
        """Tell whether anything is missing on a day, whatever the caps leave."""
        earned = 0
        for day in sorted({first, SOME_DAY, *sold}):
            earned += sold[day]
            if 0 < earned < self._least_by(members, day):
                return True
        return False

    @staticmethod
    def _least_by(members, day):
        """Return the highest least of what was sold and kept and is due by a day, in fen."""
        due = [
            term.least_of_month
            for _order, _line, term in members
            if term.earned > 0 and min(r.release or SOME_DAY for r in term.rows if r.amount > 0) <= day
        ]
        return int(max(due, default=ZERO) * 100)

    @staticmethod
    def _by_day(rows, first):
        """Return what becomes due on each day: what was due before counts with the first."""
        found = Counter()
        for row in rows:
            found[max(row.release or SOME_DAY, first)] += row.amount
        return found

    def _change(self, guarantee, day, change):
        is_held = any(row.state == "held" and row.release and row.release <= self.today for row in guarantee.rows)
        if change > 0:
            guarantee.rows.append(Row(change, 0, "held", day, change))
        for row in reversed([row for row in guarantee.rows if row.left]):
            part = min(row.left, -change)
            if part > 0:
                state = "due" if day == self.today and not is_held else "held"
                guarantee.rows.append(Row(-part, 0, state, day))
                row.left, change = row.left - part, change + part

    @staticmethod
    def _rooms(members, first):
        """Return how much more caps leave with what becomes due on each day.

        Each level that is promised something has the same part of it.
        """
        rooms = {}
        for order, line, term in members:
            before = ZERO
            for each in order.figures(line) if term.least_of_month else []:
                cap = min(each.base * other.cap / 100 / other.currency_rate for other in line.terms)
                left = max(ZERO, cap - Fraction(sum(order.pay().amounts(line, each)), 100))
                left /= sum(other.least_of_month > 0 for other in line.terms)
                day = max(each.day + timedelta(days=term.hold), first) if each.day else SOME_DAY
                if left != before:
                    rooms[day] = rooms.get(day, ZERO) + left - before
                before = left
        return rooms
