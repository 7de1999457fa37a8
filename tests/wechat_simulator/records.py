# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""What the simulator remembers. Amounts are integer fen, times seconds of the business clock."""

from dataclasses import dataclass, field


@dataclass
class App:
    """A mini-program bound to the merchant."""

    appid: str
    secret: str


@dataclass
class User:
    """A WeChat user as one app sees him."""

    openid: str
    appid: str
    unionid: str
    name: str = ""
    real_name: str = ""
    phone: str = ""
    blocked: bool = False
    seen_at: float = 0.0
    subscriptions: dict = field(default_factory=dict)


@dataclass
class Order:
    """A JSAPI order; ``request`` is what must come again for a replay."""

    out_trade_no: str
    request: dict
    prepay_id: str
    prepaid_at: float
    created_at: float
    trade_state: str = "NOTPAY"
    transaction_id: str = ""
    success_at: float = 0.0
    shipped: bool = False
    frozen: int = 0

    @property
    def openid(self):
        """Return who is to pay."""
        return self.request["payer"]["openid"]

    @property
    def total(self):
        """Return the price."""
        return self.request["amount"]["total"]


@dataclass
class Refund:
    """A refund of an order, all of it or a part."""

    out_refund_no: str
    request: dict
    out_trade_no: str
    refund_id: str
    created_at: float
    status: str = "PROCESSING"
    success_at: float = 0.0
    source: str = "merchant"

    @property
    def amount(self):
        """Return what goes back to the buyer."""
        return self.request["amount"]["refund"]


@dataclass
class Transfer:
    """A transfer of the merchant to a user."""

    out_bill_no: str
    request: dict
    transfer_bill_no: str
    created_at: float
    updated_at: float
    state: str = "ACCEPTED"
    fail_reason: str = ""
    package_info: str = ""

    @property
    def openid(self):
        """Return who receives."""
        return self.request["openid"]

    @property
    def amount(self):
        """Return what he receives."""
        return self.request["transfer_amount"]


@dataclass
class Notice:
    """A notification: the clear text, where it goes, and each attempt to deliver it."""

    id: str
    event_type: str
    number: str
    summary: str
    original_type: str
    resource: dict
    url: str
    created_at: float
    state: str = "QUEUED"
    attempts: list = field(default_factory=list)


@dataclass
class Entry:
    """A movement of money: out of one account, into another."""

    seq: int
    at: float
    debit: str
    credit: str
    amount: int
    kind: str
    number: str


@dataclass
class Settings:
    """What a test or a demo may choose.

    ``mode`` is "public_key" or "certificate". ``refund_seconds`` and ``cancel_seconds`` are how long
    the asynchronous part takes (None: until ``finish_refund``/``finish_cancel``). ``retry_seconds``
    are the waits before a notification is tried again; the real ones are 15 s, 15 s, 30 s, 3 m, 10 m, 20 m, 30 m ×3,
    60 m, 3 h ×3, 6 h ×2. ``answer_within`` is what the merchant's server has to answer. ``freeze_until_shipped``
    keeps the money of an order from the merchant until its shipment is reported, as WeChat does for mini-programs
    that sell goods. ``shop_url`` is the Odoo that the phone at ``/phone/`` buys from.
    """

    mode: str = "public_key"
    skew: int = 300
    signature_clock_offset: float = 0.0
    refund_seconds: float | None = 0.1
    cancel_seconds: float | None = 0.1
    retry_seconds: tuple = (0.3, 0.3, 0.6, 1, 2, 3)
    answer_within: float = 5.0
    freeze_until_shipped: bool = False
    user_balance: int = 10_000_000
    merchant_balance: int = 10_000_000
    risky_words: tuple = ("赌博", "刷单")
    pages: tuple = ()
    shop_url: str = ""
    scenes: dict = field(
        default_factory=lambda: {
            "1000": ("活动名称", "奖励说明"),
            "1005": ("岗位类型", "报酬说明"),
            "1006": ("报销类型", "报销说明"),
        }
    )
