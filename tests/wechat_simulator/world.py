# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""What every part of the simulator shares."""

import random
from datetime import datetime

from . import identity
from .clock import CHINA, Clock
from .faults import Faults
from .ledger import MERCHANT, Ledger
from .records import Settings
from .store import Store


class Numbers:
    """Identifiers that look like WeChat's; the same ones again with the same seed."""

    def __init__(self, clock, seed=None):
        self._clock = clock
        self._random = random.Random(seed) if seed is not None else random.SystemRandom()

    def digits(self, prefix, length):
        """Return a number of that many digits, with today's date after the prefix."""
        head = prefix + datetime.fromtimestamp(self._clock.now(), CHINA).strftime("%Y%m%d")
        return head + "".join(self._random.choices("0123456789", k=length - len(head)))

    def text(self, length):
        """Return letters and digits."""
        alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
        return "".join(self._random.choices(alphabet, k=length))

    def hex(self, length):
        """Return hexadecimal digits."""
        return "".join(self._random.choices("0123456789abcdef", k=length))


class World:
    """Keys, clock, memory, books, faults; the notifier is added by the simulator."""

    def __init__(self, directory=None, seed=None, settings=None):
        self.settings = settings or Settings()
        self.identity = identity.load(directory)
        self.store = Store(directory)
        self.clock = Clock(self.store.clock_offset)
        self.numbers = Numbers(self.clock, seed)
        self.ledger = Ledger(self.store, self.clock)
        self.faults = Faults()
        self.notifier = None
        if not self.store.entries:
            self.fund()

    @property
    def merchant(self):
        """Return the merchant."""
        return self.identity.merchant

    def fund(self):
        """Give the merchant its first balance."""
        self.ledger.set_balance(MERCHANT, self.settings.merchant_balance)

    def clear(self):
        """Forget all but the keys."""
        self.store.clear()
        self.ledger.clear()
        self.faults.clear()
        self.clock.move(-self.clock.offset)
        self.fund()
