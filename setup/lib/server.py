"""Odoo's server: on a free port, watched while it starts, and stopped with us."""

import contextlib
import ctypes
import http.client
import signal
import socket
import subprocess
import time

from . import paths, process
from .console import Problem, say

HOST = "127.0.0.1"
LOG = paths.LOGS / "server.log"
STARTS_WITHIN = 180
PR_SET_PDEATHSIG = 1


def free_port(wanted, option="--port", besides=None):
    """Return the wanted port, or the next free one, and say so.

    :param int besides: a port that is to be used soon
    """
    for port in range(wanted, min(wanted + 100, 65536)):
        if port != besides and is_free(port, option):
            if port != wanted:
                say(f"→ Port {wanted} is taken by another program: using {port}")
            return port
    raise Problem(f"No port from {wanted} to {port} is free.", f"Choose another one with {option}.")


def is_free(port, option):
    """Tell whether nothing listens on a port."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except PermissionError:
            raise Problem(f"Port {port} may only be used by root.", f"Choose one from 1024 with {option}.") from None
        except OSError:
            return False
    return True


@contextlib.contextmanager
def serving(env, database, port):
    """Run Odoo on a database, with its scheduled jobs, for as long as the context lasts."""
    command = [paths.venv_python(), "-m", "odoo", "--database", database]
    command += [f"--db-filter=^{database}$", "--no-database-list", "--max-cron-threads=1"]
    command += [f"--http-interface={HOST}", f"--http-port={port}"]
    with background(command, env, LOG) as child:
        yield child


@contextlib.contextmanager
def background(command, env, logfile, cwd=None):
    """Run a program with its output in a log for as long as the context lasts."""
    paths.LOGS.mkdir(parents=True, exist_ok=True)
    with open(logfile, "w", encoding="utf-8") as log:
        child = subprocess.Popen(
            [str(arg) for arg in command],
            env=env,
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            # A session of its own: Ctrl-C reaches only us, and Odoo takes a second one as
            # a wish to be killed.
            start_new_session=True,
            preexec_fn=end_with_parent,
        )
    try:
        yield child
    finally:
        stop(child)


def end_with_parent():
    """Ask Linux to end the program when we are killed."""
    with contextlib.suppress(OSError):
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def stop(child):
    """Stop a program as Ctrl-C would, then insist."""
    if child.poll() is not None:
        return
    child.send_signal(signal.SIGINT)
    try:
        child.wait(15)
    except subprocess.TimeoutExpired:
        process.terminate(child, patience=5)


def wait_until_ready(child, port):
    """Wait until the login page is served."""
    deadline = time.monotonic() + STARTS_WITHIN
    while time.monotonic() < deadline:
        if child.poll() is not None:
            raise Problem(*process.explain("The Odoo server", child.returncode, LOG))
        if answers(port):
            return
        time.sleep(0.2)
    raise Problem(
        f"The Odoo server did not answer within {STARTS_WITHIN} s.",
        f"Its log: {LOG.relative_to(paths.ROOT)}",
    )


def answers(port):
    """Tell whether the login page is served."""
    connection = http.client.HTTPConnection(HOST, port, timeout=60)
    try:
        connection.request("GET", "/web/login")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def wait_for_end(child):
    """Wait until somebody stops us, or the server ends by itself."""
    code = child.wait()
    if code:
        raise Problem(*process.explain("The Odoo server", code, LOG))
