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
    """An invoice or credit note; the latter reverses an invoice, or an order would have made an invoice below zero.

    `paid_on` is the day of the last payment of an invoice that is paid; one is `undone` by its credit notes alone.
    """

    number: int
    day: date
    items: list
    reverses: "Invoice | None" = None
    is_credit: bool = False
    state: str = "draft"
    paid_on: date | None = None
    undone: bool = False

    @property
    def total(self):
        return sum((item.taxed for item in self.items), ZERO)

    def counts_for(self, trigger):
        """Tell whether it counts: where invoices have to be paid, only those, and their credit notes."""
        if trigger != "invoice_paid" or self.is_credit and not self.reverses:
            return True
        return bool((self.reverses or self).paid_on)

    def quantity_of(self, line):
        return sum((item.quantity for item in self.items if item.line is line), ZERO)

    @property
    def earning(self):
        return [item for item in self.items if item.line and item.line.earns]

    @property
    def freight(self):
        return [item for item in self.items if item.line and item.line.role == "freight"]

    @property
    def sign(self):
        return -1 if self.is_credit else 1

    @property
    def coupons(self):
        """What it grants, below zero, or takes back."""
        return self.sign * value_of(item for item in self.items if item.line and item.line.role == "coupon")

    def moneys(self):
        """Return (line, value) of what it takes back and names no line for: by what the reversed invoice asked."""
        loose = value_of(item for item in self.items if not item.line)
        if not loose or not self.reverses:
            return []
        earning = self.reverses.earning
        factor = discount_factor(sum(max(item.value, ZERO) for item in earning), self.reverses.coupons)
        asked = [(item.line, item.value * (factor if item.value > 0 else 1)) for item in earning]
        # Of what was invoiced: shipping bears its part.
        total = sum((value for _line, value in asked), value_of(self.reverses.freight))
        return [(line, -loose * value / total) for line, value in asked if total and value]


@dataclass
class Asked:
    """What a document asks for a line, below zero where it takes it back; `is_money` if discounts do not touch it."""

    document: Invoice
    line: object
    quantity: Fraction
    value: Fraction
    is_money: bool = False

    @property
    def is_back(self):
        return (self.value or self.quantity) < 0


def read(documents):
    """Return what documents ask, one after another, before discounts."""
    found, stands = [], {}
    for document in documents:
        for item in document.earning:
            asked = Asked(document, item.line, document.sign * item.quantity, document.sign * item.value)
            quantity, value = stands.get(item.line, (ZERO, ZERO))
            # Whoever gives back all that was asked for the pieces takes them back; prices are rounded to the fen.
            is_all = asked.is_back and quantity > 0
            is_all = (
                is_all and (Fraction(max(1, -asked.quantity), 100) - asked.value) * quantity >= -asked.quantity * value
            )
            asked.is_money = not item.quantity or asked.is_back and not is_all and not document.coupons
            if not asked.is_money:
                moved = asked.quantity if is_all or not asked.is_back else ZERO
                stands[item.line] = quantity + moved, value + asked.value
            found.append(asked)
        found += [Asked(document, line, ZERO, value, True) for line, value in document.moneys()]
    return found


def pieces_back(line, asked, factor):
    """Return how many pieces of a line documents took back: at half of what was left of their price or more, or for an
    amount without a quantity as many as it pays for.
    """
    charged = back = left = ZERO
    for each in (each for each in asked if each.line is line):
        value = each.value
        if not each.is_back:
            charged, left = charged + each.quantity, left + value * factor
            continue
        value *= factor if each.document.coupons else 1
        price = left / (charged - back) if charged > back else ZERO
        if price <= 0:
            back -= each.quantity
        elif each.quantity:
            back -= each.quantity if -value >= -each.quantity * price / 2 else ZERO
        else:
            back += min(charged - back, (Fraction(1, 100) - value) // price)
        left += value
    return back


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

    def add(self, asked, value, day):
        """Add what one document asks after another, in order of time, at its value net of discounts."""
        if asked.is_back:
            left_quantity, left = self.quantity - self.uncharged, self.invoiced - self.credited
            # One that credits less than all that is left of the price lowers it; prices are rounded to the fen.
            rounding = Fraction(max(1, -asked.quantity), 100)
            if left_quantity > 0 and left * -asked.quantity <= (rounding - value) * left_quantity:
                self.uncharged -= asked.quantity
            self.credited -= value
            return
        self.quantity, self.invoiced = self.quantity + asked.quantity, self.invoiced + value
        self.standing = max(self.standing, self.quantity - self.uncharged)
        self.day = max(self.day or day, day)
