import datetime as dt
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inflows.errors import UsageError
from inflows.layout import Layout
from inflows.raw import ingest, list_partitions, list_quarantine
from inflows.raw.ingest_report import IngestReport
from inflows.sources.aws import bitcoin
from inflows.sources.formats import ReadRequest

TIME = dt.datetime(2024, 3, 1, 12)  # noqa: DTZ001  # the table's timestamps have no zone
ENTRY = pl.Struct({"index": pl.Int64, "address": pl.String, "type": pl.String, "value": pl.Float64})
SCHEMA = {
    "hash": pl.String,
    "block_hash": pl.String,
    "block_number": pl.Int64,
    "block_timestamp": pl.Datetime("us"),
    "index": pl.Int64,
    "is_coinbase": pl.Boolean,
    "inputs": pl.List(ENTRY),
    "outputs": pl.List(ENTRY),
}
USER, SHOP = "1111111111111111111KnownUser11111", "1111111111111111111KnownShop11111"


def entry(
    index: int | None, address: str | None, value: float | None, kind: str = "pubkeyhash"
) -> dict[str, Any]:
    return {"index": index, "address": address, "type": kind, "value": value}


def transaction(
    number: int, ins: list[dict[str, Any]], outs: list[dict[str, Any]], **changes: Any
) -> dict[str, Any]:
    return {
        "hash": f"{number:064x}",
        "block_hash": "00" * 32,
        "block_number": 833_000,
        "block_timestamp": TIME,
        "index": number,
        "is_coinbase": False,
        "inputs": ins,
        "outputs": outs,
    } | changes


def write(path: Path, *rows: dict[str, Any], schema: dict[str, Any] = SCHEMA) -> Path:
    pl.DataFrame(list(rows), schema=schema).write_parquet(path)
    return path


def read(layout: Layout, *paths: Path) -> IngestReport:
    request = ReadRequest(tuple(str(path) for path in paths), None, None, layout.staging / "x")
    return ingest(layout, bitcoin.deliver(request))


def stored(layout: Layout) -> pl.DataFrame:
    return pl.concat(
        pl.read_parquet(path, hive_partitioning=False) for _, _, path in list_partitions(layout, "utxo")
    )


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return Layout(tmp_path / "data")


def test_transactions_become_entries_in_satoshi(layout: Layout, tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.snappy.parquet",
        transaction(
            1,
            [entry(0, None, None)],
            [entry(0, SHOP, 3.125), entry(1, "nonstandardab12", 0.0, "nonstandard")],
            is_coinbase=True,
        ),
        transaction(
            2,
            [entry(0, USER, 0.29)],
            [entry(0, SHOP, 0.1), entry(1, USER, 0.18999), entry(2, "3X", 0.0, "multisig")],
        ),
    )
    report = read(layout, path)
    assert (report.rows_new, report.quarantined.total()) == (6, 0)
    rows = stored(layout).sort("tx_hash", "side", "position")
    assert rows.select("side", "position", "address", "amount_raw", "is_coinbase").rows() == [
        ("out", 0, SHOP, "312500000", True),
        ("out", 1, "", "0", True),
        ("in", 0, USER, "29000000", False),
        ("out", 0, SHOP, "10000000", False),
        ("out", 1, USER, "18999000", False),
        ("out", 2, "", "0", False),
    ]
    assert rows["block_time"].unique().to_list() == [TIME.replace(tzinfo=dt.UTC)]
    assert rows.select("source", "exact", "chain").unique().rows() == [
        ("aws-btc-transactions", False, "bitcoin")
    ]


def test_the_same_file_twice_is_stored_once(layout: Layout, tmp_path: Path) -> None:
    row = transaction(2, [entry(0, USER, 0.29)], [entry(0, SHOP, 0.1)])
    first, second = write(tmp_path / "a.parquet", row), write(tmp_path / "b.parquet", row)
    assert read(layout, first, second).rows_new == 2
    assert stored(layout).height == 2


@settings(max_examples=30)
@given(st.lists(st.integers(0, 21 * 10**14), min_size=1, max_size=300))
def test_the_nearest_satoshi_of_a_double_is_the_true_one(amounts: list[int]) -> None:
    outs = [entry(n, SHOP, amount / 10**8) for n, amount in enumerate(amounts)]
    frame = pl.LazyFrame([transaction(1, [], outs, is_coinbase=True)], schema=SCHEMA)
    rows = bitcoin.utxo_entries(frame, "bitcoin").collect()
    assert rows["reason"].null_count() == rows.height
    assert rows["amount_raw"].to_list() == [str(amount) for amount in amounts]


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (transaction(1, [entry(0, USER, float("nan"))], [entry(0, SHOP, 1.0)]), "bad_amount"),
        (transaction(1, [entry(0, USER, 1.0)], [entry(0, SHOP, None)]), "bad_amount"),
        (transaction(1, [entry(0, USER, 21_000_001.0)], [entry(0, SHOP, 1.0)]), "bad_amount"),
        (transaction(1, [entry(0, USER, 1.0)], [entry(0, SHOP, -1.0)]), "bad_amount"),
        (transaction(1, [entry(0, USER, 1.0)], [entry(None, SHOP, 1.0)]), "bad_position"),
        (transaction(1, [entry(0, "0xabc", 1.0)], [entry(0, SHOP, 1.0)]), "bad_address"),
        (
            transaction(1, [entry(0, USER, 1.0)], [entry(0, SHOP, 1.0)], block_timestamp=None),
            "bad_block_time",
        ),
        (transaction(1, [entry(0, USER, 1.0)], [entry(0, SHOP, 1.0)], hash=None), "bad_tx_hash"),
        (transaction(1, [], [entry(0, SHOP, 1.0)]), "inputs_missing"),
    ],
)
def test_a_bad_entry_holds_its_whole_transaction_back_and_nothing_else(
    layout: Layout, tmp_path: Path, bad: dict[str, Any], reason: str
) -> None:
    good = transaction(7, [entry(0, USER, 1.0)], [entry(0, SHOP, 1.0)])
    report = read(layout, write(tmp_path / "a.parquet", bad, good))
    entries = len(bad["inputs"]) + len(bad["outputs"])
    assert dict(report.quarantined) == {reason: entries}
    assert stored(layout)["tx_hash"].unique().to_list() == [f"{7:064x}"]
    held = pl.concat(pl.read_parquet(path) for _, _, path in list_quarantine(layout, "utxo"))
    assert held.height == entries


def test_files_of_other_columns_are_refused_by_name(layout: Layout, tmp_path: Path) -> None:
    row = transaction(2, [entry(0, USER, 0.29)], [entry(0, SHOP, 0.1)])
    lacking = write(tmp_path / "a.parquet", row, schema={k: v for k, v in SCHEMA.items() if k != "outputs"})
    with pytest.raises(UsageError, match="no column 'outputs'"):
        read(layout, lacking)
    text = tmp_path / "b.parquet"
    pl.DataFrame([row], schema=SCHEMA).with_columns(inputs=pl.lit("x")).write_parquet(text)
    with pytest.raises(UsageError, match="'inputs' is no list of entries with 'index'"):
        read(layout, text)
    assert not list_partitions(layout, "utxo")
