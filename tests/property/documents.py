# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Invoices and credit notes, as the model takes them: values of their lines, to the fen, and what they say together."""

from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from .pay import ZERO, to_fen


@dataclass(frozen=True)
class Tax:
    """A tax in per cent, on top of the price or included in it."""

    rate: int = 0
    is_included: bool = False

    def split(self, fen):
        """Return an amount as documents show it, without and with the tax."""
        if self.is_included:
            return fen - to_fen(Fraction(fen * self.rate, 100 * (100 + self.rate))), fen
        return fen, fen + to_fen(Fraction(fen * self.rate, 100 * 100))


@dataclass(frozen=True)
class Item:
    """A line of an invoice, with what it is worth without and with taxes; `line` is None where it names none. The
    discount is that of the day: the order line may have another one since.
    """

    line: object | None
    quantity: Fraction
    value: Fraction
    taxed: Fraction
    discount: Fraction = ZERO


def to_item(line, quantity, price, tax, discount=ZERO):
    """Return what a document shows: quantity times price less discount, rounded once, and its tax."""
    untaxed, taxed = tax.split(to_fen(Fraction(quantity) * price * (100 - discount) / 100))
    return Item(line, Fraction(quantity), Fraction(untaxed, 100), Fraction(taxed, 100), discount)


@dataclass(eq=False)
class Invoice:
    """An invoice or credit note.

    `paid_on` is the day of the last payment of an invoice that is paid; one is `undone` by its credit notes alone.
    """

    number: int
    day: date
    items: list
    reverses: "Invoice | None" = None
    state: str = "draft"
    paid_on: date | None = None
    undone: bool = False

    @property
    def total(self):
        return sum((item.taxed for item in self.items), ZERO)

    def counts_for(self, trigger):
        """Tell whether it counts: where invoices have to be paid, only those, and their credit notes."""
        return trigger != "invoice_paid" or bool((self.reverses or self).paid_on)

    def quantity_of(self, line):
        return sum((item.quantity for item in self.items if item.line is line), ZERO)

    @property
    def earning(self):
        return [item for item in self.items if item.line and item.line.earns]

    @property
    def coupons(self):
        return [item for item in self.items if item.line and item.line.role == "coupon"]

    def shares(self, factor=None):
        """Return (line, quantity, value net of discounts); loose credits go over what they reverse.

        The discounts are those of all documents of the order; of this one, where no factor is given. A credit note that
        takes no coupon back gives back what it says.
        """
        earning, coupons = self.earning, self.coupons
        if factor is None or self.reverses and not coupons:
            factor = discount_factor(value_of(earning), value_of(coupons))
        shares = [(item.line, item.quantity, item.value * factor) for item in earning]
        loose = value_of(item for item in self.items if not item.line)
        if loose and self.reverses:
            reversed_shares = self.reverses.shares()
            # Of what was invoiced: shipping bears its part.
            freight = value_of(item for item in self.reverses.items if item.line and item.line.role == "freight")
            total = sum((value for _line, _quantity, value in reversed_shares), freight)
            shares += [(line, ZERO, loose * value / total) for line, _q, value in reversed_shares if total]
        return shares


def is_earning(line):
    return line.earns


def is_coupon(line):
    return line.role == "coupon"


def value_of(parts):
    return sum((each.value for each in parts), ZERO)


def discount_factor(goods, discounts):
    return min(max(1 + discounts / goods, ZERO), Fraction(1)) if goods > 0 else Fraction(1)


@dataclass(eq=False)
class Posted:
    """What posted documents say of a line, and the day of the last one that counts.

    `uncharged` is the quantity that credit notes took back, `standing` the most that stood on invoices at once.
    """

    quantity: Fraction = ZERO
    invoiced: Fraction = ZERO
    credited: Fraction = ZERO
    day: date | None = None
    uncharged: Fraction = ZERO
    standing: Fraction = ZERO

    def add(self, document, quantity, value, day):
        """Add one document after another, in order of time."""
        if document.reverses:
            left_quantity, left = self.quantity - self.uncharged, self.invoiced - self.credited
            # One that credits less than all that is left of the price lowers it; to a fen, documents are rounded.
            if left_quantity > 0 and left * quantity <= (value + Fraction(1, 100)) * left_quantity:
                self.uncharged += quantity
            self.credited += value
            return
        self.quantity, self.invoiced = self.quantity + quantity, self.invoiced + value
        self.standing = max(self.standing, self.quantity - self.uncharged)
        self.day = max(self.day or day, day)
