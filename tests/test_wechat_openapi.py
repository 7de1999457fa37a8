# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""What a stranger to the code finds out: schemathesis calls everything the OpenAPI document describes, with a user who
is logged in, and finds no server error and no answer that the document does not announce."""

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from odoo.addons.distribution_wechat.controllers.api import ENDPOINTS, PATH_PARAMETER, PREFIX

from support.samples import all_samples

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
# A logout or a renewal ends the login that the next calls need.
ENDS_THE_LOGIN = {"/sessions/current", "/sessions/refresh"}
SAMPLES = all_samples()
DECLARED = {(declared.method, PREFIX + PATH_PARAMETER.sub(r"{\2}", declared.path)): declared for declared in ENDPOINTS}


@pytest.fixture(scope="module")
def person(live):
    return live.person("Fuzzer")


@pytest.fixture(scope="module")
def document(live):
    return schemathesis.openapi.from_url(f"{live.url}{PREFIX}/openapi.json")


@pytest.fixture(scope="module")
def records(person):
    """Return the records of the person that paths can name, made once for each endpoint."""
    found = {}

    def of(declared):
        key = declared.method, declared.path
        if key not in found:
            found[key] = SAMPLES[key].path(person)
        return found[key]

    return of


schema = schemathesis.pytest.from_fixture("document")


@schema.parametrize()
@settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_no_server_error_and_no_undocumented_answer(case, person, records):
    declared = DECLARED.get((case.method.upper(), case.path))
    if not declared:
        # schemathesis also tries methods that the document does not have.
        assert case.call(timeout=30).status_code in (404, 405)
        return
    # Half of the numbers in paths are of records that exist and are the person's own.
    if case.path_parameters and hash(str(case.path_parameters)) % 2:
        case.path_parameters.update(records(declared))
    login = person.live.person("Leaver") if declared.path in ENDS_THE_LOGIN else person
    headers = {"Authorization": f"Bearer {login.tokens['access_token']}"}
    case.call_and_validate(headers=headers, checks=CHECKS, timeout=30)
