# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import models

from ..engine.rule_index import ALL


class ProductTemplate(models.Model):
    _inherit = "product.template"

    def _get_commission_keys(self, with_tags=True):
        """Return the keys of a product for `engine.rule_index`, the most specific first.

        :param bool with_tags: False where the tags of the moment do not matter
        :rtype: list of (kind, id)
        """
        self.ensure_one()
        tags = [("tag", tag.id) for tag in self.product_tag_ids.sorted()] if with_tags else []
        return [("template", self.id), *self.categ_id._get_commission_keys(), *tags, ALL]
