# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Two clocks: the business one can be moved, the one of signatures is the machine's.

A client signs with the machine's time, so moving the business clock by a day (a transfer expires, a
login code grows old) must not make its signatures stale.
"""

import threading
import time
from datetime import datetime, timedelta, timezone

CHINA = timezone(timedelta(hours=8))
MINUTE, HOUR, DAY = 60, 3600, 86400


class Clock:
    """Seconds since the epoch, plus what the clock was moved by."""

    def __init__(self, offset=0.0):
        self._offset = offset
        self._lock = threading.Lock()

    @property
    def offset(self):
        """Return by how many seconds the clock is ahead of the machine's."""
        return self._offset

    def now(self):
        """Return the business time."""
        return time.time() + self._offset

    def move(self, seconds):
        """Move the clock forward (or back)."""
        with self._lock:
            self._offset += seconds

    def set(self, moment):
        """Set the clock to seconds since the epoch."""
        with self._lock:
            self._offset = moment - time.time()


def rfc3339(moment):
    """Return a time as WeChat writes it: Beijing time with its offset."""
    return datetime.fromtimestamp(moment, CHINA).replace(microsecond=0).isoformat()


def parse_rfc3339(text):
    """Return seconds since the epoch; a time without offset is refused."""
    moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    if moment.tzinfo is None:
        raise ValueError("a time needs its offset")
    return moment.timestamp()


def china_day(moment):
    """Return the business day in China, YYYY-MM-DD."""
    return datetime.fromtimestamp(moment, CHINA).strftime("%Y-%m-%d")
