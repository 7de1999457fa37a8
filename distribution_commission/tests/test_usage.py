# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
import ast
import re
from decimal import Decimal
from pathlib import Path

from odoo.tests import BaseCase, tagged

MODULE = Path(__file__).parents[1]
SUITE = MODULE.parent / "tests"
USAGE = MODULE / "readme" / "USAGE.md"
PEOPLE = ("Cleo", "Ben", "Ada")
FIGURE = re.compile(r"–|\d[\d,]*(?:\.\d+)?")
TEST_FILE = re.compile(r"`(?:tests/)?(test_\w+\.py)`")


@tagged("post_install", "-at_install")
class TestUsage(BaseCase):
    """The worked examples of the readme have the numbers of the tests they name."""

    def test_every_row_has_a_test_with_its_figures(self):
        rows = list(read_rows(USAGE.read_text(encoding="utf-8")))
        self.assertGreater(len(rows), 100, "The tables are not read any more")
        for where, names, steps in rows:
            with self.subTest(where):
                self.assertTrue(names, f"No test file is named above: {where}")
                files = [find_test_file(name) for name in names]
                if None in files and not SUITE.is_dir():  # the module is installed by itself
                    continue
                self.assertNotIn(None, files, f"A file of {', '.join(names)} does not exist: {where}")
                self.assertTrue(steps, f"No figures are read from: {where}")
                found = any(is_played(steps, claims) for path in files for claims in read_claims(path))
                self.assertTrue(found, f"No test of {', '.join(names)} has the figures of: {where}")


# === THE README === #


def read_rows(text):
    """Yield each row of the tables: its text, the test files named last in its section, and its steps."""
    names, section = [], ""
    for paragraph in re.split(r"\n\s*\n", text.strip()):
        if paragraph.startswith("## "):
            names, section = [], paragraph.removeprefix("## ")
        if not paragraph.startswith("|"):
            names = TEST_FILE.findall(paragraph) or names
            continue
        heads, _rule, *rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in paragraph.split("\n")]
        for cells in rows:
            yield f"{section}: {' | '.join(cells)}", names, read_steps(dict(zip(heads, cells, strict=True)))


def read_steps(row):
    """Return what a row says, one after the other, as (Cleo's, Ben's, Ada's); None for whom it does not say.

    "60.00, then 100.00" and "1.43 + 2.86" are two steps; "50.00 each" is the same in every step.
    """
    columns = [row.get("rates", row.get(PEOPLE[0], "")), *(row.get(name, "") for name in PEOPLE[1:])]
    figures = [[to_number(figure) for figure in FIGURE.findall(column)] for column in columns]
    length = max(map(len, figures))
    for column, found in zip(columns, figures, strict=True):
        if column.endswith(" each"):
            found *= length
        found += [None] * (length - len(found))
    return list(zip(*figures, strict=True))


def to_number(text):
    """Return a figure of the readme as a number; a dash is nothing."""
    return Decimal(0) if text == "–" else Decimal(text.replace(",", ""))


# === THE TESTS === #


def find_test_file(name):
    """Return the path of a test of the module or of the suite; None for the suite's where only the module is."""
    paths = (MODULE / "tests" / name, SUITE / name)
    return next((path for path in paths if path.exists()), None)


def read_claims(path):
    """Yield for each test of a file what it asserts, in order: (Cleo's, Ben's, Ada's), or (a figure,)."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            yield read_claims_of(node)


def read_claims_of(test):
    """Return what a test asserts."""
    values = read_loop_values(test)
    asserts = [node for node in ast.walk(test) if isinstance(node, ast.Assert) or is_assert_call(node)]
    claims = []
    for node in sorted(asserts, key=lambda node: node.lineno):
        if isinstance(node, ast.Call) and node.func.attr == "assertEarned":
            claims += read_earned(node.args[1:], values)
        else:
            claims += read_by_person(node) or read_triples(node) or [(number,) for number in read_numbers(node)]
    return claims


def is_assert_call(node):
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr.startswith("assert")


def read_loop_values(test):
    """Return the figures that the names of `for` loops over literals take: name → list."""
    values = {}
    for loop in ast.walk(test):
        if not isinstance(loop, ast.For) or not isinstance(loop.iter, ast.Tuple | ast.List):
            continue
        targets = loop.target.elts if isinstance(loop.target, ast.Tuple) else [loop.target]
        for turn in loop.iter.elts:
            elements = turn.elts if isinstance(loop.target, ast.Tuple) else [turn]
            for target, element in zip(targets, elements, strict=True):
                if isinstance(target, ast.Name):
                    values.setdefault(target.id, []).extend(read_numbers(element)[:1])
    return values


def read_earned(args, values):
    """Return the amounts of an assertEarned call, one tuple for each turn of its loop; what is left out is zero."""
    if any(isinstance(arg, ast.Starred) for arg in args):
        return []
    columns = [values.get(arg.id, []) if isinstance(arg, ast.Name) else read_numbers(arg) for arg in args]
    turns = max(map(len, columns), default=0)
    columns = [column * turns if len(column) == 1 else column for column in columns]
    return [(*amounts, *[Decimal(0)] * (3 - len(amounts))) for amounts in zip(*columns, strict=True)]


def read_by_person(node):
    """Return the amounts of a dictionary {(self.cleo, 1): 100.0, ...} as a tuple in a list."""
    amounts = {}
    for each in ast.walk(node):
        if isinstance(each, ast.Dict):
            for key, value in zip(each.keys, each.values, strict=True):
                names = [part.attr.title() for part in ast.walk(key) if isinstance(part, ast.Attribute)]
                amounts.update({name: number for name in names for number in read_numbers(value)})
    return [tuple(amounts.get(name, Decimal(0)) for name in PEOPLE)] if amounts.keys() & set(PEOPLE) else []


def read_triples(node):
    """Return the tuples of three figures in an assert, in order."""
    tuples = [each for each in ast.walk(node) if isinstance(each, ast.Tuple) and len(each.elts) == 3]
    triples = [tuple(read_numbers(each)) for each in sorted(tuples, key=lambda each: each.lineno)]
    return [triple for triple in triples if len(triple) == 3]


def read_numbers(node):
    """Return the numbers of an expression, also those written as strings, in order."""
    constants = [each for each in ast.walk(node) if isinstance(each, ast.Constant)]
    constants.sort(key=lambda each: (each.lineno, each.col_offset))
    texts = [str(each.value) for each in constants if not isinstance(each.value, bool)]
    return [Decimal(text) for text in texts if re.fullmatch(r"\d+(\.\d+)?", text)]


def is_played(steps, claims):
    """Tell whether a test claims these steps in their order."""
    rest = iter(claims)
    return all(any(agree(step, claim) for claim in rest) for step in steps)


def agree(step, claim):
    """Tell whether a claim is what a step says; a claim of one figure is about the first column only."""
    said = {index: figure for index, figure in enumerate(step) if figure is not None}
    return all(index < len(claim) and claim[index] == figure for index, figure in said.items())
