"""A browser for the tests: the installed Chromium or Chrome, else a private one in .local."""

import platform
import shutil
import tempfile

from . import debian, paths, process
from .console import Problem, step
from .environment import child_env

# In the order in which Odoo looks for them (odoo/tests/common.py).
NAMES = ("google-chrome", "chromium", "chromium-browser", "google-chrome-stable")
# Nothing here needs the vendor's services, and without a network they only cost time.
FLAGS = (
    "--disable-quic",
    "--disable-sync",
    "--disable-component-update",
    "--disable-background-networking",
    "--no-first-run",
)
WRAPPER = paths.BIN / "chromium"
BY_HAND = "As root:  apt-get install chromium fonts-noto-cjk   (then run this again)"
FONTS = """\
<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">
<fontconfig>
  <include ignore_missing="yes">/etc/fonts/fonts.conf</include>
  <include ignore_missing="yes">{home}/etc/fonts/fonts.conf</include>
  <dir>{home}/usr/share/fonts</dir>
  <cachedir>{home}/cache</cachedir>
</fontconfig>
"""


def ensure():
    """Provide ``chromium`` on the path of our programs, and try it once."""
    if WRAPPER.exists():
        return
    program = next(filter(None, map(shutil.which, NAMES)), None)
    if program:
        content = f'exec "{program}" {" ".join(FLAGS)} "$@"\n'
    else:
        fetch()
        content = private_launcher()
    paths.BIN.mkdir(exist_ok=True)
    WRAPPER.write_text("#!/bin/sh\n" + content)
    WRAPPER.chmod(0o755)
    try_out()


def fetch():
    """Download Chromium, its missing libraries and a Chinese font, and unpack them."""
    archive = debian.Archive("browser")
    with step("Looking for Chromium in this machine's package sources"):
        archive.update()
        packages = archive.missing([package for _suite, package in debian.pinned("machine")])
    with step("Downloading Chromium and a Chinese font") as bar:
        debs = archive.download(packages, bar)
    with step("Unpacking Chromium"):
        shutil.rmtree(paths.BROWSER, ignore_errors=True)
        debian.extract(debs, paths.BROWSER)
    shutil.rmtree(archive.home)


def private_launcher():
    """Return a script that runs the unpacked Chromium with its libraries and fonts."""
    home = paths.BROWSER
    (home / "fonts.conf").write_text(FONTS.format(home=home))
    triplet = f"{platform.machine()}-linux-gnu"
    libraries = [home / "usr" / "lib" / triplet, home / "lib" / triplet, home / "usr" / "lib"]
    # Debian keeps some libraries one folder deeper (libpulsecommon).
    libraries += sorted({path.parent for path in libraries[0].glob("*/lib*.so*")})
    path = ":".join(str(folder) for folder in libraries if folder.is_dir())
    return (
        f'LD_LIBRARY_PATH="{path}" FONTCONFIG_FILE="{home}/fonts.conf" \\\n'
        f'    exec "{home}/usr/lib/chromium/chromium" {" ".join(FLAGS)} "$@"\n'
    )


def try_out():
    """Render a page; a browser that cannot is taken away again and reported."""
    page = "data:text/html,<p>distribution</p>"
    with step("Trying the browser"), tempfile.TemporaryDirectory() as profile:
        args = ["--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={profile}"]
        try:
            process.run(
                ["timeout", "60", WRAPPER, *args, "--dump-dom", page],
                log="browser",
                what="Starting Chromium",
                env=child_env(),
            )
        except Problem as problem:
            WRAPPER.unlink()
            raise Problem(problem.what, f"{problem.remedy}\n{BY_HAND}") from None
