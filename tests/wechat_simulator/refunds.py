# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Refunds: ask, query, and what becomes of them.

Within a year, at most fifty parts, never more than was paid. The answer says only that the refund is accepted
(PROCESSING); the end comes by notification or query. The query calls it ``status``, the
notification ``refund_status``.
"""

from . import fields
from .clock import DAY, rfc3339
from .errors import PayError, param_error
from .ledger import MERCHANT, REFUNDS, UNSHIPPED, NotEnough, user_account
from .messages import Answer
from .records import Refund

ALLOWED = set("transaction_id out_trade_no out_refund_no reason notify_url funds_account amount goods_detail".split())
NOTIFIED = "transaction_id out_trade_no refund_id out_refund_no user_received_account success_time".split()
MOST_PARTS = 50
LAST_DAY = 365 * DAY
ENDS = ("SUCCESS", "CLOSED", "ABNORMAL")


class Refunds:
    """Refunds of the merchant's orders."""

    def __init__(self, world, scheduler):
        self.world = world
        self.scheduler = scheduler

    # === The merchant's calls ===

    def create(self, request):
        """POST /v3/refund/domestic/refunds: accept a refund, or show the one of this number."""
        values = request.json()
        self._check(values)
        refund = self.world.store.refunds.get(values["out_refund_no"])
        if refund:
            if refund.request != values:
                raise PayError(400, "INVALID_REQUEST", "订单金额或退款金额与之前请求不一致，请核实后再试")
            return Answer.of(self.as_dict(refund))
        order = self._order(values)
        self._check_order(order, values["amount"])
        return Answer.of(self.as_dict(self._accept(order, values)))

    def query(self, request, out_refund_no):
        """GET /v3/refund/domestic/refunds/{out_refund_no}."""
        refund = self.world.store.refunds.get(out_refund_no)
        if not refund:
            raise PayError(404, "RESOURCE_NOT_EXISTS", "退款单不存在")
        return Answer.of(self.as_dict(refund))

    # === The platform ===

    def finish(self, out_refund_no, status="SUCCESS"):
        """End a refund: SUCCESS to the buyer, CLOSED back to the merchant, ABNORMAL stays on the way."""
        with self.world.store.lock:
            refund = self.world.store.refunds[out_refund_no]
            if status not in ENDS or refund.status != "PROCESSING":
                raise ValueError(f"refund {out_refund_no} is {refund.status} and cannot become {status}")
            order = self.world.store.orders[refund.out_trade_no]
            if status == "SUCCESS":
                self.world.ledger.move(REFUNDS, user_account(order.openid), refund.amount, "refund", out_refund_no)
                refund.success_at = self.world.clock.now()
                order.trade_state = "REFUND"
            elif status == "CLOSED":
                target = MERCHANT if order.shipped else refund.source
                self.world.ledger.move(REFUNDS, target, refund.amount, "refund_closed", out_refund_no)
                order.frozen += refund.amount if target == UNSHIPPED else 0
            refund.status = status
            self._notify(refund)
            self.world.store.save()

    def resume(self):
        """After a restart, end what was on its way."""
        for refund in self.world.store.refunds.values():
            if refund.status == "PROCESSING":
                self._schedule(refund)

    def as_dict(self, refund):
        """Return a refund as the query shows it."""
        order = self.world.store.orders[refund.out_trade_no]
        values = {
            "refund_id": refund.refund_id,
            "out_refund_no": refund.out_refund_no,
            "transaction_id": order.transaction_id,
            "out_trade_no": order.out_trade_no,
            "channel": "ORIGINAL",
            "user_received_account": "支付用户零钱",
            "create_time": rfc3339(refund.created_at),
            "status": refund.status,
            "funds_account": refund.request.get("funds_account", "UNSETTLED"),
            "amount": self._amount(refund, order),
            "promotion_detail": [],
        }
        return {**values, "success_time": rfc3339(refund.success_at)} if refund.success_at else values

    # === Inside ===

    def _check(self, values):
        fields.known_only(values, ALLOWED)
        fields.text(values, "out_refund_no", 64, r"[0-9A-Za-z_\-|*@]{1,64}")
        fields.text(values, "reason", 80, required=False)
        fields.notify_url(values, required=False)
        if ("transaction_id" in values) == ("out_trade_no" in values):
            raise param_error("transaction_id", "transaction_id和out_trade_no必须二选一")
        amount = fields.mapping(values, "amount", {"refund", "total", "currency", "from"})
        fields.fen(amount, "refund")
        fields.fen(amount, "total")
        fields.currency(amount, required=True)

    def _order(self, values):
        orders = self.world.store.orders
        if "out_trade_no" in values:
            order = orders.get(values["out_trade_no"])
        else:
            order = next((one for one in orders.values() if one.transaction_id == values["transaction_id"]), None)
        if not order:
            raise PayError(404, "RESOURCE_NOT_EXISTS", "订单不存在")
        return order

    def _check_order(self, order, amount):
        if order.trade_state not in ("SUCCESS", "REFUND"):
            raise PayError(400, "INVALID_REQUEST", "订单未支付，不能退款")
        if amount["total"] != order.total:
            raise PayError(400, "INVALID_REQUEST", "订单金额与原订单不一致")
        if self.world.clock.now() - order.success_at >= LAST_DAY:
            raise PayError(400, "INVALID_REQUEST", "订单已超过可退款的最大期限")
        parts = [one for one in self.world.store.refunds.values() if one.out_trade_no == order.out_trade_no]
        if len(parts) >= MOST_PARTS:
            raise PayError(400, "INVALID_REQUEST", "部分退款次数已达上限")
        if sum(one.amount for one in parts if one.status != "CLOSED") + amount["refund"] > order.total:
            raise PayError(400, "INVALID_REQUEST", "申请退款金额超过订单可退金额")

    def _accept(self, order, values):
        number, amount = values["out_refund_no"], values["amount"]["refund"]
        source = UNSHIPPED if order.frozen >= amount else MERCHANT
        try:
            self.world.ledger.move(source, REFUNDS, amount, "refund_accepted", number)
        except NotEnough:
            raise PayError(403, "NOT_ENOUGH", "基本账户余额不足，请充值后重新发起") from None
        refund_id = self.world.numbers.digits("50000", 29)
        refund = Refund(number, values, order.out_trade_no, refund_id, self.world.clock.now(), source=source)
        order.frozen -= amount if source == UNSHIPPED else 0
        self.world.store.refunds[number] = refund
        self._schedule(refund)
        return refund

    def _schedule(self, refund):
        if self.world.settings.refund_seconds is None:
            return
        self.scheduler.later(self.world.settings.refund_seconds, lambda: self._end(refund.out_refund_no))

    def _end(self, out_refund_no):
        """End a refund by itself, unless it was ended by hand or forgotten."""
        with self.world.store.lock:
            refund = self.world.store.refunds.get(out_refund_no)
            if not refund or refund.status != "PROCESSING":
                return
            status = "SUCCESS"
            for kind, other in (("refund_closed", "CLOSED"), ("refund_abnormal", "ABNORMAL")):
                if self.world.faults.take_business(kind, out_refund_no):
                    status = other
            self.finish(out_refund_no, status)

    def _amount(self, refund, order):
        return {
            "total": order.total,
            "refund": refund.amount,
            "payer_total": order.total,
            "payer_refund": refund.amount,
            "settlement_refund": refund.amount,
            "settlement_total": order.total,
            "discount_refund": 0,
            "currency": "CNY",
            "from": [],
        }

    def _notify(self, refund):
        values = self.as_dict(refund)
        resource = {name: values[name] for name in NOTIFIED if name in values}
        amount = {name: values["amount"][name] for name in ("total", "refund", "payer_total", "payer_refund")}
        resource |= {"mchid": self.world.merchant.mchid, "refund_status": refund.status, "amount": amount}
        url = refund.request.get("notify_url")
        if url:
            self.world.notifier.notify(f"REFUND.{refund.status}", refund.out_refund_no, resource, url)
