# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo.exceptions import UserError


def uninstall_hook(env):
    """Refuse to drop withdrawals whose money is still on its way: it would stay reserved for ever.

    :raise UserError: naming one of them
    """
    open_withdrawal = env["distribution.withdrawal"].search([("state", "in", ("requested", "reserved"))], limit=1)
    if open_withdrawal:
        raise UserError(
            env._("%s is still under way: confirm or cancel it before you uninstall the module.", open_withdrawal.name)
        )
