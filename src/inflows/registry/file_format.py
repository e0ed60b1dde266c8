"""What an own format consists of, and a check that several of them share."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

import polars as pl

from inflows.registry.column_checks import Check, Column, says
from inflows.registry.problems import Problems
from inflows.registry.tables import Table


@dataclass(frozen=True)
class OwnFormat:
    """A file format: the table it fills, its columns, and checks of values against each other."""

    table: Table
    columns: tuple[Column, ...]
    checks: tuple[Check, ...]
    derived: tuple[pl.Expr, ...] = ()
    """Columns of the table that a file does not have, from those that it has."""
    before: Callable[[pl.DataFrame], tuple[pl.DataFrame, pl.DataFrame]] | None = None
    """Makes other rows of the rows of text before they are read, and tells the problems of some."""
    instead: Mapping[str, Collection[str]] = field(default_factory=dict)
    """Columns that a file need not have where it has the one they are listed under."""
    between: Callable[[pl.DataFrame, Problems], None] | None = None
    """What must hold between the rows of one import (PLACE and the table's columns)."""


def ends_after_it_begins() -> Check:
    """A validity must hold at some time."""
    return Check(
        pl.col("valid_to") <= pl.col("valid_from"),
        says("valid_to '{}' is not after valid_from '{}'; valid_to is exclusive", "valid_to", "valid_from"),
    )
