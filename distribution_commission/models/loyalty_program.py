# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, models, tools


class LoyaltyProgram(models.Model):
    _inherit = "loyalty.program"

    @api.model_create_multi
    def create(self, vals_list):
        """Override of `loyalty`: what is stored value is kept in memory."""
        programs = super().create(vals_list)
        self.env.registry.clear_cache()
        return programs

    def write(self, vals):
        """Override of `loyalty`, see `create`."""
        result = super().write(vals)
        if "program_type" in vals:
            self.env.registry.clear_cache()
        return result

    def unlink(self):
        """Override of `loyalty`, see `create`: the database deletes the rules."""
        result = super().unlink()
        self.env.registry.clear_cache()
        return result

    @api.model
    @tools.ormcache()
    def _get_stored_value_product_ids(self):
        """Return the products that are sold as gift cards or to top up an eWallet.

        They are money the customer will pay with, no sale: what is bought with it is one.

        :rtype: frozenset
        """
        programs = (
            self.sudo().with_context(active_test=False).search([("program_type", "in", ("gift_card", "ewallet"))])
        )
        return frozenset(programs.rule_ids.product_ids.ids)
