"""How a contract is written down: a class per table, an attribute per column.

A declaration and nothing else: types, keys and null-ability, which the edges cast to and the tests hold the
tables against. Why not a library: docs/decisions/0001-contracts.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import polars as pl


@dataclass(frozen=True)
class Column:
    """A column: its Polars type, whether it may be null, whether it is part of the key.

    default: its value in files that were written before the table had this column (None: there are none).
    """

    dtype: pl.DataType
    nullable: bool = False
    primary_key: bool = False
    default: bool | str | None = None


class Schema:
    """A table's contract; subclasses have one Column for each column, in order."""

    _columns: ClassVar[dict[str, Column]]

    def __init_subclass__(cls) -> None:
        cls._columns = {name: value for name, value in vars(cls).items() if isinstance(value, Column)}

    @classmethod
    def columns(cls) -> dict[str, Column]:
        """The columns by name, in order."""
        return cls._columns

    @classmethod
    def primary_key(cls) -> list[str]:
        """The columns that together are unique."""
        return [name for name, column in cls._columns.items() if column.primary_key]


def string(*, nullable: bool = False, primary_key: bool = False, default: str | None = None) -> Column:
    """Text."""
    return Column(pl.String(), nullable, primary_key, default)


def int64(*, nullable: bool = False, primary_key: bool = False) -> Column:
    """A whole number."""
    return Column(pl.Int64(), nullable, primary_key)


def uint64(*, nullable: bool = False, primary_key: bool = False) -> Column:
    """A 64-bit key."""
    return Column(pl.UInt64(), nullable, primary_key)


def float64(*, nullable: bool = False, primary_key: bool = False) -> Column:
    """A share or ratio; never money, never an amount."""
    return Column(pl.Float64(), nullable, primary_key)


def boolean(*, nullable: bool = False, primary_key: bool = False, default: bool | None = None) -> Column:
    """True or false."""
    return Column(pl.Boolean(), nullable, primary_key, default)


def date(*, nullable: bool = False, primary_key: bool = False) -> Column:
    """A UTC day."""
    return Column(pl.Date(), nullable, primary_key)


def utc_time(*, nullable: bool = False, primary_key: bool = False) -> Column:
    """An instant in UTC, to the microsecond."""
    return Column(pl.Datetime("us", "UTC"), nullable, primary_key)


def decimal(precision: int, scale: int, *, nullable: bool = False, primary_key: bool = False) -> Column:
    """An exact decimal."""
    return Column(pl.Decimal(precision, scale), nullable, primary_key)
