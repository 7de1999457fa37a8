# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, fields, models
from odoo.exceptions import ValidationError


class DistributionPayoutConfirm(models.TransientModel):
    _name = "distribution.payout.confirm"
    _description = "Confirm Payments of a Payout Run"

    run_id = fields.Many2one(
        comodel_name="distribution.payout.run",
        required=True,
        ondelete="cascade",
        default=lambda self: self.env.context.get("active_id"),
    )
    currency_id = fields.Many2one(related="run_id.currency_id")
    date = fields.Date(string="Paid On", required=True, default=fields.Date.context_today)
    withdrawal_ids = fields.Many2many(
        comodel_name="distribution.withdrawal",
        string="Payments",
        compute="_compute_withdrawal_ids",
        store=True,
        readonly=False,
        domain="[('run_id', '=', run_id), ('state', '=', 'reserved')]",
        help="Remove those the bank has not carried out.",
    )
    amount_total = fields.Monetary(compute="_compute_amount_total")

    @api.depends("run_id")
    def _compute_withdrawal_ids(self):
        for wizard in self:
            wizard.withdrawal_ids = wizard.run_id._get_open_withdrawals()

    @api.depends("withdrawal_ids")
    def _compute_amount_total(self):
        for wizard in self:
            wizard.amount_total = sum(wizard.withdrawal_ids.mapped("amount"))

    @api.constrains("date")
    def _check_date(self):
        for wizard in self:
            if wizard.date > fields.Date.context_today(wizard):
                raise ValidationError(self.env._("A payment cannot be confirmed for a day that has not come yet."))

    @api.constrains("withdrawal_ids", "run_id")
    def _check_withdrawals(self):
        for wizard in self:
            if wizard.withdrawal_ids.run_id - wizard.run_id:
                raise ValidationError(self.env._("The payments belong to another payout run."))

    def action_confirm(self):
        """Book the payments and discharge what was owed."""
        self.ensure_one()
        self.run_id._check_finance()
        self.run_id._check_by_hand()
        self.withdrawal_ids.check_access("read")
        # The wizard is open to finance only; posting needs rights that finance of distribution need not have.
        self.run_id.sudo()._confirm_paid(self.withdrawal_ids.sudo(), self.date)
        return {"type": "ir.actions.act_window_close"}
