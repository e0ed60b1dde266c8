"""The table of faults names tests that are there."""

from __future__ import annotations

import ast
import re
from pathlib import Path

PROJECT = Path(__file__).parents[1]
ROW = re.compile(r"^\| (\d+)(?:–(\d+))? \| .+? \| (.+) \|$", re.MULTILINE)
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")


def rows() -> list[tuple[range, str]]:
    """The numbers of each row, and its tests."""
    text = (PROJECT / "docs" / "reliability.md").read_text(encoding="utf-8")
    return [(range(int(first), int(last or first) + 1), tests) for first, last, tests in ROW.findall(text)]


def functions(file: str) -> set[str]:
    path = PROJECT / file
    if not path.exists():
        return set()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def test_every_row_names_tests_and_each_of_them_exists() -> None:
    missing = [
        f"{numbers.start}: {file}::{name}"
        for numbers, tests in rows()
        for file, name in NAMED.findall(tests)
        if name not in functions(file)
    ]
    assert missing == []
    assert all(NAMED.findall(tests) for _, tests in rows())
    assert all(not NAMED.sub("", tests).strip() for _, tests in rows()), "something else stands among tests"


def test_the_faults_are_numbered_one_after_the_other() -> None:
    numbers = [number for of_row, _ in rows() for number in of_row]
    assert numbers[:32] == list(range(1, 33))
    assert numbers == sorted(set(numbers))
