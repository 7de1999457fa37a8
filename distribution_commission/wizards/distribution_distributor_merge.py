# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import fields, models


class DistributionDistributorMerge(models.TransientModel):
    _inherit = "distribution.distributor.merge"

    commission_currency_id = fields.Many2one(related="distributor_id.commission_currency_id")
    commission_held = fields.Monetary(related="distributor_id.commission_held", currency_field="commission_currency_id")
    commission_due = fields.Monetary(related="distributor_id.commission_due", currency_field="commission_currency_id")
    commission_available = fields.Monetary(
        related="distributor_id.commission_available", currency_field="commission_currency_id"
    )
    commission_reserved = fields.Monetary(
        related="distributor_id.commission_reserved", currency_field="commission_currency_id"
    )
    commission_debt = fields.Monetary(related="distributor_id.commission_debt", currency_field="commission_currency_id")
