# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
import functools
import json

from pydantic.json_schema import models_json_schema

from odoo import http
from odoo.http import request

from ..schemas.base import ProblemDocument
from .api import ENDPOINTS, MAX_ID, PATH_PARAMETER, PREFIX

TEMPLATE = "#/components/schemas/{model}"
COMMON_PROBLEMS = {
    400: "malformed",
    404: "not_found",
    409: "busy",
    413: "too_large",
    415: "unsupported_media_type",
    422: "invalid",
}


class OpenApiController(http.Controller):
    """The interface describes itself, from the declarations that also check the requests."""

    @http.route(f"{PREFIX}/openapi.json", type="http", auth="none", methods=["GET"], save_session=False, sitemap=False)
    def openapi(self):
        """Return the OpenAPI 3.1 document."""
        return request.make_response(_document_json(), headers=[("Content-Type", "application/json")])


@functools.cache
def _document_json():
    return json.dumps(build_document(), ensure_ascii=False, indent=2)


def build_document():
    """Return the OpenAPI 3.1 document of all declared endpoints.

    :rtype: dict
    """
    schemas = {
        (schema, mode)
        for e in ENDPOINTS
        for schema, mode in ((e.body, "validation"), (e.answer, "serialization"))
        if schema
    }
    ordered = sorted(schemas, key=lambda pair: (pair[0].__name__, pair[1]))
    keys, definitions = models_json_schema([*ordered, (ProblemDocument, "serialization")], ref_template=TEMPLATE)
    paths = {}
    for declared in ENDPOINTS:
        path = PREFIX + PATH_PARAMETER.sub(r"{\2}", declared.path)
        paths.setdefault(path, {})[declared.method.lower()] = _operation(declared, keys)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Distribution", "version": "1", "summary": "Shop and distribution centre of a mini-program."},
        "paths": paths,
        "components": {
            "schemas": definitions["$defs"],
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
        },
    }


def _operation(declared, keys):
    operation = {
        "summary": declared.summary,
        "security": [{"bearer": []}] if declared.auth == "distribution" else [],
        "responses": _responses(declared, keys),
    }
    if declared.body:
        content = {"application/json": {"schema": keys[declared.body, "validation"]}}
        operation["requestBody"] = {"required": True, "content": content}
    parameters = _path_parameters(declared.path) + _query_parameters(declared.query)
    if declared.idempotent:
        schema = {"type": "string", "minLength": 8, "maxLength": 64, "pattern": "^[!-~]+$"}
        parameters.append({"name": "Idempotency-Key", "in": "header", "required": True, "schema": schema})
    if parameters:
        operation["parameters"] = parameters
    return operation


def _path_parameters(path):
    schemas = {"int": {"type": "integer", "minimum": 0, "maximum": MAX_ID}, "string": {"type": "string"}}
    return [
        {"name": name, "in": "path", "required": True, "schema": schemas[kind]}
        for kind, name in PATH_PARAMETER.findall(path)
    ]


def _query_parameters(query):
    schema = query.model_json_schema() if query else {"properties": {}}
    return [
        {"name": name, "in": "query", "required": name in schema.get("required", ()), "schema": part}
        for name, part in schema["properties"].items()
    ]


def _responses(declared, keys):
    good = {"description": "Done"}
    if declared.answer:
        good["content"] = {"application/json": {"schema": keys[declared.answer, "serialization"]}}
    responses = {str(declared.status): good}
    problem = {"application/problem+json": {"schema": keys[ProblemDocument, "serialization"]}}
    codes = {**COMMON_PROBLEMS, **({401: "token_invalid"} if declared.auth == "distribution" else {})}
    grouped = {status: [code] for status, code in codes.items()}
    own = list(declared.problems)
    if declared.idempotent:
        own += [(400, "idempotency_key_missing"), (422, "idempotency_key_reused")]
    for status, code in own:
        grouped.setdefault(status, []).append(code)
    for status, names in sorted(grouped.items()):
        responses[str(status)] = {"description": ", ".join(names), "content": problem}
    return responses
