"""The WeChat simulator of the tests, so that the mini-program can be tried without credentials."""

import contextlib
import http.client
import time

from . import paths, process, server
from .console import Problem

LOG = paths.LOGS / "wechat.log"
STATE = paths.LOCAL / "wechat"
STARTS_WITHIN = 30


@contextlib.contextmanager
def serving(env, port, shop):
    """Run the simulator beside a shop for as long as the context lasts; its people and books stay in ``.local``."""
    command = [paths.venv_python(), "-m", "wechat_simulator"]
    command += ["--port", port, "--state", STATE, "--shop", shop]
    with server.background(command, env, LOG, cwd=paths.ROOT / "tests") as child:
        wait_until_ready(child, port)
        yield


def wait_until_ready(child, port):
    """Wait until the simulator answers."""
    deadline = time.monotonic() + STARTS_WITHIN
    while time.monotonic() < deadline:
        if child.poll() is not None:
            raise Problem(*process.explain("The WeChat simulator", child.returncode, LOG))
        if answers(port):
            return
        time.sleep(0.05)
    raise Problem(
        f"The WeChat simulator did not answer within {STARTS_WITHIN} s.",
        f"Its log: {LOG.relative_to(paths.ROOT)}",
    )


def answers(port):
    """Tell whether the phone's page is served."""
    connection = http.client.HTTPConnection(server.HOST, port, timeout=10)
    try:
        connection.request("GET", "/phone/")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
