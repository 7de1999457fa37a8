# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import fields, models


class DistributionGrade(models.Model):
    _inherit = "distribution.grade"

    pricelist_id = fields.Many2one(
        comodel_name="product.pricelist",
        string="Grade Prices",
        index="btree_not_null",
        ondelete="restrict",
        check_company=True,
        help="The price list at which distributors of this grade buy for themselves.",
    )
