# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import http
from odoo.fields import Domain
from odoo.http import request

from ..client.errors import WeChatError, WeChatUnavailable
from ..schemas.orders import Basket, Delivery, NewOrder, Order, OrderLine, OrderPage, OrderQuery, OrderSummary, Preview
from ..tools.locks import wait_in_line
from ..tools.money import to_text
from .api import endpoint
from .cart import find_variants
from .current import get_identity
from .images import get_image_url
from .paging import get_page
from .problem import Problem
from .times import to_utc

BASKET_PROBLEMS = [(404, "product_unknown"), (422, "cart_empty"), (422, "refused")]


class OrdersController(http.Controller):
    """From the basket to the goods in the customer's hands."""

    @endpoint("POST", "/orders/preview", body=Basket, answer=Preview, problems=BASKET_PROBLEMS)
    def preview(self, body):
        """Show what an order would cost, without placing it."""
        identity = get_identity()
        quantities = _read_basket(identity, body)
        order = request.env["sale.order"]._preview_in_mini_program(identity, quantities)
        return Preview(
            currency=order.currency_id.name,
            lines=[_describe_line(line) for line in order.order_line],
            untaxed=to_text(order.currency_id, order.amount_untaxed),
            tax=to_text(order.currency_id, order.amount_tax),
            total=to_text(order.currency_id, order.amount_total),
            problems=order._get_shop_shortages(identity.account_id, quantities),
        )

    @endpoint("POST", "/orders", body=NewOrder, answer=Order, status=201, idempotent=True, problems=BASKET_PROBLEMS)
    def place(self, body):
        """Place an order: its goods are kept until it has to be paid."""
        identity = get_identity()
        quantities = _read_basket(identity, body)
        address = identity.partner_id._get_shop_address(body.address) if body.address else None
        order = request.env["sale.order"]._place_in_mini_program(identity, quantities, address, body.note)
        if body.lines is None:
            request.env["distribution.cart.line"].sudo()._get_of(identity).unlink()
        return describe_order(order)

    @endpoint("GET", "/orders", readonly=True, query=OrderQuery, answer=OrderPage)
    def list_orders(self, query):
        """List the reader's orders, the newest first."""
        domain = _own_orders(get_identity())
        if query.status:
            domain &= request.env["sale.order"]._get_shop_status_domain(query.status)
        orders, next_cursor = get_page(request.env["sale.order"].sudo(), domain, query)
        return OrderPage(items=[OrderSummary(**_summarise(order)) for order in orders], next_cursor=next_cursor)

    @endpoint("GET", "/orders/<int:order_id>", readonly=True, answer=Order)
    def get_order(self, order_id):
        """Show an order."""
        return describe_order(find_order(order_id))

    @endpoint(
        "POST",
        "/orders/<int:order_id>/cancellation",
        answer=Order,
        problems=[(409, "not_cancellable"), (409, "payment_pending"), (502, "wechat_unavailable")],
    )
    def cancel(self, order_id):
        """Cancel an order that is not paid; doing it twice changes nothing."""
        order = find_order(order_id)
        try:
            cancelled = order._cancel_by_wechat_customer()
        except (WeChatError, WeChatUnavailable) as error:
            raise Problem(
                502, "wechat_unavailable", request.env._("WeChat cannot be reached now. Try again.")
            ) from error
        # Returned, not raised: a payment that was found must stay recorded.
        if not cancelled and order._is_awaiting_wechat_payment():
            detail = request.env._("A payment of the order may be under way: try again in a minute.")
            return Problem(409, "payment_pending", detail)
        if not cancelled:
            return Problem(409, "not_cancellable", request.env._("The order is paid: ask for a refund."))
        return describe_order(order)

    @endpoint(
        "POST",
        "/orders/<int:order_id>/receipt",
        answer=Order,
        idempotent=True,
        problems=[(422, "refused")],
    )
    def confirm_receipt(self, order_id):
        """Confirm that everything shipped has arrived."""
        order = find_order(order_id)
        wait_in_line(order)
        order.action_confirm_receipt()
        return describe_order(order)


def find_order(order_id):
    """Return an order of the person who asks, with all rights.

    :raise Problem: 404 for everybody else's
    """
    order = request.env["sale.order"].sudo().search(_own_orders(get_identity()) & Domain("id", "=", order_id))
    if not order:
        raise Problem(404, "not_found", request.env._("There is no such order."))
    return order.with_company(order.company_id)


def _own_orders(identity):
    return Domain("partner_id", "=", identity.partner_id.id) & Domain("wechat_account_id", "=", identity.account_id.id)


def _read_basket(identity, basket):
    """Return the variants and pieces somebody wants."""
    if basket.lines is None:
        lines = request.env["distribution.cart.line"].sudo()._get_of(identity)
        wanted = {line.product_id.id: line.quantity for line in lines}
    else:
        wanted = {}
        for line in basket.lines:
            wanted[line.variant_id] = wanted.get(line.variant_id, 0) + line.quantity
    if not wanted:
        raise Problem(422, "cart_empty", request.env._("There is nothing to order."))
    found = {variant.id: variant for variant in find_variants(identity, list(wanted))}
    if set(wanted) - set(found):
        raise Problem(404, "product_unknown", request.env._("Something in the order is not for sale."))
    return {found[variant_id]: quantity for variant_id, quantity in wanted.items()}


def describe_order(order):
    """Return an order as its customer sees it."""
    currency, address = order.currency_id, order.partner_shipping_id
    _paid, refunded, _refunding = order._get_wechat_amounts()
    return Order(
        **_summarise(order),
        untaxed=to_text(currency, order.amount_untaxed),
        tax=to_text(currency, order.amount_tax),
        refunded=to_text(currency, refunded),
        note=order.wechat_note or "",
        receiver=address.name or "",
        receiver_phone=address.phone or "",
        receiver_address=" ".join(
            part for part in (address.state_id.name, address.city, address.street2, address.street) if part
        ),
        deliveries=[_describe_delivery(picking) for picking in order._get_shop_deliveries()],
        can_confirm_receipt=order._is_receivable(),
    )


def _summarise(order):
    pay_until = order.wechat_expires_at if order._is_awaiting_wechat_payment() else None
    return {
        "id": order.id,
        "number": order.name,
        "status": order._get_shop_status(),
        "placed_at": to_utc(order.create_date),
        "pay_until": to_utc(pay_until),
        "currency": order.currency_id.name,
        "total": to_text(order.currency_id, order.amount_total),
        "lines": [_describe_line(line) for line in order.order_line if line.product_id],
    }


def _describe_line(line):
    product = line.product_id._origin
    return OrderLine(
        id=line._origin.id or None,
        variant_id=product.id,
        product_id=product.product_tmpl_id.id,
        name=product.with_context(display_default_code=False).display_name,
        image_url=get_image_url(product, "image_512"),
        quantity=f"{line.product_uom_qty:g}",
        subtotal=to_text(line.currency_id, line.price_total),
    )


def _describe_delivery(picking):
    return Delivery(
        shipped_at=to_utc(picking.date_done),
        received_at=to_utc(picking.commission_received_on),
        carrier=picking.carrier_id.name or None,
        tracking_number=picking.carrier_tracking_ref or None,
    )
