# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""What the commission ledger must hold: the design's decisions 1-9 in plain Python, without a line of the modules.

Amounts of the ledger are whole fen.
"""

from dataclasses import replace
from datetime import timedelta
from fractions import Fraction

from .guarantees import Guarantees
from .order import BY_INVOICE, business_date
from .pay import SHARED, ZERO, Row, Term, to_fen
from .rules import resolve

EARNING = ("active", "suspended")
# Met before the goods are delivered, perhaps: the hold waits for them.
EARLY = ("paid", *BY_INVOICE)


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
