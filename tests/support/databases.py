"""Databases of their own for tests that commit, race or crash.

Odoo's test cases forbid commits, and a committed ledger row cannot be deleted: such a test gets
a copy of the template, real cursors, and leaves nothing behind.

    def test_two_sweeps(committing_db):
        with committing_db.env() as env:          # commits at the end, rolls back on an error
            env["sale.order"].create(...)
        with committing_db.registry.cursor() as cr:
            ...                                   # the same by hand; one cursor per thread
"""

import contextlib
import fcntl
import itertools
import os
import shutil
import subprocess
import threading

import odoo.api
import odoo.modules.module
import odoo.modules.registry
import odoo.sql_db
import odoo.tools

numbers = itertools.count(1)


class Database:
    """A database that may be committed to: its name, its registry, and environments on it."""

    def __init__(self, name, registry):
        self.name = name
        self.registry = registry

    @contextlib.contextmanager
    def env(self, user=odoo.api.SUPERUSER_ID, **context):
        """Yield an environment on a real cursor: commits at the end, rolls back on an error."""
        with self.registry.cursor() as cr:
            yield odoo.api.Environment(cr, user, context)


@contextlib.contextmanager
def cloned_database():
    """Yield a ``Database``, a fresh copy of the template, and drop it afterwards."""
    template = os.environ.get("DISTRIBUTION_TEMPLATE")
    if not template:
        raise RuntimeError("No template database: run the tests by ./setup/test.")
    name = template.replace("template", f"test_{os.getppid()}_{os.getpid()}_{next(numbers)}")
    _copy(template, name)
    try:
        with outside_of_tests():
            yield Database(name, odoo.modules.registry.Registry(name))
    finally:
        _drop(name)


@contextlib.contextmanager
def database_of_worker():
    """Let one of several pytest processes have a database of its own, and drop it afterwards."""
    template, config = os.environ["DISTRIBUTION_TEMPLATE"], odoo.tools.config
    name = template.replace("template", f"test_{os.getppid()}_{os.getpid()}")
    _copy(template, name)
    # pytest-odoo would copy one itself, and give Odoo 19 its name in a way it does not take.
    os.environ.pop("PYTEST_XDIST_WORKER", None)
    config["db_name"], config["dbfilter"] = [name], f"^{name}$"
    try:
        yield
    finally:
        _drop(name)


@contextlib.contextmanager
def outside_of_tests():
    """Let Odoo behave as in production: commits are real, and loading runs no tests."""
    thread = threading.current_thread()
    module, config = odoo.modules.module, odoo.tools.config
    before = module.current_test, config["test_enable"], getattr(thread, "testing", False)
    module.current_test, config["test_enable"], thread.testing = False, False, False
    try:
        yield
    finally:
        module.current_test, config["test_enable"], thread.testing = before


def _drop(name):
    odoo.modules.registry.Registry.delete(name)
    odoo.sql_db.close_db(name)
    subprocess.run(["dropdb", "--force", "--if-exists", name], check=True)
    shutil.rmtree(odoo.tools.config.filestore(name), ignore_errors=True)


def _copy(template, name):
    """Copy the template; one at a time, since PostgreSQL refuses a template in use."""
    with open(os.environ["DISTRIBUTION_TEMPLATE_LOCK"], "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        subprocess.run(["createdb", f"--template={template}", name], check=True)
    source = odoo.tools.config.filestore(template)
    if os.path.isdir(source):
        shutil.copytree(source, odoo.tools.config.filestore(name), copy_function=os.link)
