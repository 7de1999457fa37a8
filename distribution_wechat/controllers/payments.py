# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import http
from odoo.http import request

from ..client.errors import WeChatError, WeChatUnavailable
from ..schemas.payments import PayAnswer, PaymentAnswer, PaymentParameters
from ..tools.money import to_text
from .api import endpoint
from .current import get_identity
from .orders import find_order
from .problem import Problem
from .times import to_utc


class PaymentsController(http.Controller):
    """Payment of an order by WeChat."""

    @endpoint(
        "POST",
        "/orders/<int:order_id>/pay",
        answer=PayAnswer,
        problems=[
            (409, "already_paid"),
            (409, "order_closed"),
            (422, "refused"),
            (422, "wechat_refused"),
            (502, "wechat_unavailable"),
        ],
    )
    def pay(self, order_id):
        """Pay an order: get the parameters of wx.requestPayment.

        Asking again goes on with the same payment. Whether it was paid is asked of the server, never of the phone.
        """
        order, identity = find_order(order_id), get_identity()
        try:
            parameters = order._pay_by_wechat(identity)
        except WeChatError as error:
            return Problem(422, "wechat_refused", request.env._("WeChat refused: %s", error))
        except WeChatUnavailable:
            return self._unavailable()
        if not parameters:
            return self._refuse(order._get_wechat_payment_state())
        return PayAnswer(**self._describe(order), parameters=PaymentParameters(**parameters))

    @endpoint("GET", "/orders/<int:order_id>/payment", answer=PaymentAnswer, readonly=True)
    def read_payment(self, order_id):
        """Read how the payment of an order stands, as far as it was reported."""
        order = find_order(order_id)
        return PaymentAnswer(**self._describe(order))

    @endpoint(
        "POST", "/orders/<int:order_id>/payment/query", answer=PaymentAnswer, problems=[(502, "wechat_unavailable")]
    )
    def query_payment(self, order_id):
        """Ask WeChat how the payment of an order stands: for when the phone is back from paying."""
        order = find_order(order_id)
        try:
            order._query_wechat_payment()
        except (WeChatError, WeChatUnavailable):
            return self._unavailable()
        return PaymentAnswer(**self._describe(order))

    def _refuse(self, state):
        """Say why an order cannot be paid."""
        if state == "paid":
            return Problem(409, "already_paid", request.env._("The order is paid."))
        if state == "refunded":
            detail = request.env._("The payment was given back: the order cannot be paid any more.")
        else:
            detail = request.env._("The order was cancelled, or its time to be paid is over.")
        return Problem(409, "order_closed", detail)

    def _describe(self, order):
        currency = order.currency_id
        paid, refunded, refunding = order._get_wechat_amounts()
        expires_at = order.wechat_expires_at
        return {
            "state": order._get_wechat_payment_state(),
            "currency": currency.name,
            "amount": to_text(currency, order.amount_total),
            "paid": to_text(currency, paid),
            "refunding": to_text(currency, refunding),
            "refunded": to_text(currency, refunded),
            "expires_at": to_utc(expires_at),
        }

    def _unavailable(self):
        """Return, not raise: the number that was used has to stay."""
        detail = request.env._("WeChat gave no answer. Try again: nothing is paid twice.")
        return Problem(502, "wechat_unavailable", detail)
