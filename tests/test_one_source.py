"""The closed sets of names stand in contracts.names alone: no module and no SQL file lists them again."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from inflows.contracts import names
from inflows.warehouse.sqlfiles import sql_folder

PACKAGE = Path(names.__file__).parents[1]
HOME = PACKAGE / "contracts" / "names.py"
SETS = {
    "what totals are made of": set(names.COUNTED),
    "what is received": set(names.RECEIVED),
    "what is sent": set(names.SENT),
    "flow types": set(names.FLOW_TYPES),
    "bases": set(names.BASES),
    "scopes": set(names.SCOPES),
    "levels": set(names.LEVELS),
    "grains": set(names.GRAINS),
}
IN_A_LIST = re.compile(r"\bin \(\s*('[^()]*')\s*\)")


def second_copies(code: str) -> Iterator[tuple[int, str]]:
    """The lines of literals, classes and calls in which exactly one of the SETS is spelled out."""
    for node in ast.walk(ast.parse(code)):
        found: list[ast.AST] = []
        if isinstance(node, ast.Tuple | ast.List | ast.Set):
            found = list(node.elts)
        elif isinstance(node, ast.ClassDef):
            found = [line.value for line in node.body if isinstance(line, ast.Assign)]
        spelled = {one.value for one in found if isinstance(one, ast.Constant) and isinstance(one.value, str)}
        yield from ((node.lineno, what) for what, known in SETS.items() if spelled == known)


def listed_in(sql: str) -> Iterator[tuple[str, ...]]:
    """The lists of flow types, bases, scopes and levels in a statement, comments left out."""
    every = set().union(*(known for what, known in SETS.items() if what != "grains"))
    code = "\n".join(line for line in sql.splitlines() if not line.startswith("comment on"))
    for found in IN_A_LIST.findall(code):
        values = tuple(re.findall("'([^']*)'", found))
        if set(values) in SETS.values() or ("inter_exchange" in values and set(values) <= every):
            yield values


def test_no_module_lists_a_closed_set_again() -> None:
    copies = [
        (path.relative_to(PACKAGE).as_posix(), line, what)
        for path in sorted(PACKAGE.rglob("*.py"))
        if path != HOME
        for line, what in second_copies(path.read_text(encoding="utf-8"))
    ]
    assert copies == []


def test_no_sql_file_lists_a_closed_set_again() -> None:
    files = sorted(sql_folder().glob("*.sql"))
    assert files
    copies = {path.name: list(listed_in(path.read_text(encoding="utf-8"))) for path in files}
    assert {name: found for name, found in copies.items() if found} == {}


@pytest.mark.parametrize(
    ("code", "what"),
    [
        ("X = ('inflow', 'inter_exchange')", "what is received"),
        ("X = ['exchange', 'market', 'jurisdiction']", "scopes"),
        ("class Level(StrEnum):\n    strict = 'strict'\n    base = 'base'\n    all = 'all'", "levels"),
    ],
)
def test_a_copy_in_python_is_found(code: str, what: str) -> None:
    assert [found for _, found in second_copies(code)] == [what]


def test_a_copy_in_sql_is_found_and_a_part_of_a_set_is_none() -> None:
    sent = ("outflow", "inter_exchange")
    assert list(listed_in(f"where flow_type in {sent}")) == [sent]
    assert list(listed_in("where scope in ('exchange', 'market')")) == []
    assert list(listed_in("comment on column a.b is 'one in ('inflow', 'inter_exchange')'")) == []
