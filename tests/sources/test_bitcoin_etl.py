"""bitcoin-etl and BigQuery's crypto_bitcoin: whole satoshi, lists of addresses, whole transactions."""

import datetime as dt
import gzip
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from shared_cases import case
from source_files import quarantined, stored, write_json_lines

from inflows.errors import UsageError
from inflows.layout import Layout
from inflows.sources import ingest_files

X, Y = "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", "34xp4vRoCGJym3xR7yCVPFHoCNxv4Twseo"
NOON = dt.datetime(2024, 3, 1, 6, 0, 11, tzinfo=dt.UTC)


def entry(value: Any, *addresses: str, index: int = 0, kind: str = "pubkeyhash") -> dict[str, Any]:
    return {"index": index, "type": kind, "addresses": list(addresses), "value": value}


def transaction(**changes: Any) -> dict[str, Any]:
    row = {
        "type": "transaction",
        "hash": "A" * 64,
        "block_number": 832000,
        "block_hash": "b" * 64,
        "block_timestamp": 1709272811,
        "is_coinbase": False,
        "index": 1,
        "inputs": [entry(100_000_000, X)],
        "outputs": [entry(99_990_000, Y, kind="scripthash")],
    }
    return {**row, **changes}


def ingest(layout: Layout, *paths: Path, **options: Any) -> Any:
    return ingest_files(layout, list(paths), "bitcoin-etl", **options)


def held(layout: Layout) -> list[tuple[Any, ...]]:
    return (
        stored(layout, "utxo")
        .sort("side", "position")
        .select("side", "position", "address", "amount_raw")
        .rows()
    )


BOTH = [("in", 0, X, "100000000"), ("out", 0, Y, "99990000")]


@pytest.mark.parametrize("time", [1709272811, "1709272811", "2024-03-01 06:00:11 UTC", "2024-03-01T06:00:11"])
@pytest.mark.parametrize("name", ["transactions.json", "bq-results-1.jsonl.gz"])
def test_json_lines_are_whole_satoshi(layout: Layout, tmp_path: Path, name: str, time: Any) -> None:
    path = write_json_lines(tmp_path / "plain.json", [transaction(block_timestamp=time)])
    if name.endswith(".gz"):
        path.write_bytes(gzip.compress(path.read_bytes()))
    report = ingest(layout, path.rename(tmp_path / name))
    assert (report.rows_new, report.quarantined) == (2, {})
    assert held(layout) == BOTH
    rows = stored(layout, "utxo")
    assert rows["block_time"].to_list() == [NOON] * 2
    assert rows["exact"].all()
    assert set(rows["tx_hash"]) == {"a" * 64}
    assert set(rows["source"]) == {"bitcoin-etl"}


@pytest.mark.parametrize("kind", [pl.Int64(), pl.String(), pl.Decimal(38, 9)])
def test_parquet_is_whole_satoshi_whatever_the_type(
    layout: Layout, tmp_path: Path, kind: pl.DataType
) -> None:
    make = {pl.Int64(): int, pl.String(): str, pl.Decimal(38, 9): Decimal}[kind]
    row = transaction(
        inputs=[entry(make(100_000_000), X)],
        outputs=[entry(make(99_990_000), Y, kind="scripthash")],
        block_timestamp=NOON,
    )
    pl.DataFrame([row]).write_parquet(tmp_path / "any.parquet")
    ingest(layout, tmp_path / "any.parquet")
    assert held(layout) == BOTH


def test_more_than_a_double_holds_is_exact_on_another_chain(layout: Layout, tmp_path: Path) -> None:
    much = 2**53 + 1
    row = transaction(inputs=[entry(much, "D" + X[1:])], outputs=[entry(much, "D" + Y[1:])])
    ingest(layout, write_json_lines(tmp_path / "t.json", [row]), chain="dogecoin")
    assert set(stored(layout, "utxo")["amount_raw"]) == {str(much)}
    assert set(stored(layout, "utxo")["chain"]) == {"dogecoin"}


def test_scripts_of_several_owners_or_none_have_no_address(layout: Layout, tmp_path: Path) -> None:
    outputs = [
        entry(1, X, Y, index=0, kind="multisig"),
        entry(2, X, index=1, kind="multisig"),
        entry(0, index=2, kind="nulldata"),
        entry(3, "nonstandard0123", index=3, kind="nonstandard"),
        entry(4, Y, index=4, kind="witness_v1_taproot"),
        entry(5, X, Y, index=5),
    ]
    ingest(layout, write_json_lines(tmp_path / "t.json", [transaction(outputs=outputs)]))
    assert [row[2] for row in held(layout) if row[0] == "out"] == ["", "", "", "", Y, ""]


def test_a_coinbase_spends_nothing(layout: Layout, tmp_path: Path) -> None:
    row = transaction(is_coinbase=True, inputs=[entry(None)], outputs=[entry(625_000_000, X)])
    report = ingest(layout, write_json_lines(tmp_path / "t.json", [row]))
    assert not report.quarantined
    assert held(layout) == [("out", 0, X, "625000000")]
    assert stored(layout, "utxo")["is_coinbase"].to_list() == [True]


@pytest.mark.parametrize(
    ("change", "reason", "rows"),
    [
        ({"inputs": []}, "inputs_missing", 1),
        ({"outputs": [entry(100_000_001, Y)]}, "spends_more_than_it_has", 2),
        ({"inputs": [entry(100_000_000, X), entry(None, X, index=1)]}, "amount_not_an_integer", 3),
        ({"outputs": [entry(1, Y), entry(1.5, Y, index=1)]}, "amount_not_an_integer", 3),
        ({"outputs": [entry(1, Y), entry(1, "not an address", index=1)]}, "bad_address", 3),
        ({"block_timestamp": None}, "bad_block_time", 2),
        ({"is_coinbase": None}, "bad_is_coinbase", 2),
    ],
)
def test_what_is_wrong_with_an_entry_holds_its_whole_transaction_back(
    layout: Layout, tmp_path: Path, change: dict[str, Any], reason: str, rows: int
) -> None:
    good = transaction(hash="c" * 64)
    report = ingest(layout, write_json_lines(tmp_path / "t.json", [transaction(**change), good]))
    assert dict(report.quarantined) == {reason: rows}
    assert set(stored(layout, "utxo")["tx_hash"]) == {"c" * 64}


def test_inputs_without_values_are_told_with_the_remedy(layout: Layout, tmp_path: Path) -> None:
    row = transaction(inputs=[entry(None)])
    report = ingest(layout, write_json_lines(tmp_path / "t.json", [row, transaction(hash="c" * 64)]))
    assert [w for w in report.warnings if "enrich_transactions" in w]


def test_a_line_that_is_no_transaction_is_kept_back(layout: Layout, tmp_path: Path) -> None:
    path = write_json_lines(tmp_path / "t.json", [transaction()])
    path.write_text(path.read_text(encoding="utf-8") + '{"hash": \n[1]\n{"inputs": 5}\n', encoding="utf-8")
    report = ingest(layout, path)
    assert dict(report.quarantined) == {"not_readable": 3}
    assert held(layout) == BOTH
    assert sorted(json.loads(row)["line"] for _, _, _, row, _ in quarantined(layout))[0] == "[1]"


def test_blocks_beside_the_transactions_are_named_and_not_read(layout: Layout, tmp_path: Path) -> None:
    write_json_lines(tmp_path / "transactions.json", [transaction()])
    write_json_lines(
        tmp_path / "blocks.json", [{"type": "block", "hash": "b" * 64, "number": 832000, "timestamp": 1}]
    )
    report = ingest(layout, tmp_path)
    assert [w for w in report.warnings if "blocks.json is not read" in w]


def test_a_cut_off_archive_stores_nothing(layout: Layout, tmp_path: Path) -> None:
    path = write_json_lines(tmp_path / "t.json", [transaction(hash=f"{n:064x}") for n in range(3000)])
    (tmp_path / "t.json.gz").write_bytes(gzip.compress(path.read_bytes())[:-2000])
    with pytest.raises(UsageError, match=r"t\.json\.gz"):
        ingest(layout, tmp_path / "t.json.gz")
    assert not stored(layout, "utxo").height


@pytest.mark.parametrize("name", ["transactions.json", "bq_transactions.parquet"])
def test_the_case_of_bitcoin_etl_is_read_exactly(layout: Layout, name: str) -> None:
    report = ingest(layout, case("bitcoin_etl") / name)
    assert (report.rows_new, report.quarantined) == (2, {})
    assert held(layout) == BOTH
