# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Why an amount is what it is: the figures behind a posting, as plain data for screens and interfaces."""

from .money import round_half_up


def explain(bases, term, target, before, unit):
    """Return the facts of a computation, every number a decimal string.

    :param list bases: cumulative bases by delivery; the last one decides
    :param dict term: `kind`, `rate`, `fixed`, `uncapped`, `level`, `rule`, `grade`, `currency_rate` as they were
        frozen, and `units`, for how many the base stands
    :param Decimal target: what the term should have earned now
    :param Decimal before: what the ledger had before this posting
    :param Decimal unit: smallest unit of the currency
    :rtype: dict
    """
    last = bases[-1] if bases else None
    figures = {
        "sent": last.value if last else 0,
        "kept": last.kept if last else 0,
        "money": last.money if last else 0,
        "base": last.amount if last else 0,
    }
    return {
        **{name: str(round_half_up(value, unit)) for name, value in figures.items()},
        **term,
        "target": str(target),
        "before": str(before),
    }
