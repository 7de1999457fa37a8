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
class Document:
    """What a posted invoice or credit note says of an order; both positive."""

    amount: Fraction
    is_credit: bool = False


@dataclass(frozen=True, slots=True)
class Share:
    """A goods line among which a refund is shared out; values without taxes.

    :param Fraction returned: came back and is not credited
    :param Fraction left: what counts and is not credited, with what came back
    :param Fraction open: what does not count yet, nor is credited: the line has earned nothing on it
    :param Fraction money: M before R; what it is more than `left` is money for what is open
    :param Fraction tax_factor: price with taxes for one of price without
    """

    returned: Fraction
    left: Fraction
    open: Fraction = ZERO
    money: Fraction = ZERO
    tax_factor: Fraction = Fraction(1)

    def get_refund(self, of_counted, of_open):
        """Return R of this line, without taxes: what is refunded of the open part, as far as it is in M."""
        return of_counted / self.tax_factor + min(of_open / self.tax_factor, max(ZERO, self.money - self.left))


def get_share(facts):
    """Return how a line bears refunds as it is now.

    :param LineFacts facts: what happened to the line
    :rtype: Share
    """
    money, left = facts.money_before_refunds, _get_left(facts)
    # What was credited and invoiced again is not credited.
    credited = ZERO if facts.uncredited else min(facts.credited, max(ZERO, facts.value - money))
    returned = min(left, max(ZERO, facts.value - facts.kept - credited))
    return Share(returned, left, _get_open(facts), money, _get_tax_factor(facts))


def get_possible_share(facts):
    """Return how a line bears refunds once all that is open is sent, kept and paid: the open part as any other.

    :param LineFacts facts: what happened to the line
    :rtype: Share
    """
    money = facts.possible_money_before_refunds
    most = max(ZERO, min(facts.worth, money))
    credited = ZERO if facts.uncredited else min(facts.credited_in_all, max(ZERO, facts.worth - money))
    returned = min(most, max(ZERO, facts.worth - facts.possible_kept - credited))
    open_part = min(most - returned, _get_open(facts))
    return Share(returned, most - open_part, open_part, money, _get_tax_factor(facts))


def _get_left(facts):
    return max(ZERO, min(facts.value, facts.money_before_refunds))


def _get_open(facts):
    """Return what was ordered, does not count yet and is not credited."""
    may_come = min(facts.worth, facts.possible_money_before_refunds) - _get_left(facts)
    return max(ZERO, min(facts.worth - facts.value, may_come))


def _get_tax_factor(facts):
    return facts.taxed / facts.worth if facts.worth else Fraction(1)


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


def get_standing(documents, total):
    """Return what was invoiced and credited, without what was credited to be invoiced again.

    An invoice that goes beyond all there is to invoice takes the place of what was credited before it.

    :param list documents: of `Document`, posted, in order of time
    :param Fraction total: what the order costs now, and what came in place of goods taken back
    :return: (invoiced, credited)
    :rtype: tuple of Fraction
    """
    invoiced = credited = ZERO
    for document in documents:
        if document.is_credit:
            credited += document.amount
            continue
        beyond = max(ZERO, min(document.amount, invoiced + document.amount - total))
        again = min(beyond, credited)
        invoiced += document.amount - again
        credited -= again
    return invoiced, credited


def get_uncovered_refund(payments, total, documents, replaced=ZERO):
    """Return what was given back and neither a credit note covers nor had been paid in excess.

    :param list payments: of `Payment`
    :param Fraction total: what the order costs now: a reduced quantity makes what was paid for it an excess, unless
        invoices still stand for what was ordered before
    :param list documents: of `Document`, posted, in order of time
    :param Fraction replaced: what was or will be invoiced besides, in place of goods that came back and were credited
    :rtype: Fraction
    """
    paid = sum((payment.amount for payment in payments if payment.amount > 0), ZERO)
    refunded = -sum((payment.amount for payment in payments if payment.amount < 0), ZERO)
    invoiced, credited = get_standing(documents, total + replaced)
    excess = max(ZERO, paid - max(total, invoiced))
    return max(ZERO, refunded - credited - excess)


def share_out_refund(amount, shares, unit):
    """Share a refund out over the lines of its order: first over what came back, then over what is open, the rest by
    what is left.

    By largest remainder, ties to the earlier line. What exceeds the lines was shipping, and reduces none of them.

    :param Fraction amount: refunded, with taxes
    :param list shares: of `Share`
    :param Decimal unit: smallest unit of the order's currency
    :return: R of each line, without taxes
    :rtype: list of Fraction
    """
    rest = round_half_up(amount, unit)
    returned = _allocate_at_most(rest, [share.returned * share.tax_factor for share in shares], unit)
    rest -= sum(returned)
    of_open = _allocate_at_most(rest, [share.open * share.tax_factor for share in shares], unit)
    rest -= sum(of_open)
    left = [
        max(ZERO, share.left * share.tax_factor - Fraction(back)) for share, back in zip(shares, returned, strict=True)
    ]
    others = _allocate_at_most(rest, left, unit)
    return [
        share.get_refund(Fraction(back) + Fraction(other), Fraction(open_part))
        for share, back, open_part, other in zip(shares, returned, of_open, others, strict=True)
    ]


def _allocate_at_most(amount, weights, unit):
    most = round_half_up(sum(weights, ZERO), unit)
    return allocate(min(amount, most), weights, unit) if most > 0 else [unit * 0] * len(weights)
