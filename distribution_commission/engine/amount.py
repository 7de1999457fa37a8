# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""What every level of an order's lines gets: amounts per order shared out, limits, the cap, one rounding.

Limits and amounts per order are for the order as it is now, as if all of it were sent, kept and paid: a line earns its
part of them as it is sent, and what comes back takes back its part. Nothing of this depends on other lines' deliveries.
"""

from collections import defaultdict
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

from .money import allocate, round_half_up
from .pay import ZERO, Line, Pay, get_amount


@dataclass(frozen=True, slots=True)
class Share:
    """What one level gets of one line.

    :param key: names the share in the result
    :param group: shares of an order with the same group have their limits and amounts per order in common
    """

    key: object
    group: object
    pay: Pay


@dataclass(frozen=True, slots=True)
class Sold:
    """An order line with the shares of its levels, the lowest level first.

    :param tuple bases: the `eligible_base.Base` on which the amounts are asked for
    :param Fraction cap_rate: the most that all levels get, in per cent of the base
    """

    line: Line
    shares: tuple
    bases: tuple
    cap_rate: Fraction

    def get_cap(self, base):
        """Return the most that all levels get on a base, in the company's currency, not rounded."""
        cap = base.amount * self.cap_rate / 100
        return cap if self.line.currency_rate == 1 else cap / self.line.currency_rate


@dataclass(frozen=True, slots=True)
class Amount:
    """What a share comes to, in the company's currency.

    :param Fraction by_itself: before limits
    :param Fraction limited: before the cap
    :param Decimal final: after the cap, rounded
    """

    by_itself: Fraction
    limited: Fraction
    final: Decimal


def get_amounts(sold, unit):
    """Return what every share of an order gets.

    :param list sold: the `Sold` lines of one order
    :param Decimal unit: smallest unit of the company's currency
    :return: key of the share → list of `Amount`, one for each base of its line
    :rtype: dict
    """
    lines = _share_out_orders(sold, unit)
    # As agreed: a small line's part of an amount per order is nothing, and has the minimum all the same.
    agreed = {share.key: share.pay for one in sold for share in one.shares}
    limited = _get_limited(lines, agreed, unit)
    amounts = {}
    for one in lines:
        columns = [_get_capped(one, base, limited, unit) for base in one.bases]
        for position, share in enumerate(one.shares):
            amounts[share.key] = [column[position] for column in columns]
    return amounts


def get_line_amounts(pays, line, cap_rate, unit):
    """Return what the levels get of a line by itself, if all of it is sent, kept and paid.

    :param list pays: by level
    :rtype: list of Decimal
    """
    shares = tuple(Share(position, position, pay) for position, pay in enumerate(pays))
    amounts = get_amounts([Sold(line, shares, (line.whole,), cap_rate)], unit)
    return [amounts[share.key][0].final for share in shares]


def _share_out_orders(sold, unit):
    """Return the lines with each share's part of its amount per order: by value, largest remainder."""
    groups = defaultdict(list)
    for one in sold:
        for share in one.shares:
            if share.pay.per_order:
                groups[share.group].append((share, max(ZERO, one.line.worth)))
    if not groups:
        return sold
    parts = {}
    for members in groups.values():
        value = sum((worth for _share, worth in members), ZERO)
        exact = [share.pay.per_order * worth / value if value else ZERO for share, worth in members]
        shared_out = allocate(round_half_up(sum(exact, ZERO), unit), exact, unit)
        parts |= {share.key: Fraction(part) for (share, _worth), part in zip(members, shared_out, strict=True)}
    return [
        replace(
            one,
            shares=tuple(
                replace(share, pay=replace(share.pay, per_order=parts.get(share.key, ZERO))) for share in one.shares
            ),
        )
        for one in sold
    ]


def _get_limited(lines, agreed, unit):
    """Return for each share with limits what its whole line gets by itself and within them, and its part of the least.

    :param dict agreed: key of the share → how it is paid
    :return: key → (by itself, within the limits, the least)
    :rtype: dict
    """
    bound = [(one, share) for one in lines for share in one.shares if share.pay.is_limited]
    whole = {share.key: get_amount(share.pay, one.line.whole, one.line) for one, share in bound}
    limited, groups = {}, defaultdict(list)
    for one, share in bound:
        if one.line.worth <= 0:
            limited[share.key] = (ZERO, ZERO)
        elif share.pay.scope in ("order", "period"):
            groups[share.group].append((share, one.line.worth))
        else:
            pay, count = agreed[share.key], one.line.units if share.pay.scope == "unit" else 1
            limited[share.key] = (pay.limit(whole[share.key], count), pay.limit(ZERO, count))
    for members in groups.values():
        pays = [agreed[share.key] for share, _worth in members]
        # Limits are for what pays: a line whose tier pays nothing may come first.
        pay = next((pay for pay in pays if pay.is_paying), pays[0])
        limited |= _get_group_limited(members, whole, pay.limit, unit)
    return {key: (whole[key], *limited[key]) for key in whole}


def _get_group_limited(members, whole, limit, unit):
    """Return what each of an order's shares gets so that their sum keeps to the limit they have in common.

    :param list members: (share, worth of its line); by value, where none of them gets anything by itself
    :return: key → (within the limits, its part of the least)
    :rtype: dict
    """
    keys, amounts = [share.key for share, _worth in members], [whole[share.key] for share, _worth in members]
    total = sum(amounts, ZERO)
    bounded, least = limit(total, 1), limit(ZERO, 1)
    weights = amounts if total else [worth for _share, worth in members]
    if bounded != total:
        amounts = [Fraction(amount) for amount in allocate(round_half_up(bounded, unit), weights, unit)]
    parts = (least * weight / sum(weights, ZERO) for weight in weights)
    return {key: (amount, min(amount, part)) for key, amount, part in zip(keys, amounts, parts, strict=True)}


def _get_capped(one, base, limited, unit):
    """Return the amounts of a line's shares on a base, scaled down together where they exceed the cap.

    The reduction is shared by largest remainder, ties to the lower level. What is compared is exact: levels that keep
    to the cap are not scaled because each of them was rounded.

    :rtype: list of Amount
    """
    pairs = [_get_on_base(share, one.line, base, limited.get(share.key)) for share in one.shares]
    amounts = [amount for _by_itself, amount in pairs]
    cap = one.get_cap(base)
    if sum(amounts, ZERO) > cap:
        final = allocate(round_half_up(cap, unit), amounts, unit)
    else:
        final = [round_half_up(amount, unit) for amount in amounts]
    return [Amount(*pair, amount) for pair, amount in zip(pairs, final, strict=True)]


def _get_on_base(share, line, base, limits):
    """Return what a share gets on a base, by itself and within its part of the limits.

    A price reduction lowers a margin more than the price: what is left of the price has its part of the least.

    :param tuple limits: what the whole line gets by itself, within its limits, and at least; None without limits
    """
    by_itself = get_amount(share.pay, base, line)
    if not limits:
        return by_itself, by_itself
    (whole, limited, least), part = limits, line.get_part(base)
    amount = min(by_itself, limited * part) if limited < whole else by_itself
    return by_itself, max(amount, (limited if limited > whole else least) * part)
