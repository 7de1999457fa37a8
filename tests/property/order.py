# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""An order, what happened to it, and what its lines earn on: the design's decision 3 in plain Python.

Values of documents are exact fractions in the order's currency.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from fractions import Fraction

from .documents import Posted, Tax, discount_factor, is_coupon, is_earning, pieces_back, read, to_item, value_of
from .pay import NOTHING, ZERO, Figures, Pay, Whole, to_fen
from .refunds import Bearer, given_back, paid_since, spread

BY_INVOICE = ("invoiced", "invoice_paid")


@dataclass(eq=False)
class Product:
    """`role` is goods, service, coupon (a discount), freight, down (payment) or title; list price and cost of one
    piece, without taxes.
    """

    role: str
    category: str | None = None
    pieces: int = 1
    """In one unit in which it is sold: 12 where that is the dozen."""
    tax: Tax = Tax()
    list_price: Fraction = ZERO
    cost: Fraction = ZERO

    def set_list_price(self, fen):
        price = Fraction(fen, 100)
        untaxed = price * 100 / (100 + self.tax.rate) if self.tax.is_included else price
        self.list_price = Fraction(to_fen(untaxed), 100)


def business_date(moment):
    """Return the calendar day in Shanghai of a moment in UTC."""
    return (moment + timedelta(hours=8)).date()


@dataclass(eq=False)
class Distributor:
    name: str
    upline: "Distributor | None" = None
    state: str = "active"
    audiences: list = field(default_factory=list)
    """Its grade and tags."""


@dataclass(eq=False)
class Line:
    """An order line."""

    product: Product
    quantity: Fraction
    price: Fraction
    discount: Fraction = ZERO
    tax: Tax = Tax()
    terms: list = field(default_factory=list)
    is_open: bool = True
    """Whether the warehouse may still send some of it: not once the rest was given up."""

    @property
    def role(self):
        return self.product.role

    @property
    def pieces(self):
        return self.product.pieces

    def item(self, quantity, price=None):
        """Return what a document shows for some of the line."""
        return to_item(self, quantity, self.price if price is None else price, self.tax, self.discount)

    @property
    def value(self):
        return self.item(self.quantity).value

    @property
    def taxed(self):
        return self.item(self.quantity).taxed

    @property
    def units(self):
        return self.quantity * self.pieces

    @property
    def earns(self):
        return self.role in ("goods", "service")

    @property
    def has_entries(self):
        return any(term.rows for term in self.terms)


@dataclass(eq=False)
class Delivery:
    """Goods that left: quantities by line, in the line's unit; `returned` only what is marked to be refunded."""

    number: int
    shipped: datetime
    sent: dict
    received: datetime | None = None
    returned: dict = field(default_factory=dict)

    def kept(self, line):
        return max(ZERO, self.sent.get(line, ZERO) - self.returned.get(line, ZERO))

    def counts_from(self, trigger):
        """Return the moment from which the delivery counts, None while it does not."""
        if trigger != "received":
            return self.shipped
        return max(self.shipped, self.received) if self.received else None


@dataclass(eq=False)
class Order:
    buyer: str
    chosen: Distributor | None = None
    currency_rate: Fraction = Fraction(1)
    state: str = "draft"
    distributor: Distributor | None = None
    has_grade_price: bool = False
    is_excluded: bool = False
    """It brings no commission: its customer, or the grade's price at which it was sold."""
    lines: list = field(default_factory=list)
    deliveries: list = field(default_factory=list)
    invoices: list = field(default_factory=list)
    payments: list = field(default_factory=list)

    @property
    def has_entries(self):
        return any(line.has_entries for line in self.lines)

    def factor(self):
        goods, coupons = ([each for each in self.lines if is_one(each)] for is_one in (is_earning, is_coupon))
        return discount_factor(value_of(goods), value_of(coupons))

    def _read(self):
        posted = [each for each in self.invoices if each.state == "posted"]
        return read(sorted(posted, key=lambda each: (each.day, each.number)))

    def asked(self):
        """Return what posted documents ask, each with its value net of the discounts on all documents, those still to
        be made included: Odoo puts a coupon on one of several invoices.
        """
        asked, still = self._read(), ZERO
        coupons = sum((each.coupons for each in self.invoices if each.state == "posted"), ZERO)
        for line in (each for each in self.lines if each.earns and each.quantity > 0):
            own = [each.quantity for each in asked if each.line is line and not each.is_back]
            back = pieces_back(line, asked, self.factor())
            comes = max(line.quantity, self.sent(line)) if line.is_open else self.sent(line)
            comes -= max(ZERO, self.returned(line) - back)
            comes = min(comes, line.quantity + min(self.returned(line), back))
            comes += ZERO if sum(own, ZERO) else back
            still += line.value * max(ZERO, comes - sum(own, ZERO)) / line.quantity
        if still:
            coupons = min(coupons, value_of(filter(is_coupon, self.lines)))
        factor = discount_factor(value_of(each for each in asked if not each.is_money) + still, coupons)
        return [(each, each.value * (1 if each.is_money else factor)) for each in asked]

    def worth(self, line):
        """Return the line's value net of its share of the order's discounts."""
        return line.value * self.factor()

    def of(self, line, quantity):
        return self.worth(line) * quantity / line.quantity if line.quantity > 0 else ZERO

    def sent(self, line):
        return sum((each.sent.get(line, ZERO) for each in self.deliveries), ZERO)

    def returned(self, line):
        return sum((each.returned.get(line, ZERO) for each in self.deliveries), ZERO)

    def trigger(self, line):
        """Return the trigger frozen with a line, one without terms goes with the others."""
        terms = line.terms or [term for each in self.lines for term in each.terms]
        return terms[0].trigger

    def measure(self, line):
        """Return what V is: the value sent, invoiced or ordered."""
        trigger = self.trigger(line)
        if trigger == "paid":
            return "ordered"
        return "invoiced" if trigger in BY_INVOICE or line.role == "service" else "sent"

    def posted(self, line, trigger=None):
        """Return what posted documents say of a line, those that count for a trigger or all."""
        posted = Posted()
        for asked, value in self.asked():
            if asked.line is line and asked.document.counts_for(trigger):
                paid_on = asked.document.paid_on if trigger == "invoice_paid" else None
                posted.add(asked, value, paid_on or asked.document.day)
        if trigger:
            # Invoices that do not count yet let no more credit notes wait than they come to.
            whole = self.posted(line)
            waiting = whole.invoiced - posted.invoiced
            posted.credited = max(posted.credited, whole.credited - waiting)
        return posted

    def charged(self, line):
        """Return the quantity behind V: goods that are credited and did not come back stay with the customer, a service
        that is credited was not done.
        """
        measure = self.measure(line)
        if measure != "invoiced":
            return self.sent(line) if measure == "sent" else line.quantity
        posted = self.posted(line, self.trigger(line))
        back = posted.uncharged if line.role == "service" else min(posted.uncharged, self.returned(line))
        return max(posted.quantity - posted.uncharged, posted.standing - back)

    def has(self, line):
        """Return what of it is kept, or is still to be sent and will be."""
        charged = self.charged(line)
        if line.role == "service":
            return charged
        return min(charged, max(line.quantity, self.sent(line)) - self.returned(line))

    def possibly_has(self, line):
        """Return what the customer has if all that is open is sent, or done, and kept."""
        if line.role != "service":
            is_closed = self.measure(line) == "sent" and not line.is_open
            return (self.sent(line) if is_closed else max(line.quantity, self.sent(line))) - self.returned(line)
        posted = self.posted(line, self.trigger(line))
        # What is invoiced beyond the order is invoiced again, in place of what was credited.
        return line.quantity - posted.uncharged + max(ZERO, posted.quantity - line.quantity)

    # === MONEY OF THE WHOLE ORDER === #

    @property
    def total(self):
        return sum((line.taxed for line in self.lines), ZERO)

    def paid_on(self):
        """Return since which day the order is paid: by transactions, or since all of it is invoiced and paid."""
        moment = paid_since(self.payments, self.total)
        if moment:
            return business_date(moment)
        invoices = [each for each in self.invoices if each.state == "posted" and not each.is_credit and not each.undone]
        is_invoiced = all(
            sum(each.quantity_of(line) for each in invoices) >= line.quantity for line in self.lines if line.value > 0
        )
        if invoices and is_invoiced and all(each.paid_on for each in invoices):
            return max(each.paid_on for each in invoices)
        return None

    def refunds(self, is_possible=False):
        """Return R of every line: as it is now, or if all that is open were sent, kept and paid."""
        posted = sorted((each for each in self.invoices if each.state == "posted"), key=lambda it: (it.day, it.number))
        documents = [(each.is_credit, each.total) for each in posted]
        earning = [line for line in self.lines if line.earns and line.quantity > 0]
        anew = sum((line.taxed * self.factor() * self._anew(line) / line.quantity for line in earning), ZERO)
        amount = given_back(self.payments, self.total, documents, anew)
        bear = self._bear_possibly if is_possible else self._bear
        return spread(amount, [bear(line) for line in self.lines if line.earns]) if amount else {}

    def _anew(self, line):
        """Return how much was sent beyond what is ordered now, in place of goods that were credited."""
        back = self.taken_back(line)
        # More than came back is credited to be charged again.
        return max(ZERO, min(self.sent(line) - line.quantity, back)) if back <= self.returned(line) else ZERO

    def _bear(self, line):
        """Return which part of R a line can bear as it is."""
        (value, kept), owed = self.value(line), self.owed(line)
        counts = max(ZERO, min(value, owed))
        # Credited, and not charged again since.
        credited = min(self.posted(line, self.trigger(line)).credited, max(ZERO, value - owed))
        back = min(counts, max(ZERO, value - kept - (ZERO if self.unpaid_back(line) else credited)))
        return Bearer(line, back, counts - back, self._open(line), max(ZERO, owed - counts), self._tax(line))

    def _bear_possibly(self, line):
        """Return the same if all that is open were sent, kept and paid: all of it would be owed then."""
        (worth, kept), owed = self.possible_value(line), self.possibly_owed(line)
        counts = max(ZERO, min(worth, owed))
        credited = min(self.posted(line).credited, max(ZERO, worth - owed))
        back = min(counts, max(ZERO, worth - kept - (ZERO if self.unpaid_back(line) else credited)))
        is_open = min(counts - back, self._open(line))
        return Bearer(line, back, counts - back - is_open, is_open, owed, self._tax(line))

    def _open(self, line):
        """Return what the customer may still come to owe for a line, at most what of it does not count yet."""
        (value, _kept), worth = self.value(line), self.worth(line)
        still = min(worth, self.possibly_owed(line)) - max(ZERO, min(value, self.owed(line)))
        return max(ZERO, min(still, worth - value))

    def _tax(self, line):
        return line.taxed / line.value if self.worth(line) else Fraction(1)

    # === WHAT A LINE EARNS ON === #

    def value(self, line):
        """Return V and G of all that counts."""
        measure, worth = self.measure(line), self.worth(line)
        if measure == "ordered":
            value = worth if self.paid_on() else ZERO
        elif measure == "invoiced":
            value = min(self.posted(line, self.trigger(line)).invoiced, worth)
        else:
            value = min(self.of(line, self.sent(line)), worth)
        if line.role == "service":
            return value, value
        there = self.sent(line) if measure == "sent" else max(line.quantity, self.sent(line))
        return value, min(value, self.of(line, max(ZERO, there - self.returned(line))))

    def possible_value(self, line):
        """Return V and G if all that is open is sent, kept and paid."""
        worth = self.worth(line)
        there = max(line.quantity, self.sent(line))
        return worth, min(worth, self.of(line, max(ZERO, there - self.returned(line))))

    def money(self, line):
        """Return M: what the customer owes or has paid for a line, less R, and at most for what was not sent back."""
        owed = self.owed(line)
        # The others' lack is borne alike.
        lacking = self._owed_alone(line) - owed
        return min(owed - self.refunds().get(line, ZERO), self._owed_alone(line, self.unpaid_back(line)) - lacking)

    def owed(self, line):
        """Return what the customer owes or has paid for what counts, and by invoice ahead of it."""
        return self._less_what_others_lack(line, self._owed_alone, self._lack)

    def _less_what_others_lack(self, line, owed, lack):
        """Let a line bear its part of what credit notes gave back of others beyond what was left of them."""
        earning = [each for each in self.lines if each.earns]
        there = sum((max(ZERO, owed(each)) for each in earning), ZERO)
        left = max(ZERO, there - sum(map(lack, earning)))
        return max(ZERO, owed(line)) * left / there if there else ZERO

    def _lack(self, line):
        """Return what was given back beyond what was or will be asked for what the customer got."""
        in_all = self.posted(line)
        got = line.quantity if line.role == "service" else min(line.quantity, self.sent(line))
        still = self.of(line, max(ZERO, got - in_all.quantity))
        beyond = in_all.credited - in_all.invoiced - still
        return max(ZERO, min(beyond, -self._owed_alone(line)))

    def unpaid_back(self, line):
        """Return what came back where less than half of its worth was ever credited: it was never charged, or waits to
        be credited.
        """
        returned = self.returned(line)
        return returned if self.posted(line).credited < self.of(line, returned) / 2 else ZERO

    def taken_back(self, line):
        """Return how many pieces of a line credit notes took back."""
        return pieces_back(line, self._read(), self.factor())

    def _owed_alone(self, line, less=ZERO):
        posted, measure = self.posted(line, self.trigger(line)), self.measure(line)
        out = self.sent(line) if measure == "sent" else max(line.quantity, self.sent(line))
        # What goes out beyond the order is a present, or takes the place of what came back.
        counted = ZERO if measure == "invoiced" else min(line.quantity, out - less)
        open_value = self.of(line, max(ZERO, counted - posted.quantity))
        return open_value + posted.invoiced - posted.credited

    def possibly_owed(self, line):
        """Return the same if all that is open is sent and charged."""
        return self._less_what_others_lack(
            line, self._possibly_owed_alone, lambda each: max(ZERO, -self._possibly_owed_alone(each))
        )

    def _possibly_owed_alone(self, line, less=ZERO):
        posted = self.posted(line)
        counted = min(line.quantity, max(line.quantity, self.sent(line)) - less)
        still = self.of(line, max(ZERO, counted - posted.quantity))
        return posted.invoiced + still - posted.credited

    def possible_money(self, line):
        """Return what M may still come to, see `money`."""
        owed = self.possibly_owed(line)
        less_refunds = owed - self.refunds(is_possible=True).get(line, ZERO)
        if self.measure(line) == "invoiced":
            return less_refunds
        lacking = self._possibly_owed_alone(line) - owed
        return min(less_refunds, self._possibly_owed_alone(line, self.unpaid_back(line)) - lacking)

    def figures(self, line):
        """Return the line's figures after each delivery that counts, the last are those of now."""
        if self.state != "sale" or not line.terms:
            return []
        trigger, money = self.trigger(line), self.money(line)
        if self.measure(line) == "sent":
            return self._by_delivery(line, self.worth(line), money)
        value, kept = self.value(line)
        day = self.paid_on() if trigger == "paid" else self.posted(line, trigger).day
        if not day or not value:
            return []
        if line.role == "service":
            return [Figures(0, day, value, kept, money, self.has(line))]
        whole = Figures(0, None, value, kept, money, self.has(line))
        found = self._by_delivery(line, value, money, day)
        # Nothing waits for a delivery any more where what was delivered comes to the same.
        if found and found[-1].base == whole.base:
            return [*found[:-1], replace(found[-1], value=whole.value, kept=whole.kept, has=whole.has)]
        return [*found, whole]

    def _by_delivery(self, line, most, money, not_before=None):
        moments = {each: each.counts_from(line.terms[0].trigger) for each in self.deliveries if line in each.sent}
        counting = [(moment, each) for each, moment in moments.items() if moment]
        found, sent, kept = [], ZERO, ZERO
        for moment, each in sorted(counting, key=lambda pair: (pair[0], pair[1].number)):
            sent, kept = sent + each.sent[line], kept + each.kept(line)
            value, day = min(self.of(line, sent), most), business_date(moment)
            day = max(day, not_before or day)
            has = min(kept, self.charged(line))
            found.append(Figures(each.number, day, value, self.of(line, kept), money, has))
        return found

    def possible(self, line):
        """Return the figures the line may still come to: all that is open is sent, kept and paid."""
        if self.state != "sale" or not line.terms:
            return NOTHING
        (worth, kept), has = self.possible_value(line), self.possibly_has(line)
        # Nothing more comes where the warehouse has given up the rest.
        kept = kept if line.role == "service" else min(kept, self.of(line, max(ZERO, has)))
        return Figures(0, None, worth, kept, self.possible_money(line), has)

    def pay(self):
        factor = self.factor()
        return Pay([Whole(line, line.value * factor, line.taxed * factor) for line in self.lines])
