"""Options that several commands share."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal

import typer

from inflows.contracts import names

if TYPE_CHECKING:
    from inflows.data_folder import DataFolder
    from inflows.layout import Layout
    from inflows.settings import Settings


def _folder(text: str) -> Path:
    if not text.strip():
        raise typer.BadParameter("the name of the data folder is empty")
    if "://" in text:
        raise typer.BadParameter(f"'{text}' is no folder of this machine; give a path")
    return Path(text)


Data = Annotated[
    Path | None,
    typer.Option(
        "--data",
        metavar="DIR",
        envvar="INFLOWS_DATA",
        parser=_folder,
        help="The data folder [default: data]",
    ),
]
KnownAt = Annotated[
    str | None,
    typer.Option("--known-at", metavar="T", help="Since when these rows are known, where they do not tell"),
]


if TYPE_CHECKING:
    Basis = str
    Scope = str
    Level = str
    Grain = str
else:
    # The choices are the names themselves; a type checker cannot follow them, and sees text.
    Basis = Literal[names.BASES]
    Scope = Literal[names.SCOPES]
    Level = Literal[tuple(names.LEVELS)]
    Grain = Literal[names.GRAINS]


class PrintFormat(StrEnum):
    """How rows are printed."""

    table = "table"
    json = "json"
    csv = "csv"


OutputFormat = Annotated[PrintFormat, typer.Option("--format", help="How the rows are printed")]
BasisOption = Annotated[Basis, typer.Option("--basis", help="By what an exchange belongs to a jurisdiction")]
ScopeOption = Annotated[Scope, typer.Option("--scope", help="What counts between exchanges")]
WideOption = Annotated[bool, typer.Option("--wide", help="The table with every column, dollars to the cent")]
LevelOption = Annotated[Level, typer.Option("--level", help="How sure labels must be (50, 20, 0)")]
GrainOption = Annotated[Grain | None, typer.Option("--grain", help="The length of the periods")]


LAYOUTS: Final[list[Layout]] = []
"""The data folder of the command that runs, once it is known: where to look when reading fails."""


def settings(data: Path | None) -> Settings:
    """The settings in force (what reads them is imported here, since help needs none of it)."""
    from inflows.settings import load_settings

    found = load_settings(data)
    LAYOUTS[:] = [found.layout]
    return found


def folder(data: Path | None) -> DataFolder:
    """The data folder that the commands ask, as notebooks do."""
    from inflows.data_folder import DataFolder

    return DataFolder(settings(data))


def instant(text: str | None, option: str) -> dt.datetime | None:
    """The instant that an option names, if it was given."""
    if text is None:
        return None
    from inflows.times import parse_instant

    return parse_instant(text, option)


def now() -> dt.datetime:
    """The present instant: the command line is the only place that reads the clock."""
    return dt.datetime.now(dt.UTC)
