# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import http
from odoo.fields import Domain
from odoo.http import request

from ..schemas.catalogue import (
    AttributeValue,
    Category,
    CategoryList,
    Product,
    ProductPage,
    ProductQuery,
    ProductSummary,
    Variant,
)
from ..tools.money import to_text
from .api import endpoint
from .current import get_earning_distributor, get_identity
from .images import get_image_url
from .paging import get_page
from .problem import Problem

SORTING = {
    "default": ("website_sequence", False),
    "newest": ("id", True),
    "price_asc": ("list_price", False),
    "price_desc": ("list_price", True),
}
MAX_IMAGES = 10


class CatalogueController(http.Controller):
    """What the merchant sells in the mini-program."""

    @endpoint("GET", "/categories", readonly=True, answer=CategoryList)
    def list_categories(self):
        """List the categories that have something to sell."""
        company = get_identity().company_id
        sold = Domain("product_tmpl_ids", "any", request.env["product.template"]._get_shop_domain(company))
        shown = request.env["product.public.category"].sudo().search(sold).parents_and_self
        return CategoryList(
            items=[
                Category(
                    id=category.id,
                    name=category.name,
                    parent_id=category.parent_id.id or None,
                    image_url=get_image_url(category, "image_512") if category.image_512 else None,
                )
                for category in shown.sorted(lambda category: (category.parent_path.count("/"), category.sequence))
            ]
        )

    @endpoint("GET", "/products", readonly=True, query=ProductQuery, answer=ProductPage)
    def list_products(self, query):
        """List what is for sale."""
        identity = get_identity()
        templates = request.env["product.template"].sudo()
        field, descending = SORTING[query.sort]
        shown, next_cursor = get_page(templates, self._get_domain(identity, query), query, field, descending)
        shop = _Shop(identity, shown.product_variant_ids)
        return ProductPage(items=[shop.summarise(template) for template in shown], next_cursor=next_cursor)

    def _get_domain(self, identity, query):
        domain = request.env["product.template"]._get_shop_domain(identity.company_id)
        domain &= Domain("product_variant_ids", "!=", False)
        if query.category_id:
            domain &= Domain("public_categ_ids", "child_of", query.category_id)
        if query.search:
            words = Domain("name", "ilike", query.search) | Domain("default_code", "ilike", query.search)
            domain &= words | Domain("product_variant_ids.default_code", "ilike", query.search)
        return domain

    @endpoint("GET", "/products/<int:product_id>", readonly=True, answer=Product)
    def get_product(self, product_id):
        """Show a product with its variants."""
        identity = get_identity()
        domain = request.env["product.template"]._get_shop_domain(identity.company_id)
        template = request.env["product.template"].sudo().search(domain & Domain("id", "=", product_id))
        if not template or not template.product_variant_ids:
            raise Problem(404, "not_found", request.env._("This product is not for sale."))
        return _Shop(identity, template.product_variant_ids).describe(template)


class _Shop:
    """Prices, stock and earnings of products for one person, fetched together."""

    def __init__(self, identity, variants):
        self._prices = variants._get_shop_prices(identity.partner_id, identity.company_id)
        self._available = variants._get_shop_available(identity.account_id)
        self._distributor = get_earning_distributor(identity)
        self._program = self._distributor.program_id

    def summarise(self, template):
        """Return a product as lists show it: with its cheapest variant."""
        variant = min(template.product_variant_ids, key=lambda variant: self._prices[variant.id].total)
        price = self._prices[variant.id]
        left = [self._available.get(variant.id, 1) for variant in template.product_variant_ids]
        return ProductSummary(
            id=template.id,
            name=template.name,
            price=to_text(price.currency, price.total),
            currency=price.currency.name,
            image_url=get_image_url(template, "image_512"),
            in_stock=any(left),
            earn=self._earn(variant),
            earn_currency=self._program.currency_id.name or None,
        )

    def describe(self, template):
        """Return a product with all a person needs to choose."""
        images = template._get_images()[:MAX_IMAGES]
        return Product(
            id=template.id,
            name=template.name,
            summary=template.description_sale or "",
            description_html=str(template.description_ecommerce or ""),
            currency=self._prices[template.product_variant_ids[0].id].currency.name,
            earn_currency=self._program.currency_id.name or None,
            image_urls=[get_image_url(image, "image_1024") for image in images],
            variants=[self._vary(variant) for variant in template.product_variant_ids],
        )

    def _vary(self, variant):
        price = self._prices[variant.id]
        chosen = variant.product_template_attribute_value_ids
        return Variant(
            id=variant.id,
            sku=variant.default_code or None,
            attributes=[AttributeValue(attribute=value.attribute_id.name, value=value.name) for value in chosen],
            price=to_text(price.currency, price.total),
            image_url=get_image_url(variant, "image_512"),
            available=self._available.get(variant.id),
            earn=self._earn(variant),
        )

    def _earn(self, variant):
        price = self._prices[variant.id]
        if not self._program:
            return None
        amount = self._program._estimate_commission(variant, self._distributor, price.untaxed, price.currency)
        return None if amount is None else to_text(self._program.currency_id, amount)
