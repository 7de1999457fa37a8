# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from dataclasses import dataclass

from odoo import models


@dataclass(frozen=True, slots=True)
class ShopPrice:
    """What one piece costs a customer, in the currency of the customer's pricelist."""

    currency: object
    untaxed: float
    total: float


class ProductProduct(models.Model):
    _inherit = "product.product"

    def _get_shop_available(self, account):
        """Return how many pieces a mini-program can still sell: what is free in its warehouse, less what others have
        ordered there and may still pay.

        :return: product id → pieces; products that may be sold without stock are left out
        :rtype: dict
        """
        warehouse = account._get_warehouse()
        scarce = self.sudo()._filter_scarce()
        waiting = dict(
            self.env["sale.order.line"]
            .sudo()
            ._read_group(
                [
                    ("product_id", "in", scarce.ids),
                    ("order_id.wechat_account_id", "!=", False),
                    ("order_id.warehouse_id", "=", warehouse.id),
                    ("state", "=", "sent"),
                ],
                ["product_id"],
                ["product_uom_qty:sum"],
            )
        )
        found = scarce.with_context(warehouse_id=warehouse.id, allowed_company_ids=account.company_id.ids)
        return {product.id: max(0, int(product.free_qty - waiting.get(product, 0.0))) for product in found}

    def _filter_scarce(self):
        """Return those of which no more can be sold than there are."""
        return self.filtered(lambda product: product.is_storable and not product.allow_out_of_stock_order)

    def _get_shop_prices(self, partner, company):
        """Return what one piece of each product costs a customer, taxes included as the customer pays them.

        :return: product id → `ShopPrice`
        :rtype: dict
        """
        products = self.sudo().with_company(company)
        partner = partner.sudo().with_company(company)
        pricelist = partner.property_product_pricelist
        currency = pricelist.currency_id or company.currency_id
        prices = pricelist._compute_price_rule(products, quantity=1.0, currency=currency)
        position = self.env["account.fiscal.position"].sudo().with_company(company)._get_fiscal_position(partner)
        found = {}
        for product in products:
            own_taxes = product.taxes_id._filter_taxes_by_company(company)
            taxes = position.map_tax(own_taxes)
            price = product._get_tax_included_unit_price_from_price(
                prices[product.id][0], own_taxes, product_taxes_after_fp=taxes
            )
            computed = taxes.compute_all(price, currency=currency, quantity=1.0, product=product, partner=partner)
            found[product.id] = ShopPrice(currency, computed["total_excluded"], computed["total_included"])
        return found
