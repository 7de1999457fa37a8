"""What the user sees: steps, bars, and failures that say how to mend them."""

import contextlib
import os
import shutil
import sys
import threading
import time


class Problem(Exception):
    """A foreseeable failure: what happened and how to mend it, shown without a traceback."""

    def __init__(self, what, remedy=""):
        super().__init__(what)
        self.what = what
        self.remedy = remedy


def say(text=""):
    """Print a line at once, also into a pipe."""
    print(text, flush=True)


def show_problem(problem):
    """Print what happened and how to mend it."""
    print(f"\n✗ {problem.what}", file=sys.stderr)
    for line in problem.remedy.splitlines():
        print(f"  {line}", file=sys.stderr)
    sys.stderr.flush()


def use_utf8():
    """Keep our own output from failing where the locale is plain C."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="replace")


@contextlib.contextmanager
def step(title):
    """Announce a step, yield its bar, and print what it took."""
    say(f"→ {title}")
    start = time.monotonic()
    bar = Bar()
    try:
        yield bar
    except BaseException:
        bar.clear()
        raise
    bar.clear()
    say(f"  done in {time.monotonic() - start:.1f} s")


class Bar:
    """A bar that redraws in place on a terminal, and prints every tenth elsewhere."""

    WIDTH = 28

    def __init__(self):
        self.live = sys.stdout.isatty() and os.environ.get("TERM") != "dumb"
        self.tenth = -1
        self.drawn = False

    def update(self, done, total, text=""):
        """Show that ``done`` of ``total`` is reached."""
        share = min(done / total, 1.0) if total else 0.0
        if self.live:
            self._draw(share, text)
        elif int(share * 10) != self.tenth:
            self.tenth = int(share * 10)
            say(f"  {share:4.0%}  {text}".rstrip())

    def _draw(self, share, text):
        full = int(share * self.WIDTH)
        line = f"  [{'█' * full}{'·' * (self.WIDTH - full)}] {share:4.0%}  {text}"
        columns = shutil.get_terminal_size().columns
        sys.stdout.write("\r\x1b[K" + line[: columns - 1])
        sys.stdout.flush()
        self.drawn = True

    def clear(self):
        """Remove the bar, so that the next line starts on an empty one."""
        if self.drawn:
            sys.stdout.write("\r\x1b[K")
            sys.stdout.flush()
            self.drawn = False


@contextlib.contextmanager
def watch(bar, total, measure, describe):
    """Update a bar from a measurement twice a second, while something else works."""
    stopped = threading.Event()

    def redraw():
        while not stopped.wait(0.5):
            done = measure()
            bar.update(done, total, describe(done))

    thread = threading.Thread(target=redraw, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stopped.set()
        thread.join()
