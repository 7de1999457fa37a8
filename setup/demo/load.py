"""Load the demo company: half a year of trade, day by day under frozen time."""

import contextlib
import logging
import math
from dataclasses import dataclass
from unittest import mock

from . import days
from .catalogue import create_customers, create_products
from .clock import frozen_clock
from .company import company_env, create_company, find_company
from .office import Office
from .program import create_distributors, create_program
from .sample import START, customer_codes, plan_orders, read_lines
from .trade import Trader

_logger = logging.getLogger(__name__)
RATES = ("7.5", "3.33", "1.25")
COMMIT_EVERY = 25


@dataclass
class Result:
    """What was loaded."""

    company: object
    program: object
    distributors: object
    orders: dict


def main(env, progress=None, levels=3, rates=RATES, commit=True):
    """Load the demo company, unless it is there.

    :param progress: called with (done, total, text)
    :param int levels: how many levels the program pays
    :param rates: per cent, level 1 first, as text
    :param bool commit: commit now and then; False inside a test
    :return: what was loaded, None when the company was there already
    """
    if find_company(env):
        return None
    steps = env.cr.commit if commit else env.invalidate_all
    with frozen_clock(START) as clock, quiet(commit):
        result, agenda = prepare(env, levels, rates)
        steps()
        play(agenda, clock, steps, progress or (lambda done, total, text: None))
    return result


def prepare(env, levels, rates):
    """Create the company and what it starts with; return the result to be and the agenda."""
    lines = read_lines()
    orders = plan_orders(lines)
    env = company_env(env, create_company(env))
    customers = create_customers(env, lines)
    trader = Trader(env, create_products(env, lines), customers)
    program = create_program(env, levels, rates)
    distributors = create_distributors(env, program, customer_codes(lines), customers)
    agenda = days.Agenda()
    days.add_bindings(agenda, trader, lines, orders, distributors)
    days.add_trade(agenda, trader, lines, orders)
    days.add_office(agenda, Office(env))
    return Result(env.company, program, distributors, trader.orders), agenda


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
def quiet(commit):
    """Keep scheduled jobs from committing where the caller does not want it."""
    with contextlib.ExitStack() as stack:
        if not commit:
            target = "odoo.addons.base.models.ir_cron.IrCron._commit_progress"
            stack.enter_context(mock.patch(target, lambda *args, **kwargs: math.inf))
        yield
