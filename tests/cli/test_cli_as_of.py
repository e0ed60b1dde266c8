"""What becomes known later changes later vintages alone."""

import csv
import datetime as dt
import shutil
from pathlib import Path

import polars as pl
import pytest
from command_line import Line, environment, process

FIRST_BUILD = "2025-01-01T00:00:00Z"
LATER = "2025-06-01T00:00:00Z"


@pytest.fixture
def line(stored: Path, tmp_path: Path) -> Line:
    return Line(shutil.copytree(stored, tmp_path / "data"))


def _known_since_2020(market: Path, tmp_path: Path) -> Line:
    """A data folder in which every row of the market was known before its first transfer."""
    line = Line(tmp_path / "data")
    for table in ("assets", "prices", "labels", "jurisdictions"):
        rows = pl.read_csv(market / f"{table}.csv", infer_schema=False)
        rows.select(pl.exclude("known_at")).write_csv(tmp_path / f"{table}.csv")
        line.does(table, "import", str(tmp_path / f"{table}.csv"), "--known-at", "2020-01-01")
    line.does("ingest", "files", str(market / "transfers"), "--input-format", "inflows")
    return line


def _newest(line: Line) -> str:
    return str(line.rows("vintages")[0]["vintage"])


def _unlabelled_receiver(market: Path) -> str:
    """The address without a label that receives most."""
    with (market / "labels.csv").open(encoding="utf-8") as handle:
        known = {row["address"].lower() for row in csv.DictReader(handle)}
    rows = pl.read_parquet(market / "transfers" / "*.parquet").filter(
        pl.col("chain") == "ethereum", pl.col("kind") == "token", pl.col("amount_raw") != "0"
    )
    receivers = rows.group_by("to_address").len().sort("len", "to_address", descending=True)["to_address"]
    return next(str(found) for found in receivers if found.lower() not in known)


def _label(path: Path, address: str, known_at: str) -> Path:
    path.write_text(
        "chain,address,exchange,role,confidence,source,known_at\n"
        f"ethereum,{address},sim-one,hot,100,correction,{known_at}\n",
        encoding="utf-8",
    )
    return path


def test_a_label_that_becomes_known_later_changes_new_vintages_only(market: Path, tmp_path: Path) -> None:
    line = _known_since_2020(market, tmp_path)
    line.does("build", "--as-of", FIRST_BUILD)
    old, before = _newest(line), line.rows("totals", "--level", "all")

    line.does("labels", "import", str(_label(tmp_path / "later.csv", _unlabelled_receiver(market), LATER)))
    line.does("build")
    new, after = _newest(line), line.rows("totals", "--level", "all")
    assert new != old
    assert sum(row["inflow_transfers"] for row in after) != sum(row["inflow_transfers"] for row in before)
    assert line.rows("totals", "--level", "all", "--vintage", old) == before
    assert line.rows("totals", "--level", "all", "--vintage", new) == after

    line.does("build", "--as-of", FIRST_BUILD)
    assert _newest(line) not in (old, new)
    assert line.rows("totals", "--level", "all") == before
    first, _, third = line.totals_of_vintages()
    assert first == third
    line.does("build", "--as-of", LATER)  # The very instant: known_at up to T.
    assert line.rows("totals", "--level", "all") == after


def test_transfers_at_and_after_the_time_are_left_out(market: Path, tmp_path: Path) -> None:
    times = pl.read_parquet(market / "transfers" / "*.parquet")["block_time"].sort()
    limit = times[times.len() // 2]
    line = _known_since_2020(market, tmp_path)
    line.does("build", "--as-of", limit.isoformat())
    (row,) = line.rows("sql", "select max(block_time) as last, count(*) as flows from fct_flow")
    assert dt.datetime.fromisoformat(row["last"]).replace(tzinfo=dt.UTC) < limit
    line.does("build")
    query = f"select count(*) as flows from fct_flow where block_time < '{limit:%Y-%m-%d %H:%M:%S.%f}'"
    assert line.rows("sql", query) == [{"flows": row["flows"]}]
    (all_of_them,) = line.rows("sql", "select count(*) as flows from fct_flow")
    assert all_of_them["flows"] > row["flows"]


def test_vintages_whose_databases_are_gone_keep_their_totals(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INFLOWS_KEEP_DATABASES", "1")
    line.does("build")
    old, before = _newest(line), line.rows("totals")
    line.does("build", "--as-of", "2024-01-05")
    assert not (line.data / "warehouse" / "vintages" / old / "inflows.duckdb").exists()
    assert len(line.rows("vintages")) == 2
    assert line.rows("totals", "--vintage", old) == before


def test_the_zone_of_the_machine_changes_nothing(stored: Path, tmp_path: Path, published: Line) -> None:
    """Half-years begin at midnight in UTC, also where it is still the day before."""
    data = shutil.copytree(stored, tmp_path / "data")
    said = process("build", "--data", str(data), env=environment(TZ="America/Los_Angeles"))
    assert said.code == 0, said.err
    assert Line(data).totals_of_vintages() == published.totals_of_vintages()
    query = ["sql", "select min(block_time) as a, max(block_time) as b from fct_flow", "--format", "csv"]
    told = process(*query, "--data", str(published.data), env=environment(TZ="Asia/Hong_Kong"))
    assert told.out == published.does(*query)
