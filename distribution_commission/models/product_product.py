# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import models

from ..engine.rule_index import ALL


class ProductProduct(models.Model):
    _inherit = "product.product"

    def _get_commission_profile(self):
        """Return the keys of a variant for `engine.rule_index`, the most specific first, without its tags.

        :rtype: list of (kind, id)
        """
        self.ensure_one()
        return [("variant", self.id), *self.product_tmpl_id._get_commission_profile()]

    def _get_commission_keys(self):
        """Return all keys of a variant for `engine.rule_index`, the most specific first.

        :rtype: list of (kind, id)
        """
        tags = [("tag", tag.id) for tag in self.all_product_tag_ids.sorted()]
        return [*self._get_commission_profile()[:-1], *tags, ALL]
