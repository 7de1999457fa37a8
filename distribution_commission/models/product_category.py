# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import models


class ProductCategory(models.Model):
    _inherit = "product.category"

    def _get_commission_keys(self):
        """Return the keys of a category and those above it, for `engine.rule_index`, the nearest first.

        :rtype: list of (kind, id)
        """
        path = (self.parent_path or "").split("/")
        return [("category", int(category_id)) for category_id in reversed(path) if category_id]
