# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, models


class LoyaltyRule(models.Model):
    _inherit = "loyalty.rule"

    @api.model_create_multi
    def create(self, vals_list):
        """Override of `loyalty`: which products are stored value is kept in memory."""
        rules = super().create(vals_list)
        self.env.registry.clear_cache()
        return rules

    def write(self, vals):
        """Override of `loyalty`, see `create`."""
        result = super().write(vals)
        if {"product_ids", "program_id"} & vals.keys():
            self.env.registry.clear_cache()
        return result

    def unlink(self):
        """Override of `loyalty`, see `create`."""
        result = super().unlink()
        self.env.registry.clear_cache()
        return result
