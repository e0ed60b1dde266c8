"""Licences as the warehouse counts them, without a publication: its relations over the registry's rows."""

from __future__ import annotations

import datetime as dt
from typing import Final

import duckdb
import polars as pl

from inflows.warehouse import sqlfiles
from inflows.warehouse.fill_database import insert_frame
from inflows.warehouse.inputs import prepare_facts

RELATIONS: Final = ("dim_licence", "dim_reference", "rpt_licence_count", "rpt_licence_comparison")


def relation(name: str, licences: pl.DataFrame, references: pl.DataFrame) -> pl.DataFrame:
    """The rows of one of RELATIONS, made of contracts Licences and References."""
    with duckdb.connect(config={"threads": 1}) as connection:
        connection.execute("set TimeZone = 'UTC'")
        for needed in RELATIONS:
            connection.execute(sqlfiles.read(needed))
        for table, frame in prepare_facts(licences, references).items():
            insert_frame(connection, table, frame)
        return pl.DataFrame(connection.table(name).to_arrow_table())


def held_on(licences: pl.DataFrame, day: dt.date) -> pl.DataFrame:
    """The rows of dim_licence that hold on a day, by place, kind, standing and time."""
    begun = pl.col("valid_from").is_null() | (pl.col("valid_from") <= day)
    goes_on = pl.col("valid_to").is_null() | (pl.col("valid_to") > day)
    order = ("jurisdiction", "licence", "standing", "valid_from", "exchange", "entity", "status")
    return licences.filter(begun & goes_on).sort(order, nulls_last=False)


def counted_on(counts: pl.DataFrame, day: dt.date) -> pl.DataFrame:
    """The rows of rpt_licence_count that hold on a day: of each place and kind the last one until then."""
    key = ("jurisdiction", "licence")
    return counts.filter(pl.col("date") <= day).sort(*key, "date").unique(key, keep="last").sort(key)
