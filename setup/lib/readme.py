"""README.rst of the modules, made from the fragments in their readme/ folders."""

import ast
import re
import subprocess

from . import paths
from .console import say

# The first fragments, in their order; others follow by name.
FIRST = ("DESCRIPTION.md", "USAGE.md")


def check(fix):
    """Tell whether each README.rst is what its fragments make; with ``fix``, write those that are not."""
    stale = [module for module in paths.modules() if read(module) != make(module)]
    for module in stale:
        if fix:
            target(module).write_text(make(module), encoding="utf-8")
        else:
            say(f"{module}/README.rst is not what {module}/readme makes: ./setup/lint --fix writes it")
    return fix or not stale


def target(module):
    """Return the path of a module's README.rst."""
    return paths.ROOT / module / "README.rst"


def read(module):
    """Return a module's README.rst as it is; nothing if it has none."""
    return target(module).read_text(encoding="utf-8") if target(module).exists() else ""


def make(module):
    """Return a module's README.rst as its fragments make it."""
    manifest = ast.literal_eval((paths.ROOT / module / "__manifest__.py").read_text(encoding="utf-8"))
    fragments = sorted((paths.ROOT / module / "readme").glob("*.md"), key=order)
    text = "\n\n".join([f"# {manifest['name']}", *map(section, fragments)])
    pandoc = paths.site_packages() / "pypandoc" / "files" / "pandoc"
    command = [pandoc, "--from=gfm", "--to=rst", "--columns=120"]
    return subprocess.run(command, input=text, capture_output=True, check=True, text=True, encoding="utf-8").stdout


def order(fragment):
    """Return what fragments are sorted by."""
    return (FIRST.index(fragment.name) if fragment.name in FIRST else len(FIRST), fragment.name)


def section(fragment):
    """Return a fragment one heading deeper, under a heading of its own name where it has none."""
    text = re.sub(r"^#", "##", fragment.read_text(encoding="utf-8"), flags=re.MULTILINE)
    if fragment.name == "DESCRIPTION.md" or text.startswith("#"):
        return text
    return f"## {fragment.stem.capitalize()}\n\n{text}"
