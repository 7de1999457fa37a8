"""PostgreSQL: our own, embedded and started on demand, or the server that PGHOST names.

Our own listens on a socket only its owner can reach, so there is no port to collide on and
no password. Commands that use it at the same time share it; the last one stops it.
"""

import fcntl
import os
import pwd
import re
import stat
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path

from . import paths, process
from .console import Problem, say
from .environment import child_env, locked

CLUSTER = paths.POSTGRES / "data"
USERS = paths.LOCAL / "postgres-users.lock"
LOGFILE = paths.POSTGRES / "server.log"
# PostgreSQL refuses to run as root, and a socket's path has about 107 bytes.
SERVICE_USERS = ("postgres", "nobody")
LONGEST_SOCKET_FOLDER = 85
SETTINGS = {
    "listen_addresses": "''",
    "max_connections": "100",
    "shared_buffers": "256MB",
    # What was acknowledged in the last moments before a power cut may be lost, no more.
    "synchronous_commit": "off",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "30min",
    "log_min_messages": "warning",
}


@contextmanager
def running():
    """Yield the variables that lead to a server, which runs as long as anybody needs it."""
    if os.environ.get("PGHOST"):
        env = child_env()
        check_external(env)
        yield env
        return
    paths.POSTGRES.mkdir(parents=True, exist_ok=True)
    with open(USERS, "w", encoding="utf-8") as users:
        with locked("postgres"):
            # Shared while in use: who gets it exclusively is the last one.
            fcntl.flock(users, fcntl.LOCK_SH)
            start()
        try:
            yield embedded_env()
        finally:
            stop_if_last(users)


def stop_if_last(users):
    """Stop our server unless another command is using it."""
    with locked("postgres"):
        try:
            fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        stop()


def require_unused():
    """Stop our server, or fail when another command is using it."""
    with open(USERS, "w", encoding="utf-8") as users, locked("postgres"):
        try:
            fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Problem("Another ./setup command of this checkout is running.", "Stop it first.") from None
        stop()


def start():
    """Start our server, creating its cluster the first time."""
    if is_running():
        return
    if process.is_root():
        give_to_service_user()
    if not (CLUSTER / "PG_VERSION").exists():
        create_cluster()
    check_version()
    socket_folder()
    options = " ".join(f"-c {key}={value}" for key, value in SETTINGS.items())
    options += f" -c unix_socket_directories={socket_folder()}"
    try:
        control("start", "--wait", "--silent", "--log", LOGFILE, "--options", options)
    except Problem as problem:
        tail = LOGFILE.read_text(errors="replace").splitlines()[-8:] if LOGFILE.exists() else []
        raise Problem(
            "The embedded PostgreSQL did not start.",
            "\n".join(f"| {line}" for line in [*tail, *problem.remedy.splitlines()])
            + "\n./setup/run --reset starts over with an empty one; PGHOST names another server.",
        ) from None


def stop():
    """Stop our server."""
    if is_running():
        control("stop", "--wait", "--silent", "--mode", "fast")


def is_running():
    """Tell whether our server runs."""
    return (CLUSTER / "postmaster.pid").exists() and (
        process.output(as_service_user([program("pg_ctl"), "status", "-D", CLUSTER])) is not None
    )


def control(command, *args):
    """Run pg_ctl on our cluster, without letting the server inherit our pipes."""
    process.run(
        as_service_user([program("pg_ctl"), command, "-D", CLUSTER, *args]),
        log=f"postgres-{command}",
        what=f"PostgreSQL (pg_ctl {command})",
        env=child_env(),
        cwd="/",
    )


def create_cluster():
    """Create the cluster: the superuser is ``odoo``, since Odoo refuses ``postgres``."""
    process.run(
        as_service_user(
            [program("initdb"), "-D", CLUSTER, "--username=odoo", "--auth=trust"]
            + ["--encoding=UTF8", "--no-locale", "--no-instructions"]
        ),
        log="initdb",
        what="Creating the database cluster (initdb)",
        env=child_env(),
        cwd="/",
    )


def check_version():
    """Fail when the cluster was made by another major version of the wheel."""
    ours = (CLUSTER / "PG_VERSION").read_text().strip()
    printed = process.output([program("postgres"), "--version"]) or ""
    if ours not in printed.replace(".", " ").split():
        raise Problem(
            f"The databases in .local were made by PostgreSQL {ours}, this is: {printed.strip()}",
            "./setup/run --reset starts over.",
        )


def program(name):
    """Return a program of the embedded PostgreSQL."""
    return paths.postgres_programs() / name


def embedded_env():
    """Return the variables that lead to our server, for libpq and for Odoo."""
    names = ("PGPASSWORD", "PGPASSFILE", "PGSERVICE", "PGDATABASE", "PGOPTIONS")
    env = {key: value for key, value in child_env().items() if key not in names}
    env.update(PGHOST=str(socket_folder()), PGPORT="5432", PGUSER="odoo")
    return env


def socket_folder():
    """Return the folder of our server's socket, which only its owner may enter."""
    folder = paths.POSTGRES / "socket"
    if len(os.fsencode(folder)) > LONGEST_SOCKET_FOLDER:
        name = f"distribution-{os.geteuid()}-{paths.checkout_id()}"
        folder = Path(tempfile.gettempdir()) / name
    folder.mkdir(mode=0o700, exist_ok=True)
    owner = service_user().pw_uid if process.is_root() else os.geteuid()
    if process.is_root() and folder.lstat().st_uid == 0:
        os.chown(folder, owner, -1)
    if folder.is_symlink() or folder.lstat().st_uid != owner:
        raise Problem(f"{folder} belongs to somebody else.", f"Remove it:  rm -rf {folder}")
    return folder


def service_user():
    """Return the user PostgreSQL runs as when we are root."""
    for name in SERVICE_USERS:
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise Problem(
        "PostgreSQL does not run as root, and there is no user postgres or nobody to run it.",
        "Run this as an ordinary user, or name a server with PGHOST.",
    )


def give_to_service_user():
    """Let the service user own the folder of the server, and nothing else."""
    user = service_user()
    os.chown(paths.POSTGRES, user.pw_uid, user.pw_gid)
    paths.POSTGRES.chmod(0o700)


def as_service_user(args):
    """Return a command that runs as the service user when we are root."""
    if not process.is_root():
        return args
    user = service_user()
    dropped = ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]
    if not reachable_by_others(program("postgres")) or not reachable_by_others(CLUSTER.parent):
        # The checkout lies below a folder only root may enter (/root): the server gets the one
        # capability that lets it pass, not root's identity. The secure bit makes access(2),
        # with which PostgreSQL looks for its own programs, count it too.
        capability = passing_capability()
        dropped += ["--securebits=+no_setuid_fixup"]
        dropped += [f"--inh-caps=+{capability}", f"--ambient-caps=+{capability}"]
    return [*dropped, "--", *args]


def passing_capability():
    """Return the least capability, of those this machine grants root, to enter any folder."""
    status = Path("/proc/self/status").read_text()
    granted = int(re.search(r"^CapBnd:\s*(\w+)", status, re.M).group(1), 16)
    for name, bit in (("dac_read_search", 2), ("dac_override", 1)):
        if granted >> bit & 1:
            return name
    raise Problem(
        f"PostgreSQL, which does not run as root, cannot enter {paths.ROOT}.",
        "Move the checkout to a folder everybody may enter (/opt, /srv), run this as an\n"
        "ordinary user, or name a server with PGHOST.",
    )


def reachable_by_others(path):
    """Tell whether anybody may enter all the folders above a path."""
    return all(folder.stat().st_mode & stat.S_IXOTH for folder in Path(path).resolve().parents)


def check_external(env):
    """Fail, with what to do, when the server that PGHOST names cannot be used."""
    where = f"{env['PGHOST']}:{env.get('PGPORT', '5432')}"
    user, new_enough, may_create = ask_external(env, where)
    if new_enough != "t":
        raise Problem(f"PostgreSQL at PGHOST={where} is too old.", "Version 13 or later is needed.")
    if user == "postgres":
        raise Problem("Odoo refuses to work as the database user postgres.", "Name another one with PGUSER.")
    if may_create != "t":
        raise Problem(
            f"The user {user} at PGHOST={where} may not create databases.",
            f"As the server's administrator, in psql:  ALTER ROLE {user} CREATEDB",
        )
    say(f"→ PostgreSQL at {where}")


def ask_external(env, where):
    """Return the server's name for us, whether it is new enough, and whether we may create databases."""
    query = (
        "SELECT current_user, current_setting('server_version_num')::int >= 130000,"
        " rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user"
    )
    result = subprocess.run(
        [program("psql"), "-XAtw", "-d", "postgres", "-c", query],
        env={**env, "PGCONNECT_TIMEOUT": "10"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode:
        said = " ".join(result.stderr.split()).removeprefix("psql: error: ")
        raise Problem(
            f"PostgreSQL at PGHOST={where} cannot be used.",
            f"It says: {said}\n"
            "Check PGHOST, PGPORT, PGUSER and PGPASSWORD and that the server runs;\n"
            "without PGHOST an embedded server is used.",
        )
    return result.stdout.strip().split("|")
