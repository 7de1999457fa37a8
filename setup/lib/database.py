"""Databases and their filestores: create, clone, rename, drop, and load modules into them."""

import os
import re
import shutil
import subprocess

from . import paths, process
from .console import Problem

LOADING = re.compile(r"odoo\.modules\.loading: Loading module (\S+) \((\d+)/(\d+)\)")
# As Odoo itself creates databases.
LIKE_ODOO = ("--template=template0", "--encoding=UTF8", "--lc-collate=C")


def name(kind):
    """Return the name of one of our databases; on a shared server it names the checkout."""
    suffix = f"_{paths.checkout_id()}" if os.environ.get("PGHOST") else ""
    return f"distribution{suffix}_{kind}"


def query(env, sql, database="postgres"):
    """Run SQL and return the lines it prints."""
    result = subprocess.run(
        ["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-d", database, "-c", sql],
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode:
        raise Problem(f"PostgreSQL refused: {result.stderr.strip()}")
    return result.stdout.splitlines()


def program(env, *args):
    """Run one of PostgreSQL's programs on databases."""
    process.run(args, log=args[0], what=f"PostgreSQL ({' '.join(args)})", env=env)


def exists(env, database):
    """Tell whether a database exists."""
    return database in listed(env, database)


def listed(env, prefix):
    """Return the databases whose name begins with a prefix."""
    return [line for line in query(env, "SELECT datname FROM pg_database") if line.startswith(prefix)]


def create(env, database):
    """Create an empty database."""
    program(env, "createdb", *LIKE_ODOO, database)


def clone(env, source, database):
    """Copy a database and its filestore; the files are shared, Odoo never changes one."""
    program(env, "createdb", f"--template={source}", database)
    shutil.rmtree(filestore(database), ignore_errors=True)
    if filestore(source).is_dir():
        shutil.copytree(filestore(source), filestore(database), copy_function=os.link)


def rename(env, old, new):
    """Give a database and its filestore another name, in place of what had it."""
    drop(env, new)
    query(env, f'ALTER DATABASE "{old}" RENAME TO "{new}"')
    if filestore(old).is_dir():
        filestore(old).rename(filestore(new))


def drop(env, database):
    """Drop a database, whoever is connected, and its filestore."""
    force = ["--force"] if int(query(env, "SHOW server_version_num")[0]) >= 130000 else []
    program(env, "dropdb", "--if-exists", *force, database)
    shutil.rmtree(filestore(database), ignore_errors=True)


def filestore(database):
    """Return the folder of a database's attachments."""
    return paths.DATA / "filestore" / database


def label(env, database):
    """Return the note that was left on a database, or nothing."""
    rows = query(
        env,
        f"SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = '{database}'",
    )
    return rows[0] if rows else ""


def set_label(env, database, text):
    """Leave a note on a database; a copy does not inherit it."""
    query(env, f"COMMENT ON DATABASE \"{database}\" IS '{text}'")


def load(env, database, bar, *options):
    """Run Odoo once on a database to install modules or languages, and show how far it is."""

    def follow(line):
        found = LOADING.search(line)
        # "base (1/1)" is loaded first, by itself.
        if found and found.group(3) != "1":
            module, done, total = found.groups()
            bar.update(int(done), int(total), module)

    process.run(
        [paths.venv_python(), "-m", "odoo", "--database", database, *options]
        + ["--stop-after-init", "--no-http", "--log-level=info", "--max-cron-threads=0"],
        log=f"load-{database}",
        what=f"Installing modules into the database {database}",
        env=env,
        on_line=follow,
    )


def shell(env, database, code, what):
    """Run a few lines of Python in Odoo's shell."""
    script = paths.LOGS / "shell.py"
    script.write_text(code)
    with open(script, encoding="utf-8") as lines:
        result = subprocess.run(
            [paths.venv_python(), "-m", "odoo", "shell", "--database", database]
            + ["--no-http", "--log-level=warn", "--max-cron-threads=0"],
            env=env,
            stdin=lines,
            capture_output=True,
            text=True,
            check=False,
        )
    # Odoo's shell ends with 0 after a traceback too: the code prints a word when it is through.
    if "COMPLETE" not in result.stdout:
        tail = "\n".join((result.stdout + result.stderr).splitlines()[-15:])
        raise Problem(f"{what} failed.", tail)
