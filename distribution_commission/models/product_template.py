# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import models

from ..engine.rule_index import ALL


class ProductTemplate(models.Model):
    _inherit = "product.template"

    def _get_commission_profile(self):
        """Return the keys of a product for `engine.rule_index`, the most specific first, without its tags.

        :rtype: list of (kind, id)
        """
        self.ensure_one()
        return [("template", self.id), *self.categ_id._get_commission_keys(), ALL]
