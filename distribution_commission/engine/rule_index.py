# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Which rule pays: rules compile to a dictionary, resolving one is a handful of look-ups.

A rule names a product scope, an audience and a level. Of the rules that fit, the one for the most specific product
wins; among those for the same product, the one for the most specific audience; among these, one that is valid for a
time goes before one that always is. A rule of rate zero wins like any other, and pays nobody: that is how a product is
excluded.

Keys are pairs (kind, id), given most specific first:

product   ("variant", id), ("template", id), ("category", id) and its ancestors, ("tag", id) by sequence, ("all", 0)
audience  ("distributor", id), ("grade", id), ("all", 0)
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from .amount import Pay

ALL = ("all", 0)


@dataclass(frozen=True, slots=True)
class Rate:
    """A rule as the index keeps it.

    :param Pay pay: what it pays
    :param Fraction cost: what it costs of the product's price in per cent; 0 for a fixed amount for products whose
        price is not known: those are scaled to the cap when they are earned
    :param date_from: first day, None where it is open; `date_to` the last
    """

    rule_id: int
    level: int
    pay: Pay
    cost: Fraction
    product: tuple = ALL
    audience: tuple = ALL
    date_from: date | None = None
    date_to: date | None = None

    @property
    def is_dated(self):
        return bool(self.date_from or self.date_to)

    def is_valid(self, day):
        """Tell whether the rule is valid on a date."""
        return (self.date_from or day) <= day <= (self.date_to or day)


@dataclass(frozen=True, slots=True)
class WorstCase:
    """The most that one order line can cost: its total in per cent, the rates that make it, when."""

    total: Fraction
    rates: tuple
    day: date


class RuleIndex:
    """The rules of one program."""

    def __init__(self, rates):
        self._rates = defaultdict(lambda: defaultdict(list))
        self._dates = set()
        for rate in sorted(rates, key=lambda rate: (not rate.is_dated, rate.rule_id)):
            self._rates[rate.level, rate.product][rate.audience].append(rate)
            self._dates |= _get_turning_points(rate)

    def resolve(self, level, products, audiences, day):
        """Return the `Rate` for a level, None where nobody is paid.

        A level without a rule or with one that pays nothing does not silence those above it.

        :param products: keys of the product, most specific first
        :param audiences: keys of the distributor, most specific first
        :param date day: business date of the confirmation
        """
        found = next(self.rank(level, products, audiences, day), None)
        return found if found and found.pay.is_paying else None

    def rank(self, level, products, audiences, day):
        """Yield the rules that fit, in the order in which they win; the parameters are those of `resolve`."""
        for product in products:
            by_audience = self._rates.get((level, product), {})
            for audience in audiences:
                yield from (rate for rate in by_audience.get(audience, ()) if rate.is_valid(day))

    def compare(self, level, products, audiences, day):
        """Return every rule for a product and a distributor, the winner first of those that are valid, and why it wins
        or loses: `wins`, `product` or `audience` (loses to a more specific one), `always` (loses to one for a time),
        `date` (not valid on the day).

        :rtype: list of (Rate, str)
        """
        winner, compared = next(self.rank(level, products, audiences, day), None), []
        for product in products:
            by_audience = self._rates.get((level, product), {})
            for audience in audiences:
                compared += [(rate, _get_verdict(rate, winner, day)) for rate in by_audience.get(audience, ())]
        return compared

    def get_products(self):
        """Return the product keys for which there are rules."""
        return {product for _level, product in self._rates}

    def get_worst_case(self, level_count, profiles, today):
        """Return the combination of product, day and audiences in which the levels cost most.

        The distributors of a chain may have any grades, and a product any tags: what is found is never too little.

        :param int level_count: how many levels are paid
        :param profiles: the keys of each kind of product there are rules for, most specific first
        :param date today: what was valid before does not count
        :rtype: WorstCase
        """
        cases = []
        for day in [today, *sorted(day for day in self._dates if day > today)]:
            for profile in profiles:
                found = [self._get_worst_rate(level, profile, day) for level in range(1, level_count + 1)]
                rates = tuple(rate for rate in found if rate and rate.cost > 0)
                cases.append(WorstCase(sum((rate.cost for rate in rates), Fraction(0)), rates, day))
        return max(cases, key=lambda case: case.total)

    def _get_worst_rate(self, level, products, day):
        """Return the costliest rule somebody may earn by on a level for a kind of product."""
        reachable, shadowed = [], set()
        for product in products:
            valid = [
                next((rate for rate in rates if rate.is_valid(day)), None)
                for rates in self._rates.get((level, product), {}).values()
            ]
            found = {rate.audience: rate for rate in valid if rate}
            reachable += [rate for audience, rate in found.items() if audience not in shadowed]
            if product[0] != "tag":
                # A product may or may not have a tag; the other keys it has for certain.
                shadowed |= found.keys()
            if ALL in shadowed:
                break
        return max(reachable, key=lambda rate: rate.cost, default=None)


def _get_verdict(rate, winner, day):
    if not rate.is_valid(day):
        return "date"
    if rate is winner:
        return "wins"
    if rate.product != winner.product:
        return "product"
    return "audience" if rate.audience != winner.audience else "always"


def _get_turning_points(rate):
    """Return the days on which the set of valid rules may change because of a rule."""
    points = set()
    if rate.date_from:
        points.add(rate.date_from)
    if rate.date_to and rate.date_to != date.max:
        points.add(date.fromordinal(rate.date_to.toordinal() + 1))
    return points
