# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
import secrets
from urllib.parse import urlencode

from odoo import fields, http
from odoo.http import request

from ..models.distribution_link import COOKIE


class LinkController(http.Controller):
    """Where distributors' links lead."""

    @http.route("/d/<string:code>", type="http", auth="public", website=True, sitemap=False, methods=["GET"])
    def open_link(self, code):
        """Send the visitor to what the link promises, and count the click.

        A link that is over still leads there, and counts for nobody.
        """
        link = request.env["distribution.link"].sudo()._find(code)
        if not link:
            return request.not_found()
        token = link._read_cookie(request.httprequest.cookies.get(COOKIE))[1] or secrets.token_urlsafe(16)
        # Messengers look a link up before they show it: that is nobody's visit.
        is_person = request.httprequest.method == "GET" and not request.env["ir.http"].is_a_bot()
        is_visit = is_person and link._register_click(token, self._get_visitor())
        if is_visit:
            self._note_on_cart(link)
        response = self._answer(link)
        if is_visit:
            days = link.attribution_days
            response.set_cookie(
                COOKIE,
                link._make_cookie(token),
                max_age=days * 24 * 3600,
                expires=None,
                secure=request.httprequest.scheme == "https",
                httponly=True,
                samesite="Lax",
                cookie_type="optional",
            )
        return response

    def _get_visitor(self):
        """Return who is logged in, nobody for others and for the merchant's people."""
        user = request.env.user
        return user.partner_id if user._is_portal() else user.partner_id.browse()

    def _note_on_cart(self, link):
        """Put the link on the order that the visitor has begun already; `website_sale` knows it."""
        cart = getattr(request, "cart", None)
        if cart and cart.state == "draft" and link._is_for(cart.sudo().company_id):
            cart.sudo().write({"distribution_link_id": link.id, "distribution_link_on": fields.Datetime.now()})

    def _answer(self, link):
        target = link._get_target_url()
        if not target:
            return request.render("distribution_core.link_page", {"link": link})
        params = urlencode(link._get_utm_params())
        return request.redirect(f"{target}{'&' if '?' in target else '?'}{params}" if params else target)
