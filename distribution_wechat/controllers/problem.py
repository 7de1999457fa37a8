# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Errors as front ends get them: problem documents (RFC 9457) with a stable `code`.

The detail of what a customer can meet is in the customer's language; what only a developer meets is in English.
"""

import json

from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

MIMETYPE = "application/problem+json"

TITLES = {
    400: "Bad request",
    401: "Not logged in",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    409: "Conflict",
    413: "Too large",
    415: "Unsupported media type",
    422: "Not valid",
    429: "Too many requests",
    500: "Internal error",
    502: "WeChat cannot be reached",
}


class Problem(HTTPException):
    """An answer that is an error.

    :param int status: HTTP status
    :param str code: stable, for programs
    :param str detail: for people
    :param list errors: single mistakes, each with `pointer`, `code` and `detail`
    """

    def __init__(self, status, code, detail, errors=None):
        self.code = status
        self.document = {
            "type": "about:blank",
            "title": TITLES.get(status, "Error"),
            "status": status,
            "code": code,
            "detail": detail,
            **({"errors": errors} if errors else {}),
        }
        super().__init__(detail, response=self._make_response())

    def _make_response(self):
        response = Response(json.dumps(self.document, ensure_ascii=False), status=self.code, mimetype=MIMETYPE)
        if self.code == 401:
            response.headers["WWW-Authenticate"] = "Bearer"
        response.headers["Cache-Control"] = "no-store"
        return response
