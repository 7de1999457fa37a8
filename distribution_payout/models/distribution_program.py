# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import fields, models


class DistributionProgram(models.Model):
    _inherit = "distribution.program"

    withdrawal_minimum = fields.Monetary(
        default=10.0, required=True, tracking=True, help="Smaller amounts stay on the account until they have grown."
    )

    withdrawal_daily_limit = fields.Integer(
        default=3,
        required=True,
        tracking=True,
        help="How many withdrawals a distributor may ask for on one day, in the program's time zone.",
    )
    withdrawal_review = fields.Boolean(
        string="Review Withdrawals",
        default=True,
        tracking=True,
        help="What distributors ask for is sent after finance has approved it. Otherwise it is sent at once.",
    )

    _withdrawal_daily_limit_positive = models.Constraint(
        "CHECK(withdrawal_daily_limit > 0)", "Distributors may ask for at least one withdrawal a day."
    )
    _withdrawal_minimum_positive = models.Constraint(
        "CHECK(withdrawal_minimum >= 0)", "The smallest withdrawal cannot be negative."
    )
