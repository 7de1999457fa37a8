# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from werkzeug.exceptions import MethodNotAllowed, NotFound

from odoo import models
from odoo.http import request

from ..controllers.api import PREFIX
from ..controllers.problem import Problem


class IrHttp(models.AbstractModel):
    _inherit = "ir.http"

    @classmethod
    def _match(cls, path_info):
        """Override of `http`: an address or method that does not exist is a problem document too, not a web page."""
        try:
            rule, args = super()._match(path_info)
        except (NotFound, MethodNotAllowed) as error:
            if not path_info.startswith(f"{PREFIX}/"):
                raise
            if isinstance(error, NotFound):
                raise Problem(404, "not_found", "There is no such address.") from error
            raise Problem(405, "method_not_allowed", "This address does not take that method.") from error
        if path_info.startswith(f"{PREFIX}/") and request.httprequest.method == "OPTIONS":
            # Odoo lets it pass for other sites' scripts, which nothing here is for, and would run the endpoint.
            raise Problem(405, "method_not_allowed", "This address does not take that method.")
        return rule, args

    @classmethod
    def _auth_method_distribution(cls):
        """Authenticate a request of the mini-program by its bearer token: no cookie, no session."""
        scheme, _space, token = request.httprequest.headers.get("Authorization", "").partition(" ")
        known = scheme.lower() == "bearer" and request.env["distribution.api.token"].sudo()._authenticate(token.strip())
        if not known:
            raise Problem(401, "token_invalid", "Log in: the access token is missing, unknown or expired.")
        user_id, token_id = known
        request.update_env(user=user_id)
        # In the reader's language, whatever the phone's browser says.
        request.update_context(**request.env.user.context_get())
        request.session.can_save = False
        request.distribution_token_id = token_id
