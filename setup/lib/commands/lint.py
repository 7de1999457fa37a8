"""./setup/lint: style and the mistakes that tools can find."""

import argparse
import os
import shutil
import subprocess

from .. import config, database, environment, odoo, paths, postgres, process, readme, template
from ..console import Problem, say, step

DESCRIPTION = """\
Checks the whole checkout: ruff (mistakes and format of Python), pylint-odoo (Odoo's pitfalls),
prettier (format of XML and JavaScript), README.rst (that readme/ makes), and Odoo's own lint tests
on our modules.
"""
# Odoo's lint tests that are not run, and why.
NOT_RUN = {
    "test_checkers": "tests of Odoo's checkers themselves",
    "test_eslint": "needs eslint 8, whose rules prettier and the browser tests make up for",
    "test_l10n": "only about modules named l10n_*",
    "test_markers": "searches all of Odoo for conflict markers and cannot be limited to a module",
    "test_pylint": "always goes over all of Odoo (10 minutes); pylint-odoo has the same checks",
}


def main(args):
    """Run every check, and fail if one found something."""
    options = parse(args)
    environment.ensure("odoo", "suite", "test", "lint")
    install_prettier()
    checks = {
        "ruff: mistakes": lambda: ruff("check", "--output-format=concise", *(["--fix"] if options.fix else [])),
        "ruff: format": lambda: ruff("format", *([] if options.fix else ["--check"])),
        "prettier: XML and JavaScript": lambda: prettier(options.fix),
        "README.rst of the modules": lambda: readme.check(options.fix),
        "pylint-odoo": pylint,
    }
    if not options.quick:
        checks["Odoo's lint tests"] = odoo_lint
    failed = [title for title, check in checks.items() if not passes(title, check)]
    if failed:
        say(f"\n✗ {', '.join(failed)}" + ("" if options.fix else "   (--fix mends what a tool can)"))
        return 1
    say("\nAll clean.")
    return 0


def parse(args):
    """Return the options."""
    parser = argparse.ArgumentParser(prog="./setup/lint", description=DESCRIPTION)
    parser.add_argument("--fix", action="store_true", help="apply the tools' own corrections")
    parser.add_argument("--quick", action="store_true", help="without Odoo's lint tests, which need a database")
    return parser.parse_args(args)


def passes(title, check):
    """Run a check under its title and tell whether it found nothing."""
    say(f"→ {title}")
    return check()


def tool(*args, env=None):
    """Run a tool on the checkout, its output for the user, and tell whether it was content."""
    command = [str(arg) for arg in args]
    return subprocess.run(command, env=env or environment.child_env(), cwd=paths.ROOT, check=False).returncode == 0


def ruff(*args):
    """Run ruff on the checkout."""
    return tool(paths.VENV / "bin" / "ruff", *args, "--cache-dir", paths.LOCAL / "ruff", ".")


def pylint():
    """Run pylint-odoo on the modules."""
    if not paths.modules():
        return True
    return tool(paths.venv_python(), "-m", "pylint", "--rcfile=.pylintrc", *paths.modules())


def install_prettier():
    """Install the pinned prettier and its XML plugin into .local."""
    wanted = [line for line in (paths.PINS / "npm.txt").read_text().split() if "prettier" in line]
    wanted = [line for line in wanted if "@" in line]
    stamp = paths.NODE / "installed"
    if stamp.exists() and stamp.read_text() == " ".join(wanted):
        return
    if not shutil.which("npm"):
        raise Problem("prettier needs npm, which this machine does not have.", "As root:  apt-get install npm")
    with step("Installing prettier"):
        args = ["npm", "install", "--no-save", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", paths.NODE]
        process.run([*args, *wanted], log="npm", what="Installing prettier (npm)", env=environment.child_env())
    stamp.write_text(" ".join(wanted))


def prettier(fix):
    """Run prettier on the XML and JavaScript of the modules and of the simulator's phone."""
    folders = [*map(paths.ROOT.joinpath, paths.modules()), paths.ROOT / "tests" / "wechat_simulator"]
    files = [path for folder in folders for path in formatted_files(folder)]
    if not files:
        return True
    modules = paths.NODE / "node_modules"
    plugin = modules / "@prettier" / "plugin-xml" / "src" / "plugin.js"
    mode = ["--write", "--log-level=warn"] if fix else ["--check"]
    return tool(modules / ".bin" / "prettier", *mode, f"--plugin={plugin}", *files)


def formatted_files(module):
    """Return the files of a module that prettier looks after."""
    return sorted(path for suffix in ("xml", "js") for path in module.rglob(f"*.{suffix}"))


def odoo_lint():
    """Run Odoo's lint tests on our modules, in a copy of the test template."""
    if not paths.modules():
        return True
    with postgres.running() as env:
        source = template.ensure(env, with_assets=False)
        clone = database.name(f"test_{os.getpid()}")
        with environment.locked("template"):
            database.clone(env, source, clone)
        try:
            return run_odoo_lint(env, clone)
        finally:
            database.drop(env, clone)


def run_odoo_lint(env, clone):
    """Run the chosen test files by pytest."""
    config.write(env)
    folder = next(path for path in odoo.addons_paths() if (path / "test_lint").is_dir()) / "test_lint" / "tests"
    files = [path for path in sorted(folder.glob("test_*.py")) if path.stem not in NOT_RUN]
    env = {**env, "PYTHONPATH": str(paths.SETUP), "DISTRIBUTION_MODULES": ",".join(paths.modules())}
    command = [paths.venv_python(), "-m", "pytest", "-c", paths.SETUP / "pytest.ini", "-q", "--no-header"]
    command += ["-p", "lib.inside.only_ours", "-p", "no:cacheprovider", f"--odoo-config={paths.CONFIG}"]
    return tool(*command, f"--odoo-database={clone}", f"--rootdir={folder}", *files, env=env)
