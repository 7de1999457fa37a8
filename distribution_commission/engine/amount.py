# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""What the levels of an order line get on a base, together never more than the cap."""

from dataclasses import dataclass
from fractions import Fraction

from .money import allocate, round_half_up


@dataclass(frozen=True, slots=True)
class Pay:
    """How a level is paid, frozen in its term.

    :param str kind: `percent` of the base, or `fixed_unit`: an amount for each unit
    :param Fraction rate: per cent
    :param Fraction fixed: in the company's currency, for one unit of the product
    """

    kind: str = "percent"
    rate: Fraction = Fraction(0)
    fixed: Fraction = Fraction(0)

    @property
    def is_paying(self):
        return (self.rate if self.kind == "percent" else self.fixed) > 0


@dataclass(frozen=True, slots=True)
class Line:
    """An order line as the amounts need it.

    :param Fraction worth: value of the whole line in the order's currency, net of its share of the discount lines
    :param Fraction units: ordered quantity in the product's own unit of measure
    :param Fraction currency_rate: units of the order's currency for one of the company's, at confirmation
    """

    worth: Fraction
    units: Fraction
    currency_rate: Fraction = Fraction(1)

    def get_units(self, base):
        """Return for how many units a base stands.

        Who got a fifth of the price back has paid four fifths of a unit.
        """
        return self.units * base / self.worth if self.worth > 0 else Fraction(0)


def commission(pay, base, line, unit):
    """Return the commission of one level on a base by itself: one rounding, half up.

    :param Pay pay: how the level is paid
    :param Fraction base: eligible base in the order's currency
    :param Line line: the order line
    :param Decimal unit: smallest unit of the company's currency
    :rtype: Decimal
    """
    return round_half_up(_get_exact(pay, base, line), unit)


def commissions(pays, base, line, cap_rate, unit):
    """Return the commission of every level on a base, scaled down together where they exceed the cap.

    The reduction is shared by largest remainder, ties to the lower level. What is compared is exact: levels that keep
    to the cap are not scaled because each of them was rounded.

    :param list pays: by level
    :param Fraction cap_rate: per cent of the base
    :rtype: list of Decimal
    """
    amounts = [_get_exact(pay, base, line) for pay in pays]
    cap = _get_exact(Pay(rate=Fraction(cap_rate)), base, line)
    if sum(amounts, Fraction(0)) > cap:
        return allocate(round_half_up(cap, unit), amounts, unit)
    return [round_half_up(amount, unit) for amount in amounts]


def _get_exact(pay, base, line):
    """Return a commission before rounding."""
    if pay.kind == "percent":
        return Fraction(base) * pay.rate / 100 / line.currency_rate
    return pay.fixed * line.get_units(base)
