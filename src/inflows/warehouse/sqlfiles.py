"""The relations of sql/, one file each and named like it, in a checkout and in an installed package."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Final

from inflows.errors import WorkError

_PACKAGE: Final = Path(__file__).parents[1]
_FOLDERS: Final = (_PACKAGE / "sql", _PACKAGE.parents[1] / "sql")  # installed, checkout
_NAME: Final = re.compile(r"(?:dim|fct|agg|rpt|meta|chk)_[a-z0-9_]+")


def sql_folder() -> Path:
    """The folder with the relations."""
    for folder in _FOLDERS:
        if (folder / "fct_flow.sql").is_file():
            return folder
    raise WorkError(
        "The SQL files of the warehouse are missing from this installation.", "Install inflows again."
    )


@cache
def relation_names() -> tuple[str, ...]:
    """The names of all relations in the order in which they can be created: tables, then views, by name."""
    names = [path.stem for path in sql_folder().glob("*.sql") if _NAME.fullmatch(path.stem)]
    return tuple(sorted(names, key=lambda name: (is_view(name), name)))


@cache
def read(name: str) -> str:
    """The statements that create a relation and comment it; the name is one of relation_names()."""
    if not _NAME.fullmatch(name):
        raise WorkError(
            f"'{name}' is not the name of a relation.", "Relations begin with dim_, fct_, agg_, rpt_."
        )
    return (sql_folder() / f"{name}.sql").read_text(encoding="utf-8")


def is_view(name: str) -> bool:
    """Whether a relation is a view over tables, and so is not filled."""
    return f"create view {name} " in read(name)


def tables() -> tuple[str, ...]:
    """The relations that are filled."""
    return tuple(name for name in relation_names() if not is_view(name))


def checks() -> tuple[str, ...]:
    """The views that return offending rows: empty is good."""
    return tuple(name for name in relation_names() if name.startswith("chk_"))
