"""The demo database: Odoo, our modules and the sample company, built once and kept."""

import re

from . import config, database, odoo, paths, process, template
from .console import step
from .environment import locked

SCRIPT = paths.SETUP / "lib" / "inside" / "demo_company.py"
PROGRESS = re.compile(r"PROGRESS (\d+) (\d+) ?(.*)")
# The sample company is British; its chart of accounts is used where Odoo has it.
LOCALIZATION = "l10n_uk"


def ensure(env):
    """Return the name of the demo database, built or brought up to date."""
    name = database.name("demo")
    made_from = template.digest(*template.module_files())
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
    with locked("template"):
        base = template.ensure_base(env)
        database.drop(env, building)
        database.clone(env, base, building)
    modules = [*localization(), *paths.modules()]
    with step(f"Installing {', '.join(modules)}") as bar:
        options = ["--init", ",".join(modules), "--skip-auto-install"]
        database.load(env, building, bar, *options, "--load-language", template.LANGUAGES)
    load_company(env, building)
    with step("Building the web client's assets"):
        database.shell(env, building, template.ASSETS, "Building the assets")
    database.rename(env, building, name)


def update(env, name):
    """Update our modules in it after their files have changed."""
    with step("Updating the modules in the demo database: their files have changed") as bar:
        database.load(env, name, bar, "--update", ",".join(paths.modules()))


def localization():
    """Return the British localization, if this Odoo has it."""
    folders = [path / LOCALIZATION for path in odoo.addons_paths()]
    return [LOCALIZATION] if any(folder.is_dir() for folder in folders) else []


def load_company(env, name):
    """Load the sample company, and show how far it is."""
    with step("Playing half a year of the sample company's trade") as bar:

        def follow(line):
            found = PROGRESS.match(line)
            if found:
                bar.update(int(found.group(1)), int(found.group(2)), found.group(3))

        process.run(
            [paths.venv_python(), SCRIPT, "load", name],
            log="demo",
            what="Loading the sample company",
            env=env,
            on_line=follow,
        )


def table(env, name):
    """Return the table of what the sample company's distributors earned."""
    if not (paths.SETUP / "demo" / "table.py").exists():
        return ""
    lines = []
    process.run(
        [paths.venv_python(), SCRIPT, "table", name],
        log="table",
        what="Reading the sample company's table",
        env=env,
        on_line=lines.append,
    )
    return "".join(lines)
