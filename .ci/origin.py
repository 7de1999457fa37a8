"""Check that Odoo, its packages and PostgreSQL all come from inside the checkout."""

import os
import shutil
import sys
import sysconfig
from pathlib import Path

import odoo.init  # noqa: F401 - makes the namespace package whole
from odoo.tools import config

CHECKOUT = Path(sys.argv[1]).resolve()
STANDARD_LIBRARY = Path(sysconfig.get_path("stdlib"))


def main():
    """Print where things come from, and fail on what came from elsewhere."""
    config.parse_config([])
    places = {
        "Odoo": Path(config.root_path),
        "PostgreSQL": Path(shutil.which("initdb")),
        "its socket": Path(os.environ["PGHOST"]),
        "data": Path(config["data_dir"]),
        **{f"add-ons {n}": Path(path) for n, path in enumerate(config["addons_path"])},
        **{f"Python path {n}": Path(path) for n, path in enumerate(sys.path) if path},
    }
    foreign = {name: path for name, path in places.items() if not is_ours(path)}
    for name, path in places.items():
        print(f"{'✗' if name in foreign else ' '} {name:15} {path}")
    return len(foreign)


def is_ours(path):
    """Tell whether a path lies in the checkout, or is Python's own standard library."""
    path = path.absolute()
    standard = path == STANDARD_LIBRARY or STANDARD_LIBRARY in path.parents or path.suffix == ".zip"
    return CHECKOUT in [path, *path.parents] or (standard and "site-packages" not in path.parts)


sys.exit(main())
