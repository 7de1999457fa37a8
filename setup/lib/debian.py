"""Packages from the Debian archive, without root and without installing them.

apt works in a state folder of its own, checks the archive's signature as always, and
``dpkg-deb`` unpacks. The archive's address comes from the machine's own configuration.
"""

import os
import re
import shutil
import time

from . import paths, process
from .console import Problem, watch

KEYRINGS = (
    "/usr/share/keyrings/debian-archive-keyring.gpg",
    "/usr/share/keyrings/debian-archive-keyring.pgp",
)
ELSEWHERE = (
    "On another system point ODOO_SOURCE at a folder with Odoo 19 (a git checkout of\n"
    "Odoo, or the dist-packages folder it is installed in) and run this again."
)
FRESH = 24 * 3600


class Archive:
    """A private apt over some suites of the archive, or over the machine's own sources."""

    def __init__(self, name, suites=()):
        self.home = paths.APT / name
        self.suites = suites
        self.env = {**os.environ, "APT_CONFIG": str(self.home / "apt.conf"), "LC_ALL": "C"}

    def update(self):
        """Fetch the package lists, unless they are from today."""
        require_apt()
        done = self.home / "updated"
        if done.exists() and time.time() - done.stat().st_mtime < FRESH:
            return
        shutil.rmtree(self.home, ignore_errors=True)
        for folder in ("lists/partial", "cache/archives/partial", "debs"):
            (self.home / folder).mkdir(parents=True)
        self._configure()
        process.run(
            ["apt-get", "update"],
            log=f"apt-{self.home.name}",
            what="Fetching the package lists (apt-get update)",
            env=self.env,
        )
        done.touch()

    def _configure(self):
        """Write apt's configuration: our folders, the machine's proxies, no hooks."""
        lines = [line for line in machine_settings() if line.startswith("Acquire::")]
        lines += [
            'Dir::Etc::parts "/dev/null";',
            'Dir::Etc::main "/dev/null";',
            f'Dir::State "{self.home}";',
            f'Dir::State::lists "{self.home}/lists";',
            f'Dir::Cache "{self.home}/cache";',
            # apt's own user cannot enter a checkout below a private home.
            'APT::Sandbox::User "root";',
            'Acquire::Languages "none";',
            'Debug::NoLocking "1";',
        ]
        if self.suites:
            address, options = archive_address(), signed_by()
            sources = [f"deb {options}{address} {suite} main\n" for suite in self.suites]
            (self.home / "sources.list").write_text("".join(sources))
            lines += [
                # A list that cannot be fetched is an error, not a warning.
                'APT::Update::Error-Mode "any";',
                f'Dir::Etc::sourcelist "{self.home}/sources.list";',
                'Dir::Etc::sourceparts "/dev/null";',
                'Dir::State::status "/dev/null";',
            ]
        else:
            lines.append('Dir::State::status "/var/lib/dpkg/status";')
        (self.home / "apt.conf").write_text("\n".join(lines) + "\n")

    def missing(self, packages):
        """Return "name=version" of packages and of what they need and the machine lacks."""
        printed = process.output(
            ["apt-get", "install", "--simulate", "--no-install-recommends", *packages],
            env=self.env,
        )
        if printed is None:
            raise Problem(
                f"apt cannot resolve {' '.join(packages)} from this machine's sources.",
                "See:  apt-get install --simulate " + " ".join(packages),
            )
        return [f"{name}={version}" for name, version in re.findall(r"^Inst (\S+) (?:\[\S+\] )?\((\S+)", printed, re.M)]

    def download(self, packages, bar):
        """Download packages into ``debs`` and show how far it is; return the files."""
        folder = self.home / "debs"
        size = sum(self._sizes(packages))

        def fetched():
            return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())

        with watch(bar, size, fetched, lambda done: f"{done >> 20} of {size >> 20} MB"):
            process.run(
                ["apt-get", "download", *packages],
                log=f"download-{self.home.name}",
                what="Downloading from the Debian archive",
                env=self.env,
                cwd=folder,
            )
        return sorted(folder.glob("*.deb"))

    def _sizes(self, packages):
        """Yield what each download weighs; a package that is not there is a Problem."""
        for package in packages:
            printed = process.output(["apt-get", "download", "--print-uris", package], env=self.env, cwd=self.home)
            if not printed:
                raise Problem(
                    f"The Debian archive has no package {package.replace('/', ' in suite ')}.",
                    "The package may have been renamed or removed: see setup/pins/debian.txt.\n" + ELSEWHERE,
                )
            yield int(printed.split("'")[2].split()[1])


def extract(debs, target):
    """Unpack packages into a folder."""
    target.mkdir(parents=True, exist_ok=True)
    for deb in debs:
        process.run(["dpkg-deb", "-x", deb, target], log="extract", what=f"Unpacking {deb.name}")


def pinned(*suites):
    """Return the (suite, package) pairs of setup/pins/debian.txt for some suites."""
    lines = (paths.PINS / "debian.txt").read_text().splitlines()
    pairs = [tuple(line.split()) for line in lines if line and not line.startswith("#")]
    return [(suite, package) for suite, package in pairs if suite in suites]


def require_apt():
    """Fail, with what to do instead, where there is no apt."""
    missing = [name for name in ("apt-get", "dpkg-deb") if not shutil.which(name)]
    if missing:
        raise Problem(f"This system has no {missing[0]}.", ELSEWHERE)


def machine_settings():
    """Return the machine's apt configuration, one setting a line."""
    dump = process.output(["apt-config", "dump", "--no-empty"]) or ""
    return dump.splitlines()


def archive_address():
    """Return the address of the Debian archive in the machine's own apt sources."""
    printed = process.output(["apt-get", "update", "--print-uris"]) or ""
    found = re.findall(r"^'(\S+?)/?/dists/([^/']+)/\S*Release'", printed, re.M)
    plain = [address for address, suite in found if "-" not in suite and not address.startswith(("cdrom:", "file:"))]
    plain.sort(key=lambda address: not address.endswith("/debian"))
    if not plain:
        raise Problem("The apt sources of this machine name no Debian archive.", ELSEWHERE)
    if not plain[0].endswith("/debian") and "debian" not in os_ids():
        raise Problem("This system is not Debian, whose archive has Odoo 19.", ELSEWHERE)
    return plain[0]


def os_ids():
    """Return the words that /etc/os-release gives this system and its parents."""
    try:
        with open("/etc/os-release", encoding="utf-8") as lines:
            text = lines.read()
    except OSError:
        return []
    return " ".join(re.findall(r'^ID(?:_LIKE)?="?([^"\n]*)', text, re.M)).split()


def signed_by():
    """Return the apt option that names Debian's keyring, if it is where Debian has it."""
    for keyring in KEYRINGS:
        if os.path.exists(keyring):
            return f"[signed-by={keyring}] "
    return ""
