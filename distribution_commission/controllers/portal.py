# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo.addons.distribution_core.controllers.portal import DistributionPortal


class CommissionPortal(DistributionPortal):
    def _get_row_sources(self, membership):
        """Override of `distribution_core` to add the entries with the company."""
        domain = [("distributor_id", "=", membership.id), ("company_id", "=", membership.env.company.id)]
        entries = membership.env["distribution.commission.entry"]
        template = "distribution_commission.portal_entries_table"
        return {**super()._get_row_sources(membership), "entries": (entries, domain, template)}

    def _prepare_membership_values(self, membership):
        """Override of `distribution_core` to add what was earned, by state."""
        member = membership.sudo()
        amounts = {name: float(amount) for name, amount in member._get_summary_amounts().items()}
        return {
            **super()._prepare_membership_values(membership),
            "amounts": amounts,
            "next_release_date": member._get_next_release_date(),
            "next_settlement_date": member._get_next_settlement_date(),
        }
