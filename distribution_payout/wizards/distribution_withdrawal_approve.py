# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import AccessError


class DistributionWithdrawalApprove(models.TransientModel):
    _name = "distribution.withdrawal.approve"
    _description = "Approve Withdrawals"
    _check_company_auto = True

    company_id = fields.Many2one(comodel_name="res.company", compute="_compute_company_id", store=True, precompute=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    channel = fields.Selection(
        selection=lambda self: self.env["distribution.payout.wizard"]._get_channels(),
        string="Pay Over",
        required=True,
        default=lambda self: self._default_channel(),
    )
    journal_id = fields.Many2one(
        comodel_name="account.journal",
        string="Pay From",
        required=True,
        domain="[('type', 'in', ('bank', 'cash')), ('currency_id', 'in', (False, currency_id))]",
        check_company=True,
        compute="_compute_journal_id",
        precompute=True,
        store=True,
        readonly=False,
    )
    withdrawal_ids = fields.Many2many(
        comodel_name="distribution.withdrawal",
        required=True,
        domain="[('state', '=', 'requested')]",
        default=lambda self: self._default_withdrawal_ids(),
        help="Remove those you do not want to pay now.",
    )
    amount_total = fields.Monetary(compute="_compute_amount_total")
    problems = fields.Text(compute="_compute_problems", help="Why some of them cannot be paid this way.")

    @api.model
    def _default_channel(self):
        return "manual"

    @api.model
    def _default_withdrawal_ids(self):
        chosen = self.env["distribution.withdrawal"].browse(self.env.context.get("active_ids", []))
        return chosen.filtered(lambda withdrawal: withdrawal.state == "requested")

    @api.depends("withdrawal_ids")
    def _compute_company_id(self):
        for wizard in self:
            wizard.company_id = wizard.withdrawal_ids.company_id[:1] or self.env.company

    @api.depends("channel", "company_id")
    def _compute_journal_id(self):
        for wizard in self:
            wizard.journal_id = self.env["distribution.payout.run"]._get_default_journal(
                wizard.channel, wizard.company_id
            )

    @api.depends("withdrawal_ids")
    def _compute_amount_total(self):
        for wizard in self:
            wizard.amount_total = sum(wizard.withdrawal_ids.mapped("amount"))

    @api.depends("withdrawal_ids", "channel", "journal_id")
    def _compute_problems(self):
        runs = self.env["distribution.payout.run"]
        for wizard in self:
            problems = [
                runs._get_payee_problem(
                    wizard.channel, wizard.journal_id, withdrawal.account_id, Decimal(repr(withdrawal.amount))
                )
                for withdrawal in wizard.withdrawal_ids
            ]
            wizard.problems = "\n".join(problem for problem in problems if problem)

    def action_approve(self):
        """Put the withdrawals into a payout run and show it."""
        self.ensure_one()
        self.withdrawal_ids._check_finance()
        self.journal_id.check_access("read")
        if self.company_id not in self.env.companies:
            raise AccessError(self.env._("%s is not one of your companies.", self.company_id.sudo().name))
        # The wizard is open to finance only; nobody has the right to write withdrawals by hand.
        runs = self.env["distribution.payout.run"].sudo()
        run = runs._approve_requests(self.withdrawal_ids.sudo(), self.journal_id, self.channel)
        return {
            "type": "ir.actions.act_window",
            "res_model": "distribution.payout.run",
            "res_id": run.id,
            "view_mode": "form",
        }
