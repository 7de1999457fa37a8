"""The distribution program of the demo: rules, distributors, bindings (RULES.md, sections 3 and 6)."""

from odoo import Command

from .clock import moment
from .sample import customer_codes

BINDING_DAYS = 90


def create_program(env, levels, rates):
    """Create the program: shipped, 7 days of hold, settled on the 1st."""
    return env["distribution.program"].create(
        {
            "name": "Sample Programme",
            "company_id": env.company.id,
            "tz": "Europe/London",
            "trigger": "shipped",
            "hold_days": 7,
            "cap_rate": 30.0,
            "level_count": levels,
            "binding_days": BINDING_DAYS,
            "settlement_period": "monthly",
            "settlement_day": 1,
            "rule_ids": [
                Command.create({"level": level, "rate": float(rate)})
                for level, rate in enumerate(rates[:levels], start=1)
            ],
        }
    )


def create_distributors(env, program, codes, customers):
    """Make every fourth customer a distributor, in chains of four; return them, number j at place j - 1 (3.2, 3.3)."""
    distributors = env["distribution.distributor"]
    for number, code in enumerate(codes[3::4], start=1):
        distributors += distributors.create(
            {
                "program_id": program.id,
                "partner_id": customers[code].id,
                "code": f"D{number:02}",
                "parent_id": False if number % 4 == 1 else distributors[-1].id,
            }
        )
    distributors.action_activate()
    return distributors


def plan_bindings(lines, orders):
    """Return {day: [(customer code, distributor's place)]} by the customers' first orders (3.4, 3.5)."""
    codes = customer_codes(lines)
    count = len(codes) // 4
    others = [code for place, code in enumerate(codes) if place % 4 != 3]
    unreferred = set(codes[5::10])
    first_days = {}
    for order in orders:
        first_days.setdefault(order.customer, order.day)
    bindings = {}
    for m, code in enumerate(others):
        if code in first_days and code not in unreferred:
            bindings.setdefault(first_days[code], []).append((code, m % count))
    return bindings


def bind(env, day, pairs, distributors, customers):
    """Bind customers from the beginning of the day."""
    start = moment(day, "0:00")
    for code, place in pairs:
        env["distribution.binding"]._bind(customers[code], distributors[place], source="import", date_from=start)
