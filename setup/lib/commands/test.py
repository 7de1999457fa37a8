"""./setup/test: pytest over the modules' tests and the top-level tests."""

import os
import re
from pathlib import Path

from .. import browser, config, database, environment, paths, postgres, process, template
from ..console import say

HELP = """\
./setup/test [pytest arguments]

Runs the tests of all modules and the top-level tests/, in a fresh copy of a template
database that is rebuilt when module files have changed. Everything of pytest works:

  ./setup/test distribution_core/tests/test_binding.py -k expires -x --pdb

All tests are shared out to two processes where there are two processors; -n 0 does without.
A skipped test fails the run, unless tests/support/skips.py allows it with a reason.
Variables: ODOO_SOURCE, PGHOST, PGPORT, PGUSER, PGPASSWORD (see ./setup/run --help).
"""
# pytest's options that take the next word as their value.
WITH_VALUE = {"-k", "-m", "-p", "-n", "-c", "-o", "-W", "--maxfail", "--tb", "--deselect"}
NEEDS_BROWSER = re.compile(r"browser|tour|playwright|assets|HttpCase")


def main(args):
    """Run pytest and return its exit code."""
    if "--help" in args or "-h" in args:
        say(HELP)
        return 0
    environment.ensure("odoo", "suite", "test")
    wanted, targets = with_targets(args)
    uses_browser = any(map(mentions_browser, targets))
    if uses_browser:
        browser.ensure()
    with postgres.running() as env:
        source = template.ensure(env, with_assets=uses_browser)
        drop_leftovers(env)
        clone = database.name(f"test_{os.getpid()}")
        with environment.locked("template"):
            database.clone(env, source, clone)
        try:
            return run_pytest(env, source, clone, wanted)
        finally:
            database.drop(env, clone)
            drop_leftovers(env)


def with_targets(args):
    """Return the arguments, completed with all tests when they name none, and what they name."""
    targets = [
        word.split("::")[0]
        for before, word in zip(["", *args], args, strict=False)
        if before not in WITH_VALUE and Path(word.split("::")[0]).exists()
    ]
    if targets:
        return args, targets
    places = [f"{module}/tests" for module in paths.modules()] + ["tests"]
    everything = [str(paths.ROOT / place) for place in places if (paths.ROOT / place).is_dir()]
    shared = ["-n", "2", "--dist", "loadfile"] if (os.cpu_count() or 1) > 1 else []
    if {"--pdb", "--trace"} & {*args} or "no:xdist" in " ".join(args):
        shared = []
    # What the caller says comes later, and holds.
    return [*shared, *args, *everything], everything


def mentions_browser(target):
    """Tell whether a file, or one in a folder, seems to use the web client."""
    path = Path(target)
    files = path.rglob("*.py") if path.is_dir() else [path]
    return any(NEEDS_BROWSER.search(file.read_text(encoding="utf-8")) for file in files)


def run_pytest(env, source, clone, args):
    """Run pytest-odoo on a clone, with the means to make more clones."""
    config.write(env)
    env = {
        **env,
        "DISTRIBUTION_TEMPLATE": source,
        "DISTRIBUTION_TEMPLATE_LOCK": str(paths.LOCAL / "template.lock"),
        "HYPOTHESIS_STORAGE_DIRECTORY": str(paths.LOCAL / "hypothesis"),
        "PYTHONPATH": str(paths.ROOT / "tests"),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    command = [paths.venv_python(), "-m", "pytest", "-c", paths.SETUP / "pytest.ini"]
    command += [f"--rootdir={paths.ROOT}", "-o", f"cache_dir={paths.LOCAL / 'pytest'}"]
    command += ["-p", "support.plugin", f"--odoo-config={paths.CONFIG}"]
    command += [f"--odoo-database={clone}", "--odoo-http", "--odoo-log-level=warn"]
    return process.hand_over([*command, *args], env=env)


def drop_leftovers(env):
    """Drop the clones of runs that were killed."""
    for name in database.listed(env, database.name("test_")):
        number = name.removeprefix(database.name("test_")).split("_")[0]
        if not Path(f"/proc/{number}").exists():
            database.drop(env, name)
