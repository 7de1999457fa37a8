# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ..models.distribution_payout_run import REMOVED_CHANNEL


class DistributionPayoutWizard(models.TransientModel):
    _name = "distribution.payout.wizard"
    _description = "Pay Out Commission"
    _check_company_auto = True

    company_id = fields.Many2one(
        comodel_name="res.company", required=True, default=lambda self: self.env.company, readonly=True
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    channel = fields.Selection(
        selection=lambda self: self._get_channels(), string="Pay Over", required=True, default="manual"
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
    line_ids = fields.One2many(
        comodel_name="distribution.payout.wizard.line",
        inverse_name="wizard_id",
        default=lambda self: self._default_line_ids(),
    )
    amount_total = fields.Monetary(compute="_compute_totals")
    payee_count = fields.Integer(compute="_compute_totals")

    @api.model
    def _get_channels(self):
        channels = self.env["distribution.payout.run"]._fields["channel"]._description_selection(self.env)
        return [(key, label) for key, label in channels if key != REMOVED_CHANNEL]

    @api.model
    def _default_line_ids(self):
        return [
            fields.Command.create({"account_id": account.id, "amount": account.available})
            for account in self._get_payable_accounts(self.env.company)
        ]

    @api.model
    def _get_payable_accounts(self, company):
        """Return the accounts that hold enough to be paid, those of suspended distributors left out."""
        accounts = self.env["distribution.account"].search(
            [
                ("company_id", "=", company.id),
                ("available", ">", 0),
                ("distributor_id.state", "!=", "suspended"),
            ]
        )
        return accounts.filtered(
            lambda account: company.currency_id.compare_amounts(
                account.available, account.program_id.withdrawal_minimum
            )
            >= 0
        )

    # === COMPUTE METHODS === #

    @api.depends("channel", "company_id")
    def _compute_journal_id(self):
        for wizard in self:
            wizard.journal_id = self.env["distribution.payout.run"]._get_default_journal(
                wizard.channel, wizard.company_id
            )

    @api.depends("line_ids.amount")
    def _compute_totals(self):
        for wizard in self:
            wizard.amount_total = sum(wizard.line_ids.mapped("amount"))
            wizard.payee_count = len(wizard.line_ids.filtered("amount"))

    # === ACTION METHODS === #

    def action_create_run(self):
        """Reserve the amounts and show the payout run."""
        self.ensure_one()
        self._check_rights()
        amounts = {
            line.account_id.sudo(): Decimal(repr(line.amount))
            for line in self.line_ids
            if not self.currency_id.is_zero(line.amount)
        }
        if not amounts:
            raise UserError(self.env._("There is nothing to pay out."))
        # The wizard is open to finance only; nobody has the right to write withdrawals by hand.
        runs = self.env["distribution.payout.run"].sudo()
        run = runs._create_run(self.company_id, self.journal_id, amounts, self.channel)
        return {
            "type": "ir.actions.act_window",
            "res_model": "distribution.payout.run",
            "res_id": run.id,
            "view_mode": "form",
        }

    def _check_rights(self):
        """Make sure that all the wizard points at is the user's own: the client sends ids, which no rule has checked.

        :raise AccessError: for a company, journal or account of somebody else
        """
        if self.company_id not in self.env.companies:
            raise AccessError(self.env._("%s is not one of your companies.", self.company_id.sudo().name))
        self.journal_id.check_access("read")
        self.line_ids.account_id.check_access("read")
