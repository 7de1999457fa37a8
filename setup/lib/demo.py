"""The demo database: Odoo, our modules and the sample companies, built once and kept."""

import re
import shutil

from . import config, database, odoo, paths, process, simulator, template
from .console import step
from .environment import locked

SCRIPT = paths.SETUP / "lib" / "inside" / "demo_company.py"
PROGRESS = re.compile(r"PROGRESS (\d+) (\d+) ?(.*)")
# The sample companies are British and Chinese; their charts of accounts are used where Odoo has them.
LOCALIZATIONS = ("l10n_uk", "l10n_cn")


def ensure(env):
    """Return the name of the demo database, built or brought up to date."""
    name = database.name("demo")
    made_from = template.digest(*template.module_files(), *demo_files())
    with locked("demo"):
        config.write(env)
        label = database.label(env, name)
        if not label:
            build(env, name)
        elif label != made_from:
            update(env, name)
        database.set_label(env, name, made_from)
    return name


def build(env, name):
    """Build it under another name: an interrupted load is never served."""
    building = f"{name}_building"
    # What WeChat remembers is of an earlier shop, whose numbers this one uses again.
    shutil.rmtree(simulator.STATE, ignore_errors=True)
    with locked("template"):
        base = template.ensure_base(env)
        database.drop(env, building)
        database.clone(env, base, building)
    modules = [*localizations(), *paths.modules()]
    with step(f"Installing {', '.join(modules)}") as bar:
        options = ["--init", ",".join(modules), "--skip-auto-install"]
        database.load(env, building, bar, *options, "--load-language", template.LANGUAGES)
    load_companies(env, building)
    with step("Building the web client's assets"):
        database.shell(env, building, template.ASSETS, "Building the assets")
    database.rename(env, building, name)


def update(env, name):
    """Update our modules in it after their files have changed; a sample company it lacks is added."""
    with step("Updating the modules in the demo database: their files have changed") as bar:
        options = ["--init", ",".join(localizations())] if localizations() else []
        database.load(env, name, bar, *options, "--update", ",".join(paths.modules()), "--skip-auto-install")
    load_companies(env, name)


def localizations():
    """Return those of the localizations that this Odoo has."""
    return [name for name in LOCALIZATIONS if any((path / name).is_dir() for path in odoo.addons_paths())]


def demo_files():
    """Yield name and content of every file that makes the sample companies."""
    for path in sorted((paths.SETUP / "demo").glob("*.py")):
        yield path.name
        yield path.read_bytes()


def load_companies(env, name):
    """Load the sample companies that are not there yet, and show how far it is."""
    with step("Loading the sample companies, one of them with half a year of trade") as bar:

        def follow(line):
            found = PROGRESS.match(line)
            if found:
                bar.update(int(found.group(1)), int(found.group(2)), found.group(3))

        process.run(
            [paths.venv_python(), SCRIPT, "load", name],
            log="demo",
            what="Loading the sample companies",
            env=env,
            on_line=follow,
        )


def start(env, name, shop, wechat):
    """Connect the mini-program with WeChat, and return the table of what the sample company's distributors earned.

    :param str shop: the address of Odoo
    :param str wechat: the address of the simulator
    """
    lines = []
    process.run(
        [paths.venv_python(), SCRIPT, "start", name, shop, wechat],
        log="table",
        what="Preparing the sample companies",
        env=env,
        on_line=lines.append,
    )
    return "".join(lines)
