# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Exact numbers: reading, rounding, sharing out."""

from decimal import Decimal
from fractions import Fraction
from functools import lru_cache


# The same prices, quantities and rates come up for every level of every line.
@lru_cache(maxsize=4096, typed=True)
def exact(value):
    """Return the exact number behind a stored value.

    The database driver hands numerics over as floats; their shortest representation is the stored decimal again
    (up to 15 significant digits), so nothing is lost on the way through text.

    :param value: float, int, str, Decimal or Fraction
    :rtype: Fraction
    """
    if isinstance(value, float):
        return Fraction(repr(value))
    return Fraction(value or 0)


def get_unit(rounding):
    """Return the smallest unit of a currency, with as many decimals as its amounts are written with.

    :param float rounding: of a currency, such as 0.01, 0.05 or 1.0
    :rtype: Decimal
    """
    return Decimal(f"{rounding:.12g}")


def round_half_up(value, unit):
    """Round to a multiple of the currency's smallest unit, halves away from zero.

    :param value: exact amount, Fraction or Decimal
    :param Decimal unit: smallest unit of the currency, such as 0.01
    :rtype: Decimal
    """
    (numerator, denominator), (of_numerator, of_denominator) = value.as_integer_ratio(), exact(unit).as_integer_ratio()
    # In whole numbers: twice as many units as there are, one more, halved.
    units, parts = abs(numerator) * of_denominator, denominator * of_numerator
    whole = (2 * units + parts) // (2 * parts)
    return unit * (whole if numerator >= 0 else -whole)


def allocate(total, weights, unit):
    """Share a total out by weights, to the unit, with nothing lost: the largest remainders get the last units.

    Ties go to the earlier weight. With no weight at all everything goes to the first.

    :param Decimal total: a multiple of the unit, of any sign
    :param list weights: non-negative numbers
    :param Decimal unit: smallest unit of the currency
    :rtype: list of Decimal
    """
    if not weights:
        return []
    exact_weights = [Fraction(weight) for weight in weights]
    weight_sum = sum(exact_weights)
    if not weight_sum:
        return [total] + [unit * 0] * (len(weights) - 1)
    units = int(abs(Fraction(total)) / Fraction(unit))
    shares = [units * weight / weight_sum for weight in exact_weights]
    counts = [int(share) for share in shares]
    by_remainder = sorted(range(len(shares)), key=lambda i: (counts[i] - shares[i], i))
    for position in range(units - sum(counts)):
        counts[by_remainder[position]] += 1
    sign = 1 if total >= 0 else -1
    return [unit * count * sign for count in counts]
