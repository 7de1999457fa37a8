# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, models
from odoo.exceptions import AccessError


class ResUsers(models.Model):
    _inherit = "res.users"

    @api.model
    def _check_distribution_role(self, group):
        """Make sure the current user has a role of the suite.

        Ledger, settlements and payouts are written by guarded methods only, never by access rights.

        :param str group: external id of a group
        :raise AccessError: naming the role that is missing
        """
        if not self.env.su and not self.env.user.has_group(group):
            raise AccessError(
                self.env._("This needs the role %s.", self.env.ref(group).sudo().display_name),
            )
