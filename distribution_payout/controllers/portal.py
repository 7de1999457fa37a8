# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo.addons.distribution_commission.controllers.portal import CommissionPortal


class PayoutPortal(CommissionPortal):
    def _get_row_sources(self, membership):
        """Override of `distribution_commission` to add the withdrawals with the company."""
        domain = [("distributor_id", "=", membership.id), ("company_id", "=", membership.env.company.id)]
        withdrawals = membership.env["distribution.withdrawal"]
        template = "distribution_payout.portal_withdrawals_table"
        return {**super()._get_row_sources(membership), "withdrawals": (withdrawals, domain, template)}
