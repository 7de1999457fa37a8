# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""What the commission ledger must hold: the design's decisions 1-9 in plain Python, without a line of the modules.

Amounts of the ledger are whole fen; values of documents are exact fractions in the order's currency.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from fractions import Fraction

from .documents import Posted, Tax, discount_factor, is_coupon, is_earning, pieces_back, read, to_item, value_of
from .guarantees import Guarantees
from .pay import NOTHING, SHARED, ZERO, Figures, Pay, Row, Term, Whole, to_fen
from .refunds import Bearer, given_back, paid_since, spread
from .rules import resolve

EARNING = ("active", "suspended")
BY_INVOICE = ("invoiced", "invoice_paid")
# Met before the goods are delivered, perhaps: the hold waits for them.
EARLY = ("paid", *BY_INVOICE)


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


class Model(Guarantees):
    """A merchant with one program."""

    def __init__(self, trigger, hold, levels, cap, now, passes_up=False):
        self.trigger, self.hold, self.levels, self.cap = trigger, hold, levels, Fraction(cap)
        self.passes_up = passes_up
        self.now, self.receipt_days = now, 10
        self.products, self.rules, self.orders = [], [], []
        self.distributors, self.bindings, self.owners, self.excluded = {}, {}, {}, set()
        self.accounts, self.guarantees = {}, {}

    @property
    def today(self):
        return business_date(self.now)

    # === WHO AND BY WHICH RULE === #

    def _attribute(self, order):
        own = self.owners.get(order.buyer)
        if own and own.state in EARNING:
            return None
        for candidate in (order.chosen, self.bindings.get(order.buyer)):
            if candidate and candidate.state in EARNING:
                return candidate
        return None

    def _chain(self, order):
        """Return (level, who stands there), nearest first; whoever buys is passed over."""
        level, distributor, chain = 1, None if order.is_excluded else order.distributor, []
        while distributor and level <= self.levels:
            if self.owners.get(order.buyer) is not distributor:
                chain.append((level, distributor))
            level, distributor = level + 1, distributor.upline
        return chain

    def _share(self, chain, level, distributor, product):
        """Return who gets a level's share of a product and by which rule, None where nobody does."""
        found = resolve(self.rules, level, product, distributor, self.today)
        if found and distributor.state in EARNING:
            return distributor, found
        above = [each for higher, each in chain if higher > level and each.state in EARNING]
        if not self.passes_up or not above:
            return None
        found = found or resolve(self.rules, level, product, distributor, self.today, is_for_another=True)
        return (above[0], found) if found else None

    def freeze(self, order, lines):
        """Give lines the terms of this moment."""
        agreed = {term.group: term for line in order.lines if line not in lines for term in line.terms}
        chain = self._chain(order)
        for line in lines:
            line.terms = []
            for level, distributor in chain if line.earns else ():
                share = self._share(chain, level, distributor, line.product)
                if share:
                    line.terms.append(self._make_term(order, line, level, distributor, *share))
        for term in (term for line in lines for term in line.terms if term.limit.scope in SHARED):
            # The rule may have changed since: lines that share a limit have the one that was agreed first.
            if term.group in agreed:
                first = agreed[term.group]
                # A most for a month is one of the month in which it was agreed.
                term.limit, term.day = first.limit, first.day if first.limit.scope == "period" else term.day
        self.expect(order)

    def _make_term(self, order, line, level, distributor, receiver, found):
        # What passes up is what it would have been, by the sales of who stands there.
        sales = self.sales(order, level, distributor) if found.needs_sales else ZERO
        return Term(
            level,
            receiver,
            found.rule.number,
            found.pays(sales),
            found.rule.limit,
            self.today,
            self.cap,
            self.trigger,
            self.hold,
            order.currency_rate,
            line.product.list_price,
            line.product.cost,
        )

    def _others(self, order, level, distributor, day):
        """Return a distributor's terms on a level in other orders of the month."""
        return [
            term
            for each in self.orders
            if each is not order and each.state == "sale"
            for line in each.lines
            for term in line.terms
            if (term.level, term.distributor) == (level, distributor)
            and (term.day.year, term.day.month) == (day.year, day.month)
        ]

    def sales(self, order, level, distributor):
        """Return the sales of the month so far on which a distributor has earned on a level."""
        others = self._others(order, level, distributor, self.today)
        return Fraction(sum(term.sold for term in others if term.day <= self.today), 100)

    def expect(self, order):
        """Say what a confirmed order comes to if nothing is returned: as it is now."""
        self._take_of_period(order)
        pay = order.pay()
        for line in order.lines if order.state == "sale" else ():
            for term, expected in zip(line.terms, pay.amounts_of_all(line), strict=True):
                term.expected, term.sold = expected, to_fen(order.worth(line) / order.currency_rate)

    def _take_of_period(self, order):
        """See what others have left of the most for a period."""
        days = {}
        for term in (term for line in order.lines for term in line.terms if term.limit.scope == "period"):
            day = days.setdefault(term.group, term.day)
            others = self._others(order, term.level, term.distributor, day)
            used = Fraction(sum(each.expected for each in others if each.rule == term.rule), 100)
            term.limit = replace(term.limit, used=used if term.limit.most is not None else ZERO)

    def confirm(self, order):
        """Freeze attribution and terms; what has earned keeps its own."""
        if not order.has_entries:
            order.distributor = self._attribute(order)
            order.chosen = order.chosen if order.distributor is order.chosen else None
            order.is_excluded = order.buyer in self.excluded or order.has_grade_price
        order.state = "sale"
        self.freeze(order, [line for line in order.lines if not line.has_entries])

    # === THE LEDGER === #

    def converge(self, orders=None):
        """Bring every term, or those of some orders, to what it should have earned now."""
        orders = self.orders if orders is None else orders
        for order in orders:
            pay = order.pay()
            for line in order.lines:
                figures = order.figures(line)
                by_delivery = [pay.amounts(line, each) for each in figures]
                for position, term in enumerate(line.terms):
                    self._converge_term(term, figures, [targets[position] for targets in by_delivery])
        self.guarantee(orders)

    def _converge_term(self, term, figures, targets):
        difference = (targets[-1] if targets else 0) - term.earned
        if difference < 0:
            self._take_back(term, -difference)
        # Spread over the deliveries that lack it, the latest first: no hold ends too early.
        steps, gains = [after - before for before, after in zip([0, *targets], targets, strict=False)], []
        for each, step in reversed(list(zip(figures, steps, strict=True))):
            has = sum(row.amount for row in term.rows if row.delivery == each.delivery)
            gain = min(difference, step - has)
            if gain > 0:
                release = each.day and each.day + timedelta(days=term.hold)
                gains.append(Row(gain, each.delivery, "held", release, gain))
                difference -= gain
        term.rows += reversed(gains)
        assert difference <= 0, "a gain belongs to no delivery"
        self._begin_hold(term, figures)

    def _begin_hold(self, term, figures):
        """Once all is delivered, or nothing will be, what was earned before is held from then on."""
        if term.trigger in EARLY and all(each.day for each in figures):
            day = max((each.day for each in figures), default=self.today)
            for row in term.rows:
                if row.state == "held" and not row.release:
                    row.release = day + timedelta(days=term.hold)

    def _take_back(self, term, loss):
        """Reverse the latest earnings first: held as long as they are, due now where they no longer are."""
        for row in reversed([row for row in term.rows if row.left]):
            part = min(row.left, loss)
            if part:
                state, release = ("held", row.release) if row.state == "held" else ("due", self.today)
                term.rows.append(Row(-part, row.delivery, state, release))
                row.left, loss = row.left - part, loss - part

    def rows(self):
        terms = [term for order in self.orders for line in order.lines for term in line.terms]
        return [(each, row) for each in (*terms, *self.guarantees.values()) for row in each.rows]

    def release(self):
        for _term, row in self.rows():
            if row.state == "held" and row.release and row.release <= self.today:
                row.state = "due"

    def settle(self):
        """Settle what is due, but nothing of who is suspended: debt is repaid first."""
        for term, row in self.rows():
            if row.state == "due" and term.distributor.state != "suspended":
                row.state = "settled"
                available, debt = self.accounts.get(term.distributor, (0, 0))
                net = available - debt + row.amount
                self.accounts[term.distributor] = (max(net, 0), max(-net, 0))

    def pending(self, order, line):
        """Return what each term of a line can still earn, in fen."""
        targets = order.pay().amounts(line, order.possible(line))
        return [max(0, target - term.earned) for target, term in zip(targets, line.terms, strict=True)]
