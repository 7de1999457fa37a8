"""Reading the sample, and planning what happens on which day (RULES.md, sections 1 to 5)."""

import csv
import datetime
from dataclasses import dataclass, field
from pathlib import Path

DATA = Path(__file__).resolve().parents[2] / "tests" / "data"
START = datetime.date(2026, 4, 1)
LAST_DAY = datetime.date(2026, 9, 30)
SPREAD = 183
SHIPPING, DISCOUNT = "POST", "D"
WALK_IN = ""
CANCELLED_ORDER = "536488"
CANCELLATION = "C536506"
DISCOUNT_NOTE = "C536379"


@dataclass
class SampleLine:
    """A row of the file; ``price`` stays the text of the file."""

    invoice: str
    code: str
    name: str
    quantity: int
    price: str
    clock: str
    customer: str
    country: str

    @property
    def is_goods(self):
        return self.code not in (SHIPPING, DISCOUNT)


@dataclass
class PlannedReturn:
    """Goods of a line that come back: documents are ``("return", day)`` and ``("credit", day)``."""

    invoice: str
    position: int
    quantity: int
    documents: list
    label: str


@dataclass
class PlannedOrder:
    """An order with its days."""

    invoice: str
    lines: list
    day: datetime.date
    ordered: str
    delivered: str
    returns: list = field(default_factory=list)

    @property
    def customer(self):
        return self.lines[0].customer

    @property
    def delivery_day(self):
        return self.day + datetime.timedelta(days=1)


def read_lines():
    """Return the rows of the sample."""
    path = DATA / "online_retail_sample.csv"
    with path.open(encoding="utf-8", newline="") as stream:
        return [
            SampleLine(
                invoice=row["InvoiceNo"],
                code=row["StockCode"],
                name=row["Description"].strip(),
                quantity=int(row["Quantity"]),
                price=row["UnitPrice"],
                clock=row["InvoiceDate"].rpartition(" ")[2],
                customer=row["CustomerID"],
                country=row["Country"],
            )
            for row in csv.DictReader(stream)
        ]


def customer_codes(lines):
    """Return the customers' codes by first appearance; the first is customer k = 1 (3.1)."""
    return list(dict.fromkeys(line.customer for line in lines if line.customer))


def plan_orders(lines):
    """Return the planned orders with their returns, in order (sections 1, 2, 5)."""
    by_invoice = {}
    for line in lines:
        if line.invoice[0] != "C":
            by_invoice.setdefault(line.invoice, []).append(line)
    orders = []
    for index, (invoice, order_lines) in enumerate(by_invoice.items()):
        day = START + datetime.timedelta(days=(index * SPREAD) // len(by_invoice))
        delivered = "00:30" if index % 7 == 3 else "10:00"
        orders.append(PlannedOrder(invoice, order_lines, day, order_lines[0].clock, delivered))
    plan_returns(orders, lines)
    return orders


def plan_returns(orders, lines):
    """Add to the orders what comes back of them."""
    number = 0
    for order in orders:
        for position, line in enumerate(order.lines):
            if not line.is_goods or float(line.price) <= 0:
                continue
            number += 1
            if order.invoice == CANCELLED_ORDER and line.code == cancelled_line(lines).code:
                order.returns.append(genuine_return(order, position, cancelled_line(lines)))
            elif number % 20 == 0:
                order.returns.append(invented_return(order, position, number))


def cancelled_line(lines):
    """Return the row of the one cancellation that matches a purchase (section 4)."""
    return next(line for line in lines if line.invoice == CANCELLATION)


def genuine_return(order, position, cancellation):
    """Plan the genuine cancellation: goods and money on the day after the delivery."""
    day = order.delivery_day + datetime.timedelta(days=1)
    return PlannedReturn(
        order.invoice,
        position,
        -cancellation.quantity,
        [("return", day), ("credit", day)],
        f"cancellation {CANCELLATION}",
    )


def invented_return(order, position, number):
    """Plan the return of the goods line ``number`` (section 5)."""
    r = number // 20 - 1
    day = order.delivery_day + datetime.timedelta(days=[3, 12, 45][r % 3])
    later = day + datetime.timedelta(days=2)
    documents = {
        0: [("return", day), ("credit", later)] if r % 2 == 0 else [("credit", day), ("return", later)],
        1: [("return", day)],
        2: [("credit", day)],
    }[(r // 3) % 3]
    quantity = (order.lines[position].quantity + 1) // 2
    return PlannedReturn(order.invoice, position, quantity, documents, f"invented return {r + 1} (RULES.md, 5)")


def not_loaded(lines):
    """Return the cancellations without a purchase in the sample: listed, not loaded (section 4)."""
    return [line for line in lines if line.invoice[0] == "C" and line.invoice not in (CANCELLATION, DISCOUNT_NOTE)]
