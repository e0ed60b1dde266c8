"""The dtypes of a contract, and conforming a frame to it."""

from __future__ import annotations

import polars as pl

from inflows.contracts.columns import Schema
from inflows.contracts.names import FLOW_TYPES

UTC_TIME = pl.Datetime("us", "UTC")
AMOUNT = pl.Decimal(38, 18)
USD = pl.Decimal(38, 6)
PRICE = pl.Decimal(38, 18)
WEIGHT = pl.Decimal(38, 9)
FLOW_TYPE = pl.Enum(FLOW_TYPES)
"""While stages compute: types are compared, grouped by and sorted, in the order of FLOW_TYPES."""


def dtypes(schema: type[Schema]) -> dict[str, pl.DataType]:
    """Column names of a contract with their Polars types, in the contract's order."""
    return {name: column.dtype for name, column in schema.columns().items()}


def empty(schema: type[Schema]) -> pl.LazyFrame:
    """A frame of the contract with no rows."""
    return pl.LazyFrame(schema=dtypes(schema))


def conform(frame: pl.LazyFrame, schema: type[Schema]) -> pl.LazyFrame:
    """Exactly the contract's columns, in its order and types (missing columns are an error)."""
    return frame.select(pl.col(name).cast(dtype) for name, dtype in dtypes(schema).items())


def with_defaults(frame: pl.LazyFrame, schema: type[Schema]) -> pl.LazyFrame:
    """Columns that the contract got later, with their defaults where the frame lacks them or has nulls."""
    there = frame.collect_schema().names()
    return frame.with_columns(
        pl.col(name).fill_null(default) if name in there else pl.lit(default).alias(name)
        for name, default in defaults(schema).items()
    )


def defaults(schema: type[Schema]) -> dict[str, bool | str]:
    """The columns that the contract got later, with their value in older files."""
    found = {name: column.default for name, column in schema.columns().items()}
    return {name: default for name, default in found.items() if default is not None}
