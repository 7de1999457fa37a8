# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""One declaration per endpoint: route, checks of what comes in, shape of what goes out, and the OpenAPI document."""

import functools
from dataclasses import dataclass, field

from pydantic import ValidationError

from odoo import http
from odoo.http import request

from .problem import Problem

PREFIX = "/distribution/v1"
MAX_BODY = 64 * 1024


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
    problems: tuple = field(default_factory=tuple)


ENDPOINTS = []


def endpoint(
    method, path, *, auth="distribution", readonly=False, body=None, query=None, answer=None, status=200, problems=()
):
    """Declare an endpoint of the interface; its summary is the first line of the docstring.

    The function gets `body` and `query` as validated schemas, besides the parts of the path, and returns an
    instance of `answer` (nothing for 204). Unknown fields are refused.

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
            tuple(problems),
        )
        ENDPOINTS.append(declared)

        @http.route(
            PREFIX + path,
            type="distribution_api",
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
            arguments = {name: value for name, value in path_arguments.items() if name in declared.path}
            if body:
                arguments["body"] = _validate(body, request.dispatcher.jsonrequest, "body")
            elif request.httprequest.content_length:
                raise Problem(422, "invalid", "This request takes no body.")
            parameters = request.httprequest.args.to_dict()
            if query:
                arguments["query"] = _validate(query, parameters, "query")
            elif parameters:
                raise Problem(422, "invalid", "This request takes no parameters.")
            return _answer(function(self, **arguments), status)

        return wrapper

    return decorate


def _validate(schema, data, where):
    try:
        return schema.model_validate({} if data is None else data)
    except ValidationError as error:
        raise Problem(422, "invalid", "Something in the request is not valid.", _errors(error, where)) from error


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


def _answer(result, status):
    """Return the HTTP answer for what an endpoint returned."""
    if isinstance(result, Problem):
        # Returned instead of raised: what was written before it is kept.
        return http.Response.load(result.response)
    headers = {"Cache-Control": "no-store"}
    if result is None:
        return request.make_response("", headers=list(headers.items()), status=204)
    return request.make_json_response(result.model_dump(mode="json"), headers=headers, status=status)
