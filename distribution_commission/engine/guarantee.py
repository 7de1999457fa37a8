# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""What a distributor gets beside the commission of its sales, where a rule guarantees a minimum for a period.

It is an amount of the period, not of an order, and follows what was earned and when that becomes due: on every day what
is due of both together is the minimum, as far as the caps allow. Who sells more therefore never has to give money back
before the new sales are due, and nobody gets money for sales that are not.
"""

import math
from decimal import Decimal
from fractions import Fraction


def get_top_up(minimum, earned, room, unit):
    """Return what is added to the commission of a period so that it comes to the guaranteed minimum.

    Who has earned nothing has sold nothing, or nothing of it was kept: nothing is added.

    :param Decimal minimum: what is guaranteed
    :param Decimal earned: commission of the period, less what was taken back
    :param Fraction room: what the caps of the period's sales leave
    :param Decimal unit: smallest unit of the company's currency
    :rtype: Decimal
    """
    lacking = get_lacking(minimum, earned)
    return min(lacking, math.floor(room / Fraction(unit)) * unit) if lacking else lacking


def get_lacking(minimum, earned):
    """Return what is missing to the guaranteed minimum, whatever the caps leave.

    :rtype: Decimal
    """
    return minimum - earned if 0 < earned < minimum else Decimal(0)


def get_days(first, *parts):
    """Return the days on which anything becomes due, in order of time; None is last, for what has no day yet.

    :param date first: the first day on which anything can become due: what was due before counts with it
    :param parts: lists of (day, amount)
    """
    days = {day for part in parts for day, _amount in part if day and day > first}
    return [*sorted({first, *days}), None]


def sum_by(part, day, zero=Decimal(0)):
    """Return the sum of what is due by a day.

    :param list part: (day, amount), a day is None where it is not known yet
    :param date day: None for all
    :param zero: of the amounts' type
    """
    return sum((amount for due, amount in part if _is_by(due, day)), start=zero)


def get_minimum(minimums, day):
    """Return the highest minimum of those that were agreed on with something that is due by a day.

    :param list minimums: (day, Decimal)
    :param date day: None for all
    """
    return max((minimum for due, minimum in minimums if _is_by(due, day)), default=Decimal(0))


def _is_by(due, day):
    return day is None or (due is not None and due <= day)


def get_changes(targets, added):
    """Return what brings what was added to its targets.

    :param list targets: (day, what is to be due until then), in order of time; the last has no day
    :param list added: (day on which it becomes due, amount) of the ledger; without a day where that is not known yet
    :return: (day on which it becomes due, amount), what is added first, and then what is taken back
    :rtype: list
    """
    changes, before = [], Decimal(0)
    for day, target in targets:
        missing = target - sum_by(added, day)
        changes.append((day, missing - before))
        before = missing
    return sorted(((day, change) for day, change in changes if change), key=lambda change: change[1] < 0)


def get_room(cap, taken, sharing):
    """Return what the cap of an order line leaves for one of those to whom something is guaranteed for it.

    Each has the same part of it, used or not: what is added to one never depends on what is added to another.

    :param Fraction cap: the most that all levels of the line get
    :param Decimal taken: what they get
    :param int sharing: to how many of them something is guaranteed
    :rtype: Fraction
    """
    return max(Fraction(0), cap - Fraction(taken)) / sharing
