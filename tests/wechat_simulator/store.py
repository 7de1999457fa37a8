# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""The memory: records by their number, kept in a file when there is a state directory."""

import json
import threading
from dataclasses import asdict
from pathlib import Path

from .records import App, Entry, Notice, Order, Refund, Transfer, User

SECTIONS = {
    "apps": App,
    "users": User,
    "orders": Order,
    "refunds": Refund,
    "transfers": Transfer,
    "notices": Notice,
}


class Store:
    """All records; whoever reads or writes holds ``lock``."""

    def __init__(self, directory=None):
        self.lock = threading.RLock()
        self._path = Path(directory) / "state.json" if directory else None
        self.clear()
        if self._path and self._path.exists():
            self._load(json.loads(self._path.read_text(encoding="utf-8")))

    def clear(self):
        """Forget everything."""
        for name in SECTIONS:
            setattr(self, name, {})
        self.entries = []
        self.codes = {}
        self.tokens = {}
        self.messages = []
        self.clock_offset = 0.0

    def save(self):
        """Write the state, whole or not at all."""
        if not self._path:
            return
        with self.lock:
            values = {name: {key: asdict(one) for key, one in getattr(self, name).items()} for name in SECTIONS}
            values["entries"] = [asdict(entry) for entry in self.entries]
            for name in ("codes", "tokens", "messages", "clock_offset"):
                values[name] = getattr(self, name)
            new = self._path.with_suffix(".new")
            new.write_text(json.dumps(values, ensure_ascii=False), encoding="utf-8")
            new.replace(self._path)

    def _load(self, values):
        for name, kind in SECTIONS.items():
            setattr(self, name, {key: kind(**one) for key, one in values[name].items()})
        self.entries = [Entry(**entry) for entry in values["entries"]]
        for name in ("codes", "tokens", "messages", "clock_offset"):
            setattr(self, name, values[name])
