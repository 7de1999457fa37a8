# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""The README's story: three levels, one order, one return after the payout, as records in a database.

2 March   Cleo's customer orders ten mugs at 100.00          terms: 10 %, 5 %, 2 %
3 March   shipped                                            earned, held for 7 days
1 April   settlement                                         what was due becomes payable
5 April   payout                                             the payable is discharged
20 April  three mugs come back                               taken back, although it was paid out
1 May     settlement                                         the clawback becomes debt

The test reads the journal entries of it; for a look at it in the browser call ``play(env)`` in a shell and commit.
"""

from datetime import date

from odoo.tests import freeze_time

CHAIN = ("Ada", "Ben", "Cleo")
RATES = {1: 10.0, 2: 5.0, 3: 2.0}


def play(env):
    """Play the story in the environment's company, which needs a chart of accounts.

    :return: the order and the distributors from the top of the chain down
    """
    # Each day's ledger on its day.
    env.company.is_commission_in_background = False
    program = create_program(env)
    distributors = create_chain(env, program)
    with freeze_time("2026-03-02 02:00:00"):
        order = create_order(env, distributors[-1])
        order.action_confirm()
    with freeze_time("2026-03-03 02:00:00"):
        picking = ship(order)
        post(env)
    with freeze_time("2026-04-01 02:00:00"):
        settle(env, program)
    with freeze_time("2026-04-05 02:00:00"):
        pay_out(env, date(2026, 4, 5))
    with freeze_time("2026-04-20 02:00:00"):
        take_back(env, picking, 3)
        post(env)
    with freeze_time("2026-05-01 02:00:00"):
        settle(env, program)
    env.flush_all()
    return order, distributors


def create_program(env):
    return env["distribution.program"].create(
        {
            "name": "Friends of the Pottery",
            "level_count": 3,
            "trigger": "shipped",
            "hold_days": 7,
            "settlement_period": "manual",
            "binding_days": 0,
            "tz": "Asia/Shanghai",
            "rule_ids": [(0, 0, {"level": level, "rate": rate}) for level, rate in RATES.items()],
        }
    )


def create_chain(env, program):
    chain = env["distribution.distributor"]
    for name in CHAIN:
        chain += env["distribution.distributor"].create(
            {
                "partner_id": env["res.partner"].create({"name": name}).id,
                "program_id": program.id,
                "parent_id": chain[-1:].id,
            }
        )
    chain.action_activate()
    return chain


def create_order(env, distributor):
    customer = env["res.partner"].create({"name": "Dora, customer of Cleo's"})
    env["distribution.binding"]._bind(customer, distributor)
    mug = env["product.product"].create(
        {"name": "Mug", "type": "consu", "is_storable": True, "list_price": 100.0, "invoice_policy": "order"}
    )
    stock = env["stock.warehouse"].search([("company_id", "=", env.company.id)], limit=1).lot_stock_id
    env["stock.quant"]._update_available_quantity(mug, stock, 100)
    line = {"product_id": mug.id, "product_uom_qty": 10, "price_unit": 100.0}
    return env["sale.order"].create({"partner_id": customer.id, "order_line": [(0, 0, line)]})


def ship(order):
    picking = order.picking_ids
    picking.move_ids.write({"quantity": 10, "picked": True})
    picking.button_validate()
    return picking


def take_back(env, picking, quantity):
    wizard = env["stock.return.picking"].with_context(active_id=picking.id, active_model="stock.picking").create({})
    wizard.product_return_moves.write({"quantity": quantity, "to_refund": True})
    back = env["stock.picking"].browse(wizard.action_create_returns()["res_id"])
    back.move_ids.write({"quantity": quantity, "picked": True})
    back.button_validate()


def post(env):
    env["distribution.commission.entry"]._post_accruals_of(env.company)


def settle(env, program):
    env["distribution.commission.entry"]._release(program)
    env["distribution.settlement"]._create_from_due(program).action_post()


def pay_out(env, day):
    run_id = env["distribution.payout.wizard"].create({}).action_create_run()["res_id"]
    env["distribution.payout.confirm"].create({"run_id": run_id, "date": day}).action_confirm()
