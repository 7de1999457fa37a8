# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from decimal import Decimal

from odoo import fields, models


class DistributionRefundApprove(models.TransientModel):
    _name = "distribution.refund.approve"
    _description = "Approve a Refund Request"

    request_id = fields.Many2one(
        comodel_name="distribution.refund.request", string="Refund Request", required=True, ondelete="cascade"
    )
    order_id = fields.Many2one(related="request_id.order_id")
    partner_id = fields.Many2one(related="request_id.partner_id")
    reason = fields.Char(related="request_id.reason")
    goods_come_back = fields.Boolean(related="request_id.goods_come_back")
    currency_id = fields.Many2one(related="request_id.currency_id")
    asked_amount = fields.Monetary(related="request_id.amount", string="Asked For")
    amount = fields.Monetary(string="To Refund", required=True)

    def action_confirm(self):
        """Give the money back."""
        self.ensure_one()
        self.request_id._check_decider()
        self.request_id.sudo()._approve(Decimal(repr(self.amount)))
        return {"type": "ir.actions.act_window_close"}
