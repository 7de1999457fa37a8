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


def charged(documents, total):
    """Return what was invoiced and what of it was given up by credit notes, each fen of the order charged once.

    An invoice is first for what was never invoiced; what it says beyond the order is invoiced anew, in place of what a
    credit note took back; what is still more is charged beyond the order.

    :param list documents: (whether it is a credit note, total), in order of time
    """
    room, invoiced, given_up = max(total, ZERO), ZERO, ZERO
    for is_credit, amount in documents:
        if is_credit:
            given_up += amount
            continue
        first = min(room, amount)
        anew = min(amount - first, given_up)
        room, given_up, invoiced = room - first, given_up - anew, invoiced + amount - anew
    return invoiced, given_up


def given_back(payments, total, documents, anew):
    """Return what went back and neither a credit note covers nor was paid in excess of what the customer has to pay.

    :param Fraction anew: charged besides the order for what was sent in place of goods taken back
    """
    paid = sum((each.amount for each in payments if each.amount > 0), ZERO)
    back = -sum((each.amount for each in payments if each.amount < 0), ZERO)
    invoiced, given_up = charged(documents, total + anew)
    return max(ZERO, back - given_up - max(ZERO, paid - max(total, invoiced)))


@dataclass(frozen=True)
class Bearer:
    """A line that bears a part of R, in parts without taxes, that have nothing in common: what came back, what stays,
    and what is open, neither earned nor credited; `owed_ahead` is what the customer has been charged of the open part.

    `tax` is the price with taxes for one without.
    """

    line: object
    back: Fraction
    stays: Fraction
    open: Fraction
    owed_ahead: Fraction
    tax: Fraction


def spread(amount, bearers):
    """Share R out: first over what came back, then over what is open, the rest over what stays.

    What is given back of the open part takes nothing from a line that was not charged for it.

    :return: line → R without taxes
    :rtype: dict
    """
    fen = to_fen(amount)
    back = _at_most(fen, [each.back * each.tax for each in bearers])
    opened = _at_most(fen - sum(back), [each.open * each.tax for each in bearers])
    # With what rounding has left of what came back.
    rest = [
        max(ZERO, (each.back + each.stays) * each.tax - Fraction(part, 100))
        for each, part in zip(bearers, back, strict=True)
    ]
    stays = _at_most(fen - sum(back) - sum(opened), rest)
    return {
        each.line: Fraction(came + stayed, 100) / each.tax + min(Fraction(ahead, 100) / each.tax, each.owed_ahead)
        for each, came, ahead, stayed in zip(bearers, back, opened, stays, strict=True)
    }


def _at_most(fen, amounts):
    """Share fen out over amounts by their size, never more than they are together."""
    return share_out(min(fen, to_fen(sum(amounts))), amounts) if sum(amounts) else [0] * len(amounts)
