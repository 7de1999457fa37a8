# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from datetime import datetime
from typing import Literal

from .base import Amount, Schema


class PaymentParameters(Schema):
    """What ``wx.requestPayment`` takes, named as it wants them."""

    timeStamp: str
    nonceStr: str
    package: str
    signType: str
    paySign: str


class PaymentAnswer(Schema):
    """How an order stands: `unpaid` can be paid until `expires_at`; `closed` never was and cannot be any more."""

    state: Literal["unpaid", "paid", "refunded", "closed"]
    currency: str
    amount: Amount
    paid: Amount
    refunding: Amount
    refunded: Amount
    expires_at: datetime | None


class PayAnswer(PaymentAnswer):
    parameters: PaymentParameters
