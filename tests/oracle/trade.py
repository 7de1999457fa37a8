"""What happens: orders, bindings and returns of the stated rules, sections 1 to 5. No commission here."""

import datetime as dt
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from zoneinfo import ZoneInfo

LONDON = ZoneInfo("Europe/London")
FIRST_DAY = dt.date(2026, 4, 1)
DAYS = 183
END = dt.datetime(2026, 10, 1, tzinfo=LONDON)
BINDING_DAYS = 90
PENNY = Decimal("0.01")
GENUINE = {"order": "536488", "code": "22960", "quantity": 6}


def london(day, hour=0, minute=0):
    """Return a moment of the company's day."""
    return dt.datetime(day.year, day.month, day.day, hour, minute, tzinfo=LONDON)


def pennies(amount):
    """Round half-up to the penny."""
    return amount.quantize(PENNY, rounding=ROUND_HALF_UP)


@dataclass(frozen=True)
class Line:
    """An order line; ``position`` counts from 0 within the order."""

    order: str
    position: int
    code: str
    quantity: int
    price: Decimal

    @property
    def is_goods(self):
        return self.code not in ("POST", "D")

    def value(self, quantity):
        """Return what so many pieces are worth, untaxed."""
        return pennies(quantity * self.price)


@dataclass(frozen=True)
class Order:
    """A sale with its moments; ``distributor`` is the one it counts for, or None."""

    number: str
    index: int
    customer: str
    lines: tuple
    confirmed: dt.datetime
    delivered: dt.datetime
    invoiced: dt.datetime
    distributor: int | None
    reason: str


@dataclass(frozen=True)
class Reversal:
    """Goods taken back, by a return, a credit note or both."""

    line: Line
    quantity: int
    at: dt.datetime
    mode: str
    genuine: bool = False
    second_at: dt.datetime | None = None


@dataclass
class Trade:
    """All that the commission follows from."""

    orders: list
    reversals: list
    uplines: dict
    unmatched: list = field(default_factory=list)

    def chain(self, distributor, levels):
        """Return the distributors paid at level 1, 2, …, at most so many."""
        found = []
        while distributor and len(found) < levels:
            found.append(distributor)
            distributor = self.uplines[distributor]
        return found


def number_customers(rows):
    """Number customers 1 … by first appearance (section 3.1)."""
    numbers = {}
    for row in rows:
        if row.customer and row.customer not in numbers:
            numbers[row.customer] = len(numbers) + 1
    return numbers


def make_uplines(customer_count):
    """Return the upline of each distributor, None at the top of a chain (sections 3.2, 3.3)."""
    return {j: None if j % 4 == 1 else j - 1 for j in range(1, customer_count // 4 + 1)}


def referrer(number, distributor_count):
    """Return the distributor that customer ``number`` is bound to, or None (section 3.4)."""
    if number % 4 == 0 or number % 10 == 6:
        return None
    return (number - 1 - number // 4) % distributor_count + 1


def binding_is_over(first_day, confirmed):
    """Tell whether a binding that began on the first day no longer holds (section 3.5)."""
    begin = london(first_day).astimezone(dt.UTC)
    return confirmed >= begin + dt.timedelta(hours=24 * BINDING_DAYS)


def attribute(number, confirmed, first_day, distributor_count):
    """Return the distributor an order counts for, and why not when it counts for none (section 3.6)."""
    if number is None:
        return None, "no customer"
    if number % 4 == 0:
        return None, "self-purchase"
    distributor = referrer(number, distributor_count)
    if distributor is None:
        return None, "not referred"
    if binding_is_over(first_day, confirmed):
        return None, "binding over"
    return distributor, "bound"


def group_orders(rows):
    """Return [(invoice number, rows)] of what is no cancellation, by first appearance (section 1.1)."""
    grouped = {}
    for row in rows:
        if not row.is_cancellation:
            grouped.setdefault(row.invoice, []).append(row)
    return list(grouped.items())


def make_orders(rows, numbers, distributor_count):
    """Place the orders on their days and attribute them (sections 1 to 3)."""
    groups = group_orders(rows)
    first_days, orders = {}, []
    for index, (invoice, its_rows) in enumerate(groups):
        day = FIRST_DAY + dt.timedelta(days=index * DAYS // len(groups))
        next_day = day + dt.timedelta(days=1)
        customer = its_rows[0].customer
        first_day = first_days.setdefault(customer, day)
        confirmed = london(day, its_rows[0].time.hour, its_rows[0].time.minute)
        distributor, reason = attribute(numbers.get(customer), confirmed, first_day, distributor_count)
        orders.append(
            Order(
                number=invoice,
                index=index,
                customer=customer,
                lines=tuple(Line(invoice, at, row.code, row.quantity, row.price) for at, row in enumerate(its_rows)),
                confirmed=confirmed,
                delivered=london(next_day, 0, 30) if index % 7 == 3 else london(next_day, 10),
                invoiced=london(next_day, 11),
                distributor=distributor,
                reason=reason,
            )
        )
    return orders


def is_genuine(line):
    """Tell whether the genuine cancellation is of this line (section 4)."""
    return (line.order, line.code) == (GENUINE["order"], GENUINE["code"])


def make_reversals(orders):
    """Return the genuine cancellation and the invented returns (sections 4 and 5), those after the end too."""
    numbered = [(order, line) for order in orders for line in order.lines if line.is_goods and line.price > 0]
    reversals = []
    for number, (order, line) in enumerate(numbered, start=1):
        delivered = order.delivered.date()
        if is_genuine(line):
            at = london(delivered + dt.timedelta(days=1), 15)
            reversals.append(Reversal(line, GENUINE["quantity"], at, "both", genuine=True))
        elif number % 20 == 0:
            reversals.append(invent_return(number // 20 - 1, line, delivered))
    return reversals


def invent_return(ordinal, line, delivered):
    """Return the invented return ``ordinal`` (sections 5.2 to 5.5)."""
    day = delivered + dt.timedelta(days=(3, 12, 45)[ordinal % 3])
    mode = ("both", "return", "credit")[ordinal // 3 % 3]
    second = london(day + dt.timedelta(days=2), 15) if mode == "both" else None
    return Reversal(line, -(-line.quantity // 2), london(day, 15), mode, second_at=second)


def list_unmatched(rows):
    """Return the cancelled (invoice, code, quantity) that are neither loaded as a return nor the discount."""
    cancelled = [row for row in rows if row.is_cancellation and row.code not in ("D", GENUINE["code"])]
    return [(row.invoice, row.code, row.quantity) for row in cancelled]


def build_trade(rows):
    """Build all that happens, from the rows of the sample."""
    numbers = number_customers(rows)
    uplines = make_uplines(len(numbers))
    orders = make_orders(rows, numbers, len(uplines))
    return Trade(orders, make_reversals(orders), uplines, list_unmatched(rows))
