# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""What a line earns on: min(V, G, M), see the design's decision 3.

V  value sent out (services: invoiced), at most what the order line is worth
G  the same net of returns marked to be refunded
M  money: sent and not yet invoiced + invoiced - credited

All are untaxed, net of the line's share of the order's discount lines, in the order's currency.
"""

from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class Delivery:
    """Goods of one line that left on one delivery, in the line's unit of measure.

    :param int id: the delivery (`stock.picking`), 0 where there is none
    :param datetime moment: when its hold begins, naive UTC
    :param Fraction sent: quantity sent out
    :param Fraction returned: of it, returned to be refunded
    """

    id: int
    moment: object
    sent: Fraction
    returned: Fraction = Fraction(0)

    @property
    def kept(self):
        return max(Fraction(0), self.sent - self.returned)


@dataclass(frozen=True, slots=True)
class LineFacts:
    """What happened to one order line; amounts untaxed in the order's currency, quantities in its unit of measure.

    :param Fraction ordered: quantity ordered now
    :param Fraction units: the same in the product's own unit of measure
    :param Fraction worth: value of the line now, net of its share of the discount lines
    :param Fraction taxed: the same with taxes
    :param tuple deliveries: those that count for the trigger, in order of time
    :param Fraction sent: quantity sent out by any delivery, whether or not it counts for the trigger yet
    :param Fraction returned: came back to be refunded, of any delivery
    :param Fraction returned_elsewhere: of it, returned without a link to a delivery
    :param Fraction invoiced_quantity: on posted invoices, credit notes not deducted
    :param Fraction invoiced: posted invoices
    :param Fraction credited: posted credit notes
    :param bool is_service: nothing is sent: what is invoiced counts as sent
    :param bool is_cancelled: the order is cancelled
    :param datetime moment: of the last posted invoice, when the hold of a service begins
    """

    ordered: Fraction = Fraction(0)
    units: Fraction = Fraction(0)
    worth: Fraction = Fraction(0)
    taxed: Fraction = Fraction(0)
    deliveries: tuple = ()
    sent: Fraction = Fraction(0)
    returned: Fraction = Fraction(0)
    returned_elsewhere: Fraction = Fraction(0)
    invoiced_quantity: Fraction = Fraction(0)
    invoiced: Fraction = Fraction(0)
    credited: Fraction = Fraction(0)
    is_service: bool = False
    is_cancelled: bool = False
    moment: object = None


@dataclass(frozen=True, slots=True)
class Base:
    """The eligible base after a delivery, and the three figures it is the smallest of."""

    delivery_id: int
    moment: object
    value: Fraction
    kept: Fraction
    money: Fraction

    @property
    def amount(self):
        return max(Fraction(0), min(self.value, self.kept, self.money))


def eligible_bases(facts):
    """Return the cumulative base after each delivery, in order of time; the last one is the line's base.

    :param LineFacts facts: what happened to the line
    :rtype: list of Base
    """
    if facts.is_cancelled:
        return []
    money = _money(facts)
    if facts.is_service:
        if not facts.invoiced:
            return []
        value = min(facts.invoiced, facts.worth)
        return [Base(0, facts.moment, value, value, money)]
    kept_in_all = sum((d.kept for d in facts.deliveries), Fraction(0)) - facts.returned_elsewhere
    bases, sent, kept = [], Fraction(0), Fraction(0)
    for delivery in facts.deliveries:
        sent += delivery.sent
        kept += delivery.kept
        value = min(_worth_of(facts, sent), facts.worth)
        bases.append(
            Base(delivery.id, delivery.moment, value, _worth_of(facts, min(kept, kept_in_all)), money),
        )
    return bases


def possible_base(facts):
    """Return what the line can still come to if all that is open is sent, kept and paid.

    :param LineFacts facts: what happened to the line
    :rtype: Base
    """
    if facts.is_cancelled:
        return Base(0, None, Fraction(0), Fraction(0), Fraction(0))
    kept = facts.worth - _worth_of(facts, facts.returned)
    money = max(facts.invoiced, facts.worth) - facts.credited
    return Base(0, None, facts.worth, kept, money)


def _worth_of(facts, quantity):
    return facts.worth * quantity / facts.ordered if facts.ordered > 0 else Fraction(0)


def _money(facts):
    """M: what the customer owes or paid for the line, credit notes deducted."""
    not_invoiced = max(Fraction(0), facts.sent - facts.invoiced_quantity)
    return _worth_of(facts, not_invoiced) + facts.invoiced - facts.credited


def discount_factor(goods, discounts):
    """Return the part of a line's value that is left after the document's discount lines.

    Every goods line bears the discount in proportion to its value.

    :param Fraction goods: sum of the goods lines, positive
    :param Fraction discounts: sum of the discount lines, negative
    :rtype: Fraction between 0 and 1
    """
    if goods <= 0:
        return Fraction(1)
    return min(Fraction(1), max(Fraction(0), 1 + discounts / goods))
