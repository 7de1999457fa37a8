# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Moments as they travel: Odoo keeps them in UTC without saying so, JSON says so."""

from datetime import timezone


def to_utc(moment):
    """Return a moment with its time zone, None where Odoo has none.

    :param moment: naive UTC datetime or False
    """
    return moment.replace(tzinfo=timezone.utc) if moment else None
