# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from .models.distribution_distributor import GUARD_FUNCTION


def uninstall_hook(env):
    """Let members go with their module."""
    env.cr.execute(f"DROP FUNCTION IF EXISTS {GUARD_FUNCTION}() CASCADE")
