# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""How a level is paid, and what that comes to on an order line before limits over the order, cap and rounding."""

from dataclasses import dataclass, field, replace
from fractions import Fraction

from .eligible_base import Base

ZERO = Fraction(0)


@dataclass(frozen=True, slots=True)
class Pay:
    """How a level is paid, frozen in its term; amounts in the company's currency.

    :param Fraction rate: per cent of what `base_kind` names: `untaxed` or `taxed` value, `list` price, `margin`
    :param Fraction per_unit: for one unit of the product
    :param Fraction per_order: for all lines of the order that are paid by the same rule, shared out by value
    :param str scope: what the limits are for: `unit`, `line`, `order` or `period`
    :param Fraction minimum: the least, 0 where there is none; for a period it is no order's, see `guarantee`
    :param Fraction maximum: the most, None where there is none
    """

    rate: Fraction = ZERO
    base_kind: str = "untaxed"
    per_unit: Fraction = ZERO
    per_order: Fraction = ZERO
    scope: str = "line"
    minimum: Fraction = ZERO
    maximum: Fraction | None = None
    # What follows, once: every level of every line asks for it.
    is_paying: bool = field(init=False, compare=False)
    is_limited: bool = field(init=False, compare=False)
    # Whether an amount per unit or per order is paid.
    is_fixed: bool = field(init=False, compare=False)
    # The rate as a part of one.
    part: Fraction = field(init=False, compare=False)
    # The minimum of a unit, line or order, 0 where there is none.
    least: Fraction = field(init=False, compare=False)

    def __post_init__(self):
        least = ZERO if self.scope == "period" else self.minimum
        for name, value in (
            ("is_paying", self.rate > 0 or self.per_unit > 0 or self.per_order > 0),
            ("is_limited", least > 0 or self.maximum is not None),
            ("is_fixed", bool(self.per_unit or self.per_order)),
            ("part", self.rate / 100),
            ("least", least),
        ):
            object.__setattr__(self, name, value)

    def plus(self, other):
        """Return this pay with the rate and the amount per unit of another; the rates are of the same base.

        Nothing is added to what pays nobody.
        """
        if not self.is_paying:
            return self
        base_kind = self.base_kind if self.rate else other.base_kind
        return replace(self, rate=self.rate + other.rate, base_kind=base_kind, per_unit=self.per_unit + other.per_unit)

    def times(self, factor):
        """Return this pay multiplied; its limits stay."""
        return replace(
            self, rate=self.rate * factor, per_unit=self.per_unit * factor, per_order=self.per_order * factor
        )

    def limit(self, amount, count):
        """Return an amount kept between the limits; what pays nobody has no minimum.

        :param Fraction count: how often the limits count: the units where they are for one unit, else 1
        """
        if not self.is_paying:
            return amount
        if self.maximum is not None:
            amount = min(amount, self.maximum * count)
        return max(amount, self.least * count)


@dataclass(frozen=True, slots=True)
class Line:
    """An order line as the amounts need it.

    :param Fraction worth: untaxed value of the whole line in the order's currency, net of its share of the discounts
    :param Fraction units: ordered quantity in the product's own unit of measure
    :param Fraction currency_rate: units of the order's currency for one of the company's, at confirmation
    :param Fraction taxed: the same value with taxes
    :param Fraction list_price: untaxed, of one unit, in the company's currency
    :param Fraction cost: of one unit, in the company's currency
    """

    worth: Fraction
    units: Fraction
    currency_rate: Fraction = Fraction(1)
    taxed: Fraction = ZERO
    list_price: Fraction = ZERO
    cost: Fraction = ZERO

    @property
    def whole(self):
        """The base of the line if all of it is sent, kept and paid."""
        return Base(0, None, self.worth, self.worth, self.worth)

    def get_part(self, base):
        """Return the part of the line that was sent, kept and paid; who got a fifth back has paid four fifths."""
        return base.amount / self.worth if self.worth > 0 else ZERO

    def get_units(self, base):
        """Return for how many units a base stands."""
        return self.units * self.get_part(base)

    def get_rated(self, kind, base):
        """Return what a rate is taken of, in the company's currency.

        :param str kind: see `Pay`
        :param base: `eligible_base.Base`
        """
        if kind == "taxed":
            return self.get_part(base) * self.taxed / self.currency_rate
        if kind == "list":
            return self.list_price * self.get_units(base)
        untaxed = base.amount / self.currency_rate if self.currency_rate != 1 else base.amount
        if kind == "margin":
            return max(ZERO, untaxed - self.cost * self.get_kept_units(base))
        return untaxed

    def get_kept_units(self, base):
        """Return how many units the customer has: a price reduction does not bring the merchant's cost back."""
        return self.units * base.kept_part


def get_amount(pay, base, line):
    """Return what a level gets on a base by itself, before its limits.

    :param Pay pay: `per_order` is the line's share here
    :param base: `eligible_base.Base`, in the order's currency
    :return: in the company's currency, not rounded
    :rtype: Fraction
    """
    amount = pay.part * line.get_rated(pay.base_kind, base)
    if pay.is_fixed:
        amount += pay.per_unit * line.get_units(base) + pay.per_order * line.get_part(base)
    return amount
