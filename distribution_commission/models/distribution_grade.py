# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, fields, models


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

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        grades = super().create(vals_list)
        grades.filtered("pricelist_id").program_id._lock_rules()
        return grades

    def write(self, vals):
        result = super().write(vals)
        if "pricelist_id" in vals:
            self.program_id._lock_rules()
        return result

    def unlink(self):
        programs = self.filtered("pricelist_id").program_id
        result = super().unlink()
        programs._lock_rules()
        return result
