# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""JSAPI orders: place, query, close, and the user who pays.

Sources: API pages 4012525182 (order), 4013070356 (query) and close of the merchant documentation. The same number with
the same parameters gives the same prepay_id (a new one after its 2 hours); with other parameters it is
OUT_TRADE_NO_USED; once paid it is ORDERPAID, once closed ORDER_CLOSED.
"""

import hashlib

from . import crypto, fields
from .clock import DAY, HOUR, parse_rfc3339, rfc3339
from .errors import PayError, param_error
from .ledger import MERCHANT, UNSHIPPED, NotEnough, user_account
from .messages import Answer
from .records import Order

ALLOWED = set(
    "appid mchid description out_trade_no time_expire attach notify_url goods_tag support_fapiao amount payer detail "
    "scene_info settle_info".split()
)
PREPAY_LIVES = 2 * HOUR
ORDER_LIVES = 7 * DAY
DESCRIPTIONS = {
    "SUCCESS": "支付成功",
    "REFUND": "转入退款",
    "NOTPAY": "订单未支付",
    "CLOSED": "订单已关闭",
    "USERPAYING": "用户支付中",
    "PAYERROR": "支付失败",
}


class Payments:
    """Orders of the merchant."""

    def __init__(self, world):
        self.world = world

    # === The merchant's calls ===

    def jsapi(self, request):
        """POST /v3/pay/transactions/jsapi: give a prepay_id."""
        values = request.json()
        self._check(values)
        order = self.world.store.orders.get(values["out_trade_no"])
        if order:
            self._check_replay(order, values)
        else:
            order = self._create(values)
        if self.world.clock.now() - order.prepaid_at >= PREPAY_LIVES:
            self._renew(order)
        return Answer.of({"prepay_id": order.prepay_id})

    def query(self, request, out_trade_no):
        """GET /v3/pay/transactions/out-trade-no/{out_trade_no}?mchid=."""
        self._check_mchid(request.query.get("mchid"))
        return Answer.of(self.transaction(self._find(out_trade_no)))

    def query_by_id(self, request, transaction_id):
        """GET /v3/pay/transactions/id/{transaction_id}?mchid=: only paid orders have one."""
        self._check_mchid(request.query.get("mchid"))
        for order in self.world.store.orders.values():
            if order.transaction_id == transaction_id:
                return Answer.of(self.transaction(order))
        raise PayError(404, "ORDER_NOT_EXIST", "订单不存在")

    def close(self, request, out_trade_no):
        """POST …/out-trade-no/{out_trade_no}/close: 204 without a body, signed all the same."""
        values = request.json()
        fields.known_only(values, {"mchid"})
        self._check_mchid(values.get("mchid"))
        order = self._find(out_trade_no)
        if order.trade_state in ("SUCCESS", "REFUND"):
            raise PayError(400, "ORDERPAID", "该订单已支付")
        if order.trade_state == "USERPAYING":
            return Answer.of({"code": "USERPAYING", "message": "用户支付中，需要输入密码"}, 202)
        order.trade_state = "CLOSED"
        return Answer(204)

    # === The user ===

    def pay(self, order, openid=None, result="SUCCESS"):
        """Let the user pay an order; the result may also be USERPAYING or PAYERROR."""
        now = self.world.clock.now()
        if order.trade_state not in ("NOTPAY", "USERPAYING", "PAYERROR"):
            raise PayError(400, "INVALID_REQUEST", f"订单状态为{order.trade_state}，不能支付")
        if openid and openid != order.openid:
            raise PayError(403, "NO_AUTH", "支付者与下单时的openid不一致")
        if now - order.prepaid_at >= PREPAY_LIVES:
            raise PayError(400, "INVALID_REQUEST", "prepay_id已过期")
        if now >= self._expires_at(order):
            raise PayError(400, "INVALID_REQUEST", "订单已超过支付结束时间")
        if result == "SUCCESS":
            self._succeed(order)
        elif result in ("USERPAYING", "PAYERROR"):
            order.trade_state = result
        else:
            raise ValueError(f"no such result: {result}")

    def check_pay_params(self, order, params):
        r"""Refuse what wx.requestPayment would: ``appId\ntimeStamp\nnonceStr\npackage\n`` under the merchant's key."""
        signed_values = [order.request["appid"], *(params.get(name) for name in ("timeStamp", "nonceStr", "package"))]
        message = "".join(f"{value}\n" for value in signed_values)
        signed = crypto.verifies(self.world.merchant.private_key.public_key(), message, params.get("paySign") or "")
        right = params.get("package") == f"prepay_id={order.prepay_id}" and params.get("signType") == "RSA"
        if not signed or not right or params.get("appId", order.request["appid"]) != order.request["appid"]:
            raise PayError(401, "SIGN_ERROR", "支付验证签名失败")

    def sweep(self):
        """Close what nobody paid within seven days."""
        now = self.world.clock.now()
        for order in self.world.store.orders.values():
            if order.trade_state in ("NOTPAY", "USERPAYING", "PAYERROR") and now - order.created_at >= ORDER_LIVES:
                order.trade_state = "CLOSED"

    def ship(self, order):
        """Take the report of a shipment: what is frozen of the order is the merchant's."""
        if order.frozen:
            self.world.ledger.move(UNSHIPPED, MERCHANT, order.frozen, "shipped", order.out_trade_no)
        order.frozen, order.shipped = 0, True

    def transaction(self, order):
        """Return an order as query and notification show it."""
        request = order.request
        values = {
            "appid": request["appid"],
            "mchid": request["mchid"],
            "out_trade_no": order.out_trade_no,
            "trade_state": order.trade_state,
            "trade_state_desc": DESCRIPTIONS[order.trade_state],
            "promotion_detail": [],
            "amount": {"total": order.total, "currency": "CNY", "payer_currency": "CNY"},
        }
        if order.transaction_id:
            values["amount"]["payer_total"] = order.total
            values |= {"transaction_id": order.transaction_id, "trade_type": "JSAPI", "bank_type": "OTHERS"}
            values |= {"attach": request.get("attach", ""), "payer": {"openid": order.openid}}
            values["success_time"] = rfc3339(order.success_at)
        return values

    # === Inside ===

    def _check(self, values):
        fields.known_only(values, ALLOWED)
        fields.text(values, "out_trade_no", 32, r"[0-9A-Za-z_\-*|]{6,32}")
        fields.text(values, "description", 127)
        fields.text(values, "attach", 128, required=False)
        fields.text(values, "goods_tag", 32, required=False)
        fields.notify_url(values, required=True)
        amount = fields.mapping(values, "amount", {"total", "currency"})
        fields.fen(amount, "total")
        fields.currency(amount)
        self._check_expiry(values)
        self._check_mchid(values.get("mchid"))
        self._check_payer(values)

    def _check_payer(self, values):
        if values.get("appid") not in self.world.store.apps:
            raise PayError(400, "APPID_MCHID_NOT_MATCH", "AppID和mch_id不匹配")
        payer = fields.mapping(values, "payer", {"openid"})
        fields.text(payer, "openid", 128)
        user = self.world.store.users.get(payer["openid"])
        if not user or user.appid != values["appid"]:
            raise PayError(400, "PARAM_ERROR", "无效的openid")

    def _check_expiry(self, values):
        fields.text(values, "time_expire", 64, required=False)
        if "time_expire" in values:
            try:
                parse_rfc3339(values["time_expire"])
            except ValueError:
                raise param_error("time_expire", "时间格式应为rfc3339") from None

    def _check_mchid(self, mchid):
        if not mchid:
            raise param_error("mchid", "必填字段缺失或类型错误")
        if mchid != self.world.merchant.mchid:
            raise PayError(400, "MCH_NOT_EXISTS", "商户号不存在")

    def _check_replay(self, order, values):
        if order.request != values:
            raise PayError(403, "OUT_TRADE_NO_USED", "商户订单号重复")
        if order.trade_state in ("SUCCESS", "REFUND"):
            raise PayError(400, "ORDERPAID", "该订单已支付")
        if order.trade_state == "CLOSED":
            raise PayError(400, "ORDER_CLOSED", "该订单已关闭")

    def _create(self, values):
        order = Order(values["out_trade_no"], values, "", 0.0, self.world.clock.now())
        self._renew(order)
        self.world.store.orders[order.out_trade_no] = order
        return order

    def _renew(self, order):
        order.prepaid_at = self.world.clock.now()
        digest = hashlib.sha256(self.world.numbers.hex(32).encode()).hexdigest()
        order.prepay_id = self.world.numbers.digits("wx", 20) + digest[:16]

    def _expires_at(self, order):
        """Return the end of payment: as asked, but a minute after ordering at the earliest; else seven days."""
        latest = order.created_at + ORDER_LIVES
        if "time_expire" not in order.request:
            return latest
        return max(parse_rfc3339(order.request["time_expire"]), order.created_at + 60)

    def _find(self, out_trade_no):
        order = self.world.store.orders.get(out_trade_no)
        if not order:
            raise PayError(404, "ORDER_NOT_EXIST", "订单不存在")
        return order

    def _succeed(self, order):
        frozen = self.world.settings.freeze_until_shipped
        target = UNSHIPPED if frozen else MERCHANT
        try:
            self.world.ledger.move(user_account(order.openid), target, order.total, "payment", order.out_trade_no)
        except NotEnough:
            raise PayError(403, "NOT_ENOUGH", "用户账号余额不足") from None
        order.frozen = order.total if frozen else 0
        order.trade_state = "SUCCESS"
        order.success_at = self.world.clock.now()
        order.transaction_id = self.world.numbers.digits("42000", 28)
        resource = self.transaction(order)
        url = order.request["notify_url"]
        self.world.notifier.notify("TRANSACTION.SUCCESS", order.out_trade_no, resource, url)
