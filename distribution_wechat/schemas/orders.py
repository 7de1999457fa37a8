# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from .base import Amount, Id, PageQuery, Schema
from .cart import MAX_QUANTITY

Status = Literal["to_pay", "to_ship", "to_receive", "completed", "cancelled"]


def _text(longest, shortest=0):
    return Annotated[
        str, StringConstraints(strict=True, strip_whitespace=True, min_length=shortest, max_length=longest)
    ]


class Address(Schema):
    """Where to deliver, as wx.chooseAddress gives it."""

    name: _text(64, 1)
    phone: Annotated[str, StringConstraints(strict=True, pattern=r"^\+?[0-9 -]{5,20}$")]
    province: _text(64, 1)
    city: _text(64, 1)
    district: _text(64) = ""
    street: _text(200, 1)
    postal_code: _text(12) = ""


class Wanted(Schema):
    variant_id: Id
    quantity: Annotated[int, Field(strict=True, ge=1, le=MAX_QUANTITY)]


class Basket(Schema):
    """What to buy: `lines`, or the whole cart when they are left out."""

    lines: Annotated[list[Wanted], Field(min_length=1, max_length=100)] | None = None


class NewOrder(Basket):
    address: Address | None = None
    note: _text(200) = ""


class OrderLine(Schema):
    id: int | None
    variant_id: int
    product_id: int
    name: str
    image_url: str
    quantity: Amount
    subtotal: Amount


class Preview(Schema):
    """What the order would cost; `problems` says what stands in its way."""

    currency: str
    lines: list[OrderLine]
    untaxed: Amount
    tax: Amount
    total: Amount
    problems: list[str]


class OrderQuery(PageQuery):
    status: Status | None = None


class OrderSummary(Schema):
    id: int
    number: str
    status: Status
    placed_at: datetime
    pay_until: datetime | None
    currency: str
    total: Amount
    lines: list[OrderLine]


class OrderPage(Schema):
    items: list[OrderSummary]
    next_cursor: str | None


class Delivery(Schema):
    shipped_at: datetime
    received_at: datetime | None
    carrier: str | None
    tracking_number: str | None


class Order(OrderSummary):
    untaxed: Amount
    tax: Amount
    refunded: Amount
    note: str
    receiver: str
    receiver_phone: str
    receiver_address: str
    deliveries: list[Delivery]
    can_confirm_receipt: bool
