# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
import logging

from werkzeug.exceptions import HTTPException

from odoo.exceptions import AccessDenied, AccessError, LockError, MissingError, UserError
from odoo.http import Json2Dispatcher, SessionExpiredException
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY

from .problem import Problem

_logger = logging.getLogger(__name__)

# The mistakes of HTTP itself, as front ends know them.
HTTP_CODES = {
    400: "malformed",
    401: "token_invalid",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    413: "too_large",
    415: "unsupported_media_type",
    429: "too_many_requests",
}


class DistributionApiDispatcher(Json2Dispatcher):
    """Requests and answers in JSON; errors as problem documents, never with a traceback."""

    routing_type = "distribution_api"

    @classmethod
    def is_compatible_with(cls, request):
        """Override of `http`: what is not JSON is refused later, by a problem document."""
        return True

    def dispatch(self, endpoint, args):
        """Override of `http`: only parts of the path become arguments; the body is the declaration's to check."""
        if self.request.httprequest.content_length:
            if self.request.httprequest.mimetype != "application/json":
                raise Problem(415, "unsupported_media_type", "The body has to be application/json.")
            self.jsonrequest = self._parse_body()
        self.request.params = dict(args)
        return self.request.registry["ir.http"]._dispatch(endpoint)

    def _parse_body(self):
        try:
            return self.request.get_json_data()
        except ValueError as error:
            raise Problem(400, "malformed", f"The body is not JSON: {error}") from error

    def handle_error(self, exc):
        """Override of `http`: Odoo's own would send the traceback to the caller."""
        if isinstance(exc, HTTPException) and exc.response:
            return exc.response
        return self._to_problem(exc).response

    def _to_problem(self, exc):
        if isinstance(exc, HTTPException):
            code = HTTP_CODES.get(exc.code, "http_error")
            return Problem(exc.code, code, exc.description or "")
        if isinstance(exc, (AccessDenied, SessionExpiredException)):
            return Problem(401, "token_invalid", self.request.env._("Log in again."))
        if isinstance(exc, (AccessError, MissingError)):
            # Whether a record exists is not for strangers to know.
            return Problem(404, "not_found", self.request.env._("There is no such record."))
        if isinstance(exc, (LockError, *PG_CONCURRENCY_EXCEPTIONS_TO_RETRY)):
            # Odoo has tried again several times by itself.
            return Problem(409, "busy", self.request.env._("The record is in use: try again."))
        if isinstance(exc, UserError):
            return Problem(422, "refused", str(exc))
        _logger.error("A request of the mini-program failed", exc_info=exc)
        return Problem(500, "internal", self.request.env._("Something went wrong on our side. It has been recorded."))
