# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""The upline tree at 100,000 distributors, as a star and as chains, against SQL written by hand.

    ./setup/python tests/benchmarks/people.py [--distributors 100000] [--chains 400] [--team 10000] [--repeat 5]

Prints a table and changes nothing: it works on copies of the template database, dropped afterwards.
"""

import argparse
import statistics
import time

import common

UPLINE = 3


def main():
    """Fill, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--distributors", type=int, default=100_000)
    parser.add_argument("--chains", type=int, default=400, help="of equal length")
    parser.add_argument("--team", type=int, default=10_000, help="members of the team that is moved")
    parser.add_argument("--repeat", type=int, default=5)
    options = parser.parse_args()
    common.configure()
    print("| tree | what | by hand ms | suite ms | × by hand | statements |")
    print("|---|---|---:|---:|---:|---:|")
    length = options.distributors // options.chains
    for name, fill in (
        ("star", lambda env: fill_star(env, options)),
        (f"{options.chains} chains of {length}", lambda env: fill_chains(env, options, length)),
    ):
        with common.filled_database(fill) as source, common.fresh_copy(source) as database:
            for what, by_hand, suite in list_steps(database):
                report(name, what, *measure(database, by_hand, suite, options.repeat))
    print(f"\nMedians of {options.repeat}, in turn. {common.get_machine()}")


# === WHAT THERE IS === #


def fill_star(env, options):
    """One at the top, everybody else below; the last but `team` stand below one of them, who is moved."""
    fill_tree(
        env,
        options.distributors,
        f"CASE WHEN n = 1 THEN NULL WHEN n > {options.distributors - options.team} THEN 2 ELSE 1 END",
        f"CASE WHEN n = 1 THEN '' WHEN n > {options.distributors - options.team} "
        "THEN (base + 1)::text || '/' || (base + 2)::text || '/' ELSE (base + 1)::text || '/' END",
    )


def fill_chains(env, options, length):
    """Chains side by side: whole ones stand below number 2, which is moved with them."""
    below = options.team // length
    first = f"((n - 3) / {length} < {below})"
    fill_tree(
        env,
        options.distributors,
        f"CASE WHEN n = 1 THEN NULL WHEN n = 2 THEN 1 WHEN (n - 3) %% {length} > 0 THEN n - 1 "
        f"WHEN {first} THEN 2 ELSE 1 END",
        f"CASE WHEN n = 1 THEN '' WHEN n = 2 THEN (base + 1) || '/' ELSE (base + 1) || '/' || "
        f"CASE WHEN {first} THEN (base + 2) || '/' ELSE '' END || "
        f"COALESCE((SELECT STRING_AGG((base + m)::text || '/', '' ORDER BY m) "
        f"FROM GENERATE_SERIES(n - (n - 3) %% {length}, n - 1) AS m), '') END",
    )


def fill_tree(env, count, parent, above):
    """Insert distributors and their paths by SQL: number 1 stands at the top.

    :param str parent: SQL of the number of the upline of number n
    :param str above: SQL of the path of the upline
    """
    program = env["distribution.program"].create({"name": "Friends"})
    env.flush_all()
    env.cr.execute(
        """
        INSERT INTO res_partner (name, active, type, create_date, autopost_bills)
        SELECT 'Member ' || n, TRUE, 'contact', NOW(), 'ask' FROM GENERATE_SERIES(1, %s) AS n RETURNING id
        """,
        [count],
    )
    partner = min(row[0] for row in env.cr.fetchall())
    env.cr.execute("SELECT COALESCE(MAX(id), 0) FROM distribution_distributor")
    base = env.cr.fetchone()[0]
    env.cr.execute(
        f"""
        INSERT INTO distribution_distributor
               (id, partner_id, program_id, company_id, code, state, parent_id, parent_path)
        SELECT base + n, %s + n - 1, %s, %s, 'B' || n, 'active', base + ({parent}), ({above}) || (base + n) || '/'
          FROM GENERATE_SERIES(1, %s) AS n, (SELECT %s::integer AS base) AS numbers
        """,  # pylint: disable=sql-injection
        [partner, program.id, program.company_id.id, count, base],
    )
    env.cr.execute("SELECT SETVAL('distribution_distributor_id_seq', (SELECT MAX(id) FROM distribution_distributor))")
    fill_customers(env, program)


def fill_customers(env, program):
    """Give everybody a customer with two confirmed orders, of today and of long ago: itself, for brevity."""
    values = {"program": program.id, "company": program.company_id.id, "currency": program.company_id.currency_id.id}
    env.cr.execute(
        """
        INSERT INTO distribution_binding (partner_id, distributor_id, program_id, company_id, state, source, date_from)
        SELECT partner_id, id, %(program)s, %(company)s, 'active', 'staff', NOW() FROM distribution_distributor
         WHERE program_id = %(program)s
        """,
        values,
    )
    env.cr.execute(
        """
        INSERT INTO sale_order (name, partner_id, partner_invoice_id, partner_shipping_id, company_id, currency_id,
               state, date_order, amount_untaxed, currency_rate, warehouse_id, picking_policy,
               distribution_program_id, distribution_distributor_id)
        SELECT 'B' || id || '-' || age, partner_id, partner_id, partner_id, %(company)s, %(currency)s,
               'sale', NOW() AT TIME ZONE 'UTC' - age * INTERVAL '1 day', 100, 1,
               (SELECT MIN(id) FROM stock_warehouse), 'direct', %(program)s, id
          FROM distribution_distributor, (VALUES (0), (400)) AS ages (age)
         WHERE program_id = %(program)s
        """,
        values,
    )


# === WHAT IS MEASURED === #


def list_steps(database):
    """Return what is compared: a name, SQL by hand, the suite's own; both are given an environment."""
    with database.env() as env:
        env.cr.execute("SELECT MIN(id), MAX(id) FROM distribution_distributor")
        top, last = env.cr.fetchone()
    return [
        ("upline of three", lambda env: hand_upline(env, last), lambda env: suite_upline(env, last)),
        ("team of the top by level", lambda env: hand_team(env, top), lambda env: suite_team(env, top)),
        ("team of one at the bottom", lambda env: hand_team(env, last - 2), lambda env: suite_team(env, last - 2)),
        ("all figures of a list of 80", lambda env: hand_list(env), lambda env: suite_list(env)),
        ("move of the team", lambda env: hand_move(env, top + 1), lambda env: suite_move(env, top + 1)),
    ]


def hand_upline(env, last):
    env.cr.execute(
        """
        WITH RECURSIVE chain (id, parent_id, level) AS (
            SELECT id, parent_id, 1 FROM distribution_distributor WHERE id = %s
             UNION ALL
            SELECT above.id, above.parent_id, level + 1
              FROM distribution_distributor AS above JOIN chain ON above.id = chain.parent_id WHERE level < %s
        )
        SELECT id FROM chain
        """,
        [last, UPLINE],
    )
    return len(env.cr.fetchall())


def suite_upline(env, last):
    return len(env["distribution.distributor"].browse(last)._get_upline(UPLINE))


def hand_team(env, top):
    """Walk down by `parent_id`: what there is to do without paths."""
    env.cr.execute(
        """
        WITH RECURSIVE team (id, level) AS (
            SELECT id, 1 FROM distribution_distributor WHERE parent_id = %s
             UNION ALL
            SELECT below.id, level + 1 FROM distribution_distributor AS below JOIN team ON below.parent_id = team.id
        )
        SELECT LEAST(level, 4), COUNT(*) FROM team GROUP BY 1
        """,
        [top],
    )
    return sum(count for _level, count in env.cr.fetchall())


def suite_team(env, top):
    return env["distribution.distributor"].browse(top).team_count


def hand_list(env):
    env.cr.execute("SELECT id FROM distribution_distributor ORDER BY code, id LIMIT 80")
    rows = [row[0] for row in env.cr.fetchall()]
    return sum(hand_team(env, row) + hand_customers(env, row) for row in rows)


def hand_customers(env, distributor):
    """Count the customers and the orders of one."""
    env.cr.execute(
        "SELECT COUNT(*) FROM distribution_binding WHERE distributor_id = %s AND state = 'active'", [distributor]
    )
    customers = env.cr.fetchone()[0]
    env.cr.execute(
        "SELECT COUNT(*), SUM(amount_untaxed / currency_rate) FROM sale_order "
        "WHERE distribution_distributor_id = %s AND state = 'sale'",
        [distributor],
    )
    return customers + env.cr.fetchone()[0]


def suite_list(env):
    page = env["distribution.distributor"].search([], limit=80)
    counts = ["team_count", "customer_count", "order_count"]
    names = ["team_level_1", "sales_today", "sales_month", "sales_last_month", "sales_total"]
    return sum(row[count] for row in page.read([*counts, *names]) for count in counts)


def hand_move(env, team):
    """Write the paths of the team again: what any way of moving has to do."""
    env.cr.execute("SELECT parent_path FROM distribution_distributor WHERE id = %s", [team])
    path = env.cr.fetchone()[0]
    env.cr.execute(
        """
        UPDATE distribution_distributor
           SET parent_path = %s || SUBSTR(parent_path, %s),
               parent_id = CASE WHEN id = %s THEN NULL ELSE parent_id END
         WHERE parent_path ~>=~ %s AND parent_path ~<~ %s
        """,
        [f"{team}/", len(path) + 1, team, path, path.rstrip("/") + "0"],
    )
    return env.cr.rowcount


def suite_move(env, team):
    distributor = env["distribution.distributor"].browse(team)
    count = distributor.team_count + 1
    distributor._move(distributor.browse(), True, "Benchmark")
    env.flush_all()
    return count


def measure(database, by_hand, suite, repeat):
    """Run both in turn, each in a transaction that is rolled back.

    :return: seconds of either, and statements of the suite
    """
    seconds, statements = {by_hand: [], suite: []}, 0
    for _round in range(repeat + 1):
        answers = []
        for action in (by_hand, suite):
            with database.registry.cursor() as cr:
                env = make_env(cr)
                before, begun = cr.sql_log_count, time.perf_counter()
                answers.append(action(env))
                seconds[action].append(time.perf_counter() - begun)
                statements = cr.sql_log_count - before
                cr.rollback()
        assert answers[0] == answers[1], answers
    # The first round fills caches.
    return statistics.median(seconds[by_hand][1:]), statistics.median(seconds[suite][1:]), statements


def make_env(cr):
    from odoo.api import SUPERUSER_ID, Environment  # noqa: PLC0415 - Odoo has to be configured first

    return Environment(cr, SUPERUSER_ID, {})


def report(tree, what, by_hand, suite, statements):
    row = f"| {tree} | {what} | {by_hand * 1000:.1f} | {suite * 1000:.1f} | {suite / by_hand:.2f} | {statements} |"
    print(row, flush=True)


if __name__ == "__main__":
    main()
