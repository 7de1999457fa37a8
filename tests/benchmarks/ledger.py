# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""A ledger as large as wanted: one real order, delivered, and copies of its rows made by SQL in seconds."""

from odoo.tools import SQL

PROGRAM = "Benchmark"
ENTRIES_OF_A_DISTRIBUTOR = 50
LINES_OF_AN_ORDER = 5
LEVELS = ((1, 10.0), (2, 5.0), (3, 2.0))


def load_accounts(env):
    if not env.company.chart_template:
        env["account.chart.template"].try_loading("generic_coa", env.company, install_demo=False)


def create_program(env):
    """Create a program that pays three levels when goods leave, without a hold.

    :return: the distributor at the end of a chain of three
    """
    load_accounts(env)
    # What is sold for the benchmark is looked at where it stands.
    env.company.is_commission_in_background = False
    program = env["distribution.program"].create(
        {
            "name": PROGRAM,
            "trigger": "shipped",
            "hold_days": 0,
            "level_count": len(LEVELS),
            "binding_days": 0,
            "settlement_period": "manual",
            "rule_ids": [(0, 0, {"level": level, "rate": rate}) for level, rate in LEVELS],
        }
    )
    upline = env["distribution.distributor"]
    for level, _rate in LEVELS:
        partner = env["res.partner"].create({"name": f"Member {level}"})
        upline = upline.create({"partner_id": partner.id, "program_id": program.id, "parent_id": upline.id})
        upline.action_activate()
    return upline


def create_goods(env, name="Tea", quantity=1_000_000):
    product = env["product.product"].create(
        {
            "name": name,
            "type": "consu",
            "is_storable": True,
            "list_price": 50.0,
            "taxes_id": False,
            "invoice_policy": "order",
        }
    )
    stock = env["stock.warehouse"].search([("company_id", "=", env.company.id)], limit=1).lot_stock_id
    env["stock.quant"]._update_available_quantity(product, stock, quantity)
    return product


def earn(env, distributor, product):
    """Sell and deliver one order.

    :return: its entries, posted to the books
    """
    customer = env["res.partner"].create({"name": "Customer"})
    env["distribution.binding"]._bind(customer, distributor)
    line_vals = {"product_id": product.id, "product_uom_qty": 2}
    order = env["sale.order"].create({"partner_id": customer.id, "order_line": [(0, 0, line_vals)]})
    order.action_confirm()
    order.picking_ids.move_ids.write({"quantity": 2, "picked": True})
    order.picking_ids.button_validate()
    entries = env["distribution.commission.entry"].search([("order_id", "=", order.id)], order="id")
    assert len(entries) == len(LEVELS), entries
    entries._post_accruals()
    return entries


def settle(env, program):
    env["distribution.commission.entry"]._release(program)
    env["distribution.settlement"]._create_from_due(program).action_post()


def multiply(env, old, old_count, new, new_count, distributor_count):
    """Copy the rows of orders for many distributors: so many settled entries, and so many held ones.

    :param old: a settled entry
    :param new: a held entry
    """
    env.flush_all()
    # What is copied is whole: neither keys nor the guard of the ledger have to look at it again.
    env.cr.execute("SET LOCAL session_replication_role = replica")
    distributors = copy_distributors(env, new.distributor_id, distributor_count)
    if old_count:
        copy_entries(env, old, old_count, distributors, distributor_count)
        for record in (old.settlement_id.line_ids[0], old.distributor_id.commission_account_ids):
            copy_rows(env, record, distributor_count, distributor_id=f"{distributors} + n")
    copy_entries(env, new, new_count, distributors, distributor_count)


def copy_distributors(env, distributor, count):
    partners = copy_rows(env, distributor.partner_id, count, name="'Distributor ' || n", commercial_partner_id="{id}")
    return copy_rows(
        env,
        distributor,
        count,
        partner_id=f"{partners} + n",
        code="'B' || n",
        parent_id="NULL",
        parent_path="{id} || '/'",
    )


def copy_entries(env, entry, count, distributors, distributor_count):
    """Copy an entry with its term, order line, delivery and order: five lines an order, three levels a line."""
    orders_count = count // (len(LEVELS) * LINES_OF_AN_ORDER) + 1
    nth_order = f"(n - 1) / {len(LEVELS) * LINES_OF_AN_ORDER} + 1"
    orders = copy_rows(env, entry.order_id, orders_count, name="'B' || {id}")
    pickings = copy_rows(env, entry.delivery_id, orders_count, name="'B' || {id}")
    lines = copy_rows(
        env, entry.line_id, count // len(LEVELS) + 1, order_id=f"{orders} + (n - 1) / {LINES_OF_AN_ORDER} + 1"
    )
    # Neighbours in the ledger belong to different distributors.
    nth_distributor = f"(n::bigint * 7919) % {distributor_count} + 1"
    common = {
        "order_id": f"{orders} + {nth_order}",
        "line_id": f"{lines} + (n - 1) / {len(LEVELS)} + 1",
        "level": f"(n - 1) % {len(LEVELS)} + 1",
        "distributor_id": f"{distributors} + {nth_distributor}",
    }
    terms = copy_rows(env, entry.term_id, count, **common)
    items = copy_rows(env, entry.accrual_line_id, distributor_count, distribution_distributor_id=f"{distributors} + n")
    copy_rows(
        env,
        entry,
        count,
        **common,
        term_id=f"{terms} + n",
        delivery_id=f"{pickings} + {nth_order}",
        amount="(n % 1000 + 1) / 100.0",
        accrual_line_id=f"{items} + {nth_distributor}",
    )


def copy_rows(env, record, count, **columns):
    """Insert copies of a record's row by one statement.

    :param columns: SQL of what differs; `n` counts the copies from 1, `{id}` is the copy's id
    :return: the id before the first copy's
    """
    record.ensure_one()
    table = SQL.identifier(record._table)
    env.cr.execute(SQL("SELECT MAX(id) FROM %s", table))
    before = env.cr.fetchone()[0]
    env.cr.execute(
        "SELECT column_name FROM information_schema.columns WHERE table_name = %s AND is_generated = 'NEVER'",
        [record._table],
    )
    names = [row[0] for row in env.cr.fetchall()]
    own = {"id": "{id}", **columns}
    own = {name: SQL(text.format(id=f"({before} + n)").replace("%", "%%")) for name, text in own.items()}
    values = [own.get(name, SQL.identifier("origin", name)) for name in names]
    query = SQL(
        "INSERT INTO %s (%s) SELECT %s FROM generate_series(1, %s) AS n, %s AS origin WHERE origin.id = %s",
        table,
        SQL(", ").join(map(SQL.identifier, names)),
        SQL(", ").join(values),
        count,
        table,
        record.id,
    )
    env.cr.execute(query)
    env.cr.execute("SELECT setval(%s, %s)", [f"{record._table}_id_seq", before + count])
    return before
