"""A total is explained whole: its parts add up, and what it leaves out is what a plain loop finds."""

import datetime as dt
import shutil
from collections import defaultdict
from decimal import Decimal
from itertools import product
from pathlib import Path

import polars as pl
import pytest
from command_line import Line

from inflows.warehouse.explain import COLUMNS, explain, identity
from inflows.warehouse.query import run_sql

PARTS = ("exchange", "chain", "asset", "day", "size_band")
SELECTIONS = list(
    product(("licence", "headquarters"), ("exchange", "jurisdiction", "market"), ("strict", "all"))
)


def flows(line: Line) -> list[dict]:
    columns, rows = run_sql(line.data / "warehouse" / "inflows.duckdb", "select * from fct_flow")
    return [dict(zip(columns, row, strict=True)) for row in rows]


def weight(line: Line, exchange: str | None, day: dt.date, where: str, basis: str) -> Decimal:
    """An exchange's weight in a jurisdiction on a day, looked up row by row."""
    if exchange is None:
        return Decimal(0)
    columns, rows = run_sql(line.data / "warehouse" / "inflows.duckdb", "select * from dim_jurisdiction")
    found = [dict(zip(columns, row, strict=True)) for row in rows]
    held: dict[str, Decimal] = defaultdict(Decimal)
    for row in found:
        begun = row["valid_from"] is None or row["valid_from"] <= day
        holds = begun and (row["valid_to"] is None or day < row["valid_to"])
        if row["exchange"] == exchange and row["basis"] == basis and holds:
            held[row["jurisdiction"]] += row["weight"]
    return 1 - sum(held.values()) if where == "ZZ" else held[where]


@pytest.mark.parametrize(("basis", "scope", "level"), SELECTIONS)
def test_every_part_of_every_total_adds_up_to_what_was_published(
    published: Line, basis: str, scope: str, level: str
) -> None:
    chosen = ("--basis", basis, "--scope", scope, "--level", level)
    totals = published.rows("totals", *chosen, "--period", "2024-H1")
    assert len(totals) >= 2
    for total in totals:
        rows = published.rows("explain", "2024-H1", total["jurisdiction"], *chosen)
        assert list(rows[0]) == list(COLUMNS)
        (whole,) = (row for row in rows if row["part"] == "total")
        assert (whole["inflow_usd"], whole["transfers"]) == (total["inflow_usd"], total["inflow_transfers"])
        for part in PARTS:
            of_part = [row for row in rows if row["part"] == part]
            assert sum(Decimal(row["inflow_usd"]) for row in of_part) == Decimal(total["inflow_usd"]), part
            assert sum(row["transfers"] for row in of_part) == total["inflow_transfers"], part


def test_what_is_left_out_is_what_a_loop_over_the_flows_finds(published: Line) -> None:
    found = {
        row["key"]: row for row in published.rows("explain", "2024-H1", "HK") if row["part"] == "left_out"
    }
    sums: dict[str, Decimal] = defaultdict(Decimal)
    numbers: dict[str, int] = defaultdict(int)
    for flow in flows(published):
        day = flow["block_time"].date()
        if not dt.date(2024, 1, 1) <= day < dt.date(2024, 7, 1) or flow["symbol"] is None:
            continue
        share = weight(published, flow["to_exchange"], day, "HK", "licence")
        received = ("inflow", "inter_exchange")
        reasons = [flow["flow_type"]] if flow["flow_type"] in ("internal", "mint", "wrap") else []
        if flow["flow_type_all"] in received and flow["flow_type"] not in received:
            reasons.append("level_all_alone")
        if flow["flow_type"] in received and flow["usd"] is None:
            reasons.append("unpriced")
        for reason in reasons if share else ():
            sums[reason] += (flow["usd"] or 0) * share
            numbers[reason] += 1
    for key in ("internal", "mint", "wrap", "level_all_alone"):
        assert (Decimal(found[key]["inflow_usd"]), found[key]["transfers"]) == (
            sums[key].quantize(Decimal("0.000001")),
            numbers[key],
        ), key
    assert (found["unpriced"]["inflow_usd"], found["unpriced"]["transfers"]) == (None, numbers["unpriced"])
    assert sum(numbers.values()) > 20


def test_what_a_scope_leaves_out_is_the_difference_to_the_scope_that_leaves_nothing_out(
    published: Line,
) -> None:
    def total(scope: str) -> Decimal:
        (row,) = published.rows("totals", "--period", "2024-H1", "--jurisdiction", "HK", "--scope", scope)
        return Decimal(row["inflow_usd"])

    for scope in ("jurisdiction", "market"):
        rows = published.rows("explain", "2024-H1", "HK", "--scope", scope)
        (between,) = (row for row in rows if row["key"] == "inter_exchange")
        assert Decimal(between["inflow_usd"]) == total("exchange") - total(scope)
    assert total("exchange") > total("market")


def test_the_largest_transactions_come_with_their_hash_and_the_label_that_made_them_count(
    published: Line,
) -> None:
    rows = [row for row in published.rows("explain", "2024-H1", "HK") if row["part"] == "transaction"]
    expected = []
    for flow in flows(published):
        day = flow["block_time"].date()
        if day >= dt.date(2024, 1, 1) and flow["flow_type"] in ("inflow", "inter_exchange") and flow["usd"]:
            share = weight(published, flow["to_exchange"], day, "HK", "licence")
            if share:
                expected.append(((flow["usd"] * share).quantize(Decimal("0.000001")), flow["tx_hash"]))
    expected.sort(key=lambda found: -found[0])
    assert [(Decimal(row["inflow_usd"]), row["key"]) for row in rows] == expected[:20]
    assert {row["label_sources"] for row in rows} == {"simulated"}
    assert all(row["label_confidence"] >= 20 and row["to_address"] and row["chain"] for row in rows)


def test_the_table_ends_with_the_sentence_that_all_parts_add_up(published: Line) -> None:
    (total,) = published.rows("totals", "--period", "2024-H1", "--jurisdiction", "SG")
    said = published.does("explain", "2024-H1", "SG").rstrip().splitlines()
    amount = f"{Decimal(total['inflow_usd']):,.6f}"
    assert f"Each of the parts adds up to the total: US$ {amount}." in said
    assert said[0].startswith("SG received US$")
    assert "(SIMULATED data)" in said[0]


def test_the_sentence_names_the_part_that_does_not_add_up(published: Line) -> None:
    rows = explain(published.data / "warehouse" / "inflows.duckdb", "2024-H1", "HK")
    less = rows.with_columns(
        pl.when(pl.col("part") == "chain").then(pl.lit(0)).otherwise("inflow_usd").alias("inflow_usd")
    )
    assert identity(less).startswith("NOT equal")
    assert "chain" in identity(less)


def test_other_periods_are_explained_too(published: Line) -> None:
    for period in ("2024-Q1", "2024-01", "2024", "2024-01-05"):
        (total,) = published.rows("totals", "--period", period, "--jurisdiction", "HK")
        whole = published.rows("explain", period, "HK")[0]
        assert (whole["inflow_usd"], whole["key"]) == (total["inflow_usd"], period)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("2024-H3", "HK"), "is not a half-year"),
        (("2999-H1", "HK"), "2999-H1 had not begun"),
        (("2024-H1", "XX"), "no totals for jurisdiction 'XX'"),
        (("2024-H1", "HK", "--vintage", "none"), "no vintage 'none'"),
    ],
)
def test_what_cannot_be_explained_is_said_in_one_sentence(
    published: Line, words: tuple[str, ...], sentence: str
) -> None:
    said = published.says("explain", *words)
    assert (said.code, said.out) == (2, "")
    assert sentence in said.err


def test_a_jurisdiction_that_received_nothing_has_a_total_of_nothing(published: Line) -> None:
    rows = published.rows("explain", "2019-H1", "HK")
    assert (rows[0]["part"], Decimal(rows[0]["inflow_usd"]), rows[0]["transfers"]) == ("total", 0, 0)
    assert {row["part"] for row in rows} == {"total", "left_out"}
    assert "adds up to the total: US$ 0.000000." in published.does("explain", "2019-H1", "HK")


@pytest.mark.parametrize(
    "by", ["chain", "asset", "exchange", "size_band", "asset_kind", "asset_kind,exchange"]
)
def test_slices_add_up_to_the_published_totals(published: Line, by: str) -> None:
    totals = {(row["period"], row["jurisdiction"]): row for row in published.rows("totals", "--level", "all")}
    sums: dict[tuple[str, str], list] = defaultdict(lambda: [Decimal(0), Decimal(0), 0, 0, 0])
    for row in published.rows("totals", "--level", "all", "--by", by):
        found = sums[row["period"], row["jurisdiction"]]
        found[0] += Decimal(row["inflow_usd"])
        found[1] += Decimal(row["outflow_usd"])
        for place, column in enumerate(
            ("inflow_transfers", "outflow_transfers", "unlisted_inflow_transfers"), 2
        ):
            found[place] += row[column]
    assert sums.keys() == totals.keys()
    for key, (inflow, outflow, *counts) in sums.items():
        # Each slice is rounded once, to 6 decimals.
        assert abs(inflow - Decimal(totals[key]["inflow_usd"])) < Decimal("0.001")
        assert abs(outflow - Decimal(totals[key]["outflow_usd"])) < Decimal("0.001")
        columns = ("inflow_transfers", "outflow_transfers", "unlisted_inflow_transfers")
        assert counts == [totals[key][column] for column in columns]


def test_half_years_from_the_facts_are_those_that_were_published(published: Line) -> None:
    columns = published.rows("totals")
    again = published.rows("totals", "--grain", "half", "--by", "chain")
    assert {row["period"] for row in again} == {row["period"] for row in columns}
    months = published.rows("totals", "--grain", "month", "--jurisdiction", "HK")
    assert [row["period"] for row in months] == ["2023-12", "2024-01"]
    assert months[1]["inflow_usd"] == published.rows(
        "totals", "--period", "2024-H1", "--jurisdiction", "HK"
    )[0]["inflow_usd"]  # fmt: skip


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--by", "colour"), "no slices by 'colour'"),
        (("--by", "chain", "--period", "2024-H1", "--grain", "month"), "2024-H1 is not a month"),
        (("--period", "2024-Q3"), "no totals for period '2024-Q3'"),
        (("--period", "soon"), "is not a half-year"),
    ],
)
def test_slices_that_do_not_exist_are_refused_with_the_choices(
    published: Line, words: tuple[str, ...], sentence: str
) -> None:
    said = published.says("totals", *words)
    assert (said.code, said.out) == (2, "")
    assert sentence in said.err


def test_what_contested_wallets_received_is_told_and_not_summed(published: Line, tmp_path) -> None:
    """Two files that are equally sure of different owners: the address counts for neither."""
    line = Line(tmp_path / "data")
    shutil.copytree(published.data, line.data)
    moved = pl.read_parquet(line.data / "raw/transfers/chain=ethereum/*/part.parquet").filter(
        pl.col("block_time") >= dt.datetime(2024, 1, 1, tzinfo=dt.UTC), pl.col("amount_raw") != "0"
    )
    address = moved.filter(kind="token")["to_address"].mode()[0]
    for name in ("one", "two"):
        file = tmp_path / f"{name}.csv"
        file.write_text(
            "chain,address,exchange,role,confidence,valid_from,valid_to,source\n"
            f"ethereum,{address},sim-{name},hot,95,,,{name}\n",
            encoding="utf-8",
        )
        line.does("labels", "import", str(file), "--known-at", "2020-01-01")
    line.does("build")
    (contested,) = (row for row in line.rows("explain", "2024-H1", "HK") if row["key"] == "contested")
    query = (
        "select sum(inflow_usd), sum(inflow_transfers) from agg_contested_daily "
        "where level = 'base' and date >= date '2024-01-01' and date < date '2024-07-01'"
    )
    _, ((worth, number),) = run_sql(line.data / "warehouse" / "inflows.duckdb", query)
    assert (Decimal(contested["inflow_usd"]), contested["transfers"]) == (worth, number)
    assert 0 < number <= moved.filter(to_address=address).height


def test_a_period_that_is_not_over_is_partial_wherever_it_is_shown(market: Path, tmp_path: Path) -> None:
    line = Line(tmp_path / "data")
    for table in ("assets", "prices", "jurisdictions", "labels"):
        line.does(table, "import", str(market / f"{table}.csv"), "--known-at", "2020-01-01")
    line.does("ingest", "files", str(market / "transfers"), "--input-format", "inflows")
    line.does("build", "--as-of", "2024-01-05T12:00:00Z")
    whole, not_over, of_no_more_than_days = ("2023-12-25", "2024-01-04"), "2024-01-05", ("2023-12", "2023-H2")
    periods = dict.fromkeys(whole, False) | dict.fromkeys([not_over, *of_no_more_than_days], True)
    periods |= {"2024-01": True, "2024-H1": True}
    for period, partial in periods.items():
        assert {row["partial"] for row in line.rows("totals", "--period", period)} == {partial}, period
        assert {row["partial"] for row in line.rows("explain", period, "HK")} == {partial}, period
    assert line.rows("compare", "HK", "SG", "2024-H1")[0]["partial"] is True
    assert "PARTIAL" in line.does("explain", "2024-H1", "HK").splitlines()[0]
    said = line.says("explain", "2024-H2", "HK")
    assert (said.code, said.out) == (2, "")
    assert "2024-H2 had not begun" in said.err
