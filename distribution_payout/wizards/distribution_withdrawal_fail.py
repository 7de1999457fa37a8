# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import fields, models


class DistributionWithdrawalFail(models.TransientModel):
    _name = "distribution.withdrawal.fail"
    _description = "Refuse a Withdrawal or Record a Failed Payment"

    withdrawal_id = fields.Many2one(
        comodel_name="distribution.withdrawal",
        required=True,
        ondelete="cascade",
        default=lambda self: self.env.context.get("active_id"),
    )
    withdrawal_state = fields.Selection(related="withdrawal_id.state")
    reason = fields.Char(required=True, help="What the bank said, or why you refuse, for the distributor to read.")

    def action_confirm(self):
        """Give the amount back to the account."""
        self.ensure_one()
        self.withdrawal_id._check_finance()
        withdrawal = self.withdrawal_id.sudo()
        withdrawal._lock_reserved()
        withdrawal.run_id._check_by_hand()
        withdrawal._give_back("refused" if withdrawal.state == "requested" else "failed", self.reason)
        return {"type": "ir.actions.act_window_close"}
