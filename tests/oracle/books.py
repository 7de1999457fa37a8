"""What the table shows: sums of a world per distributor and in all."""

from collections import defaultdict
from dataclasses import asdict, dataclass
from decimal import Decimal

ZERO = Decimal("0.00")


@dataclass
class Balances:
    """The figures of one distributor at the end."""

    earned: Decimal = ZERO
    clawed_back: Decimal = ZERO
    held: Decimal = ZERO
    due: Decimal = ZERO
    settled: Decimal = ZERO
    paid: Decimal = ZERO
    available: Decimal = ZERO
    debt: Decimal = ZERO
    expense: Decimal = ZERO
    accrued: Decimal = ZERO
    payable: Decimal = ZERO
    bank: Decimal = ZERO


def balances(world):
    """Return {distributor: balances}, every distributor of the tree."""
    result = {distributor: Balances() for distributor in world.trade.uplines}
    for entry in world.entries:
        add_entry(result[entry.key.distributor], entry)
    for distributor, figures in result.items():
        account, journal = world.accounts[distributor], world.journals[distributor]
        figures.paid, figures.available, figures.debt = account.paid, account.available, account.debt
        figures.expense, figures.accrued = journal.expense, journal.accrued
        figures.payable, figures.bank = journal.payable, journal.bank
    return result


def add_entry(figures, entry):
    """Add an entry to its sign and to its state."""
    if entry.amount > 0:
        figures.earned += entry.amount
    else:
        figures.clawed_back -= entry.amount
    setattr(figures, entry.state, getattr(figures, entry.state) + entry.amount)


def totals(world):
    """Return the sums over all distributors, with the commission by level and the eligible base."""
    result = defaultdict(lambda: ZERO)
    for figures in balances(world).values():
        for name, amount in asdict(figures).items():
            result[name] += amount
    for entry in world.entries:
        result[f"level_{entry.key.level}"] += entry.amount
    attributed = {order.number for order in world.trade.orders if order.distributor}
    goods = {(line.order, line.position) for order in world.trade.orders for line in order.lines if line.is_goods}
    result["base"] = sum((base for key, base in world.bases.items() if key in goods and key[0] in attributed), ZERO)
    return dict(result)
