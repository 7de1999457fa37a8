"""Reading the sample file."""

import csv
import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

SAMPLE = Path(__file__).resolve().parent.parent / "data" / "online_retail_sample.csv"


@dataclass(frozen=True)
class Row:
    """One line of the file."""

    invoice: str
    code: str
    quantity: int
    price: Decimal
    time: dt.time
    customer: str

    @property
    def is_cancellation(self):
        return self.invoice.startswith("C")


def parse_row(fields):
    """Make a row of the file's own columns."""
    clock = fields["InvoiceDate"].split()[1]
    hour, minute = clock.split(":")
    return Row(
        invoice=fields["InvoiceNo"],
        code=fields["StockCode"],
        quantity=int(fields["Quantity"]),
        price=Decimal(fields["UnitPrice"]),
        time=dt.time(int(hour), int(minute)),
        customer=fields["CustomerID"].strip(),
    )


def read_rows(path=SAMPLE):
    """Return every row of the file, in file order."""
    with open(path, encoding="utf-8", newline="") as file:
        return [parse_row(fields) for fields in csv.DictReader(file)]
