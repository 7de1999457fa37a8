# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import models

from ..engine.rule_index import ALL


class ProductProduct(models.Model):
    _inherit = "product.product"

    def _get_commission_keys(self, with_tags=True):
        """Return the keys of a variant for `engine.rule_index`, the most specific first.

        :param bool with_tags: False where the tags of the moment do not matter
        :rtype: list of (kind, id)
        """
        if not self:
            return [ALL]
        self.ensure_one()
        template = self.product_tmpl_id._get_commission_keys(with_tags=False)[:-1]
        tags = [("tag", tag.id) for tag in self.all_product_tag_ids.sorted()] if with_tags else []
        return [("variant", self.id), *template, *tags, ALL]
