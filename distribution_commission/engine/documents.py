# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""What the documents of an order charge for its lines, net of discounts.

Odoo puts a coupon on the first of several invoices; it was for all the goods. So the discounts on all documents are
shared out over all that the documents charge and will charge, by value.

What a document takes back is one of two:

- the goods at their price, before discounts: with the discount lines that belong to it or, where it has none, as long
  as it is all that was asked for them. The discounts are then for the goods that are left.
- an amount of money, as a lower price or what the customer had paid in the end: no discount is taken off it again.
"""

from collections import defaultdict
from dataclasses import dataclass, replace
from fractions import Fraction

from .eligible_base import ZERO, discount_factor, is_taken_back


@dataclass(frozen=True, slots=True)
class Charge:
    """What a document asks for an order line, negative where it takes it back.

    :param int line_id: the order line
    :param Fraction quantity: in its unit of measure; zero for a mere amount of money
    :param Fraction amount: untaxed, in the order's currency
    """

    line_id: int
    quantity: Fraction
    amount: Fraction

    @property
    def is_credit(self):
        return self.amount < 0 or (not self.amount and self.quantity < 0)


@dataclass(frozen=True, slots=True)
class Statement:
    """What one document says of one order.

    :param tuple charges: of goods and services, before the order's discounts
    :param Fraction discount: its discount lines, negative where it grants a discount
    """

    charges: tuple = ()
    discount: Fraction = ZERO

    @property
    def is_credit(self):
        return any(charge.is_credit for charge in self.charges)


def count_quantities(statements, factor, unit):
    """Return how much of each line documents have charged, and how much of it they took back.

    What comes back is often credited less a fee, or as an amount without a quantity, which is for as many pieces as it
    pays for. At less than half of their price, pieces are only made cheaper.

    :param list statements: Statement of each document of an order, in order of time
    :param Fraction factor: part of the price that is left after the order's discounts
    :param Decimal unit: smallest unit of the currency: by so much may documents be rounded
    :return: line id → quantity charged, line id → quantity taken back
    :rtype: tuple
    """
    charged, taken_back, left = defaultdict(Fraction), defaultdict(Fraction), defaultdict(Fraction)
    for statement in statements:
        for charge in statement.charges:
            line_id = charge.line_id
            amount = charge.amount if charge.is_credit and not statement.discount else charge.amount * factor
            if charge.is_credit:
                left_quantity = charged[line_id] - taken_back[line_id]
                taken_back[line_id] += _count_taken_back(charge.quantity, amount, left_quantity, left[line_id], unit)
            else:
                charged[line_id] += charge.quantity
            left[line_id] += amount
    return charged, taken_back


def _count_taken_back(quantity, amount, left_quantity, left, unit):
    if left_quantity <= 0 or left <= 0:
        return -quantity
    price = left / left_quantity
    if not quantity:
        return min(left_quantity, (Fraction(unit) - amount) // price)
    return -quantity if amount * 2 <= quantity * price else ZERO


def get_net_charges(statements, still_open, discount, unit):
    """Return what documents charge net of the discounts on all of them.

    :param list statements: Statement of each document of an order, in order of time
    :param Fraction still_open: value of the goods that documents will still charge, before discounts
    :param Fraction discount: of the order's discount lines, negative
    :param Decimal unit: smallest unit of the currency: by so much may documents be rounded
    :return: the charges of each document
    :rtype: list of lists
    """
    granted = sum((statement.discount for statement in statements), ZERO)
    marked = _mark_money(statements, unit)
    goods = sum((charge.amount for document in marked for charge, is_money in document if not is_money), ZERO)
    if still_open:
        # What the documents have not granted yet comes with the rest of the goods.
        granted = min(granted, discount)
    factor = discount_factor(goods + still_open, granted)
    return [
        [charge if is_money else replace(charge, amount=charge.amount * factor) for charge, is_money in document]
        for document in marked
    ]


def _mark_money(statements, unit):
    """Tell which charges are mere amounts of money, of which no discount is taken off."""
    left = defaultdict(lambda: (ZERO, ZERO))
    marked = []
    for statement in statements:
        document = []
        for charge in statement.charges:
            quantity, amount = left[charge.line_id]
            is_back = charge.is_credit and is_taken_back(-charge.quantity, -charge.amount, quantity, amount, unit)
            is_money = not charge.quantity or (charge.is_credit and not is_back and not statement.discount)
            if not is_money:
                moved = charge.quantity if is_back or not charge.is_credit else ZERO
                left[charge.line_id] = (quantity + moved, amount + charge.amount)
            document.append((charge, is_money))
        marked.append(document)
    return marked
