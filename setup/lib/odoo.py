"""Odoo 19 itself: from the Debian archive, or from the folder that ODOO_SOURCE names."""

import os
import re
import shutil
from pathlib import Path

from . import debian, paths, process
from .console import Problem, say, step

# Debian leaves this file out (it comes without its source) and mail still lists it:
# without it every backend page logs an error.
SEGMENTATION = "addons/mail/static/lib/selfie_segmentation/selfie_segmentation.js"
PLACEHOLDER = """\
// Stands for @mediapipe/selfie_segmentation, which Debian leaves out of Odoo and which
// could not be fetched here. Only the blurred background in video calls needs it.
"""


def ensure():
    """Put Odoo into the environment, unless it is there already."""
    wanted = os.environ.get("ODOO_SOURCE", "")
    stamp = paths.VENV / "odoo-source"
    if stamp.exists() and stamp.read_text().splitlines()[:1] == [wanted]:
        return
    if wanted:
        check_source(Path(wanted))
    stamp.unlink(missing_ok=True)
    version = link_source(Path(wanted)) if wanted else install_package()
    write_metadata()
    stamp.write_text(f"{wanted}\n{version}\n")


def version():
    """Return which Odoo is in the environment; the test template depends on it."""
    return (paths.VENV / "odoo-source").read_text()


def addons_paths():
    """Return the folders of add-ons, Odoo's first, ours last."""
    package = (paths.site_packages() / "odoo").resolve()
    found = [paths.site_packages() / "odoo" / "addons"]
    if (package.parent / "addons" / "web").is_dir() and not (package / "addons" / "web").is_dir():
        found.insert(0, package.parent / "addons")
    if paths.modules():
        found.append(paths.ROOT)
    return found


def install_package():
    """Download and unpack the package ``odoo-19`` and the files Debian took out of it."""
    suites = ("sid", "trixie")
    archive = debian.Archive("odoo", suites)
    with step("Looking for Odoo 19 in the Debian archive"):
        archive.update()
    wanted = [f"{package}/{suite}" for suite, package in debian.pinned(*suites)]
    with step("Downloading Odoo 19") as bar:
        debs = archive.download(wanted, bar)
    with step("Unpacking Odoo 19 (1.2 GB)"):
        unpack(debs)
        provide_segmentation(paths.site_packages() / "odoo")
    package = next(deb.name for deb in debs if deb.name.startswith("odoo-19_"))
    shutil.rmtree(archive.home)
    return package


def unpack(debs):
    """Unpack into the environment: ``odoo`` as a package, the linked files beside it.

    The links are relative, and site-packages lies as deep as Debian's dist-packages.
    """
    tree = paths.LOCAL / "odoo-unpacked"
    shutil.rmtree(tree, ignore_errors=True)
    debian.extract(debs, tree / "usr.deb")
    usr = tree / "usr.deb" / "usr"
    target = paths.site_packages() / "odoo"
    remove(target)
    shutil.rmtree(paths.VENV / "share" / "javascript", ignore_errors=True)
    shutil.copytree(usr / "share", paths.VENV / "share", symlinks=True, dirs_exist_ok=True)
    # dist-packages/addons is left behind: Python files only, which would hide the true ones.
    shutil.move(usr / "lib" / "python3" / "dist-packages" / "odoo", target)
    shutil.rmtree(tree)


def provide_segmentation(package):
    """Fetch the script that Debian leaves out from npm, or put a placeholder there."""
    target = package / SEGMENTATION
    if target.exists():
        return
    target.parent.mkdir(parents=True)
    name = re.search(r"@mediapipe\S+", (paths.PINS / "npm.txt").read_text()).group()
    folder = paths.LOCAL / "segmentation"
    shutil.rmtree(folder, ignore_errors=True)
    fetched = process.output(["npm", "install", "--no-save", "--ignore-scripts", "--prefix", folder, name])
    script = folder / "node_modules" / name.rsplit("@", 1)[0] / target.name
    if fetched is not None and script.exists():
        shutil.copyfile(script, target)
    else:
        target.write_text(PLACEHOLDER)
        say("  (npm could not fetch a script of mail: video calls have no blurred background)")
    shutil.rmtree(folder, ignore_errors=True)


def check_source(source):
    """Fail, with what is expected, when a folder has no Odoo 19."""
    package = source / "odoo"
    release = package / "release.py"
    if not release.exists():
        raise Problem(
            f"ODOO_SOURCE={source} has no Odoo: {release} does not exist.",
            "It must be a git checkout of Odoo 19 (with odoo/ and addons/), or the\n"
            "dist-packages folder of an installed Odoo 19.",
        )
    found = re.search(r"version_info = \((\d+), (\d+)", release.read_text())
    if not found or found.group(1) != "19":
        raise Problem(
            f"ODOO_SOURCE={source} is Odoo {found.group(1) if found else 'of unknown version'}.",
            "This suite is for Odoo 19.",
        )
    if not any((root / "addons" / "web").is_dir() for root in (source, package)):
        raise Problem(f"ODOO_SOURCE={source} has no addons: neither addons/ nor odoo/addons/.")


def link_source(source):
    """Use an Odoo 19 that is already on the machine."""
    package = (source / "odoo").resolve()
    target = paths.site_packages() / "odoo"
    remove(target)
    target.symlink_to(package, target_is_directory=True)
    say(f"→ Odoo from {source}")
    return f"{package} {(package / 'release.py').stat().st_mtime_ns}"


def remove(path):
    """Remove a folder, or only the link when it is one."""
    if path.is_symlink():
        path.unlink()
    elif path.exists():
        shutil.rmtree(path)


def write_metadata():
    """Tell pip that Odoo 19.0 is installed, so that add-ons that require it install.

    Its own requirements are left out: setup/pins/odoo.txt sees to them, with other names
    for some (psycopg2-binary).
    """
    folder = paths.site_packages() / "odoo-19.0.dist-info"
    folder.mkdir(exist_ok=True)
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: odoo\nVersion: 19.0\n")
    (folder / "INSTALLER").write_text("setup/run\n")
