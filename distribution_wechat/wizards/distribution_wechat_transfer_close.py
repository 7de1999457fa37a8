# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import fields, models
from odoo.exceptions import UserError


class DistributionWechatTransferClose(models.TransientModel):
    _name = "distribution.wechat.transfer.close"
    _description = "Close a WeChat Transfer by Hand"

    transfer_id = fields.Many2one(
        comodel_name="distribution.wechat.transfer",
        required=True,
        ondelete="cascade",
        default=lambda self: self.env.context.get("active_id"),
    )
    outcome = fields.Selection(
        selection=[("success", "Paid: book it"), ("cancelled", "Not paid: give the amount back")],
        string="In WeChat Pay's Merchant Console",
        required=True,
    )
    finished_at = fields.Datetime(
        string="Paid At", help="When the distributor got the money: its day is the day it is booked on."
    )
    reason = fields.Char(
        required=True, help="What the merchant console shows, for whoever asks later. It stays on the transfer."
    )

    def action_confirm(self):
        """Record how a transfer ended that WeChat does not tell of any more.

        :raise UserError: without the moment of a payment, or when WeChat can still be asked
        """
        self.ensure_one()
        self.transfer_id._check_finance()
        if self.outcome == "success" and not self.finished_at:
            raise UserError(self.env._("Enter when it was paid, as the merchant console shows it."))
        finished_at = self.finished_at if self.outcome == "success" else fields.Datetime.now()
        self.transfer_id.sudo()._close_by_hand(self.outcome, finished_at, self.reason)
        return {"type": "ir.actions.act_window_close"}
