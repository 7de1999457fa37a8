# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from urllib.parse import urlencode

from odoo import http
from odoo.http import request

from odoo.addons.distribution_core.tools.forms import MAX_CODE, clean


class WebsiteCartController(http.Controller):
    """The cart of Odoo's shop, for customers who buy on the website and not in the mini-program."""

    @http.route("/shop/distribution_code", type="http", auth="public", methods=["POST"], website=True, sitemap=False)
    def set_distribution_code(self, distribution_code="", **_kwargs):
        """Put the code of who recommended the merchant in the cart; a wrong one changes nothing, and is shown again."""
        cart = request.cart
        if not cart or cart._note_customer_code(distribution_code):
            return request.redirect("/shop/cart")
        typed = clean(distribution_code)[:MAX_CODE]
        return request.redirect(f"/shop/cart?{urlencode({'distribution_code_wrong': typed})}")
