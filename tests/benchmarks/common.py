# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""What the benchmarks share: Odoo's configuration, databases, memory, and what a report ends with."""

import contextlib
import os
import platform
import re
import subprocess
import sys
import time
from pathlib import Path

import odoo.init  # noqa: F401 - makes the namespace package whole
import odoo.modules.registry
import odoo.release
import odoo.sql_db
from odoo.tools import config

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parents[1] / "setup")]


def configure():
    """Read Odoo's configuration, and name the template that databases are copied from."""
    from lib import paths, template  # noqa: PLC0415 - needs the path above

    config.parse_config(["--config", os.environ.get("ODOO_RC") or str(paths.CONFIG), "--log-level=critical"])
    if not os.environ.get("DISTRIBUTION_TEMPLATE"):
        os.environ["DISTRIBUTION_TEMPLATE"] = template.ensure(dict(os.environ), with_assets=False)
        os.environ["DISTRIBUTION_TEMPLATE_LOCK"] = str(paths.LOCAL / "template.lock")


# === DATABASES === #


@contextlib.contextmanager
def filled_database(fill):
    """Yield the name of a copy of the template, filled and vacuumed as it is in production; drop it afterwards.

    :param fill: called with an environment
    """
    with copy_of_template() as database:
        with database.env() as env:
            fill(env)
        vacuum(database.name)
        yield database.name


def copy_of_template():
    """Return a context manager for a database with the suite."""
    from support.databases import cloned_database  # noqa: PLC0415 - needs the path above

    return cloned_database()


@contextlib.contextmanager
def database_without_suite():
    """Yield a copy of what the template is built on: Odoo's modules without ours."""
    from lib import database as databases  # noqa: PLC0415 - needs the path above
    from support.databases import Database, outside_of_tests  # noqa: PLC0415

    source = databases.name("base")
    name = f"{source}_benchmark_{os.getpid()}_{os.urandom(2).hex()}"
    env = dict(os.environ)
    databases.clone(env, source, name)
    try:
        with outside_of_tests():
            yield Database(name, odoo.modules.registry.Registry(name))
    finally:
        odoo.modules.registry.Registry.delete(name)
        odoo.sql_db.close_db(name)
        databases.drop(env, name)


def vacuum(name, command="VACUUM (FREEZE, ANALYZE)"):
    with contextlib.closing(odoo.sql_db.db_connect(name).cursor()) as cr:
        cr._cnx.commit()
        cr._cnx.autocommit = True
        cr.execute(command)
        cr.execute("CHECKPOINT")
        cr._cnx.autocommit = False


@contextlib.contextmanager
def fresh_copy(source):
    """Yield a copy of a database, exactly the same pages each time; drop it afterwards."""
    from support.databases import Database, outside_of_tests  # noqa: PLC0415 - needs the path above

    name = f"{source}_copy"
    odoo.sql_db.close_db(source)
    subprocess.run(["createdb", f"--template={source}", *_by_file(), name], check=True)
    try:
        with outside_of_tests():
            # The same name each time: what the registry knows of the first copy holds for all.
            yield Database(name, odoo.modules.registry.Registry(name))
    finally:
        odoo.sql_db.close_db(name)
        subprocess.run(["dropdb", "--force", "--if-exists", name], check=True)


def _by_file():
    """From PostgreSQL 15 on copying by file, quick for large ones, has to be asked for."""
    with contextlib.closing(odoo.sql_db.db_connect("postgres").cursor()) as cr:
        return ["--strategy=file_copy"] if cr._cnx.server_version >= 150000 else []


# === WHAT IT WAS MEASURED ON === #


class Memory:
    """By how much the process's memory peaks above what it was when this was made (Linux)."""

    def __init__(self):
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
        self._before = self._read("VmRSS")

    def get_growth(self):
        """Return the growth in MB."""
        return max(0, self._read("VmHWM") - self._before) / 1024

    def _read(self, name):
        return int(re.search(rf"{name}:\s*(\d+)", Path("/proc/self/status").read_text(encoding="ascii"))[1])


def get_processor_seconds(cr):
    """Return what this process and the cursor's own of PostgreSQL have used of the processors so far (Linux).

    On a machine that does other things too this says more than the clock.
    """
    fields = Path(f"/proc/{cr._cnx.info.backend_pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return time.process_time() + sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK")


def get_machine():
    """Return what everything was measured on, in a sentence."""
    with contextlib.closing(odoo.sql_db.db_connect("postgres").cursor()) as cr:
        cr.execute("SHOW server_version")
        postgres = cr.fetchone()[0]
    model = re.search(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text(encoding="ascii"))
    return (
        f"{model[1] if model else platform.machine()}, {os.cpu_count()} CPUs, load {os.getloadavg()[0]:.1f}; "
        f"{platform.system()} {platform.release()}, Python {platform.python_version()}, Odoo {odoo.release.version}, "
        f"PostgreSQL {postgres}."
    )
