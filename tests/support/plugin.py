"""pytest plumbing for the modules' tests and the top-level ones.

``./setup/test`` loads it with ``-p support.plugin``: a conftest.py here would not be read for
the tests inside the modules.
"""

import contextlib

import pytest

from . import databases
from .skips import ALLOWED


def pytest_configure(config):
    """Give Odoo's test cases the tags that Odoo gives only to classes inside an add-on, and each of several processes
    its database."""
    from odoo.tests import BaseCase  # noqa: PLC0415 - pytest-odoo reads the configuration first

    BaseCase.test_tags = frozenset({"standard"})
    BaseCase.test_module = "tests"
    if hasattr(config, "workerinput"):
        own = contextlib.ExitStack()
        own.enter_context(databases.database_of_worker())
        config.add_cleanup(own.close)


@pytest.fixture
def committing_db():
    """Yield a database of its own, to which the test may commit (see ``databases``)."""
    with databases.cloned_database() as database:
        yield database


@pytest.fixture(scope="module")
def live():
    """Yield a merchant's server with WeChat beside it (see ``live``)."""
    from .live import live_shop  # noqa: PLC0415 - Odoo has to be configured first

    with live_shop() as shop:
        yield shop


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item):
    """Turn a skip that nobody allowed into a failure."""
    return refuse_skip((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector):
    """Turn a skipped file that nobody allowed into a failure."""
    return refuse_skip((yield))


def refuse_skip(report):
    """Return the report of a test, failed if it was skipped without leave."""
    if not report.skipped or hasattr(report, "wasxfail"):
        return report
    if any(report.nodeid.startswith(allowed) for allowed in ALLOWED):
        return report
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
    report.outcome = "failed"
    report.longrepr = (
        f"{reason}\nA skipped test proves nothing: mend what it lacks, "
        "or allow it with its reason in tests/support/skips.py."
    )
    return report
