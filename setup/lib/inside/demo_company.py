"""Run by the environment's Python: load the demo company, or print its table.

``demo_company.py load|table DATABASE``. Progress goes to the parent as lines of
``PROGRESS done total text``.
"""

import sys
from pathlib import Path

import odoo.api
import odoo.init  # noqa: F401 - makes the namespace package whole
from odoo.modules.registry import Registry
from odoo.tools import config

# setup/, in which the package demo lies; not this folder.
sys.path[0] = str(Path(__file__).resolve().parents[2])


def main(task, database):
    """Do the task in an environment of the database's superuser."""
    config.parse_config(["--database", database, "--log-level", "warn"], setup_logging=True)
    with Registry(database).cursor() as cr:
        env = odoo.api.Environment(cr, odoo.api.SUPERUSER_ID, {})
        if task == "load":
            load(env)
        else:
            table(env)


def load(env):
    """Load the demo company."""
    import demo.load  # noqa: PLC0415 - needs Odoo's configuration

    demo.load.main(env, progress)
    env.cr.commit()


def table(env):
    """Print what the demo company's distributors earned."""
    import demo.table  # noqa: PLC0415 - needs Odoo's configuration

    demo.table.print_table(env)


def progress(done, total, text=""):
    """Tell the parent how far it is."""
    print("PROGRESS", done, total, text, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
