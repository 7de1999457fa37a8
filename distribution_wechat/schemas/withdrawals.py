# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import Field, model_validator

from .base import Amount, PositiveAmount, Schema

WithdrawalState = Literal[
    "under_review",
    "being_sent",
    "waiting_for_confirmation",
    "cancelling",
    "paid",
    "failed",
    "expired",
    "refused",
    "cancelled",
]


class QuoteQuery(Schema):
    """Without an amount: all that is available."""

    amount: PositiveAmount | None = None


class Reason(Schema):
    code: str
    detail: str


class Quote(Schema):
    """What a withdrawal of an amount would mean; it can be asked for when `reasons` is empty."""

    amount: Amount
    fee: Amount
    tax: Amount
    net: Amount
    minimum: Amount
    available: Amount
    left_today: int
    currency: str
    reasons: list[Reason]


class WithdrawalRequest(Schema):
    """An amount, or everything that is available."""

    amount: PositiveAmount | None = None
    all: Annotated[bool, Field(strict=True)] = False

    @model_validator(mode="after")
    def _one_of_both(self):
        if (self.amount is None) != self.all:
            raise ValueError("send either an amount or all")
        return self


class Withdrawal(Schema):
    """`expires_at` is until when to confirm, while the state is waiting_for_confirmation."""

    id: int
    name: str
    state: WithdrawalState
    amount: Amount
    currency: str
    requested_at: datetime
    paid_on: date | None
    expires_at: datetime | None
    reason: str | None
    can_cancel: bool


class WithdrawalPage(Schema):
    items: list[Withdrawal]
    next_cursor: str | None


class Confirmation(Schema):
    """The parameters of wx.requestMerchantTransfer, spelled as it wants them."""

    mchId: str
    appId: str
    package: str
    openId: str
