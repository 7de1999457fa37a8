"""Load the demo company: half a year of trade, day by day under frozen time."""

import contextlib
import math
from unittest import mock

from . import days
from .catalogue import create_customers, create_products
from .clock import frozen_clock
from .company import company_env, create_company, find_company
from .office import Office
from .program import create_distributors, create_program
from .sample import START, customer_codes, plan_orders, read_lines
from .trade import Trader

RATES = ("7.5", "3.33", "1.25")
COMMIT_EVERY = 25
GROWING_TABLES = (
    "sale_order",
    "sale_order_line",
    "stock_quant",
    "stock_picking",
    "stock_move",
    "stock_move_line",
    "account_move",
    "account_move_line",
    "sale_order_line_invoice_rel",
    "distribution_commission_term",
    "distribution_commission_entry",
)


def main(env, progress=None, levels=3, rates=RATES, commit=True, light=False):
    """Load the demo company, unless it is there.

    :param progress: called with (done, total, text)
    :param int levels: how many levels the program pays
    :param rates: per cent, level 1 first, as text
    :param bool commit: commit now and then; False inside a test
    :param bool light: without stock levels and VAT, which commission does not depend on
    :return: the company, `res.company`
    """
    company = find_company(env)
    if company:
        return company
    save = env.cr.commit if commit else lambda: refresh(env)
    with frozen_clock(START) as clock, held_commits(not commit):
        company, agenda = prepare(env, levels, rates, light)
        play(agenda, clock, save, progress or (lambda done, total, text: None))
    company.is_commission_in_background = True
    save()
    return company


def refresh(env):
    """Do without a commit what a commit brings: an empty cache, and statistics of the new rows for PostgreSQL."""
    env.invalidate_all()
    env.cr.execute(f"ANALYZE {', '.join(GROWING_TABLES)}")


def prepare(env, levels, rates, light):
    """Create the company and what it starts with; return it and the agenda."""
    lines = read_lines()
    orders = plan_orders(lines)
    env = company_env(env, create_company(env))
    # Each day's ledger on its day.
    env.company.is_commission_in_background = False
    customers = create_customers(env, lines)
    trader = Trader(env, create_products(env, lines, light), customers)
    program = create_program(env, levels, rates)
    distributors = create_distributors(env, program, customer_codes(lines), customers)
    agenda = days.Agenda()
    days.add_bindings(agenda, trader, lines, orders, distributors)
    days.add_trade(agenda, trader, lines, orders)
    days.add_office(agenda, Office(env))
    return env.company, agenda


def play(agenda, clock, save, progress):
    """Do everything on the agenda, each at its own time."""
    total = len(agenda)
    for done, (day, time_of_day, action, arguments) in enumerate(agenda, start=1):
        clock.set(day, time_of_day)
        action(*arguments)
        if done % COMMIT_EVERY == 0 or done == total:
            save()
            progress(done, total, f"{day:%-d %B %Y}")


@contextlib.contextmanager
def held_commits(wanted):
    """Keep the scheduled jobs from committing, if wanted."""
    if not wanted:
        yield
        return
    with mock.patch("odoo.addons.base.models.ir_cron.IrCron._commit_progress", lambda *args, **kwargs: math.inf):
        yield
