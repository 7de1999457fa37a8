"""The independent check: what the ledger and the books must show, computed from the sample and its stated rules.

Plain Python: ``csv``, ``decimal``, ``datetime``, ``zoneinfo``. It shares no code with the modules nor with the demo
loader; that is what makes it a check. The rules it follows are written in ``tests/data/RULES.md``; section numbers in
the docstrings are of that file.
"""

from .books import Balances, balances, totals
from .ledger import World, simulate
from .sample import read_rows
from .trade import Trade, build_trade

__all__ = ["Balances", "Trade", "World", "balances", "build_trade", "expected", "read_rows", "simulate", "totals"]


def expected(rates):
    """Return the world that the stated rules yield for these rates (percent, level 1 first)."""
    return simulate(build_trade(read_rows()), rates)
