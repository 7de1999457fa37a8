# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""How long releasing and settling commission takes in the ledger, against a hand-written statement on the same rows.

    ./setup/python tests/benchmarks/settlement.py [--entries 10000,100000,1000000] [--older 1000000] [--repeat 3]

Prints a table and changes nothing. Each run works on a fresh copy, page by page, of one filled database, all kinds in
turn, so that they see the same table and whatever else the machine does meets them alike. The posting of journal
entries is apart: what is measured is the ledger, from held to settled and on the accounts.
"""

import argparse
import statistics
import time
from collections import Counter

import common
import ledger

# What a careful hand would write for one of the steps: mark the rows and sum them up, nothing else.
BASELINE = """
    WITH marked AS (
        UPDATE distribution_commission_entry SET state = 'due'
         WHERE program_id = %s AND state = 'held' AND release_date <= %s
        RETURNING distributor_id, amount
    ), sums AS (SELECT distributor_id, SUM(amount) AS amount, COUNT(*) AS count FROM marked GROUP BY distributor_id)
    SELECT COUNT(*), SUM(count), SUM(amount) FROM sums
"""


def main():
    """Fill, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--entries", default="10000,100000,1000000", help="sizes, separated by commas")
    parser.add_argument("--older", type=int, default=0, help="settled entries beside which each size is tried again")
    parser.add_argument("--repeat", type=int, default=3, help="runs of each kind")
    options = parser.parse_args()
    common.configure()
    cases = [(int(size), older) for size in options.entries.split(",") for older in {0, options.older}]
    runs = {case: measure(*case, options.repeat) for case in sorted(cases)}
    print_table(runs)
    print(
        f"\nMedians of {options.repeat} runs; {ledger.ENTRIES_OF_A_DISTRIBUTOR} entries a distributor; baseline: one "
        "statement that marks held entries as due and sums them up by distributor."
    )
    print(common.get_machine())


def measure(count, older, repeat):
    """Return the figures of each kind of run on a ledger.

    :param int count: held entries
    :param int older: entries settled long ago
    :return: kind → list of dicts
    """
    with common.filled_database(lambda env: fill(env, count, older)) as source:
        runs = {kind: [] for kind in KINDS}
        for _number in range(repeat):
            for kind, steps in KINDS.items():
                with common.fresh_copy(source) as database:
                    runs[kind].append(observe(database, steps))
        return runs


def fill(env, count, older):
    """Put orders into a database: those settled long ago, and those whose hold is over."""
    distributor, product = ledger.create_program(env), ledger.create_goods(env)
    old = ledger.earn(env, distributor, product)
    ledger.settle(env, distributor.program_id)
    new = ledger.earn(env, distributor, product)
    assert {*old.mapped("state"), *new.mapped("state")} == {"settled", "held"}
    ledger.multiply(env, old[0], older, new[0], count, count // ledger.ENTRIES_OF_A_DISTRIBUTOR)


# === WHAT IS MEASURED: STEPS, EACH A TRANSACTION === #


def mark_and_sum(env, program):
    env.cr.execute(BASELINE, [program.id, program._get_business_date()])
    return env.cr.fetchone()


def release(env, program):
    env["distribution.commission.entry"]._release(program)


def settle(env, program):
    settlement = env["distribution.settlement"]._create_from_due(program, mark_settled=True)
    settlement._add_to_accounts()
    return get_totals(settlement)


def draft(env, program):
    env["distribution.settlement"]._create_from_due(program)


def post(env, program):
    settlement = env["distribution.settlement"].search([("state", "=", "draft")])
    settlement._mark_settled()
    settlement._add_to_accounts()
    return get_totals(settlement)


def get_totals(settlement):
    return settlement.distributor_count, settlement.entry_count, settlement.amount_total


KINDS = {
    "baseline": (mark_and_sum,),
    # As the scheduled actions do.
    "at once": (release, settle),
    # As a person does, who looks at the draft before posting it: entries are tied first and settled later.
    "by draft": (release, draft, post),
}


def observe(database, steps):
    """Do the steps, vacuuming the ledger between them as PostgreSQL does by itself between two days.

    :return: seconds, seconds of processors (Odoo and PostgreSQL), SQL statements and growth of Odoo's memory in MB
    """
    total, found = Counter(), None
    for number, step in enumerate(steps):
        if number:
            common.vacuum(database.name, "VACUUM (ANALYZE) distribution_commission_entry")
        found = observe_step(database, step, total)
    return {**total, "found": (int(found[0]), int(found[1]), round(float(found[2]), 2))}


def observe_step(database, step, total):
    with database.env() as env:
        program = env["distribution.program"].search([("name", "=", ledger.PROGRAM)])
        program._get_business_date()
        before, memory = env.cr.sql_log_count, common.Memory()
        begun, processors = time.perf_counter(), common.get_processor_seconds(env.cr)
        found = step(env, program)
        env.flush_all()
        env.cr.commit()
        total["seconds"] += time.perf_counter() - begun
        total["processors"] += common.get_processor_seconds(env.cr) - processors
        total["statements"] += env.cr.sql_log_count - before
        total["memory"] = max(total["memory"], memory.get_growth())
    return found


# === PRINTING === #


def print_table(runs):
    print("| entries | older | run | seconds | µs an entry | × baseline | × alone | CPU s | × | statements | MB |")
    print("|---:|---:|---|---:|---:|---:|---:|---:|---:|---:|---:|")
    for (count, older), kinds in runs.items():
        found = {run["found"] for kind in kinds.values() for run in kind}
        assert len(found) == 1, f"not the same rows: {found}"
        baseline = get_medians(kinds["baseline"])
        for kind, figures in kinds.items():
            one, alone = get_medians(figures), get_medians(runs[count, 0][kind])
            seconds, processors = one["seconds"], one["processors"]
            print(
                f"| {count:,} | {older:,} | {kind} | {seconds:.2f} | {seconds / count * 1e6:.1f} "
                f"| {seconds / baseline['seconds']:.2f} | {seconds / alone['seconds']:.2f} "
                f"| {processors:.2f} | {processors / baseline['processors']:.2f} "
                f"| {one['statements']:.0f} | {one['memory']:.1f} |"
            )


def get_medians(figures):
    return {
        name: statistics.median(run[name] for run in figures)
        for name in ("seconds", "processors", "statements", "memory")
    }


if __name__ == "__main__":
    main()
