"""Run by the environment's Python: load the demo companies, or get them ready for today.

``demo_company.py load DATABASE`` or ``demo_company.py start DATABASE SHOP_URL WECHAT_URL``. Progress goes to the
parent as lines of ``PROGRESS done total text``.
"""

import functools
import json
import sys
import urllib.request
from pathlib import Path

import odoo.api
import odoo.init  # noqa: F401 - makes the namespace package whole
from odoo.modules.registry import Registry
from odoo.service.model import retrying
from odoo.tools import config

# setup/, in which the package demo lies; not this folder.
sys.path[0] = str(Path(__file__).resolve().parents[2])


def main(task, database, *addresses):
    """Do the task in an environment of the database's superuser."""
    config.parse_config(["--database", database, "--log-level", "warn"], setup_logging=True)
    with Registry(database).cursor() as cr:
        env = odoo.api.Environment(cr, odoo.api.SUPERUSER_ID, {})
        if task == "load":
            load(env)
        else:
            start(env, *addresses)


def load(env):
    """Load the demo companies."""
    import demo.load  # noqa: PLC0415 - needs Odoo's configuration
    import demo.tea_house  # noqa: PLC0415

    demo.load.main(env, progress)
    demo.tea_house.main(env)
    env.cr.commit()


def start(env, shop_url, wechat_url):
    """Connect the mini-program with the simulator, and print what the first company's distributors earned."""
    import demo.table  # noqa: PLC0415 - needs Odoo's configuration
    import demo.tea_house  # noqa: PLC0415

    with urllib.request.urlopen(f"{wechat_url}/simulator/credentials", timeout=10) as answer:
        credentials = json.load(answer)
    # The server is starting on the same database.
    retrying(functools.partial(demo.tea_house.connect, env, shop_url, credentials), env)
    demo.table.print_table(env)


def progress(done, total, text=""):
    """Tell the parent how far it is."""
    print("PROGRESS", done, total, text, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
