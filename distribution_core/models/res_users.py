# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, models
from odoo.exceptions import AccessError
from odoo.http import request

from .distribution_link import COOKIE


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

    def _only_controls_distribution(self):
        """Tell whether the user has a control role, and none that changes anything."""
        self.ensure_one()
        controls, decides = (
            any(self.has_group(f"distribution_core.group_distribution_{role}") for role in roles)
            for roles in (("compliance", "auditor"), ("manager", "finance"))
        )
        return controls and not decides

    def authenticate(self, credential, user_agent_env):
        """Override of `base`: what a visitor's browser remembers belongs to the person who logs in."""
        auth_info = super().authenticate(credential, user_agent_env)
        if auth_info.get("uid") and request:
            user = self.browse(auth_info["uid"]).sudo()
            cookie = request.httprequest.cookies.get(COOKIE)
            # Nobody is logged in yet as far as this environment goes.
            token = self.env["distribution.link"].sudo()._read_cookie(cookie)[1]
            # The merchant's people try links out.
            if token and user._is_portal():
                self.env["distribution.visit"].sudo()._claim_visits(token, user.partner_id)
        return auth_info
