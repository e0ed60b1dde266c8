"""Options that several commands share."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from inflows.contracts.names import BASES, LEVELS, SCOPES

Data = Annotated[
    Path | None,
    typer.Option("--data", metavar="DIR", envvar="INFLOWS_DATA", help="The data folder [default: data]"),
]
KnownAt = Annotated[
    str | None,
    typer.Option("--known-at", metavar="T", help="Since when these rows are known, where they do not tell"),
]
Basis = StrEnum("Basis", {name: name for name in BASES})
Scope = StrEnum("Scope", {name: name for name in SCOPES})
Level = StrEnum("Level", {name: name for name in LEVELS})


class Format(StrEnum):
    """How rows are printed."""

    table = "table"
    json = "json"
    csv = "csv"


OutputFormat = Annotated[Format, typer.Option("--format", help="How the rows are printed")]
BasisOption = Annotated[Basis, typer.Option("--basis", help="By what an exchange belongs to a jurisdiction")]
ScopeOption = Annotated[Scope, typer.Option("--scope", help="What counts between exchanges")]
LevelOption = Annotated[Level, typer.Option("--level", help="How sure labels must be (50, 20, 0)")]


def now() -> dt.datetime:
    """The present instant: the command line is the only place that reads the clock."""
    return dt.datetime.now(dt.UTC)
