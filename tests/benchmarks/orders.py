# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""What selling, delivering and taking back cost more with the suite than in the same Odoo without it.

    ./setup/python tests/benchmarks/orders.py [--pairs 200] [--older 1000000]

Prints a table and changes nothing. The baseline is a copy of the database the template is built on: Odoo's modules,
none of ours. All databases are served by one process, and each order is made in each, in turn. "background" is a
company as it is set up; its "look" is what the scheduled action does for one order, after its delivery and again after
its return. "at once" has taken the background off. With --older the figures are taken again beside so many entries of
the ledger.
"""

import argparse
import contextlib
import gc
import statistics
import time

import common
import ledger

LINES, QUANTITY, BACK = 5, 4, 1
STEPS = ("create and confirm", "deliver", "take back")
LOOK = "look"


def main():
    """Set up, sell in turn, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=int, default=200, help="orders made in each database")
    parser.add_argument("--older", type=int, default=0, help="entries of the ledger beside which it is tried again")
    options = parser.parse_args()
    common.configure()
    with contextlib.ExitStack() as stack:
        shops = {"without": Shop(stack.enter_context(common.database_without_suite()))}
        shops["background"] = Shop(stack.enter_context(common.copy_of_template()), 0)
        shops["at once"] = Shop(stack.enter_context(common.copy_of_template()), 0, in_background=False)
        if options.older:
            shops["beside older"] = Shop(stack.enter_context(common.copy_of_template()), options.older)
        figures = sell_in_turn(shops, options.pairs)
    print_table(figures)
    beside = f"; {options.older:,} older entries" if options.older else ""
    paid = f"{LINES} lines, {len(ledger.LEVELS)} paid levels"
    print(f"\nMedians of {options.pairs} orders in each database, in turn; {paid}{beside}.")
    print(common.get_machine())


class Shop:
    """A database with a customer and goods; with the suite, the customer is bound to a chain of distributors."""

    def __init__(self, database, older=None, in_background=True):
        self.database, self.in_background = database, in_background and older is not None
        with database.env() as env:
            customer = env["res.partner"].create({"name": "Customer"})
            self.customer_id = customer.id
            if older is None:
                ledger.load_accounts(env)
            else:
                distributor = ledger.create_program(env)
                env["distribution.binding"]._bind(customer, distributor)
            self.product_ids = [ledger.create_goods(env, f"Tea {number}").id for number in range(LINES)]
            if older:
                self._fill(env, distributor, older)
            if self.in_background:
                env.company.is_commission_in_background = True
        common.vacuum(database.name)

    def _fill(self, env, distributor, older):
        entry = ledger.earn(env, distributor, env["product.product"].browse(self.product_ids[0]))[0]
        ledger.multiply(env, entry, 0, entry, older, older // ledger.ENTRIES_OF_A_DISTRIBUTOR)

    # === STEPS: EACH RETURNS WHAT IS MEASURED === #

    def prepare_confirm(self, env):
        lines = [(0, 0, {"product_id": product_id, "product_uom_qty": QUANTITY}) for product_id in self.product_ids]

        def work():
            order = env["sale.order"].create({"partner_id": self.customer_id, "order_line": lines})
            order.action_confirm()
            self.order_id = order.id

        return work

    def prepare_deliver(self, env):
        picking = env["sale.order"].browse(self.order_id).picking_ids
        for move in picking.move_ids:
            move.write({"quantity": QUANTITY, "picked": True})
        self.picking_id = picking.id
        return picking.button_validate

    def prepare_return(self, env):
        wizard = env["stock.return.picking"].with_context(active_id=self.picking_id, active_model="stock.picking")
        wizard = wizard.create({})
        wizard.product_return_moves.write({"quantity": BACK, "to_refund": True})
        back = env["stock.picking"].browse(wizard.action_create_returns()["res_id"])
        for move in back.move_ids:
            move.write({"quantity": BACK, "picked": True})
        return back.button_validate

    def prepare_look(self, env):
        events = env["distribution.commission.event"]
        waiting = events._get_waiting([])
        return lambda: events._work_off(waiting)


def sell_in_turn(shops, pairs):
    """Return step → shop → list of (seconds, SQL statements, seconds of processors)."""
    figures = {step: {name: [] for name in shops} for step in STEPS} | {LOOK: {}}
    names = list(shops)
    # What is kept in memory is loaded by the first orders.
    for number in range(-5, pairs):
        for place in range(len(names)):
            name = names[(number + place) % len(names)]
            shop = shops[name]
            for step, prepare in zip(
                STEPS, (shop.prepare_confirm, shop.prepare_deliver, shop.prepare_return), strict=True
            ):
                figure = observe(shop.database, prepare)
                if number >= 0:
                    figures[step][name].append(figure)
                if shop.in_background and step != STEPS[0]:
                    figures[LOOK].setdefault(name, []).append(observe(shop.database, shop.prepare_look))
    for name, shop in shops.items():
        if name != "without":
            check(shop, pairs)
    return figures


def observe(database, prepare):
    """Do a step in a transaction of its own."""
    with database.env() as env:
        work = prepare(env)
        env.flush_all()
        gc.collect()
        gc.disable()
        before, processors = env.cr.sql_log_count, common.get_processor_seconds(env.cr)
        begun = time.perf_counter()
        work()
        env.flush_all()
        env.cr.commit()
        seconds, statements = time.perf_counter() - begun, env.cr.sql_log_count - before
        processors = common.get_processor_seconds(env.cr) - processors
        gc.enable()
    return seconds, statements, processors


def check(shop, pairs):
    """Make sure that commission was earned and taken back by all of it."""
    with shop.database.env() as env:
        entries = env["distribution.commission.entry"].search([("order_id", "=", shop.order_id)])
        kinds = entries.grouped("kind")
        assert len(kinds["earning"]) == len(kinds["clawback"]) == LINES * len(ledger.LEVELS), entries


def print_table(figures):
    print("| step | database | median ms | × without | mean CPU ms | × | statements | more |")
    print("|---|---|---:|---:|---:|---:|---:|---:|")
    looks = figures.pop(LOOK)
    for step, shops in figures.items():
        without = summarise(shops["without"])
        for name, observed in shops.items():
            seconds, statements, processors = summarise(observed)
            print(
                f"| {step} | {name} | {seconds * 1000:.1f} | {seconds / without[0]:.3f} "
                f"| {processors * 1000:.1f} | {processors / without[2]:.3f} "
                f"| {statements:.0f} | {statements - without[1]:+.0f} |"
            )

    for name, observed in looks.items():
        seconds, statements, processors = summarise(observed)
        print(f"| {LOOK} | {name} | {seconds * 1000:.1f} | | {processors * 1000:.1f} | | {statements:.0f} | |")


def summarise(observed):
    """Return medians; of the processors the mean, since PostgreSQL's share is counted in hundredths of a second."""
    seconds, statements, processors = zip(*observed, strict=True)
    return statistics.median(seconds), statistics.median(statements), statistics.mean(processors)


if __name__ == "__main__":
    main()
