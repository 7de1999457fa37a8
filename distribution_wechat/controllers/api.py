# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""One declaration per endpoint: route, checks of what comes in, shape of what goes out, and the OpenAPI document."""

import functools
import re
from dataclasses import dataclass, field

from pydantic import ValidationError

from odoo import http
from odoo.http import request

from .dispatcher import DistributionApiDispatcher
from .problem import Problem

PREFIX = "/distribution/v1"
MAX_BODY = 64 * 1024
IDEMPOTENCY_KEY = re.compile(r"[\x21-\x7e]{8,64}")
# Odoo's converters in a path, as OpenAPI writes and describes them.
PATH_PARAMETER = re.compile(r"<(int|string):(\w+)>")
MAX_ID = 2**31 - 1


@dataclass(frozen=True)
class Endpoint:
    """What the OpenAPI document and the tests know of an endpoint."""

    method: str
    path: str
    summary: str
    auth: str
    readonly: bool
    body: type | None
    query: type | None
    answer: type | None
    status: int
    idempotent: bool
    problems: tuple = field(default_factory=tuple)


ENDPOINTS = []


def endpoint(
    method,
    path,
    *,
    auth="distribution",
    readonly=False,
    body=None,
    query=None,
    answer=None,
    status=200,
    idempotent=False,
    problems=(),
):
    """Declare an endpoint of the interface; its summary is the first line of the docstring.

    The function gets `body` and `query` as validated schemas, besides the parts of the path, and returns an
    instance of `answer` (nothing for 204). Unknown fields are refused.

    :param bool idempotent: the request needs an Idempotency-Key; the same key again gets the same answer again
    :param tuple problems: (status, code) pairs it may answer besides those every endpoint may
    """

    def decorate(function):
        declared = Endpoint(
            method,
            path,
            function.__doc__.strip().splitlines()[0],
            auth,
            readonly,
            body,
            query,
            answer,
            status,
            idempotent,
            tuple(problems),
        )
        ENDPOINTS.append(declared)

        @http.route(
            PREFIX + path,
            type=DistributionApiDispatcher.routing_type,
            auth=auth,
            methods=[method],
            readonly=readonly,
            save_session=False,
            csrf=False,
            sitemap=False,
            website=False,
            max_content_length=MAX_BODY,
        )
        @functools.wraps(function)
        def wrapper(self, **path_arguments):
            arguments = _read_path(declared, path_arguments)
            if body:
                arguments["body"] = _validate(body, request.dispatcher.jsonrequest, "body")
            elif request.httprequest.content_length:
                raise Problem(422, "invalid", "This request takes no body.")
            parameters = request.httprequest.args.to_dict()
            if query:
                arguments["query"] = _validate(query, parameters, "query")
            elif parameters:
                raise Problem(422, "invalid", "This request takes no parameters.")
            if idempotent:
                return _run_once(declared, lambda: function(self, **arguments))
            return _answer(_dump(function(self, **arguments)), status)

        return wrapper

    return decorate


def _validate(schema, data, where):
    if not _is_text(data):
        detail = "There are characters that are not text."
        raise Problem(422, "invalid", detail, [{"pointer": f"/{where}", "code": "characters", "detail": detail}])
    try:
        return schema.model_validate({} if data is None else data)
    except ValidationError as error:
        raise Problem(
            422, "invalid", request.env._("Something in the request is not valid."), _errors(error, where)
        ) from error


def _is_text(data):
    """Tell whether PostgreSQL can hold every string in JSON: no NUL, no half of a surrogate pair."""
    if isinstance(data, dict):
        return all(_is_text(key) and _is_text(value) for key, value in data.items())
    if isinstance(data, list):
        return all(map(_is_text, data))
    return not isinstance(data, str) or not any(char == "\0" or "\ud800" <= char <= "\udfff" for char in data)


def _errors(error, where):
    """Return pydantic's findings with pointers, and without the values that were sent."""
    return [
        {
            "pointer": "/".join(["", where, *(str(part) for part in finding["loc"])]),
            "code": finding["type"],
            "detail": finding["msg"],
        }
        for finding in error.errors(include_input=False, include_url=False, include_context=False)
    ]


def _read_path(declared, path_arguments):
    """Return the parts of the path; a number that no record can have is that of no record."""
    arguments = {name: path_arguments[name] for _kind, name in PATH_PARAMETER.findall(declared.path)}
    if any(isinstance(value, int) and value > MAX_ID for value in arguments.values()):
        raise Problem(404, "not_found", request.env._("There is no such record."))
    return arguments


def _run_once(declared, function):
    """Run an endpoint once per Idempotency-Key of a user and answer the same when the request comes again.

    The key is written first: of two requests at once the second waits for the first and then repeats its answer.
    What ends in a problem is rolled back with the key, and may be tried again.
    """
    key = request.httprequest.headers.get("Idempotency-Key", "")
    if not IDEMPOTENCY_KEY.fullmatch(key):
        raise Problem(
            400, "idempotency_key_missing", "Send an Idempotency-Key: 8 to 64 printable characters, new for each wish."
        )
    keys = request.env["distribution.api.idempotency"].sudo()
    fingerprint = keys._fingerprint(declared.method, request.httprequest.path, request.httprequest.get_data())
    row = keys._claim(request.env.user, key, fingerprint)
    if row.fingerprint != fingerprint:
        raise Problem(422, "idempotency_key_reused", "This Idempotency-Key belongs to another request.")
    stored = row._get_answer()
    if stored is not None:
        return _answer(stored, declared.status, replayed=True)
    answer = _dump(function())
    if not isinstance(answer, Problem):
        row._set_answer(answer)
    return _answer(answer, declared.status)


def _dump(result):
    """Return what an endpoint returned as JSON can hold it; a returned problem stays one."""
    return result if result is None or isinstance(result, Problem) else result.model_dump(mode="json")


def _answer(result, status, replayed=False):
    """Return the HTTP answer for what an endpoint returned.

    :param result: JSON, None for an answer without content, or a `Problem`
    """
    if isinstance(result, Problem):
        # Returned instead of raised: what was written before it is kept.
        return http.Response.load(result.response)
    headers = {"Cache-Control": "no-store", **({"Idempotency-Replayed": "true"} if replayed else {})}
    if result is None:
        return request.make_response("", headers=list(headers.items()), status=204)
    return request.make_json_response(result, headers=headers, status=status)
