# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Delivers notifications to the merchant's server, well or badly.

Genuine ones are repeated until they are answered with 200 or 204 within five seconds, at most as often as the settings
allow; their ``id`` stays. Behaviours to ask for: ``lost``, ``hold`` (until ``release``), ``duplicate`` (n),
``concurrent`` (n), ``late`` (seconds), and each forgery, alone or, with ``genuine=True``, before the true one.
"""

import http.client
import ipaddress
import threading
import time
import uuid
from dataclasses import asdict, dataclass, field
from fnmatch import fnmatchcase
from urllib.parse import urlsplit

from . import forgeries
from .records import Notice

SUMMARIES = {
    "TRANSACTION": ("支付成功", "transaction"),
    "REFUND": ("退款通知", "refund"),
    "MCHTRANSFER": ("商家转账单据终态通知", "mch_payment"),
}
KINDS = {"lost", "hold", "duplicate", "concurrent", "late"} | forgeries.KINDS


@dataclass
class Behaviour:
    """How the next notifications of a kind are to be delivered; ``times`` None is for ever."""

    id: int
    kind: str
    event_type: str = "*"
    contains: str = ""
    times: int | None = 1
    options: dict = field(default_factory=dict)


class Notifier:
    """Queue, behaviours and delivery."""

    def __init__(self, world, scheduler):
        self.world = world
        self.scheduler = scheduler
        self._behaviours = []
        self._last = 0
        self._pending = 0
        self._changed = threading.Condition(world.store.lock)

    # === What the platform and the tests ask ===

    def notify(self, event_type, number, resource, url):
        """Record a notification and deliver it as the behaviours say."""
        with self._changed:
            notice = self.draft(event_type, number, resource, url)
            self.world.store.notices[notice.id] = notice
            behaviour = self._take(notice)
            self._apply(notice, behaviour.kind if behaviour else "", behaviour.options if behaviour else {})
        return notice

    def draft(self, event_type, number, resource, url):
        """Return a notification that is not yet recorded."""
        summary, original_type = SUMMARIES[event_type.partition(".")[0]]
        now = self.world.clock.now()
        return Notice(str(uuid.uuid4()), event_type, number, summary, original_type, resource, url, now)

    def behave(self, kind, event_type="*", contains="", times=1, **options):
        """Ask for a behaviour and return its id."""
        if kind not in KINDS:
            raise ValueError(f"no such behaviour: {kind}")
        with self._changed:
            self._last += 1
            self._behaviours.append(Behaviour(self._last, kind, event_type, contains, times, options))
            return self._last

    def clear(self):
        """Deliver well again."""
        with self._changed:
            self._behaviours = []

    def listed(self):
        """Return the behaviours that still wait."""
        with self._changed:
            return [asdict(one) for one in self._behaviours]

    def release(self, number=None):
        """Deliver what is held, of one number or all, and return how many."""
        with self._changed:
            held = [one for one in self.world.store.notices.values() if one.state == "HELD"]
            chosen = [one for one in held if number in (None, one.number)]
            for notice in chosen:
                notice.state = "QUEUED"
                self._schedule(notice, 0)
            return len(chosen)

    def deliver_now(self, notice, forgery=None, changes=None):
        """Deliver once in this thread and return the attempt."""
        return self._attempt(notice, forgery, changes)

    def resume(self):
        """After a restart, deliver what was still queued."""
        with self._changed:
            for notice in self.world.store.notices.values():
                if notice.state == "QUEUED":
                    self._schedule(notice, 0)

    def wait_idle(self, timeout=5.0):
        """Wait until nothing is under way or due; tell whether that came in time."""
        end = time.monotonic() + timeout
        with self._changed:
            while self._pending or not self.scheduler.idle:
                if time.monotonic() >= end:
                    return False
                self._changed.wait(0.02)
        return True

    # === How it is delivered ===

    def _take(self, notice):
        for behaviour in self._behaviours:
            if fnmatchcase(notice.event_type, behaviour.event_type) and behaviour.contains in notice.number:
                if behaviour.times is not None:
                    behaviour.times -= 1
                    if behaviour.times <= 0:
                        self._behaviours.remove(behaviour)
                return behaviour
        return None

    def _apply(self, notice, kind, options):
        if kind in ("lost", "hold"):
            notice.state = "LOST" if kind == "lost" else "HELD"
        elif kind in forgeries.KINDS:
            notice.state = "QUEUED" if options.get("genuine") else "FORGED"
            self._start(lambda: self._forge_first(notice, kind, options))
        elif kind in ("duplicate", "concurrent"):
            barrier = threading.Barrier(options.get("n", 2)) if kind == "concurrent" else None
            for copy in range(options.get("n", 2)):
                self._schedule(notice, 0 if barrier else copy * 0.05, retry=0 if copy == 0 else None, barrier=barrier)
        else:
            self._schedule(notice, options.get("seconds", 1) if kind == "late" else 0)

    def _forge_first(self, notice, kind, options):
        self._attempt(notice, kind, options.get("changes"))
        if options.get("genuine"):
            with self._changed:
                self._schedule(notice, 0)

    def _schedule(self, notice, seconds, retry=0, barrier=None):
        """Deliver after some seconds; ``retry`` counts the tries before, None is never to be repeated."""
        self._pending += 1
        self.scheduler.later(seconds, lambda: self._thread(lambda: self._deliver(notice, retry, barrier)))

    def _start(self, call):
        self._pending += 1
        self._thread(call)

    def _thread(self, call):
        def run():
            try:
                call()
            finally:
                with self._changed:
                    self._pending -= 1
                    self._changed.notify_all()
                    self.world.store.save()

        threading.Thread(target=run, name="wechat-notification", daemon=True).start()

    def _deliver(self, notice, retry, barrier):
        if barrier:
            barrier.wait(5)
        attempt = self._attempt(notice)
        waits = self.world.settings.retry_seconds
        with self._changed:
            if attempt["ok"] or retry is None or notice.id not in self.world.store.notices:
                return
            if retry < len(waits) and is_loopback(notice.url):
                self._schedule(notice, waits[retry], retry + 1)
            elif notice.state == "QUEUED":
                notice.state = "FAILED"

    def _attempt(self, notice, forgery=None, changes=None):
        headers, body = forgeries.build(self.world, notice, forgery, changes)
        started = time.monotonic()
        status, said = post(notice.url, headers, body, self.world.settings.answer_within)
        attempt = {
            "at": self.world.clock.now(),
            "seconds": round(time.monotonic() - started, 3),
            "status": status,
            "said": said,
            "forgery": forgery,
            "ok": status in (200, 204),
        }
        with self._changed:
            notice.attempts.append(attempt)
            if attempt["ok"] and not forgery:
                notice.state = "DELIVERED"
            self._changed.notify_all()
        return attempt


def is_loopback(url):
    """Tell whether an address stays on this machine: nothing else is ever called."""
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def post(url, headers, body, timeout):
    """Post without following redirects; return the status (0 without an answer) and the start of what was said."""
    parts = urlsplit(url)
    if not is_loopback(url) or parts.scheme != "http":
        return 0, "not delivered: only http to loopback addresses"
    connection = http.client.HTTPConnection(parts.hostname, parts.port or 80, timeout=timeout)
    try:
        connection.request("POST", parts.path or "/", body, {**headers, "Connection": "close"})
        response = connection.getresponse()
        return response.status, response.read(300).decode("utf-8", "replace")
    except (OSError, http.client.HTTPException) as error:
        return 0, f"{type(error).__name__}: {error}"
    finally:
        connection.close()
