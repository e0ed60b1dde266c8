"""Options that several commands share."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

Data = Annotated[
    Path | None,
    typer.Option("--data", metavar="DIR", envvar="INFLOWS_DATA", help="The data folder [default: data]"),
]
KnownAt = Annotated[
    str | None,
    typer.Option("--known-at", metavar="T", help="Since when these rows are known, where they do not tell"),
]


class Basis(StrEnum):
    """names.BASES, as an option."""

    licence = "licence"
    headquarters = "headquarters"
    traffic = "traffic"


class Scope(StrEnum):
    """names.SCOPES, as an option."""

    exchange = "exchange"
    jurisdiction = "jurisdiction"
    market = "market"


class Level(StrEnum):
    """names.LEVELS, as an option."""

    strict = "strict"
    base = "base"
    all = "all"


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
