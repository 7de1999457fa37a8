"""The databases the tests are cloned from, rebuilt only when what is in them has changed.

Two layers: Odoo's modules (a minute, changes with the pins), and ours on top of them (changes
with our files). A note on the database says what it was made from.
"""

import hashlib
import re

from . import config, database, odoo, paths
from .console import step
from .environment import locked

ASSETS = """
env["ir.qweb"]._pregenerate_assets_bundles()
env.cr.commit()
print("COMPLETE")
"""
NOT_LOADED = {"tests", "readme", "__pycache__", "description", "node_modules"}
LANGUAGES = "en_US,zh_CN"
WITH_ASSETS = " with assets"


def ensure(env, with_assets):
    """Return the name of an up-to-date template."""
    with locked("template"):
        config.write(env)
        base = ensure_base(env)
        template = ensure_ours(env, base)
        if with_assets:
            ensure_assets(env, template)
    return template


def ensure_base(env):
    """Return the name of the database with Odoo's modules."""
    name = database.name("base")
    modules = (paths.PINS / "modules.txt").read_text()
    made_from = digest(odoo.version(), modules, LANGUAGES)
    if database.label(env, name) != made_from:
        wanted = re.findall(r"^\w+", modules, re.M)
        with step(f"Building a database with Odoo's modules ({', '.join(wanted)})") as bar:
            build(env, name, made_from, bar, None, wanted)
    return name


def ensure_ours(env, base):
    """Return the name of the database with our modules."""
    name = database.name("template")
    made_from = digest(database.label(env, base), *module_files())
    if database.label(env, name).removesuffix(WITH_ASSETS) != made_from:
        wanted = paths.modules()
        with step(f"Installing our modules ({', '.join(wanted) or 'none yet'})") as bar:
            build(env, name, made_from, bar, base, wanted)
    return name


def build(env, name, made_from, bar, source, modules):
    """Build a database under another name first: a half-built one is never taken for whole."""
    building = f"{name}_building"
    database.drop(env, building)
    if source:
        database.clone(env, source, building)
    else:
        database.create(env, building)
    if modules:
        options = ["--init", ",".join(modules), "--skip-auto-install"]
        database.load(env, building, bar, *options, "--load-language", LANGUAGES)
    database.rename(env, building, name)
    database.set_label(env, name, made_from)


def ensure_assets(env, template):
    """Make the web client's bundles once; a test would build them again every time."""
    note = database.label(env, template)
    if note.endswith(WITH_ASSETS):
        return
    with step("Building the web client's assets for the browser tests"):
        database.shell(env, template, ASSETS, "Building the assets")
    database.set_label(env, template, note + WITH_ASSETS)


def module_files():
    """Yield name and content of every file of our modules that a database may depend on."""
    for module in paths.modules():
        for path in sorted((paths.ROOT / module).rglob("*")):
            inside = path.relative_to(paths.ROOT)
            if path.is_file() and not NOT_LOADED.intersection(inside.parts):
                yield str(inside)
                yield path.read_bytes()


def digest(*parts):
    """Return a digest of texts and contents."""
    result = hashlib.sha256()
    for part in parts:
        content = part.encode() if isinstance(part, str) else part
        result.update(f"{len(content)}:".encode() + content)
    return result.hexdigest()
