# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""How long the read routes take, against a bare `readonly` route of Odoo on the same prefork server.

    ./setup/python tests/benchmarks/read_routes.py [--requests 300]

Prints a table and changes nothing: the server works on a copy of the template database, dropped afterwards. The routes
are asked in turn, so that whatever else the machine does meets them all alike.
"""

import argparse
import re
import statistics
import time

import common
import requests

from odoo.tools import config

PRODUCTS, ORDERS, ENTRIES, MEMBERS = 300, 50, 2000, 40
LINES_OF_AN_ORDER = 100
BARE = "/distribution-benchmark/bare"
# As Odoo's access log ends: status, size, number of queries, seconds in them, seconds outside.
LOGGED = re.compile(r'"GET (\S+) HTTP/1\.\d" 200 \S+ (\d+) (\d+\.\d+) (\d+\.\d+)')


def main():
    """Set everything up, ask, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--requests", type=int, default=300, help="of each route")
    options = parser.parse_args()
    common.configure()
    from support.live import live_shop  # noqa: PLC0415 - Odoo has to be configured first

    addons = ",".join([*config["addons_path"], str(common.HERE / "addons")])
    server = ["--workers=2", f"--addons-path={addons}", "--load=base,rpc,web,distribution_benchmark"]
    with live_shop(server) as live:
        reader, product_id = fill(live)
        routes = list_routes(product_id)
        seconds, kept = ask(live, reader, routes, options.requests)
        queries = read_queries(live)
    print_table(routes, seconds, queries)
    print_conditions(options.requests, kept)


# === WHAT THERE IS TO READ === #


def fill(live):
    """Create a shop and a distributor who has sold much in it.

    :return: the `Person` who reads, and the id of a product (template)
    """
    reader = live.person("Reader")
    reader.become_distributor()
    product_ids = create_products(live)
    create_team(live, reader)
    sell(live, reader, product_ids)
    for number in range(ORDERS):
        lines = [(product_ids[(3 * number + place) % PRODUCTS], 1 + place) for place in range(3)]
        order_id = reader.place_order_by_hand(lines)
        if number % 5:
            with live.env() as env:
                env["sale.order"].browse(order_id).action_confirm()
    for product_id in product_ids[:8]:
        assert reader.call("PUT", f"/cart/{product_id}", {"quantity": 2}).status_code == 200
    with live.env() as env:
        # As autovacuum would have done by the time there are customers.
        entries = env["distribution.commission.entry"].search_count([])
        template_id = env["product.product"].browse(product_ids[0]).product_tmpl_id.id
    assert entries >= ENTRIES, entries
    with live.database.registry.cursor() as cr:
        cr._cnx.commit()
        cr.execute("ANALYZE")
    return reader, template_id


def create_products(live):
    with live.env() as env:
        vals = {"type": "consu", "is_storable": True, "taxes_id": False, "is_published": True}
        vals |= {"allow_out_of_stock_order": False, "invoice_policy": "order"}
        products = env["product.product"].create(
            [{**vals, "name": f"Tea {number:03d}", "list_price": 50.0 + number} for number in range(PRODUCTS)]
        )
        stock = env["stock.warehouse"].search([("company_id", "=", live.company_id)], limit=1).lot_stock_id
        for product in products:
            env["stock.quant"]._update_available_quantity(product, stock, 100_000)
        return products.ids


def create_team(live, reader):
    with live.env() as env:
        partners = env["res.partner"].create([{"name": f"Member {number}"} for number in range(MEMBERS)])
        members = env["distribution.distributor"].create(
            [
                {"partner_id": partner.id, "program_id": live.program_id, "parent_id": reader.distributor_id}
                for partner in partners
            ]
        )
        members.action_activate()


def sell(live, reader, product_ids):
    """Let customers of the reader buy as many lines as there are to be entries."""
    for number in range(ENTRIES // LINES_OF_AN_ORDER):
        with live.env() as env:
            customer = env["res.partner"].create({"name": f"Customer {number}"})
            distributor = env["distribution.distributor"].browse(reader.distributor_id)
            env["distribution.binding"]._bind(customer, distributor)
            first = number * LINES_OF_AN_ORDER
            lines = [
                {"product_id": product_ids[(first + place) % PRODUCTS], "product_uom_qty": 1}
                for place in range(LINES_OF_AN_ORDER)
            ]
            order = env["sale.order"].create(
                {"partner_id": customer.id, "order_line": [(0, 0, line) for line in lines]}
            )
            order.action_confirm()
            order.picking_ids.move_ids.write({"quantity": 1, "picked": True})
            order.picking_ids.button_validate()
            order.picking_ids._confirm_receipt()


# === ASKING === #


def list_routes(product_id):
    names = ["/products", f"/products/{product_id}", "/cart", "/orders", "/me/summary", "/me/entries", "/me/team"]
    return [BARE, *(f"/distribution/v1{name}" for name in names)]


def ask(live, reader, routes, count):
    """Ask each route so often, in turn.

    :return: seconds by route; whether the server keeps connections
    """
    session = requests.Session()
    headers = {"Authorization": f"Bearer {reader.tokens['access_token']}"}
    for route in routes * 10:
        # Both workers load what they keep in memory.
        session.get(live.url + route, headers=headers, timeout=60).raise_for_status()
    seconds, kept = {route: [] for route in routes}, True
    for number in range(count):
        for place in range(len(routes)):
            route = routes[(number + place) % len(routes)]
            begun = time.perf_counter()
            answer = session.get(live.url + route, headers=headers, timeout=60)
            seconds[route].append(time.perf_counter() - begun)
            answer.raise_for_status()
            kept &= answer.headers.get("Connection", "").lower() != "close" and answer.raw.version == 11
    return seconds, kept


def read_queries(live):
    """Return the median number of queries, and of milliseconds in them, by path, from the access log."""
    logged = {}
    for path, count, inside, _outside in LOGGED.findall(live.log.read_text()):
        logged.setdefault(path, []).append((int(count), float(inside) * 1000))
    return {path: tuple(map(statistics.median, zip(*rows, strict=True))) for path, rows in logged.items()}


# === PRINTING === #


def print_table(routes, seconds, queries):
    bare = statistics.median(seconds[BARE])
    print("| route | median ms | p95 ms | × bare | queries | ms in SQL |")
    print("|---|---:|---:|---:|---:|---:|")
    for route in routes:
        median, p95 = statistics.median(seconds[route]), statistics.quantiles(seconds[route], n=20)[-1]
        count, inside = queries[route]
        name = re.sub(r"\d+$", "<id>", route.removeprefix("/distribution/v1"))
        print(f"| {name} | {median * 1000:.1f} | {p95 * 1000:.1f} | {median / bare:.1f} | {count:.0f} | {inside:.1f} |")


def print_conditions(count, kept):
    print(
        f"\n{count} requests of each route, in turn, one at a time; {PRODUCTS} products, {ORDERS} orders and {ENTRIES} "
        f"ledger entries of the reader, {MEMBERS} in the team; prefork server with 2 workers, "
        f"{'kept connections' if kept else 'a connection for each request (the server closes it)'}.\n"
        f"{common.get_machine()}"
    )


if __name__ == "__main__":
    main()
