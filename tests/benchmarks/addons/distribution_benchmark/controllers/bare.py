# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import http
from odoo.http import request


class BareController(http.Controller):
    @http.route(
        "/distribution-benchmark/bare", type="http", auth="public", readonly=True, save_session=False, sitemap=False
    )
    def bare(self):
        """Answer a constant: what is left is Odoo's own work for a request."""
        return request.make_json_response({"status": "ok"})
