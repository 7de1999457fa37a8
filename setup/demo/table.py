"""The table that ./setup/run prints: what the distributors of the demo company earned, and where the money is."""

import sys
from decimal import Decimal

from .company import company_env, find_company
from .figures import ZERO, count_orders, read_distributors, read_trial_balance
from .sample import LAST_DAY, START, not_loaded, read_lines

REASONS = {"binding": "count for a distributor", "self": "self-purchases", "none": "count for nobody"}
NOTES = """\
Real: goods, prices, quantities, customers, invoice numbers and times of day of 1 December 2010
(Online Retail, D. Chen, UCI Machine Learning Repository, CC BY 4.0), and the cancellation of item
22960 in order 536488, loaded as a return and a credit note.
Invented, by the rules of tests/data/RULES.md: the days, who is a distributor, who referred whom,
the returns of 5 % of the lines (marked "invented return"), the programme, settlements and payouts.
The discount of C536379 concerns no order of the sample: a credit note by itself, without effect on
commission. Order 536414 has no customer: loaded for a walk-in customer, it counts for nobody."""


def print_table(env):
    """Print the demo company's table."""
    sys.stdout.write("\n".join(table_lines(env)) + "\n")


def table_lines(env):
    """Return the lines of the table."""
    company = find_company(env)
    if not company:
        return ["The demo company is not loaded."]
    env = company_env(env, company)
    company = env.company
    distributors = read_distributors(env, company)
    return [
        *head(env, company),
        "",
        *earned_block(distributors),
        "",
        *money_block(distributors),
        "",
        *trial_balance(env, company, distributors),
        "",
        *notes(),
    ]


def head(env, company):
    """Return the title, the program and the orders."""
    program = env["distribution.program"].search([("company_id", "=", company.id)], limit=1)
    rates = ", ".join(f"level {rule.level} {rule.rate:g} %" for rule in program.rule_ids.sorted("level"))
    lines = [
        f"{company.name}: {START:%-d %B} to {LAST_DAY:%-d %B %Y}, in {company.currency_id.name}",
        f"Earned when {program.trigger}, held {program.hold_days} days; {rates}; cap {program.cap_rate:g} %",
        "",
    ]
    orders = count_orders(env, company)
    for reason, text in REASONS.items():
        number, untaxed = orders.get(reason, (0, ZERO))
        lines.append(f"{number:>4} orders {text:<26}{money(untaxed):>12}")
    number, untaxed = (sum(part) for part in zip(*orders.values(), strict=True))
    lines.append(f"{number:>4} orders {'in all, untaxed':<26}{money(untaxed):>12}")
    return lines


def money(amount):
    """Format an amount; nothing is a dash."""
    return f"{amount:,.2f}" if amount else "–"


def block(title, columns, rows):
    """Return a table of distributors with a total line.

    :param list columns: (heading, key, width); text and counts stay as they are
    """
    heading = "".join(f"{name:>{width}}" for name, _key, width in columns)
    lines = [title, heading, "─" * len(heading)]
    lines += ["".join(cell(row[key], width) for _name, key, width in columns) for row in rows]
    lines.append("─" * len(heading))
    total = {key: sum(row[key] for row in rows) for _name, key, _width in columns if is_number(rows, key)}
    lines.append("".join(cell(total.get(key, ""), width) for _name, key, width in columns))
    return lines


def is_number(rows, key):
    """Tell whether a column can be summed."""
    return all(isinstance(row[key], int | Decimal) for row in rows)


def cell(value, width):
    """Return a right-aligned cell."""
    text = money(value) if isinstance(value, Decimal) else str(value or "")
    return f"{text:>{width}}"


def earned_block(distributors):
    """Return what was earned, by level."""
    columns = [
        ("", "code", 5),
        ("upline", "upline", 8),
        ("orders", "orders", 8),
        ("base", "base", 12),
        ("level 1", "level1", 11),
        ("level 2", "level2", 11),
        ("level 3", "level3", 11),
        ("clawed back", "taken", 13),
        ("commission", "total", 13),
    ]
    title = "Earned (base: of the orders that count for them, net of returns; levels: before clawbacks)"
    return block(title, columns, distributors)


def money_block(distributors):
    """Return where the commission is."""
    columns = [
        ("", "code", 5),
        ("held", "held", 12),
        ("due", "due", 12),
        ("settled", "settled", 12),
        ("paid", "paid", 12),
        ("available", "available", 12),
        ("debt", "debt", 12),
    ]
    return block("Where it is (settled = paid + available − debt)", columns, distributors)


def trial_balance(env, company, distributors):
    """Return the trial balance of the commission accounts and whether the two books agree."""
    rows = read_trial_balance(env, company)
    lines = ["Trial balance of the commission accounts", f"{'':46}{'debit':>14}{'credit':>14}{'balance':>14}", "─" * 88]
    for row in rows:
        name = f"{row['code']} {row['name']}"
        lines.append(f"{name:46.46}" + "".join(f"{money(row[key]):>14}" for key in ("debit", "credit", "balance")))
    sums = [sum((row[key] for row in rows), ZERO) for key in ("debit", "credit", "balance")]
    lines += ["─" * 88, f"{'':46}" + "".join(f"{money(amount):>14}" for amount in sums)]
    return [*lines, "", *agreement(env, company, distributors, rows)]


def agreement(env, company, distributors, rows):
    """Return the lines that tie the ledger to the books."""
    balances = {row["code"]: row["balance"] for row in rows}
    total = {key: sum((row[key] for row in distributors), ZERO) for key in distributors[0] if key not in NOT_MONEY}
    ties = [
        ("commission", total["total"], company.commission_expense_account_id, 1),
        ("held + due", total["held"] + total["due"], company.commission_accrued_account_id, -1),
        ("available − debt", total["available"] - total["debt"], company.commission_payable_account_id, -1),
    ]
    lines = []
    for text, ledger, account, sign in ties:
        books = sign * balances.get(account.code, ZERO)
        verdict = "agree" if ledger == books else f"DIFFER BY {money(ledger - books)}"
        lines.append(f"{text:<18}{money(ledger):>12}  in the ledger, {money(books):>10} on {account.code}: {verdict}")
    differences = env["distribution.account"]._get_book_differences(company)
    lines.append(f"Per distributor and account: {len(differences) or 'no'} differences between ledger and books.")
    return lines


NOT_MONEY = ("code", "upline", "orders")


def notes():
    """Return what is real, what is invented, and what was not loaded."""
    lines = ["Notes", *NOTES.splitlines()]
    lines.append("Cancellations without a purchase in the sample, not loaded:")
    lines += [
        f"  {line.invoice}  {line.code:<7} {line.name:<34} {line.quantity:>4} × {Decimal(line.price):>5.2f}"
        for line in not_loaded(read_lines())
    ]
    return lines
