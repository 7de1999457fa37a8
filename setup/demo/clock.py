"""Frozen time: every day of the demo happens on its own day, in the database too."""

import contextlib
import datetime
from unittest import mock
from zoneinfo import ZoneInfo

from freezegun import freeze_time

ZONE = ZoneInfo("Europe/London")


def moment(day, clock):
    """Return the naive UTC moment of a London day and time of day such as ``9:05``."""
    hour, minute = map(int, clock.split(":"))
    local = datetime.datetime(day.year, day.month, day.day, hour, minute, tzinfo=ZONE)
    return local.astimezone(datetime.timezone.utc).replace(tzinfo=None)


class Clock:
    """The frozen clock of a simulation."""

    def __init__(self, frozen):
        self._frozen = frozen

    def set(self, day, clock):
        """Move to a moment of a London day."""
        self._frozen.move_to(moment(day, clock))


@contextlib.contextmanager
def frozen_clock(day, clock="00:00"):
    """Freeze Python's time, and ``cr.now()`` (the database's), which Odoo writes into create_date and write_date."""
    with (
        freeze_time(moment(day, clock)) as frozen,
        mock.patch("odoo.sql_db.BaseCursor.now", lambda cursor: datetime.datetime.now()),
    ):
        yield Clock(frozen)


def today():
    """Return the day in London."""
    return datetime.datetime.now(datetime.timezone.utc).astimezone(ZONE).date()
