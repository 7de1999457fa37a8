# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""What the levels get: rates, amounts per unit and per order, limits, the cap; the model's part that counts fen."""

import math
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction

ZERO = Fraction(0)


def to_fen(amount):
    """Return an exact amount in whole fen, rounded half up (away from zero)."""
    fen = math.floor(abs(amount) * 100 + Fraction(1, 2))
    return fen if amount >= 0 else -fen


def share_out(total, weights):
    """Share fen out by weights, nothing lost: the largest remainders get one more, ties go to the first."""
    if not sum(weights):
        return [total] + [0] * (len(weights) - 1)
    exact = [total * weight / sum(weights) for weight in weights]
    shares = [math.floor(share) for share in exact]
    by_remainder = sorted(range(len(weights)), key=lambda i: (shares[i] - exact[i], i))
    for i in by_remainder[: total - sum(shares)]:
        shares[i] += 1
    return shares


@dataclass(frozen=True)
class Limit:
    """The least or the most of a rule, for a `unit`, a `line` or an `order`."""

    scope: str = "line"
    least: Fraction = ZERO
    most: Fraction | None = None

    def apply(self, amount, count=1):
        if self.most is not None:
            amount = min(amount, self.most * count)
        return max(amount, self.least * count)


@dataclass(eq=False)
class Rule:
    """`percent` of the base, `fixed_unit` or `fixed_order` for a level, for a category and a distributor or for all."""

    level: int
    kind: str
    value: Fraction
    category: str | None = None
    distributor: object = None
    first: date | None = None
    last: date | None = None
    limit: Limit = Limit()

    @property
    def what_for(self):
        """What makes it the same rule when its rate changes."""
        return self.level, self.category, self.distributor, self.first

    def fits(self, line, distributor, day):
        return (
            self.category in (None, line.category)
            and self.distributor in (None, distributor)
            and (self.first is None or self.first <= day <= self.last)
        )

    def rank(self):
        """Most specific first: product, then distributor, then dates."""
        return (self.category is None, self.distributor is None, self.first is None)


@dataclass(eq=False)
class Row:
    """An entry: what a delivery earned, or what was taken back of such a row."""

    amount: int
    delivery: int
    state: str
    release: date | None
    """None while the hold waits for the goods."""
    left: int = 0
    """What has not been taken back of it."""


@dataclass(eq=False)
class Term:
    """Frozen at confirmation."""

    level: int
    distributor: object
    rule: Rule
    cap: Fraction
    trigger: str
    hold: int
    currency_rate: Fraction
    expected: int = 0
    """What it would come to if all were sent, kept and paid, when the order was confirmed or changed last."""
    rows: list = field(default_factory=list)

    @property
    def earned(self):
        return sum(row.amount for row in self.rows)

    @property
    def group(self):
        """Terms of an order with the same group have amounts and limits per order in common."""
        return self.level, self.rule.what_for

    def by_itself(self, base, line, worth, parts):
        """Return the commission on a base before limits, cap and rounding, in the company's currency.

        :param dict parts: term → its line's part of the amount per order
        """
        if self.rule.kind == "percent":
            return base * self.rule.value / 100 / self.currency_rate
        amount = parts[self] if self.rule.kind == "fixed_order" else self.rule.value * line.units
        return amount * base / worth if worth > 0 else ZERO


class Pay:
    """What the terms of an order's lines get; made anew for the order as it is now.

    :param list lines: (line, worth) of the lines that have terms
    """

    def __init__(self, lines):
        self.lines = [(line, worth) for line, worth in lines if line.terms]
        self.worths = dict(self.lines)
        self.parts = self._share_out_orders()
        self.whole = {
            term: term.by_itself(worth, line, worth, self.parts) for line, worth in self.lines for term in line.terms
        }
        self.limited = self._limit()

    def _groups(self, is_member):
        """Return terms with their line, by what they have in common."""
        groups = {}
        for line, worth in self.lines:
            for term in line.terms:
                if is_member(term, worth):
                    groups.setdefault(term.group, []).append((term, worth))
        return groups.values()

    def _share_out_orders(self):
        """An amount per order is shared out by value over the lines that the same rule pays."""
        parts = {}
        for group in self._groups(lambda term, _worth: term.rule.kind == "fixed_order"):
            values = [max(worth, ZERO) for _term, worth in group]
            whole = sum(values)
            amounts = [term.rule.value for term, _worth in group]
            exact = [amount * value / whole if whole else ZERO for amount, value in zip(amounts, values, strict=True)]
            shares = share_out(to_fen(sum(exact)), exact)
            parts |= {term: Fraction(share, 100) for (term, _w), share in zip(group, shares, strict=True)}
        return parts

    def _limit(self):
        """Return what the whole line of each term gets within the limits of its rule."""
        limited = {}
        for line, worth in self.lines:
            for term in line.terms:
                count = line.units if term.rule.limit.scope == "unit" else 1
                limited[term] = term.rule.limit.apply(self.whole[term], count) if worth > 0 else ZERO
        for group in self._groups(lambda term, worth: term.rule.limit.scope == "order" and worth > 0):
            amounts = [self.whole[term] for term, _worth in group]
            bounded = group[0][0].rule.limit.apply(sum(amounts))
            if bounded != sum(amounts):
                amounts = [Fraction(share, 100) for share in share_out(to_fen(bounded), amounts)]
            limited |= {term: amount for (term, _worth), amount in zip(group, amounts, strict=True)}
        return limited

    def exact(self, term, line, base):
        """Return what a term gets on a base within its limits, before the cap: its part of the whole."""
        worth, whole = self.worths[line], self.whole[term]
        by_itself = term.by_itself(base, line, worth, self.parts)
        if whole == self.limited[term]:
            return by_itself
        return self.limited[term] * (by_itself / whole if whole else base / worth if worth > 0 else ZERO)

    def amounts(self, line, base):
        """Return what each term of a line gets on a base, in fen: together never more than the cap."""
        exact = [self.exact(term, line, base) for term in line.terms]
        cap = min((base * term.cap / 100 / term.currency_rate for term in line.terms), default=ZERO)
        if sum(exact) > cap:
            return share_out(to_fen(cap), exact)
        return [to_fen(amount) for amount in exact]
