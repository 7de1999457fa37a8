"""Child processes: with a log, with our environment, and with signals passed on."""

import os
import signal
import subprocess
import sys

from . import paths
from .console import Problem

NO_NETWORK = (
    "Temporary failure resolving",
    "Temporary failure in name resolution",
    "Could not resolve",
    "Failed to establish a new connection",
    "Network is unreachable",
    "Could not connect",
    "Connection timed out",
    "ENOTFOUND",
    "EAI_AGAIN",
    "ECONNREFUSED",
    "ProxyError",
    "Retrying (Retry(",
    "Failed to fetch",
    "ReadTimeoutError",
)
# Lines of pip that would push the reason out of what is shown.
NOISE = ("Ignoring ", "WARNING: Location ", "Collecting ", "  Using cached ", "  Downloading ")


def run(args, *, log, what, env=None, cwd=None, on_line=None):
    """Run a program, its output into a log and to ``on_line``; a failure is a Problem."""
    paths.LOGS.mkdir(parents=True, exist_ok=True)
    logfile = paths.LOGS / f"{log}.log"
    with open(logfile, "w", encoding="utf-8") as out:
        try:
            child = subprocess.Popen(
                [str(arg) for arg in args],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                env=env,
                cwd=cwd,
                text=True,
                encoding="utf-8",
                errors="replace",
            )
        except FileNotFoundError:
            raise Problem(f"{what} needs the program {args[0]}, which this machine does not have.") from None
        try:
            for line in child.stdout:
                out.write(line)
                out.flush()
                if on_line:
                    on_line(line)
        except BaseException:
            terminate(child)
            raise
    if child.wait():
        raise Problem(*explain(what, child.returncode, logfile))


def explain(what, code, logfile):
    """Return what went wrong and how to mend it, from the end of a log."""
    text = logfile.read_text(encoding="utf-8", errors="replace")
    offline = any(sign in text for sign in NO_NETWORK)
    lines = [line[:200] for line in text.splitlines() if not line.startswith(NOISE)]
    remedy = [f"| {line}" for line in lines[-3 if offline else -12 :]]
    remedy.append(f"The whole log: {logfile.relative_to(paths.ROOT)}")
    if offline:
        remedy.append("It looks as if the network, or its proxy, could not be reached. Check it, then run the")
        remedy.append("same command again: what is already there is kept.")
    if "No space left on device" in text:
        remedy.append("The disk is full: make room (about 6 GB are needed), then run it again.")
    return f"{what} failed (exit code {code}).", "\n".join(remedy)


def output(args, *, env=None, cwd=None):
    """Return what a program prints, or None when it fails or is missing."""
    try:
        result = subprocess.run(
            [str(arg) for arg in args],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            env=env,
            cwd=cwd,
            text=True,
            encoding="utf-8",
            errors="replace",
            check=False,
        )
    except (FileNotFoundError, PermissionError):
        return None
    return result.stdout if result.returncode == 0 else None


def terminate(child, patience=20):
    """Ask a child to end, then insist."""
    if child.poll() is not None:
        return
    child.terminate()
    try:
        child.wait(patience)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def hand_over(args, *, env, cwd=None):
    """Run a program in the foreground on our terminal and return its exit code.

    On a terminal Ctrl-C reaches the child by itself; a signal sent to us alone is passed on.
    """
    child = subprocess.Popen([str(arg) for arg in args], env=env, cwd=cwd)

    def forward(number, _frame):
        if number != signal.SIGINT or not on_terminal():
            child.send_signal(number)

    old = {number: signal.signal(number, forward) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        code = child.wait()
    finally:
        for number, handler in old.items():
            signal.signal(number, handler)
    return 128 - code if code < 0 else code


def on_terminal():
    """Tell whether Ctrl-C would reach a child by itself."""
    return sys.stdin is not None and sys.stdin.isatty()


def is_root():
    """Tell whether we run as root."""
    return os.geteuid() == 0
