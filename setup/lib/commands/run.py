"""./setup/run: Odoo with the suite, its sample companies, and a simulated WeChat, on this machine."""

import argparse
import os
import shutil
import signal

from .. import database, demo, environment, paths, postgres, server, simulator
from ..console import Problem, say, step

DESCRIPTION = """\
Starts Odoo 19 with the distribution suite and two sample companies, from nothing: gets Odoo
and its Python packages, starts a PostgreSQL of its own, creates the database (some minutes,
the first time only), and serves it, with a simulated WeChat for the mini-program beside it.
Ctrl-C stops everything.

Nothing is installed on the machine: everything lands in .local in this folder (about 3 GB).
To remove it all, delete that folder.
"""
VARIABLES = """\
environment variables:
  ODOO_SOURCE   a folder with Odoo 19 to use instead of downloading it: a git checkout (with
                odoo/ and addons/), or a dist-packages folder
  PGHOST, PGPORT, PGUSER, PGPASSWORD
                a PostgreSQL server (13 or later) to use instead of the embedded one; the
                user must be allowed to create databases and not be called postgres
  PYTHON        the Python to use (3.10 to 3.13)
  Proxy and certificate variables (https_proxy, SSL_CERT_FILE, PIP_CERT …) are passed on.

also here:
  ./setup/test [pytest arguments]   run the tests
  ./setup/lint [--fix]              check the style
  ./setup/odoo [arguments]          Odoo's command line (shell, module, db …)
  ./setup/python [arguments]        Python, with Odoo and PostgreSQL at hand
"""
WELCOME = """
  The suite runs at   http://localhost:{port}
  Log in as           admin   password   admin

  What to look at, in the menu Distribution: the distributors and their tree, the program with
  its rules, the commission entries (each says why), settlements, withdrawals and payouts.
  For Chinese: the avatar, Preferences, Language.

  The mini-program    http://localhost:{wechat}/phone/

  Every browser tab there is the phone of one person: choose who you are, then recommend, buy,
  pay with a simulated WeChat, receive, give back, withdraw. The merchant of that shop is the
  company "Tea House": choose it in Odoo at the top right, to accept distributors, ship, settle and
  pay out. What WeChat knows of it all:  http://localhost:{wechat}/

  The logs are in .local/logs (server.log, wechat.log). Ctrl-C stops everything.
"""


def main(args):
    """Prepare what is missing, serve, and stop when asked to."""
    options = parse(args)
    # A closed terminal or a service manager is as good a reason to stop as Ctrl-C; and a
    # shell starts what it puts in the background with Ctrl-C ignored.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    environment.require_modules()
    environment.ensure("odoo", "suite")
    if options.reset:
        reset()
    with postgres.running() as env:
        name = demo.ensure(env)
        port = server.free_port(options.port)
        return serve(env, name, port, server.free_port(options.wechat_port, "--wechat-port", besides=port))


def parse(args):
    """Return the options."""
    parser = argparse.ArgumentParser(
        prog="./setup/run",
        description=DESCRIPTION,
        epilog=VARIABLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--port", type=int, default=8069, help="where to serve (8069); the next free one if taken")
    parser.add_argument("--wechat-port", type=int, default=8072, help="where to simulate WeChat (8072), likewise")
    parser.add_argument("--reset", action="store_true", help="drop the databases made here and start over")
    options = parser.parse_args(args)
    for name, port in (("--port", options.port), ("--wechat-port", options.wechat_port)):
        if not 1 <= port <= 65535:
            parser.error(f"{name} must be from 1 to 65535, not {port}")
    return options


def serve(env, name, port, wechat):
    """Serve the demo database and WeChat until Ctrl-C."""
    shop = f"http://localhost:{port}"
    try:
        with server.serving(env, name, port) as child, simulator.serving(env, wechat, shop):
            with step("Starting Odoo and the WeChat simulator"):
                table = demo.start(env, name, shop, f"http://127.0.0.1:{wechat}")
                server.wait_until_ready(child, port)
            say(table)
            say(WELCOME.format(port=port, wechat=wechat))
            server.wait_for_end(child)
    except KeyboardInterrupt:
        # Whoever is impatient and presses it again must not leave half of us behind.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        say("\nStopped.")
    return 0


def reset():
    """Drop every database made here; what was downloaded stays."""
    with step("Dropping the databases"):
        if os.environ.get("PGHOST"):
            with postgres.running() as env:
                for kind in ("demo", "demo_building", "template", "base"):
                    database.drop(env, database.name(kind))
            return
        postgres.require_unused()
        if (paths.POSTGRES / "data").exists() or paths.DATA.exists():
            shutil.rmtree(paths.POSTGRES, ignore_errors=True)
            shutil.rmtree(paths.DATA, ignore_errors=True)
    if paths.POSTGRES.exists():
        raise Problem(
            f"{paths.POSTGRES} could not be removed.",
            f"It may belong to another user:  sudo rm -rf {paths.POSTGRES}",
        )
