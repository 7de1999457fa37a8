# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from urllib.parse import urlencode

from odoo import http
from odoo.exceptions import AccessError, MissingError
from odoo.http import request

from odoo.addons.sale.controllers.portal import CustomerPortal

from ..tools.forms import MAX_CODE, clean


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
        is_noted = order._note_customer_code(distribution_code)
        query = "&message=distribution_code_ok" if is_noted else "&message=distribution_code_wrong"
        if not is_noted:
            # Shown again, to be mended.
            query += f"&{urlencode({'distribution_code': clean(distribution_code)[:MAX_CODE]})}"
        return request.redirect(order.get_portal_url(query_string=query))
