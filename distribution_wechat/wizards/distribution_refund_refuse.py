# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import fields, models


class DistributionRefundRefuse(models.TransientModel):
    _name = "distribution.refund.refuse"
    _description = "Refuse a Refund Request"

    request_id = fields.Many2one(
        comodel_name="distribution.refund.request",
        required=True,
        ondelete="cascade",
        default=lambda self: self.env.context.get("active_id"),
    )
    reason = fields.Char(required=True, help="The customer reads it.")

    def action_confirm(self):
        """Tell the customer no, and why."""
        self.ensure_one()
        self.request_id._check_decider()
        self.request_id.sudo()._refuse(self.reason)
        return {"type": "ir.actions.act_window_close"}
