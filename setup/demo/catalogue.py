"""Products and customers of the sample."""

from collections import Counter

from odoo import Command

from .sample import DISCOUNT, SHIPPING, WALK_IN, customer_codes

COUNTRIES = {
    "United Kingdom": "base.uk",
    "France": "base.fr",
    "Australia": "base.au",
    "Netherlands": "base.nl",
}
PLENTY = 10000


def create_products(env, lines, light):
    """Return {stock code: product}; a price is the one most rows have, a name the first that is not empty (1.3).

    :param bool light: leave out what commission does not depend on and what costs time: stock levels and VAT
    """
    rows = {}
    for line in lines:
        rows.setdefault(line.code, []).append(line)
    products = env["product.product"].create([product_vals(env, code, of) for code, of in rows.items()])
    if light:
        products.write({"is_storable": False, "taxes_id": [Command.clear()]})
    stock_up(env, dict.fromkeys(products.filtered("is_storable"), PLENTY))
    return dict(zip(rows, products, strict=True))


def product_vals(env, code, lines):
    """Return the values of a product: goods are storable, shipping and the discount are services."""
    is_goods = code not in (SHIPPING, DISCOUNT)
    price = Counter(line.price for line in lines).most_common(1)[0][0]
    return {
        "name": next((line.name for line in lines if line.name), code).capitalize(),
        "default_code": code,
        "type": "consu" if is_goods else "service",
        "is_storable": is_goods,
        "invoice_policy": "delivery" if is_goods else "order",
        "list_price": float(price),
        "company_id": env.company.id,
        "sale_ok": True,
        "purchase_ok": False,
    }


def stock_up(env, quantities):
    """Put so many pieces of each product on hand."""
    warehouse = env["stock.warehouse"].search([("company_id", "=", env.company.id)], limit=1)
    quants = (
        env["stock.quant"]
        .with_context(inventory_mode=True)
        .create(
            [
                {"product_id": product.id, "location_id": warehouse.lot_stock_id.id, "inventory_quantity": quantity}
                for product, quantity in quantities.items()
            ]
        )
    )
    quants.action_apply_inventory()


def create_customers(env, lines):
    """Return {customer code: partner}, the walk-in customer under the empty code (3.1, 3.7)."""
    countries = {line.customer: line.country for line in lines}
    codes = customer_codes(lines)
    partners = env["res.partner"].create(
        [customer_vals(env, code, countries[code]) for code in codes]
        + [{"name": "Walk-in customer", "company_id": env.company.id, "country_id": env.ref("base.uk").id}]
    )
    return dict(zip([*codes, WALK_IN], partners, strict=True))


def customer_vals(env, code, country):
    """Return the values of a customer: the sample has a number and a country, no names."""
    return {
        "name": f"Customer {code}",
        "ref": code,
        "company_id": env.company.id,
        "country_id": env.ref(COUNTRIES[country]).id,
        "customer_rank": 1,
    }
