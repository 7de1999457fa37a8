# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import http
from odoo.http import request

from ..schemas.refunds import NewRefundRequest, RefundRequest, RefundRequestLine, RefundRequestList
from ..tools.money import to_text
from .api import endpoint
from .orders import find_order
from .problem import Problem
from .times import to_utc


class RefundsController(http.Controller):
    """A customer wants money back."""

    @endpoint(
        "POST",
        "/orders/<int:order_id>/refund-requests",
        body=NewRefundRequest,
        answer=RefundRequest,
        status=201,
        idempotent=True,
        problems=[(404, "line_unknown"), (422, "refused")],
    )
    def ask(self, body, order_id):
        """Ask for money back; the merchant decides."""
        order = find_order(order_id)
        lines = {line.id: line for line in order.order_line if line.product_id and line.price_total > 0}
        quantities = {}
        for wanted in body.lines:
            if wanted.line_id not in lines:
                raise Problem(404, "line_unknown", request.env._("The order has no such line."))
            line = lines[wanted.line_id]
            quantities[line] = quantities.get(line, 0) + wanted.quantity
        requests = request.env["distribution.refund.request"].sudo()
        return _describe(requests._request(order, quantities, body.reason, body.goods_come_back))

    @endpoint("GET", "/orders/<int:order_id>/refund-requests", readonly=True, answer=RefundRequestList)
    def list_requests(self, order_id):
        """List what was asked back of an order."""
        return RefundRequestList(items=[_describe(asked) for asked in find_order(order_id).refund_request_ids])

    @endpoint(
        "POST",
        "/orders/<int:order_id>/refund-requests/<int:request_id>/withdrawal",
        answer=RefundRequest,
        idempotent=True,
        problems=[(422, "refused")],
    )
    def withdraw(self, order_id, request_id):
        """Take a request back that the merchant has not decided yet."""
        asked = find_order(order_id).refund_request_ids.filtered(lambda asked: asked.id == request_id)
        if not asked:
            raise Problem(404, "not_found", request.env._("There is no such request."))
        asked._withdraw()
        return _describe(asked)


def _describe(asked):
    return RefundRequest(
        id=asked.id,
        number=asked.name,
        status=asked._get_shop_status(),
        requested_at=to_utc(asked.create_date),
        currency=asked.currency_id.name,
        amount=to_text(asked.currency_id, asked.amount),
        reason=asked.reason,
        refuse_reason=asked.refuse_reason or None,
        goods_come_back=asked.goods_come_back,
        lines=[
            RefundRequestLine(
                line_id=line.order_line_id.id,
                name=line.product_id.with_context(display_default_code=False).display_name,
                quantity=f"{line.quantity:g}",
                amount=to_text(asked.currency_id, line.amount),
            )
            for line in asked.line_ids
        ],
    )
