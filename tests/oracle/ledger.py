"""What is earned: the commission ledger and the accounts of the distributors, sections 6 and 7."""

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal

from .trade import END, FIRST_DAY, Trade, london, pennies

HOLD_DAYS = 7
PAYOUT_MINIMUM = Decimal("10.00")
ZERO = Decimal("0.00")


@dataclass(frozen=True)
class Key:
    """What a commission belongs to: an order line and a level, which is a distributor."""

    order: str
    position: int
    level: int
    distributor: int


@dataclass
class Entry:
    """A row of the ledger."""

    key: Key
    amount: Decimal
    at: dt.datetime
    release: dt.date
    state: str = "held"
    posted: bool = False


@dataclass
class Account:
    """The money of a distributor that is settled."""

    available: Decimal = ZERO
    debt: Decimal = ZERO
    settled: Decimal = ZERO
    paid: Decimal = ZERO

    def settle(self, amount):
        """Take in the sum of a settlement: debt first, then available; a negative one the other way round."""
        self.settled += amount
        if amount >= 0:
            repaid = min(amount, self.debt)
            self.debt -= repaid
            self.available += amount - repaid
        else:
            taken = min(-amount, self.available)
            self.available -= taken
            self.debt += -amount - taken

    def pay(self):
        """Pay all that is available."""
        amount, self.available = self.available, ZERO
        self.paid += amount
        return amount


@dataclass
class Journal:
    """Balances (debit positive) of the commission accounts of a distributor."""

    expense: Decimal = ZERO
    accrued: Decimal = ZERO
    payable: Decimal = ZERO
    bank: Decimal = ZERO


@dataclass
class World:
    """Everything at the end of the simulation."""

    trade: Trade
    rates: list
    entries: list = field(default_factory=list)
    bases: dict = field(default_factory=dict)
    accounts: dict = field(default_factory=lambda: defaultdict(Account))
    journals: dict = field(default_factory=lambda: defaultdict(Journal))
    payouts: list = field(default_factory=list)
    settlements: list = field(default_factory=list)

    def earned(self, key):
        """Return what a line earns at a level now."""
        return sum((entry.amount for entry in self.entries if entry.key == key), ZERO)

    def earned_by_key(self):
        """Return {key: sum of its entries}, without the sums that never were anything but zero."""
        sums = defaultdict(lambda: ZERO)
        for entry in self.entries:
            sums[entry.key] += entry.amount
        return dict(sums)


def keys_of(world, order, line):
    """Return the levels that a line pays, none for shipping or an order that counts for nobody (6.2, 6.3)."""
    if order.distributor is None or not line.is_goods:
        return []
    chain = world.trade.chain(order.distributor, len(world.rates))
    return [Key(order.number, line.position, level, who) for level, who in enumerate(chain, start=1)]


def commission(rate, base):
    """Return rate percent of the base, rounded once (6.3)."""
    return pennies(base * rate / 100)


def deliver(world, order, at):
    """Write the positive entries of a delivery (6.4)."""
    release = at.date() + dt.timedelta(days=HOLD_DAYS)
    for line in order.lines:
        base = line.value(line.quantity)
        world.bases[order.number, line.position] = base
        for key in keys_of(world, order, line):
            amount = commission(world.rates[key.level - 1], base)
            if amount:
                world.entries.append(Entry(key, amount, at, release))


def take_back(world, order, reversal, at):
    """Write the negative entries of a return or credit note (6.5)."""
    line = reversal.line
    base = line.value(line.quantity - reversal.quantity)
    world.bases[order.number, line.position] = base
    for key in keys_of(world, order, line):
        difference = commission(world.rates[key.level - 1], base) - world.earned(key)
        if difference:
            original = next(entry for entry in world.entries if entry.key == key)
            held = original.state == "held"
            world.entries.append(
                Entry(key, difference, at, original.release if held else at.date(), "held" if held else "due")
            )


def release(world, today):
    """Make due what was held long enough (7.1)."""
    for entry in world.entries:
        if entry.state == "held" and entry.release <= today:
            entry.state = "due"


def post_entries(world):
    """Post the entries of earning not yet posted (7.1)."""
    for entry in world.entries:
        if not entry.posted:
            entry.posted = True
            journal = world.journals[entry.key.distributor]
            journal.expense += entry.amount
            journal.accrued -= entry.amount


def settle(world, today):
    """Settle all due entries, per distributor by their sum (7.2)."""
    sums = defaultdict(lambda: ZERO)
    for entry in world.entries:
        if entry.state == "due":
            entry.state = "settled"
            sums[entry.key.distributor] += entry.amount
    for distributor, amount in sorted(sums.items()):
        world.accounts[distributor].settle(amount)
        world.journals[distributor].accrued += amount
        world.journals[distributor].payable -= amount
        world.settlements.append((today, distributor, amount))


def pay_out(world, today):
    """Pay every account that has the minimum (7.3)."""
    for distributor, account in sorted(world.accounts.items()):
        if account.available >= PAYOUT_MINIMUM:
            amount = account.pay()
            world.journals[distributor].payable += amount
            world.journals[distributor].bank -= amount
            world.payouts.append((today, distributor, amount))


def morning(world, at):
    """Run the crons of a day (7.1, 7.2)."""
    release(world, at.date())
    post_entries(world)
    if at.day == 1:
        settle(world, at.date())


def calendar(world):
    """Yield (moment, what to do) of the company's own calendar, day by day."""
    day = FIRST_DAY
    while london(day) < END:
        yield london(day, 2), lambda at: morning(world, at)
        if day.day == 5:
            yield london(day, 12), lambda at: pay_out(world, at.date())
        day += dt.timedelta(days=1)
    yield END - dt.timedelta(minutes=1), lambda at: post_entries(world)


def happenings(world):
    """Yield (moment, what to do) of the deliveries and reversals."""
    orders = {order.number: order for order in world.trade.orders}
    for order in world.trade.orders:
        yield order.delivered, lambda at, order=order: deliver(world, order, at)
    for reversal in world.trade.reversals:
        order = orders[reversal.line.order]
        yield reversal.at, lambda at, order=order, reversal=reversal: take_back(world, order, reversal, at)


def simulate(trade, rates):
    """Play the whole world with these rates (percent, level 1 first) and return it."""
    world = World(trade, [Decimal(rate) for rate in rates])
    events = [*calendar(world), *happenings(world)]
    for at, action in sorted(events, key=lambda event: event[0]):
        if at < END:
            action(at)
    return world
