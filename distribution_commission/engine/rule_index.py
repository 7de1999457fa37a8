# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Which rule pays: rules compile to a dictionary, resolving one is a look-up."""

from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class Rate:
    """A rule as the index keeps it; the rate in per cent."""

    rule_id: int
    level: int
    rate: Fraction


class RuleIndex:
    """The rules of one program by level."""

    def __init__(self, rates):
        self._by_level = {rate.level: rate for rate in rates}

    def resolve(self, level):
        """Return the `Rate` for a level, None where nobody is paid.

        A level without a rule or with rate zero does not silence those above it.
        """
        found = self._by_level.get(level)
        return found if found and found.rate > 0 else None


def total_rate(rates, level_count):
    """Return the sum of the rates of the levels that are paid: what one order line costs at most, in per cent."""
    return sum((rate.rate for rate in rates if rate.level <= level_count), Fraction(0))
