# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from .base import Amount, Id, Schema
from .cart import MAX_QUANTITY

RefundStatus = Literal["requested", "refused", "cancelled", "processing", "refunded", "failed"]


class RefundLine(Schema):
    line_id: Id
    quantity: Annotated[int, Field(strict=True, ge=1, le=MAX_QUANTITY)]


class NewRefundRequest(Schema):
    lines: Annotated[list[RefundLine], Field(min_length=1, max_length=100)]
    reason: Annotated[str, StringConstraints(strict=True, strip_whitespace=True, min_length=1, max_length=200)]
    goods_come_back: Annotated[bool, Field(strict=True)] = False


class RefundRequestLine(Schema):
    line_id: int
    name: str
    quantity: Amount
    amount: Amount


class RefundRequest(Schema):
    id: int
    number: str
    status: RefundStatus
    requested_at: datetime
    currency: str
    amount: Amount
    reason: str
    refuse_reason: str | None
    goods_come_back: bool
    lines: list[RefundRequestLine]


class RefundRequestList(Schema):
    items: list[RefundRequest]
