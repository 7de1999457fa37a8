# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo.exceptions import UserError
from odoo.tools import str2bool

from .const import FORCE_UNINSTALL_PARAMETER
from .models.distribution_commission_entry import GUARD_FUNCTION


def post_init_hook(env):
    """Give every company that has a chart of accounts the accounts commission is posted to."""
    env["res.company"].search([("chart_template", "!=", False)])._create_commission_accounts()


def uninstall_hook(env):
    """Refuse to drop a ledger that holds or awaits rows: transaction records are kept three years (电商法 art. 31).

    :raise UserError: unless the parameter named in the message is set
    """
    forced = str2bool(env["ir.config_parameter"].get_param(FORCE_UNINSTALL_PARAMETER, ""), False)
    models = ("distribution.commission.entry", "distribution.commission.event")
    if not forced and any(env[name].search_count([], limit=1) for name in models):
        raise UserError(
            env._(
                "The commission ledger holds entries, or orders wait for it. Export them (Distribution > Commission > "
                "Entries > Export), then set the system parameter %s to True and uninstall again.",
                FORCE_UNINSTALL_PARAMETER,
            )
        )
    env.cr.execute(f"DROP FUNCTION IF EXISTS {GUARD_FUNCTION}() CASCADE")
