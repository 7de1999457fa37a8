# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Money between Odoo, which computes in floats, WeChat, which counts fen, and JSON, which gets strings."""

from decimal import ROUND_HALF_UP, Decimal


def to_fen(amount):
    """Return an amount of CNY in fen.

    :param amount: float as Odoo stores it, or Decimal
    :rtype: int
    """
    return int((Decimal(repr(amount) if isinstance(amount, float) else amount) * 100).to_integral_value(ROUND_HALF_UP))


def from_fen(fen):
    """Return fen as an amount of CNY.

    :rtype: Decimal
    """
    return Decimal(fen) / 100


def to_text(currency, amount):
    """Return an amount as a decimal string with all the decimals of its currency, such as ``12.50``.

    :param currency: `res.currency` record
    :param amount: float or Decimal
    :rtype: str
    """
    digits = Decimal(1).scaleb(-currency.decimal_places)
    exact = Decimal(repr(amount) if isinstance(amount, float) else amount)
    # -0.0 would read -0.00.
    return str(exact.quantize(digits, ROUND_HALF_UP) + 0)
