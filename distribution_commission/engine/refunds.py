# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Money of a whole order: whether it is paid, and R, what was given back without a credit note.

All amounts include taxes, as customers pay them, in the order's currency.
"""

from dataclasses import dataclass
from fractions import Fraction

from .money import allocate, round_half_up

ZERO = Fraction(0)


@dataclass(frozen=True, slots=True)
class Payment:
    """Money that was paid for an order, negative where it was given back; moments are naive UTC."""

    moment: object
    amount: Fraction


@dataclass(frozen=True, slots=True)
class Share:
    """A goods line among which a refund is shared out; values without taxes.

    :param Fraction value: V
    :param Fraction kept: G
    :param Fraction credited: I⁻
    :param Fraction tax_factor: price with taxes for one of price without
    """

    value: Fraction
    kept: Fraction
    credited: Fraction
    tax_factor: Fraction = Fraction(1)

    @property
    def returned(self):
        """What came back and was not credited, with taxes: it is refunded first."""
        return max(ZERO, self.value - self.kept - self.credited) * self.tax_factor

    @property
    def left(self):
        """What is not credited, with taxes."""
        return max(ZERO, self.value - self.credited) * self.tax_factor


def get_paid_moment(payments, total):
    """Return when payments less refunds first reached an order's total.

    What is refunded later does not make the order unpaid: it reduces the base by its own amount, not to nothing.

    :param list payments: of `Payment`, in any order
    :param Fraction total: what the order costs now
    :return: None while it is not reached
    """
    balance = ZERO
    for payment in sorted(payments, key=lambda payment: (payment.moment, -payment.amount)):
        balance += payment.amount
        if balance >= total:
            return payment.moment
    return None


def get_uncovered_refund(payments, total, invoiced, credited):
    """Return what was given back and neither a credit note covers nor had been paid in excess.

    :param list payments: of `Payment`
    :param Fraction total: what the order costs now: a reduced quantity makes what was paid for it an excess
    :param Fraction invoiced: posted invoices of the order, which still stand for what was ordered before
    :param Fraction credited: posted credit notes of the order
    :rtype: Fraction
    """
    paid = sum((payment.amount for payment in payments if payment.amount > 0), ZERO)
    refunded = -sum((payment.amount for payment in payments if payment.amount < 0), ZERO)
    excess = max(ZERO, paid - max(total, invoiced))
    return max(ZERO, refunded - credited - excess)


def share_out_refund(amount, shares, unit):
    """Share a refund out over the lines of its order: first over what came back, the rest by V - I⁻.

    By largest remainder, ties to the earlier line. What exceeds the lines was shipping, and reduces none of them.

    :param Fraction amount: refunded, with taxes
    :param list shares: of `Share`
    :param Decimal unit: smallest unit of the order's currency
    :return: R of each line, without taxes
    :rtype: list of Fraction
    """
    amount = round_half_up(amount, unit)
    returned = _allocate_at_most(amount, [share.returned for share in shares], unit)
    left = [max(ZERO, share.left - Fraction(part)) for share, part in zip(shares, returned, strict=True)]
    others = _allocate_at_most(amount - sum(returned), left, unit)
    return [
        (Fraction(part) + Fraction(other)) / share.tax_factor
        for share, part, other in zip(shares, returned, others, strict=True)
    ]


def _allocate_at_most(amount, weights, unit):
    most = round_half_up(sum(weights, ZERO), unit)
    return allocate(min(amount, most), weights, unit) if most > 0 else [unit * 0] * len(weights)
