# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo.exceptions import UserError
from odoo.http import request, route

from ..tools.forms import MAX_TEXT, clean
from .joining import JoiningPortal


class AppealPortal(JoiningPortal):
    """Suspended distributors ask for another look."""

    @route("/my/distribution/<int:distributor_id>/appeal", type="http", auth="user", website=True, methods=["POST"])
    def portal_appeal(self, distributor_id, **post):
        """Appeal; while an appeal is looked at, the page shows it, and another one is not made."""
        membership = self._get_membership(distributor_id)
        text, errors = clean(post.get("text")), {}
        if not text:
            errors["text"] = request.env._("Say why the suspension should end.")
        elif len(text) > MAX_TEXT:
            errors["text"] = request.env._("At most %s characters, please.", MAX_TEXT)
        else:
            try:
                # A change that fails leaves nothing; the same appeal twice is one.
                with request.env.cr.savepoint():
                    request.env["distribution.distributor.appeal"]._make(membership, text)
            except UserError as error:
                errors["appeal"] = str(error)
        return self._show_membership(membership, post, errors)
