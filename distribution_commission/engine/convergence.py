# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""What the ledger must write so that a term holds what it should earn now.

The ledger converges: it gets the difference between target and holdings, never an event's own amount. Events that come
twice, late, together or in another order therefore change nothing.
"""

from dataclasses import dataclass
from decimal import Decimal

from .money import allocate, exact, round_half_up


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the ledger: amounts in company currency, ids of the delivery and of the row it reverses (0: none)."""

    id: int
    amount: Decimal
    base: Decimal
    delivery_id: int = 0
    reverses_id: int = 0


@dataclass(frozen=True, slots=True)
class Posting:
    """A row to be written."""

    amount: Decimal
    base: Decimal
    delivery_id: int = 0
    reverses_id: int = 0
    moment: object = None


def converge(bases, targets, rows, currency_rate, unit):
    """Return the postings that bring the ledger of one term to its target.

    :param list bases: cumulative bases by delivery, see `eligible_bases`
    :param list targets: what the term earns on each of them
    :param list rows: what the ledger holds for the term, in order of id
    :param Fraction currency_rate: units of the order's currency for one of the company's, at confirmation
    :param Decimal unit: smallest unit of the company's currency
    :rtype: list of Posting
    """
    target = targets[-1] if targets else Decimal(0)
    difference = target - sum((row.amount for row in rows), Decimal(0))
    if not difference:
        return []
    base_now = round_half_up(bases[-1].amount / exact(currency_rate), unit) if bases else Decimal(0)
    base_difference = base_now - sum((row.base for row in rows), Decimal(0))
    if difference > 0:
        parts = _earn(bases, targets, rows, difference)
    else:
        parts = _claw_back(rows, -difference)
    shares = allocate(base_difference, [abs(part.amount) for part in parts], unit)
    return [
        Posting(part.amount, share, part.delivery_id, part.reverses_id, part.moment)
        for part, share in zip(parts, shares, strict=True)
    ]


def _earn(bases, targets, rows, difference):
    """Spread a gain over the deliveries that lack it, the latest first, so that no hold ends too early."""
    held = _net_by_delivery(rows)
    gaps, before = [], Decimal(0)
    for base, target in zip(bases, targets, strict=True):
        gaps.append(max(Decimal(0), target - before - held.get(base.delivery_id, Decimal(0))))
        before = target
    postings = []
    for base, gap in reversed(list(zip(bases, gaps, strict=True))):
        amount = min(gap, difference)
        if amount:
            postings.append(Posting(amount, Decimal(0), base.delivery_id, 0, base.moment))
            difference -= amount
    if difference:
        raise AssertionError(f"{difference} of a gain belongs to no delivery")
    return postings[::-1]


def _net_by_delivery(rows):
    net = {}
    for row in rows:
        net[row.delivery_id] = net.get(row.delivery_id, Decimal(0)) + row.amount
    return net


def _claw_back(rows, loss):
    """Reverse the latest earnings first; a reversal names what it reverses."""
    deliveries = {row.id: row.delivery_id for row in rows}
    return [Posting(-part, Decimal(0), deliveries[row_id], row_id) for row_id, part in get_reversals(rows, loss)]


def get_reversals(rows, loss):
    """Return which earnings are taken back, the latest first.

    :param list rows: what the ledger holds, `Row`, in order of id
    :param Decimal loss: how much is taken back
    :return: (id of the earning, how much of it)
    :rtype: list
    """
    left = {row.id: row.amount for row in rows if not row.reverses_id}
    for row in rows:
        if row.reverses_id:
            left[row.reverses_id] += row.amount
    parts = []
    for row_id in sorted(left, reverse=True):
        part = min(left[row_id], loss)
        if part > 0:
            parts.append((row_id, part))
            loss -= part
    if loss:
        raise AssertionError(f"a loss of {loss} reverses nothing")
    return parts
