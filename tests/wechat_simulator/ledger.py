# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""The simulator's own books, to compare with Odoo's: double entry, in fen.

Accounts: ``merchant`` (the balance), ``merchant:transfers`` (locked until the user confirms),
``merchant:refunds`` (on the way back), ``merchant:unshipped`` (frozen until the shipment is reported),
``user:<openid>``, and ``outside``, where top-ups come from. The sum of all is zero; none but ``outside`` is ever
negative.
"""

from .records import Entry

OUTSIDE = "outside"
MERCHANT = "merchant"
TRANSFERS = "merchant:transfers"
REFUNDS = "merchant:refunds"
UNSHIPPED = "merchant:unshipped"


def user_account(openid):
    """Return the account of a user."""
    return f"user:{openid}"


class NotEnough(Exception):
    """The account has less than what should leave it."""


class Ledger:
    """Balances and the entries that explain them."""

    def __init__(self, store, clock):
        self._store = store
        self._clock = clock
        self._balances = {}
        for entry in store.entries:
            self._count(entry)

    def balance(self, account):
        """Return what is on an account."""
        return self._balances.get(account, 0)

    def balances(self):
        """Return all accounts that ever moved."""
        return dict(self._balances)

    def move(self, source, target, amount, kind, number):
        """Move money from one account to another; NotEnough leaves both as they were."""
        with self._store.lock:
            if amount <= 0:
                raise ValueError(f"{amount} fen cannot be moved")
            if source != OUTSIDE and self.balance(source) < amount:
                raise NotEnough(source)
            seq = len(self._store.entries) + 1
            entry = Entry(seq, self._clock.now(), source, target, amount, kind, number)
            self._store.entries.append(entry)
            self._count(entry)

    def set_balance(self, account, amount):
        """Bring an account to an amount, from or to the outside."""
        with self._store.lock:
            if amount < 0:
                raise ValueError("a balance is never negative")
            missing = amount - self.balance(account)
            if missing > 0:
                self.move(OUTSIDE, account, missing, "topup", "")
            elif missing < 0:
                self.move(account, OUTSIDE, -missing, "withdraw", "")

    def clear(self):
        """Forget the balances, once the store has forgotten the entries."""
        self._balances = {}

    def _count(self, entry):
        self._balances[entry.debit] = self.balance(entry.debit) - entry.amount
        self._balances[entry.credit] = self.balance(entry.credit) + entry.amount
