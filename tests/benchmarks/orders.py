"""What selling, delivering and taking back cost more with the suite than in the same Odoo without it.

    ./setup/python tests/benchmarks/orders.py [--pairs 200] [--launches 4] [--older 1000000]

Prints a table and changes nothing. The baseline is a copy of the database the template is built on: Odoo's modules,
none of ours. Each database is served by a process of its own, as a worker of Odoo serves it, and each order is made in
each, in turn. All of it is launched several times, with new copies: what two copies, or two processes, differ by is as
much as what is measured. "background" is a company as it is set up; its "look" is what the scheduled action does for
one order, after its delivery and again after its return. "at once" has taken the background off. With --older the
figures are taken again beside so many entries of the ledger.
"""

import argparse
import contextlib
import gc
import multiprocessing
import statistics
import time

import common
import ledger

LINES, QUANTITY, BACK = 5, 4, 1
STEPS = ("confirm", "deliver", "return")
LOOK = "look"
WITHOUT, BACKGROUND, AT_ONCE, OLDER = "without", "background", "at once", "beside older"
# What is kept in memory is loaded by the first orders.
WARMING = 5


def main():
    """Launch, sell in turn, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=int, default=200, help="orders made in each database, of all launches together")
    parser.add_argument("--launches", type=int, default=4, help="how often databases and processes are made anew")
    parser.add_argument("--older", type=int, default=0, help="entries of the ledger beside which it is tried again")
    options = parser.parse_args()
    common.configure()
    names = [WITHOUT, BACKGROUND, AT_ONCE, *([OLDER] if options.older else [])]
    pairs = options.pairs // options.launches
    launches = [sell_in_turn(names, pairs, options.older) for _launch in range(options.launches)]
    print_table(launches, names)
    beside = f"; {options.older:,} older entries" if options.older else ""
    paid = f"{LINES} lines, {len(ledger.LEVELS)} paid levels"
    print(f"\n{options.launches} launches of {pairs} orders in each database, in turn; {paid}{beside}.")
    print(common.get_machine())


def sell_in_turn(names, pairs, older):
    """Return (step, name of the database) → list of (seconds, SQL statements, seconds of processors)."""
    figures = {}
    with contextlib.ExitStack() as stack:
        pipes = {name: stack.enter_context(launched(name, older)) for name in names}
        for number in range(-WARMING, pairs):
            for place in range(len(names)):
                name = names[(number + place) % len(names)]
                for step, figure in ask_for_order(pipes[name], name):
                    if number >= 0:
                        figures.setdefault((step, name), []).append(figure)
    return figures


@contextlib.contextmanager
def launched(name, older):
    """Yield the pipe to a process that serves a database of its own."""
    context = multiprocessing.get_context("spawn")
    pipe, its_end = context.Pipe()
    process = context.Process(target=serve, args=(its_end, name, older))
    process.start()
    its_end.close()
    try:
        pipe.recv()
        yield pipe
        pipe.send(None)
        process.join()
        if process.exitcode:
            raise RuntimeError(f"{name} was not served to its end: exit code {process.exitcode}")
    finally:
        process.terminate()


def ask_for_order(pipe, name):
    """Yield the steps of one order, each with what it took."""
    for step in STEPS:
        looks = [LOOK] if name in (BACKGROUND, OLDER) and step != STEPS[0] else []
        for asked in (step, *looks):
            pipe.send(asked)
            yield asked, pipe.recv()


def serve(pipe, name, older):
    """Do what is asked for in one database until nothing more is."""
    common.configure()
    database = common.database_without_suite() if name == WITHOUT else common.copy_of_template()
    with database as opened:
        shop = Shop(opened, name, older)
        pipe.send("ready")
        while step := pipe.recv():
            pipe.send(observe(opened, getattr(shop, f"prepare_{step}")))
        if name != WITHOUT:
            check(shop)


class Shop:
    """A database with a customer and goods; with the suite, the customer is bound to a chain of distributors."""

    def __init__(self, database, name, older):
        self.database = database
        with database.env() as env:
            customer = env["res.partner"].create({"name": "Customer"})
            self.customer_id = customer.id
            if name == WITHOUT:
                ledger.load_accounts(env)
            else:
                distributor = ledger.create_program(env)
                env["distribution.binding"]._bind(customer, distributor)
            self.product_ids = [ledger.create_goods(env, f"Tea {number}").id for number in range(LINES)]
            if name == OLDER:
                self._fill(env, distributor, older)
            if name in (BACKGROUND, OLDER):
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


def check(shop):
    """Make sure that commission was earned and taken back by all of it."""
    with shop.database.env() as env:
        entries = env["distribution.commission.entry"].search([("order_id", "=", shop.order_id)])
        kinds = entries.grouped("kind")
        assert len(kinds["earning"]) == len(kinds["clawback"]) == LINES * len(ledger.LEVELS), entries


def print_table(launches, names):
    print("| step | database | median ms | × without | of each launch | mean CPU ms | × | statements | more |")
    print("|---|---|---:|---:|---|---:|---:|---:|---:|")
    for step in (*STEPS, LOOK):
        for name in (name for name in names if (step, name) in launches[0]):
            print("| " + " | ".join([step, name, *get_cells(launches, step, name)]) + " |")


def get_cells(launches, step, name):
    """Return what a row of the table says: of all launches, and the ratio of each."""
    figures = [summarise(launch[step, name]) for launch in launches]
    seconds, statements, processors = summarise([one for launch in launches for one in launch[step, name]])
    cells = [f"{seconds * 1000:.1f}", "", "", f"{processors * 1000:.1f}", "", f"{statements:.0f}", ""]
    if step != LOOK:
        without = summarise([one for launch in launches for one in launch[step, WITHOUT]])
        ratios = [mine[0] / summarise(launch[step, WITHOUT])[0] for mine, launch in zip(figures, launches, strict=True)]
        cells[1], cells[2] = f"{seconds / without[0]:.3f}", " ".join(f"{ratio:.3f}" for ratio in sorted(ratios))
        cells[4], cells[6] = f"{processors / without[2]:.3f}", f"{statements - without[1]:+.0f}"
    return cells


def summarise(observed):
    """Return medians; of the processors the mean, since PostgreSQL's share is counted in hundredths of a second."""
    seconds, statements, processors = zip(*observed, strict=True)
    return statistics.median(seconds), statistics.median(statements), statistics.mean(processors)


if __name__ == "__main__":
    main()
