"""A quantity has one name, the one that `totals` gives it, in every relation and in the rows of commands."""

import polars as pl

from inflows.build.diff import CAUSES
from inflows.contracts.flows import Totals
from inflows.layout import Layout
from inflows.warehouse import explain
from inflows.warehouse.pairs import compare
from inflows.warehouse.query import run_sql

OTHER_QUANTITIES = {
    # Of one transfer, or of sums of them that are no total.
    "usd": "what a flow was worth, in or out",
    "amount": "whole coins that a flow moved",
    "whole_usd": "what a transfer was worth before a weight took its share",
    "transfers": "how many transfers a row stands for",
    "priced_transfers": "how many of them have a worth",
    "priced_inflow_transfers": "how many of inflow_transfers have a worth",
    "share": "of the total that is explained",
    "lineages": "how many independent lists claim an address",
    # Of a pair.
    "other_inflow_usd": "inflow_usd of the other place",
    "other_inflow_ratio_on_year": "inflow_ratio_on_year of the other place",
    "ratio": "inflow_usd by other_inflow_usd",
    # Of others.
    "published_usd": "dollars that somebody published",
    "published_ratio": "a ratio that somebody published",
    "published_count": "a number of licences that somebody published",
    "our_ratio": "what of ours stands beside published_ratio",
    "our_count": "what of ours stands beside published_count",
    "ratio_to_published": "ours by theirs",
    # Of two vintages.
    "from_usd": "inflow_usd of the first vintage",
    "to_usd": "inflow_usd of the second vintage",
    "change_usd": "to_usd less from_usd",
    **{f"{cause}_usd": f"the part of change_usd that comes from {cause}" for cause in CAUSES},
    # Of what was read, and of registries.
    "rows": "rows in the raw store",
    "blocks": "blocks known to have been read",
    "quarantined": "rows set aside",
    "weight": "the part of an exchange that counts in a jurisdiction",
    "max_supply": "the most coins that can exist",
    "decimals": "places after the point of an amount",
}
"""What is measured beside the totals, each with what it is; a new quantity belongs here too."""

NO_QUANTITIES = {
    "block_number", "position", "first_block", "last_block", "from_confidence", "to_confidence", "confidence",
    "label_confidence",
}  # fmt: skip
"""Numbers that name something or stand on a scale."""

COUNTED_BY_A_RELATION_OF_ITS_OWN = ("dim_exchange", "rpt_licence_comparison", "rpt_licence_count")
"""Relations that count wallets and licences: no quantity of a total is in them."""


def known_names() -> set[str]:
    return {*Totals.columns(), *OTHER_QUANTITIES, *NO_QUANTITIES}


def is_number(kind: str) -> bool:
    return kind.startswith(("DECIMAL", "DOUBLE", "FLOAT", "BIGINT", "INTEGER", "HUGEINT", "UBIGINT"))


def test_every_number_in_a_relation_has_the_name_of_its_quantity(published: Layout) -> None:
    _, columns = run_sql(
        published,
        "select table_name, column_name, data_type from duckdb_columns() where database_name = 'inflows' "
        "and not starts_with(table_name, 'chk_')",
    )
    strangers = [
        (relation, name)
        for relation, name, kind in columns
        if is_number(kind) and name not in known_names() and relation not in COUNTED_BY_A_RELATION_OF_ITS_OWN
    ]
    assert strangers == []
    assert len(columns) > 200


def test_every_number_in_the_rows_of_a_command_has_the_name_of_its_quantity(published: Layout) -> None:
    compared = compare(published, "HK", "SG", "2024-H2").schema
    for schema in (compared, explain.COLUMNS):
        strangers = [name for name, kind in schema.items() if kind.is_numeric() and name not in known_names()]
        assert strangers == []


def test_no_two_names_mean_the_same() -> None:
    assert len(set(OTHER_QUANTITIES.values())) == len(OTHER_QUANTITIES)
    assert not set(OTHER_QUANTITIES) & set(Totals.columns())
    shortened = [
        (name, whole)
        for name in known_names()
        for whole in Totals.columns()
        if "_" in name and whole.endswith(f"_{name}") and name not in Totals.columns()
    ]
    assert shortened == []  # as `change_on_year_usd` beside `inflow_change_on_year_usd`


def test_what_readers_see_of_a_total_bears_the_names_of_totals(published: Layout) -> None:
    with_places, _ = run_sql(published, "select * from rpt_jurisdiction_half_year limit 1")
    assert set(with_places) == set(Totals.columns())


def test_an_export_bears_the_same_names(published: Layout, tmp_path) -> None:
    from inflows.warehouse.export import export

    export(published, tmp_path / "out")
    for name in ("agg_jurisdiction_half_year", "rpt_jurisdiction_half_year"):
        assert set(pl.read_parquet(tmp_path / "out" / f"{name}.parquet").columns) == set(Totals.columns())
