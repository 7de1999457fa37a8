# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Why an amount is what it is: the figures behind a posting, as plain data for screens and interfaces."""

from fractions import Fraction

from .eligible_base import Base
from .money import round_half_up
from .pay import ZERO

# What a term has frozen, not rounded: a campaign may have multiplied it.
FROZEN = ("per_unit", "per_order", "cost")
NOTHING = Base(0, None, ZERO, ZERO, ZERO, ZERO)


def explain(line, pay, facts, bases, amounts, before, unit):
    """Return the facts of a computation, every number a decimal string; what does not matter is left out.

    :param Line line: the order line, see `engine.pay`
    :param Pay pay: how the term pays
    :param LineFacts facts: what happened to the line
    :param list bases: cumulative bases by delivery; the last one decides
    :param list amounts: `engine.amount.Amount` on each of them
    :param Decimal before: what the ledger had before this posting
    :param Decimal unit: smallest unit of the currency
    :rtype: dict
    """
    base = bases[-1] if bases else NOTHING
    figures = {"sent": base.value, "kept": base.kept, "money": base.money, "base": base.amount}
    if facts.discount:
        figures |= {"worth": facts.worth, "discount": facts.discount}
    if facts.refunded:
        figures["refunded"] = facts.refunded
    if facts.overcredited > 0:
        figures["overcredited"] = facts.overcredited
    if facts.borne >= Fraction(unit) / 2:
        figures["borne"] = facts.borne
    figures |= _get_pay_figures(line, pay, base)
    figures |= {"before": before, "target": ZERO, "uncapped": ZERO, "by_itself": ZERO}
    if amounts:
        last = amounts[-1]
        figures |= {"target": last.final, "uncapped": last.limited, "by_itself": last.by_itself}
    texts = {name: _say(value, unit, name in FROZEN) for name, value in figures.items()}
    if amounts and Fraction(texts["uncapped"]) != amounts[-1].limited:
        texts["unrounded"] = _count(amounts[-1].limited)
    return texts | {"measure": facts.measure} | _get_pay_texts(line, pay, base)


def _get_pay_figures(line, pay, base):
    """Return the amounts a pay is made of."""
    figures = {}
    if pay.rate:
        figures["rated"] = line.get_rated(pay.base_kind, base)
    if pay.per_unit:
        figures["per_unit"] = pay.per_unit
    if pay.per_order:
        figures["per_order"] = pay.per_order
    if pay.least:
        figures["minimum"] = pay.least
    if pay.maximum is not None:
        figures["maximum"] = pay.maximum
    if pay.base_kind == "list":
        figures["list_price"] = line.list_price
    if pay.base_kind == "margin":
        figures["cost"] = line.cost
    return figures


def _get_pay_texts(line, pay, base):
    """Return what is no amount of money."""
    return {
        "rate": _count(pay.rate),
        "base_kind": pay.base_kind,
        "scope": pay.scope,
        "units": _count(line.get_units(base)),
        "kept_units": _count(line.get_kept_units(base)),
    }


def _say(value, unit, is_frozen):
    """Return an amount of money in units of the currency; what was frozen finer than that is said as it is."""
    rounded = round_half_up(value, unit)
    return _count(value) if is_frozen and Fraction(rounded) != value else str(rounded)


def _count(number):
    """Return a number with as many decimals as it needs, six at most."""
    return f"{float(number):.6f}".rstrip("0").rstrip(".")
