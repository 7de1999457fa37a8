# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, models

from ..tools.masking import mask_name


class DistributionDistributor(models.Model):
    """What people outside the company read of a distributor, in the portal and in the mini-program."""

    _inherit = "distribution.distributor"  # pylint: disable=consider-merging-classes-inherited

    # === COMPUTE METHODS === #

    @api.depends_context("uid")
    def _compute_display_name(self):
        """Override to mask the names of others for everybody outside the company.

        Odoo shows the name of a record to whoever sees a field that points at it, without a look at the rights on it.
        """
        if self.env.user._is_internal():
            return super()._compute_display_name()
        for distributor in self:
            member = distributor.sudo()
            own = member.partner_id == self.env.user.partner_id
            name = (member.partner_id.name or "") if own else mask_name(member.partner_id.name)
            distributor.display_name = f"{name} ({member.code})"

    @api.model
    def _search_display_name(self, operator, value):
        """Override to let the portal find by code only: who may guess names would read them."""
        if self._is_read_in_portal():
            return [("code", operator, value)]
        return super()._search_display_name(operator, value)

    @api.model
    def _get_portal_fields(self):
        names = ("code", "state", "grade_id", "parent_id", "program_id", "company_id", "create_date")
        return super()._get_portal_fields().union(names)
