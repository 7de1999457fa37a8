# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Money of a whole order, with taxes: since when it is paid, and R of the design's decision 3, given back without a
credit note.
"""

from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from .pay import ZERO, share_out, to_fen


@dataclass(frozen=True)
class Payment:
    """Money by a payment transaction, negative where it went back."""

    moment: datetime
    amount: Fraction


def paid_since(payments, total):
    """Return when payments less refunds came to the total; what goes back later is R, and undoes nothing."""
    balance = ZERO
    for payment in sorted(payments, key=lambda each: each.moment):
        balance += payment.amount
        if balance >= total:
            return payment.moment
    return None


def given_back(payments, costs, credited):
    """Return what went back and neither a credit note covers nor was paid in excess.

    :param Fraction costs: what the customer has to pay
    """
    paid = sum((each.amount for each in payments if each.amount > 0), ZERO)
    back = -sum((each.amount for each in payments if each.amount < 0), ZERO)
    return max(ZERO, back - credited - max(ZERO, paid - costs))


@dataclass(frozen=True)
class Bearer:
    """A line that bears a part of R: V, G and I⁻ without taxes, and the price with taxes for one without."""

    line: object
    value: Fraction
    kept: Fraction
    credited: Fraction
    tax: Fraction


def spread(amount, bearers):
    """Share R out: first over what came back and is not credited, the rest by value less credit notes.

    :return: line → R without taxes
    :rtype: dict
    """
    fen = to_fen(amount)
    first = [max(ZERO, each.value - each.kept - each.credited) * each.tax for each in bearers]
    shares = _at_most(fen, first)
    rest = [
        max(ZERO, max(ZERO, each.value - each.credited) * each.tax - Fraction(share, 100))
        for each, share in zip(bearers, shares, strict=True)
    ]
    others = _at_most(fen - sum(shares), rest)
    return {
        each.line: Fraction(share + other, 100) / each.tax
        for each, share, other in zip(bearers, shares, others, strict=True)
    }


def _at_most(fen, amounts):
    """Share fen out over amounts by their size, never more than they are together."""
    return share_out(min(fen, to_fen(sum(amounts))), amounts) if sum(amounts) else [0] * len(amounts)
