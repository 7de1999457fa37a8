# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    commission_journal_id = fields.Many2one(related="company_id.commission_journal_id", readonly=False)
    commission_expense_account_id = fields.Many2one(related="company_id.commission_expense_account_id", readonly=False)
    commission_contra_account_id = fields.Many2one(related="company_id.commission_contra_account_id", readonly=False)
    commission_accrued_account_id = fields.Many2one(related="company_id.commission_accrued_account_id", readonly=False)
    commission_payable_account_id = fields.Many2one(related="company_id.commission_payable_account_id", readonly=False)

    is_commission_in_background = fields.Boolean(related="company_id.is_commission_in_background", readonly=False)

    def action_create_commission_accounts(self):
        """Create the missing commission accounts of the company."""
        self.ensure_one()
        self.company_id._create_commission_accounts()
        return {"type": "ir.actions.client", "tag": "soft_reload"}
