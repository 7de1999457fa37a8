# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, fields, models


class DistributionAccount(models.Model):
    _inherit = "distribution.account"

    paid_amount = fields.Monetary(string="Paid Out", compute="_compute_paid_amount")

    def _compute_paid_amount(self):
        groups = self.env["distribution.withdrawal"]._read_group(
            [("account_id", "in", self.ids), ("state", "=", "paid")], ["account_id"], ["amount:sum"]
        )
        amounts = dict(groups)
        for account in self:
            account.paid_amount = amounts.get(account, 0.0)

    @api.model
    def _get_portal_fields(self):
        return super()._get_portal_fields() | {"paid_amount"}
