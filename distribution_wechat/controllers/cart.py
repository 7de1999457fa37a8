# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import http
from odoo.fields import Domain
from odoo.http import request

from ..schemas.cart import Cart, CartLine, CartQuantity
from ..tools.money import to_text
from .api import endpoint
from .current import get_identity
from .images import get_image_url
from .problem import Problem


class CartController(http.Controller):
    """What somebody means to buy."""

    @endpoint("GET", "/cart", readonly=True, answer=Cart)
    def get_cart(self):
        """Show the cart."""
        return _show(get_identity())

    @endpoint("PUT", "/cart/<int:variant_id>", body=CartQuantity, answer=Cart)
    def set_quantity(self, body, variant_id):
        """Put a quantity of a variant into the cart, in place of what was there."""
        identity = get_identity()
        lines = request.env["distribution.cart.line"].sudo()
        in_cart = lines._get_of(identity).product_id.filtered(lambda product: product.id == variant_id)
        # What is no longer for sale can be taken out, and nothing else.
        variant = in_cart if in_cart and not body.quantity else find_variants(identity, [variant_id])
        if not variant:
            raise Problem(404, "not_found", request.env._("This product is not for sale."))
        lines._set_quantity(identity, variant, body.quantity)
        return _show(identity)

    @endpoint("DELETE", "/cart", status=204)
    def empty_cart(self):
        """Empty the cart."""
        request.env["distribution.cart.line"].sudo()._get_of(get_identity()).unlink()


def find_variants(identity, variant_ids):
    """Return those of the variants that the person may buy, with all rights."""
    domain = request.env["product.template"]._get_shop_domain(identity.company_id)
    products = request.env["product.product"].sudo()
    return products.search(Domain("id", "in", variant_ids) & Domain("product_tmpl_id", "any", domain))


def _show(identity):
    lines = request.env["distribution.cart.line"].sudo()._get_of(identity)
    for_sale = find_variants(identity, lines.product_id.ids)
    order = request.env["sale.order"]._preview_in_mini_program(
        identity, {line.product_id: line.quantity for line in lines if line.product_id in for_sale}
    )
    priced = {line.product_id._origin: line for line in order.order_line}
    available = for_sale._get_shop_available(identity.account_id)
    return Cart(
        currency=order.currency_id.name,
        lines=[_describe(line, priced.get(line.product_id), available, order.currency_id) for line in lines],
        total=to_text(order.currency_id, order.amount_total),
    )


def _describe(line, priced, available, currency):
    product = line.product_id
    subtotal = priced.price_total if priced else 0.0
    return CartLine(
        variant_id=product.id,
        product_id=product.product_tmpl_id.id,
        name=product.with_context(display_default_code=False).display_name,
        image_url=get_image_url(product, "image_512"),
        quantity=line.quantity,
        price=to_text(currency, subtotal / line.quantity),
        subtotal=to_text(currency, subtotal),
        available=available.get(product.id),
        for_sale=bool(priced),
    )
