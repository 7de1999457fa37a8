# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, models
from odoo.fields import Domain


class ProductTemplate(models.Model):
    _inherit = "product.template"

    @api.model
    def _get_shop_domain(self, company):
        """Return what a mini-program of a company shows: published, for sale, and not another company's."""
        return (
            Domain("is_published", "=", True)
            & Domain("sale_ok", "=", True)
            # A combo is priced by what is chosen in it, which nobody can say here yet.
            & Domain("type", "!=", "combo")
            & Domain("company_id", "in", (False, company.id))
            & (Domain("website_id", "=", False) | Domain("website_id.company_id", "=", company.id))
        )
