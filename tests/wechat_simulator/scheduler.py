# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Work for later, in machine seconds: one thread that sleeps until the next piece is due."""

import heapq
import itertools
import logging
import threading
import time

_logger = logging.getLogger(__name__)


class Scheduler:
    """Runs calls when they are due; each must be short or start a thread of its own."""

    def __init__(self):
        self._heap = []
        self._order = itertools.count()
        self._wake = threading.Condition()
        self._stopped = False
        self._running = False
        self._thread = threading.Thread(target=self._run, name="wechat-scheduler", daemon=True)

    def start(self):
        """Begin."""
        self._thread.start()

    def stop(self):
        """Stop, and forget what was not yet due."""
        with self._wake:
            self._stopped = True
            self._heap.clear()
            self._wake.notify()
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join(2)

    def later(self, seconds, call):
        """Run a call after some seconds."""
        with self._wake:
            heapq.heappush(self._heap, (time.monotonic() + seconds, next(self._order), call))
            self._wake.notify()

    @property
    def idle(self):
        """Tell whether nothing waits or runs."""
        with self._wake:
            return not self._heap and not self._running

    def _run(self):
        while call := self._next():
            try:
                call()
            except Exception:
                _logger.exception("The simulator could not do what was due")

    def _next(self):
        with self._wake:
            self._running = False
            while not self._stopped:
                wait = self._heap[0][0] - time.monotonic() if self._heap else None
                if wait is not None and wait <= 0:
                    self._running = True
                    return heapq.heappop(self._heap)[2]
                self._wake.wait(wait)
        return None
