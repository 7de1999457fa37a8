# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Kits, dropshipping and free shipping belong to Odoo modules that the suite does not depend on: played where they are
installed."""

from decimal import Decimal

import pytest

from odoo.exceptions import UserError

from support.databases import cloned_database


@pytest.fixture(scope="module")
def shop():
    """Yield a database with these modules; each test rolls back."""
    with cloned_database() as database:
        with database.env() as env:
            names = ("sale_mrp", "stock_dropshipping", "sale_loyalty_delivery")
            modules = env["ir.module.module"].search([("name", "in", names)])
            modules.button_immediate_install()
        yield database


@pytest.fixture
def env(shop):
    """Yield an environment with a program (10 % when shipped), a distributor and a customer; nothing of it stays."""
    with shop.registry.cursor() as cr:
        env = _set_up(shop, cr)
        yield env
        cr.rollback()


def _set_up(shop, cr):
    from odoo import SUPERUSER_ID, api  # noqa: PLC0415

    env = api.Environment(cr, SUPERUSER_ID, {})
    if not env.company.chart_template:
        env["account.chart.template"].try_loading("generic_coa", env.company, install_demo=False)
    env.company.is_commission_in_background = False
    program = env["distribution.program"].create(
        {
            "name": "Friends",
            "trigger": "shipped",
            "settlement_period": "manual",
            "binding_days": 0,
            "rule_ids": [(0, 0, {"level": 1, "rate": 10})],
        }
    )
    distributor = env["distribution.distributor"].create(
        {"partner_id": env["res.partner"].create({"name": "Cleo"}).id, "program_id": program.id}
    )
    distributor.action_activate()
    customer = env["res.partner"].create({"name": "Customer"})
    env["distribution.binding"]._bind(customer, distributor)
    return env(context={"customer": customer.id, "program": program.id})


def create_product(env, name, **vals):
    return env["product.product"].create(
        {"name": name, "type": "consu", "taxes_id": False, "invoice_policy": "order", **vals}
    )


def create_kit(env):
    """Create a tea set: a pot and four cups, two of them in a box that is a kit itself."""
    pot, cup = create_product(env, "Pot"), create_product(env, "Cup")
    box, tea_set = create_product(env, "Box of Two"), create_product(env, "Tea Set")
    for kit, parts in ((box, {cup: 2}), (tea_set, {pot: 1, box: 2})):
        env["mrp.bom"].create(
            {
                "product_tmpl_id": kit.product_tmpl_id.id,
                "type": "phantom",
                "bom_line_ids": [
                    (0, 0, {"product_id": part.id, "product_qty": quantity}) for part, quantity in parts.items()
                ],
            }
        )
    return tea_set, pot, cup


def sell(env, product, quantity):
    order = env["sale.order"].create(
        {
            "partner_id": env.context["customer"],
            "order_line": [
                (
                    0,
                    0,
                    {
                        "product_id": product.id,
                        "product_uom_qty": quantity,
                        "price_unit": 100.0,
                        "tax_ids": [(5, 0, 0)],
                    },
                )
            ],
        }
    )
    order.action_confirm()
    return order


def validate(picking, quantities=None):
    for move in picking.move_ids:
        move.quantity = move.product_uom_qty if quantities is None else quantities.get(move.product_id, 0)
        move.picked = True
    picking.with_context(skip_backorder=True).button_validate()


def take_back(env, picking, quantities):
    context = {"active_id": picking.id, "active_model": "stock.picking"}
    wizard = env["stock.return.picking"].with_context(**context).create({})
    for line in wizard.product_return_moves:
        line.quantity = quantities.get(line.product_id, 0)
    back = env["stock.picking"].browse(wizard.action_create_returns()["res_id"])
    validate(back)


def earned(env, order):
    env.flush_all()
    env.cr.execute("SELECT COALESCE(SUM(amount), 0) FROM distribution_commission_entry WHERE order_id = %s", [order.id])
    return Decimal(str(env.cr.fetchone()[0]))


def next_delivery(order):
    return order.picking_ids.filtered(lambda picking: picking.state not in ("done", "cancel"))[:1]


def test_kit_is_sent_once_all_its_parts_are(env):
    tea_set, pot, cup = create_kit(env)
    order = sell(env, tea_set, 3)
    first = next_delivery(order)
    validate(first, {pot: 3, cup: 7})
    assert earned(env, order) == Decimal("10"), "seven cups are enough for one set"
    second = next_delivery(order)
    validate(second)
    assert earned(env, order) == Decimal("30")
    entries = env["distribution.commission.entry"].search([("order_id", "=", order.id)], order="id")
    assert [(entry.delivery_id, entry.amount) for entry in entries] == [(first, 10.0), (second, 20.0)]


def test_kit_that_comes_back(env):
    tea_set, pot, cup = create_kit(env)
    order = sell(env, tea_set, 3)
    picking = next_delivery(order)
    validate(picking)
    take_back(env, picking, {pot: 1, cup: 4})
    assert earned(env, order) == Decimal("20")
    assert order.order_line.qty_delivered == 2


def test_kit_that_is_paid_waits_for_all_its_parts(env):
    env["distribution.program"].browse(env.context["program"]).trigger = "invoiced"
    tea_set, pot, cup = create_kit(env)
    order = sell(env, tea_set, 2)
    order._create_invoices().action_post()
    entry = env["distribution.commission.entry"].search([("order_id", "=", order.id)])
    assert (entry.amount, entry.release_date) == (20.0, False)
    validate(next_delivery(order), {pot: 2, cup: 7})
    assert not entry.release_date
    validate(next_delivery(order))
    assert entry.release_date


def create_dropshipped(env):
    product = create_product(env, "Lamp", is_storable=True)
    drop_ship(env, product)
    return product


def drop_ship(env, products, vendor=None):
    """Let products be sent by a vendor, or each by one of its own."""
    for product in products:
        vendor_of_product = vendor or env["res.partner"].create({"name": f"Vendor of {product.name}"})
        product.write(
            {
                "route_ids": [(6, 0, env.ref("stock_dropshipping.route_drop_shipping").ids)],
                "seller_ids": [(0, 0, {"partner_id": vendor_of_product.id, "price": 60.0, "min_qty": 1})],
            }
        )


def order_from_vendors(env, order):
    """Confirm the purchases of an order and return their deliveries."""
    purchases = env["purchase.order"].search([("origin", "=", order.name)])
    purchases.button_confirm()
    return purchases.picking_ids


def test_dropshipping_earns_when_the_vendor_has_sent(env):
    order = sell(env, create_dropshipped(env), 10)
    purchase = env["purchase.order"].search([("origin", "=", order.name)])
    purchase.button_confirm()
    picking = purchase.picking_ids
    assert picking.location_dest_id.usage == "customer"
    lamp = order.order_line.product_id
    validate(picking, {lamp: 6})
    assert earned(env, order) == Decimal("60")
    validate(purchase.picking_ids - picking)
    assert earned(env, order) == Decimal("100")
    take_back(env, picking, {lamp: 3})
    assert earned(env, order) == Decimal("70")


def test_kit_whose_vendor_sends_it(env):
    tea_set, pot, cup = create_kit(env)
    # Odoo takes a kit apart before it looks for routes: those of its parts count.
    drop_ship(env, tea_set + pot + cup, env["res.partner"].create({"name": "Vendor"}))
    order = sell(env, tea_set, 3)
    picking = order_from_vendors(env, order)
    validate(picking, {pot: 3, cup: 7})
    assert earned(env, order) == Decimal("10"), "seven cups are enough for one set"
    validate(order.order_line.move_ids.picking_id.filtered(lambda one: one.state != "done"))
    assert earned(env, order) == Decimal("30")
    take_back(env, picking, {pot: 1, cup: 4})
    assert earned(env, order) == Decimal("20")


def test_kit_whose_parts_come_from_two_vendors(env):
    tea_set, pot, cup = create_kit(env)
    drop_ship(env, pot + cup)
    order = sell(env, tea_set, 3)
    pickings = order_from_vendors(env, order)
    of_pots = pickings.filtered(lambda picking: picking.move_ids.product_id == pot)
    validate(of_pots)
    assert earned(env, order) == Decimal("0")
    validate(pickings - of_pots, {cup: 7})
    assert earned(env, order) == Decimal("10")
    validate(order.order_line.move_ids.picking_id.filtered(lambda one: one.state != "done"))
    assert earned(env, order) == Decimal("30")


def test_kit_of_which_the_vendor_sends_a_part(env):
    tea_set, pot, cup = create_kit(env)
    drop_ship(env, cup)
    order = sell(env, tea_set, 3)
    validate(next_delivery(order), {pot: 3})
    assert earned(env, order) == Decimal("0")
    validate(order_from_vendors(env, order))
    assert earned(env, order) == Decimal("30")


def test_dropshipping_that_the_customer_has_received(env):
    env["distribution.program"].browse(env.context["program"]).trigger = "received"
    order = sell(env, create_dropshipped(env), 10)
    purchase = env["purchase.order"].search([("origin", "=", order.name)])
    purchase.button_confirm()
    validate(purchase.picking_ids)
    assert earned(env, order) == Decimal("0")
    order.action_confirm_receipt()
    assert earned(env, order) == Decimal("100")
    with pytest.raises(UserError):
        order.action_confirm_receipt()


def test_free_shipping_is_a_discount_of_the_shipping(env):
    courier = create_product(env, "Courier", type="service")
    carrier = env["delivery.carrier"].create(
        {"name": "Courier", "delivery_type": "fixed", "fixed_price": 25.0, "product_id": courier.id}
    )
    program = env["loyalty.program"].create(
        {
            "name": "Free shipping",
            "program_type": "promotion",
            "applies_on": "current",
            "trigger": "auto",
            "rule_ids": [(0, 0, {"reward_point_mode": "order", "reward_point_amount": 1})],
            "reward_ids": [(0, 0, {"reward_type": "shipping", "required_points": 1})],
        }
    )
    line = {"product_id": create_product(env, "Mug").id, "product_uom_qty": 10, "price_unit": 100.0}
    order = env["sale.order"].create({"partner_id": env.context["customer"], "order_line": [(0, 0, line)]})
    order.set_delivery_line(carrier, 25.0)
    order._update_programs_and_rewards()
    order._apply_program_reward(program.reward_ids, order.coupon_point_ids.coupon_id)
    assert sorted(order.order_line.mapped("price_unit")) == [-25.0, 25.0, 100.0]
    order.action_confirm()
    validate(next_delivery(order))
    assert earned(env, order) == Decimal("100")
    invoice = order._create_invoices()
    invoice.action_post()
    wizard = env["account.move.reversal"].with_context(active_model="account.move", active_ids=invoice.ids)
    wizard = wizard.create({"journal_id": invoice.journal_id.id})
    wizard.reverse_moves()
    credit = wizard.new_move_ids
    credit.invoice_line_ids[1:].unlink()
    credit.invoice_line_ids.write({"price_unit": 1000.0, "quantity": 1, "sale_line_ids": [(5, 0, 0)]})
    credit.action_post()
    assert earned(env, order) == Decimal("0")
