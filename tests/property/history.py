# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""What happens: random histories, and the smallest form of one that fails.

A history is a `World` and a list of events: tuples of a name and plain numbers. Numbers that choose among what there
is ("the second invoice") count round and round, and an event for which there is nothing is left out when it is played.
So any part of a history is a history, and can be pasted into a test.
"""

import random
from dataclasses import dataclass, replace

# For one level, in hundredths of a per cent: together never above the lowest cap, or the rules would be refused.
RATES = {1: (0, 500, 750, 1000, 1200), 2: (0, 333, 500, 600), 3: (0, 125, 200)}
FIXED = (0, 1, 100, 333, 2500)
KINDS, FIXED_KINDS = (0, 1, 2, 3, 4, 5), (1, 2)
CAPS = (20, 25, 30)
PRICES = (5, 35, 333, 3333, 10000, 12345)
QUANTITIES = (1, 3, 7, 10, 10)
CUSTOMERS = 5
DISTRIBUTORS = 6
LIMITS, TIERS, AUDIENCES = 11, 4, 10
PERIOD_LIMITS, LEAST_LIMITS = (7, 8), (9, 9, 10)
# Whom rules are for that compete for who earns on the first customer: herself, her grade, her two tags.
COMPETING = (3, 7, 9, 10)
MARGIN = 5
TRIGGERS = ("shipped", "received", "invoiced", "invoice_paid", "paid")

# How often what happens.
WEIGHTS = {
    "sell": 3,
    "ship": 16,
    "receive": 12,
    "give_back": 12,
    "send_again": 5,
    "correct": 4,
    "invoice": 9,
    "exchange": 3,
    "credit": 14,
    "post": 6,
    "unpost": 6,
    "drop": 4,
    "cancel": 3,
    "reopen": 8,
    "quantity": 4,
    "price": 3,
    "discount": 2,
    "add": 3,
    "extra": 3,
    "rule": 6,
    "cap": 1,
    "program": 2,
    "distributor": 4,
    "move": 2,
    "bind": 2,
    "currency": 1,
    "wait": 12,
    "settle": 6,
    "pay": 6,
    "charge": 8,
    "capture": 4,
    "refund": 8,
    "pay_invoice": 8,
    "unpay": 3,
    "cost": 2,
    "list_price": 2,
    "campaign": 4,
    "grade": 2,
    "tag": 2,
    "exclude": 1,
    "down_payment": 3,
    "look": 5,
    "end_month": 3,
}
# What a history is mostly about: these things happen three times as often in it.
THEMES = (
    ("ship", "wait", "give_back", "receive", "send_again"),
    ("invoice", "exchange", "credit", "post", "unpost", "drop"),
    ("rule", "add", "extra", "quantity", "price", "discount", "cancel", "reopen"),
    ("rule", "campaign", "sell", "ship", "add", "reopen"),
    ("sell", "ship", "grade", "tag", "rule", "quantity"),
    ("ship", "wait", "settle", "pay", "give_back", "credit"),
    ("ship", "charge", "capture", "refund", "give_back", "credit", "invoice"),
    ("ship", "invoice", "pay_invoice", "unpay", "credit", "unpost", "post"),
    ("sell", "ship", "end_month", "give_back", "cancel", "reopen", "add"),
)
# What a trigger waits for happens more often too.
AWAITED = {
    "paid": ("charge", "refund", "invoice", "pay_invoice", "pay_invoice"),
    "invoiced": ("invoice",),
    "invoice_paid": ("invoice", "pay_invoice", "pay_invoice"),
}
# What follows one another in a shop, and chance brings too seldom.
PHRASES = (
    ("charge", "ship", "refund"),
    ("charge", "invoice", "ship", "credit", "refund"),
    ("charge", "invoice", "credit", "invoice", "refund"),
    ("ship", "invoice", "credit", "give_back", "credit"),
    ("ship", "invoice", "give_back", "exchange", "credit"),
    ("ship", "wait", "give_back", "settle", "look"),
    ("down_payment", "invoice", "pay_invoice", "pay_invoice", "credit"),
    ("ship", "end_month", "give_back", "end_month"),
)
# How a history begins that is about something.
BEGINNINGS = {
    "month": ("sell", "sell", "sell"),
    "least": ("sell", "sell", "ship", "end_month", "ship"),
    "margin": ("sell", "invoice"),
    "bank": ("sell", "invoice", "pay_invoice"),
    "documents": ("sell", "ship", "invoice", "credit", "credit", "invoice", "credit"),
    "waiting": ("sell", "ship", "look", "wait", "give_back", "settle", "look"),
}
# What a trigger may be, where the history is about something that only happens with some.
TRIGGERS_FOR = {
    "margin": ("invoiced", "invoice_paid", "paid"),
    "bank": ("paid", "paid", "invoice_paid"),
    "waiting": ("shipped",),
}
# What leaves shares that nobody earns: who stands between two others is closed, or is paid nothing.
VACANT = (
    ("distributor", 1, "closed"),
    *(("rule", level, 0, who, 0, 0, 0, 0) for level, who in ((1, 3), (1, 4), (2, 2))),
)
# What must have happened before, so that there is something to do it with.
NEEDS = {
    "receive": "ship",
    "give_back": "ship",
    "correct": "ship",
    "send_again": "give_back",
    "credit": "invoice",
    "exchange": "invoice",
    "post": "invoice",
    "unpost": "invoice",
    "drop": "unpost",
    "reopen": "cancel",
    "settle": "wait",
    "pay": "settle",
    "capture": "charge",
    "refund": "charge",
    "pay_invoice": "invoice",
    "unpay": "pay_invoice",
}


@dataclass(frozen=True)
class World:
    """The program at the beginning.

    :param tuple rates: of levels 1 to 3, in hundredths of a per cent
    :param tuple rule: one more rule, as in the event
    :param int dated: rate for bowls on level 1 in the first three days, 0 for none
    :param bool background: whether the ledger looks at orders later
    :param bool passes_up: whether a share that nobody earns passes to the next one up
    """

    trigger: str = "shipped"
    hold: int = 0
    levels: int = 1
    cap: int = 30
    rates: tuple = (1000, 0, 0)
    rule: tuple = ()
    dated: int = 0
    background: bool = False
    passes_up: bool = False


def draw(seed, number, longest=15):
    """Return the history of a number: the same for the same seed.

    :rtype: (World, list)
    """
    rng = random.Random(f"{seed}/{number}")
    about = _subject(rng)
    world = World(
        trigger=rng.choice(TRIGGERS_FOR.get(about, TRIGGERS)),
        hold=rng.choice((0, 1, 7)),
        levels=rng.choice((1, 2, 3, 3)),
        cap=rng.choice(CAPS),
        rates=tuple(rng.choice(RATES[level]) for level in RATES),
        rule=_rule_about(rng, about),
        dated=rng.choice((0, 0, 1200)),
        background=about == "waiting" or rng.random() < 1 / 3,
        passes_up=rng.random() < 1 / 3,
    )
    names, length = [*BEGINNINGS.get(about, ("sell",))], rng.randint(longest // 2, longest)
    theme = (*rng.choice(THEMES), *AWAITED.get(world.trigger, ()))
    while len(names) < length:
        possible = [name for name in WEIGHTS if NEEDS.get(name, "sell") in names]
        names += rng.choices(possible, [WEIGHTS[name] * (1 + 2 * theme.count(name)) for name in possible])
        names += rng.choice(PHRASES) if rng.random() < 1 / 20 else ()
    events = [_event(rng, name, about) for name in names if name != "look" or world.background]
    vacant = [rng.choice(VACANT)] if world.passes_up else []
    return world, [*vacant, *_first_events(rng, about), *events][:longest]


def _subject(rng):
    """Return what a history is about: of some things chance brings too seldom what they need."""
    subjects = {
        "month": 5,
        "campaign": 5,
        "audiences": 3,
        "least": 4,
        "margin": 2,
        "bank": 1,
        "documents": 4,
        "waiting": 1,
        "": 5,
    }
    return rng.choices(list(subjects), list(subjects.values()))[0]


def _rule_about(rng, about):
    if about == "month":
        return _monthly_rule(rng)
    if about == "least":
        return _first_rule(rng, rng.choice(LEAST_LIMITS))
    if about == "margin":
        return (1, 0, 0, MARGIN, rng.choice(RATES[1][1:]), 0, 0)
    return _first_rule(rng) if about == "campaign" else _rule(rng)


def _first_events(rng, about):
    if about == "campaign":
        return [("campaign", rng.choice((0, 1, 2, 2)), 9, *_first_rule(rng)[:4], rng.choice((50, 150, 200)), 0, 0)]
    if about == "audiences":
        # Each pays something else, or it would not be seen which of them does.
        audiences, rates = rng.sample(COMPETING, 3), rng.sample(RATES[1], 3)
        return [("rule", 1, 0, audience, 0, rate, 0, 0) for audience, rate in zip(audiences, rates, strict=True)]
    if about == "least":
        # Two levels to whom something is guaranteed share what the caps leave.
        return [("rule", 2, *_first_rule(rng, rng.choice(LEAST_LIMITS))[1:])] if rng.random() < 1 / 2 else []
    return []


def _event(rng, name, about):
    """Return an event with what it is done with."""
    arguments = {
        "sell": lambda: (
            # Mostly those for whom somebody earns.
            0 if about in ("month", "least", "audiences") else rng.choice((0, 0, 0, 1, 1, 1, *range(CUSTOMERS))),
            rng.choice((0, 0, 0, rng.randint(1, DISTRIBUTORS))),
            tuple(_line(rng) for _line_number in range(rng.choice((1, 2, 3) if about != "documents" else (2, 3)))),
            rng.choice((0, 0, 0, 1000, 2999) if about != "documents" else (0, 1000, 2999)),
            rng.choice((0, 0, 0, 0, 0, 1, 1, 2)),
        ),
        "ship": lambda: (_pick(rng), rng.choice((20, 30, 50, 50, 100, 130)), _percent(rng), rng.randrange(4)),
        "receive": lambda: (_pick(rng),),
        "give_back": lambda: (_pick(rng), _percent(rng), rng.choice((0, 1, 1, 1))),
        "send_again": lambda: (_pick(rng),),
        "correct": lambda: (_pick(rng), rng.choice((0, 50, 120))),
        "invoice": lambda: (_pick(rng), _percent(rng), rng.choice((0, 1)), rng.choice((0, 1, 1, 1))),
        "exchange": lambda: (_pick(rng), _percent(rng), rng.choice((0, 1, 1, 1))),
        "credit": lambda: (_pick(rng), rng.randrange(7), _percent(rng), rng.choice((0, 1, 1, 1))),
        "post": lambda: (_pick(rng),),
        "unpost": lambda: (_pick(rng),),
        "drop": lambda: (_pick(rng),),
        "cancel": lambda: (_pick(rng),),
        "reopen": lambda: (_pick(rng),),
        "quantity": lambda: (_pick(rng), rng.choice(QUANTITIES)),
        "price": lambda: (_pick(rng), rng.choice(PRICES)),
        "discount": lambda: (_pick(rng), rng.choice((0, 10, 33, 100))),
        "extra": lambda: (_pick(rng), rng.choice((0, 500, 2500))),
        "add": lambda: (_pick(rng), rng.choice((_line(rng), _line(rng), 1000))),
        "rule": lambda: _rule(rng),
        "cap": lambda: (rng.choice(CAPS),),
        "program": lambda: (rng.choice(TRIGGERS), rng.choice((0, 1, 7)), rng.choice((1, 2, 3))),
        "distributor": lambda: (rng.randrange(DISTRIBUTORS), rng.choice(("active", "suspended", "closed"))),
        "move": lambda: (rng.randrange(DISTRIBUTORS), rng.randint(0, DISTRIBUTORS)),
        "bind": lambda: (rng.randrange(CUSTOMERS), rng.randint(0, DISTRIBUTORS)),
        "currency": lambda: (rng.choice((1373, 10000, 77777)),),
        "wait": lambda: (rng.choice((9, 24, 24, 170, 250)),),
        "look": lambda: (),
        "settle": lambda: (),
        "pay": lambda: (),
        "charge": lambda: (_pick(rng), rng.choice((30, 50, 100, 100, 100, 120)), rng.choice((0, 0, 0, 1))),
        "capture": lambda: (_pick(rng), _percent(rng), rng.choice((0, 1, 1, 1))),
        "refund": lambda: (_pick(rng), rng.choice((10, 25, 33, 100))),
        "pay_invoice": lambda: (_pick(rng), rng.choice((30, 100, 100, 100))),
        "unpay": lambda: (_pick(rng),),
        "campaign": lambda: (rng.randrange(3), rng.choice((0, 2, 9)), *_campaign_rule(rng)),
        "grade": lambda: (rng.randrange(DISTRIBUTORS), rng.randrange(3)),
        "tag": lambda: (rng.randrange(DISTRIBUTORS), rng.randrange(2), rng.randrange(2)),
        "exclude": lambda: (rng.choice((0, 1)), rng.choice((0, 1))),
        "down_payment": lambda: (_pick(rng), rng.choice((30, 50)), rng.choice((0, 1, 1, 1))),
        "cost": lambda: (rng.randrange(4), rng.choice((0, *PRICES))),
        "list_price": lambda: (rng.randrange(4), rng.choice(PRICES)),
        "end_month": lambda: (),
    }
    return (name, *arguments[name]())


def _pick(rng):
    return rng.randrange(4)


def _percent(rng):
    return rng.choice((20, 50, 70, 100, 100))


def _line(rng):
    """Product (mug, bowl, tea by the dozen, service), quantity, price in fen, discount in per cent, tax."""
    product, quantity, price = rng.randrange(4), rng.choice(QUANTITIES), rng.choice(PRICES)
    return (product, quantity, price, rng.choice((0, 0, 10, 33)), rng.choice((0, 0, 1, 2)))


def _rule(rng):
    """Level, 1 for bowls only, audience, what it pays, how much, limits, tiers: see `rulebook` and `stage`."""
    level, kind = rng.choice((1, 1, 2, 3)), rng.choice(KINDS)
    value = rng.choice(FIXED if kind in FIXED_KINDS else RATES[level])
    audience = rng.choice((0, 0, 0, rng.randint(1, AUDIENCES)))
    limit, tier = rng.choice((0, 0, rng.randrange(LIMITS))), rng.choice((0, 0, rng.randrange(TIERS)))
    return (level, rng.choice((0, 0, 1)), audience, kind, value, limit, tier)


def _first_rule(rng, limit=0, tier=0):
    """A rule that pays everybody on the first level."""
    kind = rng.choice((*KINDS, 1))
    return (
        1,
        0,
        0,
        kind,
        rng.choice([each for each in (FIXED if kind in FIXED_KINDS else RATES[1]) if each]),
        limit,
        tier,
    )


def _monthly_rule(rng):
    tier = rng.choice((0, 0, 1, 2, 3))
    return _first_rule(rng, 0 if tier else rng.choice(PERIOD_LIMITS), tier)


def _campaign_rule(rng):
    """A rule whose value is a factor in per cent where the campaign multiplies: not too much for the cap."""
    level, for_bowls, audience, kind, _value, limit, tier = _rule(rng)
    return (level, for_bowls, audience, kind, rng.choice((0, 50, 100, 150, 200, 333)), limit, tier)


# === THE SMALLEST HISTORY THAT FAILS === #


def shrink(world, events, fails, most=400):
    """Return the smallest form that still fails: without events that do not matter, then with simple numbers.

    :param fails: called with (world, events), tells whether this history fails
    :param int most: how many histories are tried at most
    """
    tries = 0

    def still_fails(*history):
        nonlocal tries
        tries += 1
        return tries <= most and fails(*history)

    before = None
    while before != (world, events) and tries <= most:
        before = (world, events)
        events = _drop_events(world, events, still_fails)
        world = _simplify_world(world, events, still_fails)
        events = _simplify_events(world, events, still_fails)
    return world, events


def _drop_events(world, events, fails):
    size = len(events) // 2
    while size:
        start = 0
        while start < len(events):
            shorter = events[:start] + events[start + size :]
            if fails(world, shorter):
                events = shorter
            else:
                start += size
        size //= 2
    return events


def _simplify_world(world, events, fails):
    for name, plain in vars(World()).items():
        simpler = replace(world, **{name: plain})
        if simpler != world and fails(simpler, events):
            world = simpler
    return world


def _simplify_events(world, events, fails):
    for position, event in enumerate(events):
        for simpler in _simpler(event):
            shorter = [*events[:position], simpler, *events[position + 1 :]]
            if fails(world, shorter):
                events = shorter
                break
    return events


def _simpler(value):
    """Yield simpler forms of an event: parts left out, numbers made small, one change at a time."""
    for position, part in enumerate(value):
        if isinstance(part, tuple):
            if len(part) > 1 and isinstance(part[0], tuple):
                for left_out in range(len(part)):
                    yield (*value[:position], part[:left_out] + part[left_out + 1 :], *value[position + 1 :])
            for simpler in _simpler(part):
                yield (*value[:position], simpler, *value[position + 1 :])
        elif isinstance(part, int):
            for number in (0, 1, 10, 100):
                if number < part:
                    yield (*value[:position], number, *value[position + 1 :])


def as_test(world, events):
    """Return a history as the lines of a test."""
    lines = [f"    {event!r}," for event in events]
    return "\n".join([f"self.play({world!r}, [", *lines, "])"])
