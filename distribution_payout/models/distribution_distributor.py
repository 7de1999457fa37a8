# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from decimal import Decimal

from odoo import models


class DistributionDistributor(models.Model):
    _inherit = "distribution.distributor"

    def _get_summary_amounts(self):
        """Override of `distribution_commission` to add in_withdrawal and paid."""
        withdrawals = self.env["distribution.withdrawal"]._read_group(self._get_own_domain(), ["state"], ["amount:sum"])
        withdrawn = {state: Decimal(repr(amount)) for state, amount in withdrawals}
        return {
            **super()._get_summary_amounts(),
            "in_withdrawal": withdrawn.get("requested", Decimal(0)) + withdrawn.get("reserved", Decimal(0)),
            "paid": withdrawn.get("paid", Decimal(0)),
        }
