# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import fields, models


class DistributionSettlementWizardLine(models.TransientModel):
    _name = "distribution.settlement.wizard.line"
    _description = "Due Commission of a Distributor"

    wizard_id = fields.Many2one("distribution.settlement.wizard", required=True, ondelete="cascade", index=True)
    distributor_id = fields.Many2one("distribution.distributor", required=True, ondelete="cascade")
    currency_id = fields.Many2one(related="wizard_id.currency_id")
    entry_count = fields.Integer()
    amount = fields.Monetary()
