# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import http
from odoo.exceptions import AccessError, MissingError, UserError
from odoo.http import request

from odoo.addons.sale.controllers.portal import CustomerPortal


class DistributionCustomerPortal(CustomerPortal):
    """Customers name the code of who recommended the merchant on their quotation."""

    @http.route(
        "/my/orders/<int:order_id>/distribution_code", type="http", auth="public", methods=["POST"], website=True
    )
    def portal_distribution_code(self, order_id, access_token=None, distribution_code="", **_kwargs):
        """Put a code on a quotation that is open; a wrong one changes nothing, and the page says so."""
        try:
            order = self._document_check_access("sale.order", order_id, access_token=access_token)
        except (AccessError, MissingError):
            return request.redirect("/my")
        message = "distribution_code_ok"
        try:
            with request.env.cr.savepoint():
                order.write({"distribution_code": distribution_code})
        except UserError:
            message = "distribution_code_wrong"
        return request.redirect(order.get_portal_url(query_string=f"&message={message}"))
