# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Every endpoint, table-driven from the declarations: a new one cannot be forgotten."""

import re
import uuid

import pytest
import requests

from odoo.addons.distribution_wechat.controllers.api import ENDPOINTS, PATH_PARAMETER, PREFIX

from support.samples import all_samples

SAMPLES = all_samples()
BY_NAME = {f"{declared.method} {declared.path}": declared for declared in ENDPOINTS}
each = pytest.mark.parametrize("name", BY_NAME)


def with_body(declared):
    return declared.body is not None


def some(condition):
    return pytest.mark.parametrize("name", [name for name, declared in BY_NAME.items() if condition(declared)])


@pytest.fixture
def person(live):
    return live.person("Table")


def address(declared, values):
    return PATH_PARAMETER.sub(lambda match: str(values[match[2]]), declared.path)


def ask(person, declared, path=None, body=None, token=True, **kwargs):
    sample = SAMPLES[declared.method, declared.path]
    path = address(declared, path if path is not None else sample.path(person))
    token = person.tokens["access_token"] if token and not sample.public else None
    return person.live.call(declared.method, path, body, token, **kwargs)


def assert_problem(answer, status, code):
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, "application/problem+json"), answer.text
    document = answer.json()
    assert (document["status"], document["code"]) == (status, code), document
    assert "Traceback" not in answer.text
    return document


def test_every_endpoint_has_a_sample():
    assert set(SAMPLES) == {(declared.method, declared.path) for declared in ENDPOINTS}


def test_every_path_with_a_record_has_a_foreign_one():
    for declared in ENDPOINTS:
        if PATH_PARAMETER.search(declared.path):
            assert SAMPLES[declared.method, declared.path].foreign, declared.path


@each
def test_happy_path(person, name):
    declared = BY_NAME[name]
    sample = SAMPLES[declared.method, declared.path]
    path = sample.path(person)
    answer = ask(person, declared, path=path, body=sample.body(person), params=sample.query(person))
    assert answer.status_code == declared.status, answer.text
    if declared.answer:
        declared.answer.model_validate(answer.json())
    else:
        assert answer.content == b""


@some(lambda declared: declared.auth == "distribution")
def test_without_a_token(person, name):
    declared = BY_NAME[name]
    sample = SAMPLES[declared.method, declared.path]
    path = sample.path(person)
    assert_problem(ask(person, declared, path=path, body=sample.body(person), token=False), 401, "token_invalid")


@some(lambda declared: PATH_PARAMETER.search(declared.path))
def test_record_of_somebody_else(person, name):
    declared = BY_NAME[name]
    sample = SAMPLES[declared.method, declared.path]
    own = sample.path(person)
    body = sample.body(person)
    stranger = person.live.person("Stranger")
    for path in (sample.foreign(stranger), dict.fromkeys(own, 2**31 - 1)):
        assert_problem(ask(person, declared, path=path, body=body), 404, "not_found")


@some(with_body)
def test_missing_unknown_wrong_and_too_long_fields(person, name):
    declared = BY_NAME[name]
    sample = SAMPLES[declared.method, declared.path]
    path, good = sample.path(person), sample.body(person)
    bodies = [{**good, "zzz": 1}, [1], "text"]
    bodies += [{**good, field: {"wrong": "type"}} for field in declared.body.model_fields]
    bodies += [{**good, field: "x" * 5000} for field in declared.body.model_fields]
    bodies += [{**good, field: text} for field in declared.body.model_fields for text in ("a\0b", "\ud800")]
    for field, info in declared.body.model_fields.items():
        if info.is_required():
            bodies.append({key: value for key, value in good.items() if key != field})
    for body in bodies:
        document = assert_problem(ask(person, declared, path=path, body=body), 422, "invalid")
        assert document["errors"], body


@some(lambda declared: declared.query)
def test_unknown_and_wrong_parameters(person, name):
    declared = BY_NAME[name]
    sample = SAMPLES[declared.method, declared.path]
    path = sample.path(person)
    for extra in ({"zzz": "1"}, *({field: "x" * 5000} for field in declared.query.model_fields)):
        answer = ask(person, declared, path=path, body=sample.body(person), params={**sample.query(person), **extra})
        assert_problem(answer, 422, "invalid")


@each
def test_malformed_and_wrong_type(person, name):
    declared = BY_NAME[name]
    sample = SAMPLES[declared.method, declared.path]
    url = f"{person.live.url}{PREFIX}{address(declared, sample.path(person))}"
    headers = {"Authorization": f"Bearer {person.tokens['access_token']}", "Idempotency-Key": str(uuid.uuid4())}
    for content_type, data, status, code in (
        ("application/json", "{", 400, "malformed"),
        ("text/plain", "x", 415, "unsupported_media_type"),
    ):
        answer = requests.request(
            declared.method, url, data=data, headers={**headers, "Content-Type": content_type}, timeout=30
        )
        assert_problem(answer, status, code)


@some(lambda declared: declared.idempotent)
def test_replayed_key_does_it_once(person, name):
    declared = BY_NAME[name]
    sample = SAMPLES[declared.method, declared.path]
    path, body, key = sample.path(person), sample.body(person), str(uuid.uuid4())
    first = ask(person, declared, path=path, body=body, key=key)
    again = ask(person, declared, path=path, body=body, key=key)
    assert first.status_code == again.status_code == declared.status, (first.text, again.text)
    assert first.json() == again.json()
    assert again.headers["Idempotency-Replayed"] == "true"


@some(lambda declared: declared.idempotent)
def test_key_missing_or_reused(person, name):
    declared = BY_NAME[name]
    sample = SAMPLES[declared.method, declared.path]
    path, body, key = sample.path(person), sample.body(person), str(uuid.uuid4())
    assert_problem(ask(person, declared, path=path, body=body, key="short"), 400, "idempotency_key_missing")
    assert ask(person, declared, path=path, body=body, key=key).status_code == declared.status
    other = {**SAMPLES["POST", "/orders"].body(person), "note": "another wish"}
    assert_problem(person.post("/orders", other, key=key), 422, "idempotency_key_reused")


def test_address_and_method_that_do_not_exist(live):
    assert_problem(live.call("GET", "/nothing"), 404, "not_found")
    assert_problem(live.call("PUT", "/sessions"), 405, "method_not_allowed")


def test_openapi_describes_every_route(live):
    document = requests.get(f"{live.url}{PREFIX}/openapi.json", timeout=30).json()
    described = {(method, path) for path, methods in document["paths"].items() for method in methods}
    with live.env() as env:
        rules = env["ir.http"]._generate_routing_rules(["distribution_wechat"], converters={})
        routes = {
            (method.lower(), re.sub(r"<\w+:(\w+)>", r"{\1}", path))
            for path, endpoint in rules
            if endpoint.routing["type"] == "distribution_api"
            for method in endpoint.routing["methods"]
        }
    assert described == routes
