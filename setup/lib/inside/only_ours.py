"""pytest plugin for ./setup/lint: Odoo's own lint tests look at our modules only.

They go over ``Manifest.all_addon_manifests()``, which is every add-on on the path.
"""

import os


def pytest_configure():
    """Let Odoo know no other manifests than ours while the lint tests run."""
    from odoo.modules import Manifest  # noqa: PLC0415 - pytest-odoo reads the configuration first

    names = os.environ["DISTRIBUTION_MODULES"].split(",")
    Manifest.all_addon_manifests = staticmethod(lambda: [Manifest.for_addon(name) for name in names])
