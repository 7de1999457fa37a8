"""The Python environment: a venv in .local with the pinned packages and Odoo."""

import base64
import fcntl
import hashlib
import os
import re
import shutil
import sys
from contextlib import contextmanager

from . import odoo, paths, process
from .console import Problem, say, step


def ensure(*groups):
    """Make the environment complete for some groups of pins, and put Odoo into it."""
    paths.LOCAL.mkdir(exist_ok=True)
    with locked("environment"):
        make_venv()
        install_pins(groups)
        odoo.ensure()


@contextmanager
def locked(name):
    """Let one process at a time do something to this checkout."""
    paths.LOCAL.mkdir(exist_ok=True)
    with open(paths.LOCAL / f"{name}.lock", "w", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"  (waiting for another setup command: {name})")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def make_venv():
    """Create the venv, again when the Python or the checkout's place has changed."""
    stamp = paths.VENV / "made-with"
    made_with = f"{sys.base_prefix} {sys.version} {paths.VENV}"
    if stamp.exists() and stamp.read_text() == made_with:
        return
    with step(f"Creating a Python {sys.version_info[0]}.{sys.version_info[1]} environment"):
        shutil.rmtree(paths.VENV, ignore_errors=True)
        python = getattr(sys, "_base_executable", sys.executable)
        process.run(
            [python, "-m", "venv", paths.VENV],
            log="venv",
            what="Creating the Python environment",
            env=child_env(),
        )
        (paths.LOCAL / "python").write_text(f"{python}\n")
    stamp.write_text(made_with)


def install_pins(groups):
    """Install the groups of pins that changed since they were last installed."""
    todo = [group for group in groups if not is_installed(group)]
    if not todo:
        return
    files = [paths.PINS / f"{group}.txt" for group in todo]
    expected = sum(len(requirements(file)) for file in files) * 1.25
    seen = 0
    with step(f"Installing Python packages ({', '.join(todo)})") as bar:

        def count(line):
            nonlocal seen
            found = re.match(r"(?:Collecting|Requirement already satisfied:) (\S+)", line)
            if found:
                seen += 1
                bar.update(min(seen, expected * 0.9), expected, found.group(1))
            elif line.startswith("Installing collected"):
                bar.update(expected * 0.95, expected, "unpacking")

        args = [arg for file in files for arg in ("-r", file)]
        pip("install", "--prefer-binary", "--progress-bar", "off", *args, on_line=count)
    for group in todo:
        installed(group).write_text(fingerprint(group))


def pip(*args, on_line=None):
    """Run pip of the environment; the proxy and certificate variables reach it."""
    process.run(
        [paths.venv_python(), "-m", "pip", "--disable-pip-version-check", *args],
        log="pip",
        what="Installing Python packages (pip)",
        env=child_env(),
        on_line=on_line,
    )


def requirements(file):
    """Return the lines of a pins file that name a package."""
    return [line for line in file.read_text().splitlines() if line and line[0] not in "#-"]


def installed(group):
    """Return the file that says which pins of a group are installed."""
    return paths.VENV / f"pins-{group}"


def is_installed(group):
    """Tell whether the pins of a group are installed as they are written now."""
    stamp = installed(group)
    return stamp.exists() and stamp.read_text() == fingerprint(group)


def fingerprint(group):
    """Return a digest of a group of pins."""
    return hashlib.sha256((paths.PINS / f"{group}.txt").read_bytes()).hexdigest()


def child_env(**more):
    """Return the variables for our programs: all of ours, and the environment's programs first."""
    env = dict(os.environ)
    # A package of the user's own home or path must not replace a pinned one.
    for name in ("PYTHONPATH", "PYTHONHOME", "PIP_USER", "PIP_TARGET", "VIRTUAL_ENV"):
        env.pop(name, None)
    programs = (paths.VENV / "bin", paths.BIN, paths.postgres_programs())
    path = ":".join([*map(str, programs), env.get("PATH", os.defpath)])
    env.update(PATH=path, PYTHONUTF8="1", PYTHONNOUSERSITE="1", ODOO_RC=str(paths.CONFIG))
    if "DISTRIBUTION_SECRET_KEY" not in env:
        env.setdefault("DISTRIBUTION_SECRET_KEY_FILE", str(secret_key_file()))
    env.update(more)
    return env


def secret_key_file():
    """Return the file with the key that this checkout's databases store secrets with, made once."""
    path = paths.LOCAL / "secret-key"
    if not path.exists():
        paths.LOCAL.mkdir(exist_ok=True)
        with open(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600), "wb") as file:
            file.write(base64.urlsafe_b64encode(os.urandom(32)))
    return path


def require_modules():
    """Fail when there is no add-on to run yet."""
    if not paths.modules():
        raise Problem("This checkout has no module distribution_*/__manifest__.py yet.")
