# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""What the levels get: rates, amounts per unit and per order, limits, the cap; the model's part that counts fen."""

import math
from dataclasses import dataclass, field, replace
from datetime import date
from fractions import Fraction

ZERO = Fraction(0)
# Limits that all lines of an order have in common.
SHARED = ("order", "period")


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
class Figures:
    """V, G and M after a delivery, and the smallest of them; without a day for what is still to be delivered."""

    delivery: int
    day: date | None
    value: Fraction
    kept: Fraction
    money: Fraction
    has: Fraction = ZERO
    """The quantity that counts and stays with the customer, at whatever price: it has cost the merchant."""

    @property
    def base(self):
        return max(ZERO, min(self.value, self.kept, self.money))


NOTHING = Figures(0, None, ZERO, ZERO, ZERO)


@dataclass(frozen=True)
class Limit:
    """The least or the most of a rule, for a `unit`, a `line`, an `order` or a `period`."""

    scope: str = "line"
    least: Fraction = ZERO
    most: Fraction | None = None
    used: Fraction = ZERO
    """What other orders of the period have taken of the most."""

    def apply(self, amount, count=1):
        if self.most is not None:
            amount = min(amount, max(ZERO, self.most - self.used) * count)
        # The least of a month is no order's.
        return max(amount, self.least * count) if self.scope != "period" else amount


@dataclass(frozen=True)
class Pays:
    """What a rule pays: a rate `of` what, an amount for each unit, an amount for the order."""

    rate: Fraction = ZERO
    of: str = "untaxed"
    per_unit: Fraction = ZERO
    per_order: Fraction = ZERO

    @classmethod
    def by_kind(cls, kind, value):
        if kind == "fixed_unit":
            return cls(per_unit=value)
        return cls(per_order=value) if kind == "fixed_order" else cls(rate=value, of=kind)

    @property
    def is_something(self):
        return self.rate > 0 or self.per_unit > 0 or self.per_order > 0

    def plus(self, other):
        """Add what a campaign adds: of the same base, and nothing to what pays nobody."""
        if not self.is_something:
            return self
        of = self.of if self.rate else other.of
        return replace(self, rate=self.rate + other.rate, of=of, per_unit=self.per_unit + other.per_unit)

    def times(self, factor):
        return replace(
            self, rate=self.rate * factor, per_unit=self.per_unit * factor, per_order=self.per_order * factor
        )


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
    rule: int
    """Its number: terms of an order by the same rule share amounts and limits per order."""
    pays: Pays
    limit: Limit
    day: date
    cap: Fraction
    trigger: str
    hold: int
    currency_rate: Fraction
    list_price: Fraction
    cost: Fraction
    sold: int = 0
    """What the line was worth when the term was made, in the company's currency: tiers go by it."""
    expected: int = 0
    """What it would come to if all were sent, kept and paid, when the order was confirmed or changed last."""
    rows: list = field(default_factory=list)

    @property
    def earned(self):
        return sum(row.amount for row in self.rows)

    @property
    def least_of_month(self):
        return self.limit.least if self.limit.scope == "period" else ZERO

    @property
    def group(self):
        """Terms of an order with the same group have amounts and limits per order in common."""
        return self.level, self.rule, self.distributor if self.limit.scope == "period" else None

    def by_itself(self, figures, whole, parts):
        """Return the commission on figures before limits, cap and rounding, in the company's currency.

        :param Whole whole: the line
        :param dict parts: term → its line's part of the amount per order
        """
        part = whole.part(figures.base)
        fixed = (self.pays.per_unit * whole.line.units + parts.get(self, ZERO)) * part
        return fixed + self.pays.rate / 100 * self._rated(figures, whole)

    def _rated(self, figures, whole):
        """Return what the rate is taken of."""
        kind, part, units = self.pays.of, whole.part(figures.base), whole.line.units
        if kind == "taxed":
            return whole.taxed * part / self.currency_rate
        if kind == "list":
            return self.list_price * units * part
        untaxed = figures.base / self.currency_rate
        if kind == "untaxed":
            return untaxed
        # Nobody has more than was ordered.
        has = max(ZERO, min(figures.has, whole.line.quantity))
        return max(ZERO, untaxed - self.cost * has * whole.line.pieces)


@dataclass(frozen=True)
class Whole:
    """An order line as it is now: worth and the same with taxes, net of its share of the discounts."""

    line: object
    worth: Fraction
    taxed: Fraction

    @property
    def figures(self):
        """If all of it is sent, kept and paid."""
        return Figures(0, None, self.worth, self.worth, self.worth, self.line.quantity)

    def part(self, value):
        return value / self.worth if self.worth > 0 else ZERO


class Pay:
    """What the terms of an order's lines get; made anew for the order as it is now.

    :param list wholes: of the order's lines; those without terms do not count
    """

    def __init__(self, wholes):
        self.wholes = {whole.line: whole for whole in wholes if whole.line.terms}
        self.parts = self._share_out_orders()
        self.whole = {
            term: term.by_itself(whole.figures, whole, self.parts)
            for line, whole in self.wholes.items()
            for term in line.terms
        }
        self.least = {}
        self.limited = self._limit()

    def _groups(self, is_member):
        """Return terms with their line's worth, by what they have in common."""
        groups = {}
        for line, whole in self.wholes.items():
            for term in line.terms:
                if is_member(term, whole.worth):
                    groups.setdefault(term.group, []).append((term, whole.worth))
        return groups.values()

    def _share_out_orders(self):
        """An amount per order is shared out by value over the lines that the same rule pays."""
        parts = {}
        for group in self._groups(lambda term, _worth: term.pays.per_order):
            values = [max(worth, ZERO) for _term, worth in group]
            whole = sum(values)
            amounts = [term.pays.per_order for term, _worth in group]
            exact = [amount * value / whole if whole else ZERO for amount, value in zip(amounts, values, strict=True)]
            shares = share_out(to_fen(sum(exact)), exact)
            parts |= {term: Fraction(share, 100) for (term, _w), share in zip(group, shares, strict=True)}
        return parts

    def _limit(self):
        """Return what the whole line of each term gets within the limits of its rule."""
        limited = {}
        for line, whole in self.wholes.items():
            for term in line.terms:
                limited[term] = self.whole[term] if whole.worth > 0 else ZERO
                self.least[term] = ZERO
                # What pays nobody has no minimum.
                if whole.worth > 0 and term.pays.is_something:
                    count = line.units if term.limit.scope == "unit" else 1
                    limited[term] = term.limit.apply(self.whole[term], count)
                    self.least[term] = term.limit.apply(ZERO, count)
        for group in self._groups(lambda term, worth: term.limit.scope in SHARED and worth > 0):
            amounts, (first, _worth) = [self.whole[term] for term, _worth in group], group[0]
            is_something = any(term.pays.is_something for term, _worth in group)
            bounded = first.limit.apply(sum(amounts)) if is_something else sum(amounts)
            least = first.limit.apply(ZERO) if is_something else ZERO
            # What brings nothing by itself has its part of the least by value.
            sizes = amounts if sum(amounts) else [worth for _term, worth in group]
            if bounded != sum(amounts):
                amounts = [Fraction(share, 100) for share in share_out(to_fen(bounded), sizes)]
            for (term, _worth), amount, size in zip(group, amounts, sizes, strict=True):
                limited[term], self.least[term] = amount, least * size / sum(sizes)
        return limited

    def exact(self, term, line, figures):
        """Return what a term gets within its limits, before the cap: the least and the most are earned in part."""
        whole = self.wholes[line]
        amount, part = term.by_itself(figures, whole, self.parts), whole.part(figures.base)
        if self.limited[term] < self.whole[term]:
            amount = min(amount, self.limited[term] * part)
        return max(amount, (self.limited if self.limited[term] > self.whole[term] else self.least)[term] * part)

    def amounts(self, line, figures):
        """Return what each term of a line gets, in fen: together never more than the cap."""
        exact = [self.exact(term, line, figures) for term in line.terms]
        cap = min((figures.base * term.cap / 100 / term.currency_rate for term in line.terms), default=ZERO)
        if sum(exact) > cap:
            return share_out(to_fen(cap), exact)
        return [to_fen(amount) for amount in exact]

    def amounts_of_all(self, line):
        """Return the same if all of the line is sent, kept and paid."""
        return self.amounts(line, self.wholes[line].figures) if line.terms else []
