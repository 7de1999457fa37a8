"""The plumbing, when pytest is called by hand (``./setup/test`` names the plugin itself)."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))


def pytest_configure(config):
    """Load the plugin unless it is there."""
    if not config.pluginmanager.hasplugin("support.plugin"):
        config.pluginmanager.import_plugin("support.plugin")
