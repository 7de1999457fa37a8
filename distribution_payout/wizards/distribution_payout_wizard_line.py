# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import ValidationError


class DistributionPayoutWizardLine(models.TransientModel):
    _name = "distribution.payout.wizard.line"
    _description = "Payee of a Payout"

    wizard_id = fields.Many2one("distribution.payout.wizard", required=True, ondelete="cascade", index=True)
    account_id = fields.Many2one("distribution.account", required=True, ondelete="cascade")
    distributor_id = fields.Many2one(related="account_id.distributor_id")
    partner_id = fields.Many2one(related="account_id.partner_id")
    currency_id = fields.Many2one(related="account_id.currency_id")
    available = fields.Monetary(related="account_id.available")
    debt = fields.Monetary(related="account_id.debt")
    amount = fields.Monetary(required=True)

    problem = fields.Char(
        compute="_compute_problem", help="Why the amount cannot be paid this way. Remove the line, or mend it first."
    )

    _account_uniq = models.UniqueIndex("(wizard_id, account_id)", "Each payee stands in a payout once.")

    @api.depends("amount", "account_id", "wizard_id.channel", "wizard_id.journal_id")
    def _compute_problem(self):
        runs = self.env["distribution.payout.run"]
        for line in self:
            wizard, amount = line.wizard_id, Decimal(repr(line.amount))
            line.problem = runs._get_payee_problem(wizard.channel, wizard.journal_id, line.account_id, amount)

    @api.constrains("amount")
    def _check_amount(self):
        for line in self:
            if line.amount < 0 or line.currency_id.compare_amounts(line.amount, line.available) > 0:
                raise ValidationError(
                    self.env._(
                        "%(distributor)s: the amount lies between 0 and the %(available)s available.",
                        distributor=line.distributor_id.display_name,
                        available=line.currency_id.format(line.available),
                    )
                )
