"""The commands: which one was asked for, and how failures end."""

import importlib
import os
import sys

from .console import Problem, show_problem, use_utf8

COMMANDS = ("run", "test", "lint", "odoo", "python")


def main(args):
    """Run a command and return the exit code."""
    use_utf8()
    # PostgreSQL, which never runs as root, must be able to read what root installs.
    os.umask(0o022)
    if not args or args[0] not in COMMANDS:
        print(f"Commands: {', '.join('./setup/' + name for name in COMMANDS)}", file=sys.stderr)
        return 2
    command = importlib.import_module(f"lib.commands.{args[0]}")
    try:
        return command.main(args[1:])
    except Problem as problem:
        show_problem(problem)
        return 1
    except KeyboardInterrupt:
        print("\nStopped.", file=sys.stderr)
        return 130
