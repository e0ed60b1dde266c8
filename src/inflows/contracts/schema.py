"""The dtypes of a contract, and conforming a frame to it."""

from __future__ import annotations

import polars as pl

from inflows.contracts.columns import Schema

UTC_TIME = pl.Datetime("us", "UTC")
AMOUNT = pl.Decimal(38, 18)
USD = pl.Decimal(38, 6)
PRICE = pl.Decimal(38, 18)
WEIGHT = pl.Decimal(38, 9)


def dtypes(schema: type[Schema]) -> dict[str, pl.DataType]:
    """Column names of a contract with their Polars types, in the contract's order."""
    return {name: column.dtype for name, column in schema.columns().items()}


def empty(schema: type[Schema]) -> pl.LazyFrame:
    """A frame of the contract with no rows."""
    return pl.LazyFrame(schema=dtypes(schema))


def conform(frame: pl.LazyFrame, schema: type[Schema]) -> pl.LazyFrame:
    """Exactly the contract's columns, in its order and types (missing columns are an error)."""
    return frame.select(pl.col(name).cast(dtype) for name, dtype in dtypes(schema).items())
