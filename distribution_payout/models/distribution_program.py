# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import fields, models


class DistributionProgram(models.Model):
    _inherit = "distribution.program"

    withdrawal_minimum = fields.Monetary(
        default=10.0, required=True, tracking=True, help="Smaller amounts stay on the account until they have grown."
    )

    _withdrawal_minimum_positive = models.Constraint(
        "CHECK(withdrawal_minimum >= 0)", "The smallest withdrawal cannot be negative."
    )
