# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""What a line earns on: min(V, G, M), see the design's decision 3.

V  the value that counts for the trigger: sent out, invoiced (services too), or ordered once the order is paid; at most
   what the order line is worth
G  the same net of returns marked to be refunded
M  money: what V counts and is not invoiced yet + invoiced - credited - R, and no more than the same, R left aside, of
   what G counts
R  refunded without a credit note, see `refunds`

All are untaxed, net of the line's share of the order's discount lines, in the order's currency.
"""

from dataclasses import dataclass, field, replace
from fractions import Fraction

ZERO = Fraction(0)


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
    returned: Fraction = ZERO

    @property
    def kept(self):
        return max(ZERO, self.sent - self.returned)


@dataclass(frozen=True, slots=True)
class LineFacts:
    """What happened to one order line; amounts untaxed in the order's currency, quantities in its unit of measure.

    :param str measure: what V is: `sent`, `invoiced`, or `ordered` for an order that is paid
    :param Fraction ordered: quantity ordered now
    :param Fraction units: the same in the product's own unit of measure
    :param Fraction worth: value of the line now, net of its share of the discount lines
    :param Fraction taxed: the same with taxes
    :param Fraction discount: that share, positive
    :param tuple deliveries: those that count for the trigger, in order of time
    :param Fraction sent: quantity sent out by any delivery, whether or not it counts for the trigger yet
    :param Fraction returned: came back to be refunded, of any delivery
    :param Fraction returned_elsewhere: of it, returned without a link to a delivery
    :param Fraction invoiced_quantity: on posted invoices that count, credit notes not deducted
    :param Fraction invoiced: posted invoices that count for the trigger
    :param Fraction credited: posted credit notes; of those of invoices that do not count, what goes beyond these
    :param Fraction invoiced_in_all: all posted invoices
    :param Fraction invoiced_quantity_in_all: the quantity on them
    :param Fraction credited_in_all: all posted credit notes
    :param Fraction credited_quantity: what credit notes that count take back: at less than what was left of its price,
        a quantity is only reduced in price, which lets the margin bear its cost
    :param Fraction taken_back: what all credit notes take back, perhaps less a fee, see `documents.count_quantities`
    :param Fraction standing_quantity: the most that stood on invoices at once, less what was taken back
    :param Fraction borne: of the discounts on documents that count, what the line bears beyond its share of the order's
    :param Fraction overcredited: what credit notes gave back of other lines beyond what was left of them; negative
        where that was this line
    :param Fraction overcredited_in_all: the same of all credit notes, once all that is open is sent and invoiced
    :param Fraction refunded: R, the line's share of refunds that no credit note covers
    :param Fraction refunded_in_all: what R comes to once all that is open is sent, kept and paid
    :param bool is_sent: goods, which have to be delivered; a service is not sent
    :param bool is_open: what is not sent yet may still be
    :param bool is_cancelled: the order is cancelled
    :param datetime moment: when the trigger was met by an invoice or a payment; None while it is not
    """

    measure: str = "sent"
    ordered: Fraction = ZERO
    units: Fraction = ZERO
    worth: Fraction = ZERO
    taxed: Fraction = ZERO
    discount: Fraction = ZERO
    deliveries: tuple = ()
    sent: Fraction = ZERO
    returned: Fraction = ZERO
    returned_elsewhere: Fraction = ZERO
    invoiced_quantity: Fraction = ZERO
    invoiced: Fraction = ZERO
    credited: Fraction = ZERO
    invoiced_in_all: Fraction = ZERO
    invoiced_quantity_in_all: Fraction = ZERO
    credited_in_all: Fraction = ZERO
    credited_quantity: Fraction = ZERO
    taken_back: Fraction = ZERO
    standing_quantity: Fraction = ZERO
    borne: Fraction = ZERO
    overcredited: Fraction = ZERO
    overcredited_in_all: Fraction = ZERO
    refunded: Fraction = ZERO
    refunded_in_all: Fraction = ZERO
    is_sent: bool = True
    is_open: bool = True
    is_cancelled: bool = False
    moment: object = None

    def get_worth_of(self, quantity):
        """Return the value of a quantity of the line."""
        return self.worth * quantity / self.ordered if self.ordered > 0 else ZERO

    @property
    def value(self):
        """V of everything that was sent, invoiced or, once it is paid, ordered."""
        if self.measure == "ordered":
            return self.worth if self.moment else ZERO
        return min(self.worth, self.get_worth_of(self.sent) if self.measure == "sent" else self.invoiced)

    @property
    def kept(self):
        """G of the same: what V will come to after the returns, open quantities still to be sent."""
        if not self.is_sent:
            return self.value
        counted = self.sent if self.measure == "sent" else max(self.ordered, self.sent)
        return min(self.value, self.get_worth_of(max(ZERO, counted - self.returned)))

    @property
    def counted_quantity(self):
        """The quantity behind V: a lower price makes it no smaller.

        Goods that were credited and did not come back stay with the customer; a service that is credited was not done.
        """
        if self.measure != "invoiced":
            return self.sent if self.measure == "sent" else self.ordered
        back = min(self.returned, self.credited_quantity) if self.is_sent else self.credited_quantity
        return max(self.invoiced_quantity - self.credited_quantity, self.standing_quantity - back)

    @property
    def kept_quantity(self):
        """The quantity behind G, open quantities still to be sent."""
        if not self.is_sent:
            return self.counted_quantity
        return min(self.counted_quantity, max(self.ordered, self.sent) - self.returned)

    def get_part_of(self, quantity):
        """Return which part of what was ordered a quantity is, all of it at most."""
        return max(ZERO, min(Fraction(1), quantity / self.ordered)) if self.ordered > 0 else ZERO

    @property
    def possible_kept(self):
        """What G will be once all that is open is sent: what came back may have been sent again."""
        return min(self.worth, self.get_worth_of(max(ZERO, max(self.ordered, self.sent) - self.returned)))

    @property
    def money(self):
        """M: what the customer owes or paid for the line, and no more than for the goods that stay."""
        kept = self._get_money_for(self._there - self.uncredited)
        return min(self.money_before_refunds - self.refunded, kept)

    @property
    def money_before_refunds(self):
        return self._get_money_for(self._there)

    @property
    def uncredited(self):
        """What came back, where credit notes gave back too little to be for it: perhaps it was never invoiced."""
        return ZERO if self.credited_in_all * 2 >= self.get_worth_of(self.returned) else self.returned

    @property
    def _there(self):
        """What may be invoiced, where it counts before it is."""
        there = {"sent": self.sent, "ordered": max(self.ordered, self.sent)}
        return there.get(self.measure, ZERO)

    def _get_money_for(self, quantity):
        # What was sent beyond the order, also in place of what came back, is not asked for a second time.
        not_invoiced = max(ZERO, min(quantity, self.ordered) - self.invoiced_quantity)
        return self.get_worth_of(not_invoiced) + self.invoiced - self.credited - self.overcredited

    @property
    def replaced(self):
        """What was sent besides what is ordered now, in place of what came back and was credited, with taxes.

        Where more was credited than came back, an invoice was corrected.
        """
        if self.taken_back > self.returned or self.ordered <= 0:
            return ZERO
        return self.taxed * max(ZERO, min(self.sent - self.ordered, self.taken_back)) / self.ordered

    @property
    def possible_money(self):
        """What M will be once all that is open is sent, kept and paid."""
        money = self.possible_money_before_refunds - self.refunded_in_all
        if self.measure == "invoiced":
            return money
        return min(money, self._get_possible_money_for(max(self.ordered, self.sent) - self.uncredited))

    @property
    def possible_money_before_refunds(self):
        return self._get_possible_money_for(self.ordered)

    def _get_possible_money_for(self, quantity):
        return self._get_charged_for(quantity) - self.credited_in_all - self.overcredited_in_all

    def _get_charged_for(self, quantity):
        """Return what invoices ask or will ask for a quantity: only what is on none counts as the order has it."""
        not_invoiced = max(ZERO, min(quantity, self.ordered) - self.invoiced_quantity_in_all)
        return self.invoiced_in_all + self.get_worth_of(not_invoiced)

    @property
    def short(self):
        """What credit notes gave back beyond what the customer was or will be charged for what was sent or done."""
        charged = self._get_charged_for(self.sent if self.is_sent else self.ordered)
        return max(ZERO, min(self.credited_in_all - charged, -self.money_before_refunds))


@dataclass(frozen=True, slots=True)
class Base:
    """The eligible base after a delivery, and the three figures it is the smallest of.

    :param datetime moment: when the hold begins; None for goods that count already and are still to be delivered
    :param Fraction kept_part: of the ordered quantity, what counts and stays with the customer at whatever price
    """

    delivery_id: int
    moment: object
    value: Fraction
    kept: Fraction
    money: Fraction
    kept_part: Fraction = Fraction(1)
    amount: Fraction = field(init=False)

    def __post_init__(self):
        # Once: every level of the line asks for it several times.
        object.__setattr__(self, "amount", max(ZERO, min(self.value, self.kept, self.money)))


def eligible_bases(facts):
    """Return the cumulative base after each delivery, in order of time; the last one is the line's base.

    Where the trigger is not the delivery itself, a hold begins with the later of the two, and what is not delivered
    yet comes last, without a moment.

    :param LineFacts facts: what happened to the line
    :rtype: list of Base
    """
    if facts.is_cancelled:
        return []
    if facts.measure == "sent":
        return _get_bases_by_delivery(facts, facts.worth, None)
    if not facts.moment or not facts.value:
        return []
    moment, kept_part = facts.moment if not facts.is_sent else None, facts.get_part_of(facts.kept_quantity)
    whole = Base(0, moment, facts.value, facts.kept, facts.money, kept_part)
    if not facts.is_sent:
        return [whole]
    bases = _get_bases_by_delivery(facts, facts.value, facts.moment)
    if bases and bases[-1].amount == whole.amount:
        # A margin bears the cost of all that counts, also where a price reduction has ended the waiting early.
        return [*bases[:-1], replace(whole, delivery_id=bases[-1].delivery_id, moment=bases[-1].moment)]
    # Goods that left without a delivery order wait with the rest.
    return [*(base for base in bases if base.delivery_id), whole]


def _get_bases_by_delivery(facts, most, not_before):
    kept_in_all = sum((d.sent - d.returned for d in facts.deliveries), ZERO) - facts.returned_elsewhere
    bases, sent, kept = [], ZERO, ZERO
    for delivery in facts.deliveries:
        sent += delivery.sent
        kept += delivery.kept
        moment = max(delivery.moment, not_before) if not_before else delivery.moment
        value = min(facts.get_worth_of(sent), most)
        left = min(kept, kept_in_all)
        kept_part = facts.get_part_of(min(left, facts.counted_quantity))
        bases.append(Base(delivery.id, moment, value, facts.get_worth_of(left), facts.money, kept_part))
    return bases


def possible_base(facts):
    """Return what the line can still come to if all that is open is sent, kept and paid.

    :param LineFacts facts: what happened to the line
    :rtype: Base
    """
    if facts.is_cancelled:
        return Base(0, None, ZERO, ZERO, ZERO, ZERO)
    # What is paid or invoiced counts before it is sent.
    is_closed = facts.measure == "sent" and not facts.is_open
    stays = (facts.sent if is_closed else max(facts.ordered, facts.sent)) - facts.returned
    kept = min(facts.possible_kept, facts.get_worth_of(max(ZERO, stays)))
    if not facts.is_sent:
        # What is invoiced again was not taken back.
        stays = facts.ordered - facts.credited_quantity + max(ZERO, facts.invoiced_quantity - facts.ordered)
    return Base(0, None, facts.worth, kept, facts.possible_money, facts.get_part_of(stays))


def share_out_overcredit(facts):
    """Let the lines of an order bear, by value, what was credited of the others beyond what was left of them.

    That an invoice does not count yet, or is being corrected, leaves nothing short.

    :param dict facts: line id → LineFacts, of all goods lines of an order, before refunds
    :rtype: dict
    """
    now = _share_out_shortage(
        {line_id: each.money_before_refunds for line_id, each in facts.items()},
        sum((each.short for each in facts.values()), ZERO),
    )
    in_all = {line_id: each.possible_money_before_refunds for line_id, each in facts.items()}
    in_all = _share_out_shortage(in_all, -sum((money for money in in_all.values() if money < 0), ZERO))
    return {
        line_id: replace(each, overcredited=now[line_id], overcredited_in_all=in_all[line_id])
        for line_id, each in facts.items()
    }


def _share_out_shortage(moneys, short):
    """Return what each bears of what is short; of those below zero, what brings them to zero."""
    there = sum((money for money in moneys.values() if money > 0), ZERO)
    part = min(Fraction(1), short / there) if there else ZERO
    return {line_id: money * part if money > 0 else money for line_id, money in moneys.items()}


def is_taken_back(quantity, amount, left_quantity, left, unit):
    """Tell whether a credit note takes a quantity back or only reduces its price: it credits all that was left of it.

    :param Fraction quantity: credited
    :param Fraction amount: credited
    :param Fraction left_quantity: on invoices, less what was taken back before
    :param Fraction left: invoiced, less what was credited before
    :param Decimal unit: smallest unit of the currency: by so much may documents be rounded
    """
    # The price of a piece is rounded, too.
    rounding = Fraction(unit) * max(Fraction(1), quantity)
    return left_quantity > 0 and amount + rounding >= left * quantity / left_quantity


def discount_factor(goods, discounts):
    """Return the part of a line's value that is left after the document's discount lines.

    Every goods line bears the discount in proportion to its value.

    :param Fraction goods: sum of the goods lines, positive
    :param Fraction discounts: sum of the discount lines, negative
    :rtype: Fraction between 0 and 1
    """
    if goods <= 0:
        return Fraction(1)
    return min(Fraction(1), max(ZERO, 1 + discounts / goods))
