"""A file in the wrong format is told by what it is, in one sentence with what reads it."""

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from dump_files import aws_row, write_aws
from shared_cases import case
from source_files import ENTRY, ROW, TOKEN, A, B, write_csv, write_json_lines

from inflows.errors import UsageError
from inflows.layout import Layout
from inflows.sources import FORMATS, ingest_files, recognise

ETL = {
    "token_address": TOKEN,
    "from_address": A,
    "to_address": B,
    "value": "5",
    "transaction_hash": "0x" + "1" * 64,
    "log_index": "1",
    "block_number": "1",
}
SATOSHI = {
    "hash": "a" * 64,
    "block_number": 1,
    "block_timestamp": 1709272811,
    "is_coinbase": False,
    "inputs": [{"index": 0, "type": "x", "addresses": [], "value": 1}],
    "outputs": [{"index": 0, "type": "x", "addresses": [], "value": 1}],
}


def made(folder: Path, what: str) -> Path:
    """A small file of each kind."""
    if what == "aws-eth-token-transfers":
        return write_aws(folder, "token_transfers", [aws_row("token_transfers")])
    if what == "ethereum-etl":
        return write_csv(folder / "a.csv", [ETL])
    if what == "ethereum-etl as JSON lines":
        return write_json_lines(folder / "a.json", [ETL])
    if what == "bitcoin-etl":
        return write_json_lines(folder / "a.json", [SATOSHI])
    if what == "inflows":
        return write_csv(folder / "a.csv", [ROW])
    assert what == "inflows as UTXO entries"
    return write_csv(folder / "a.csv", [ENTRY])


KINDS = [
    "inflows", "inflows as UTXO entries", "ethereum-etl", "ethereum-etl as JSON lines", "bitcoin-etl",
    "aws-eth-token-transfers",
]  # fmt: skip


@pytest.mark.parametrize("asked", sorted(FORMATS))
@pytest.mark.parametrize("what", KINDS)
def test_a_file_of_another_format_is_told_by_what_it_is(
    layout: Layout, tmp_path: Path, what: str, asked: str
) -> None:
    path, is_in = made(tmp_path, what), what.partition(" ")[0]
    if asked == is_in:
        assert ingest_files(layout, [path], asked).rows_read
        return
    with pytest.raises(UsageError) as caught:
        ingest_files(layout, [path], asked)
    assert path.name in caught.value.problem
    assert f"is not in the format {asked}: this is " in caught.value.problem
    assert f"--input-format {is_in}." in caught.value.hint
    assert not layout.raw.exists()


@pytest.mark.parametrize(
    ("row", "command"),
    [
        ({"chain": "x", "address": "y", "exchange": "z", "confidence": "5", "source": "s"}, "labels import"),
        ({"chain": "x", "contract": "", "time": "2024", "price_usd": "5", "source": "s"}, "prices import"),
        ({"snapped_at": "2024-03-01 00:00:00 UTC", "price": "5"}, "prices import --input-format coingecko"),
        ({"symbol": "x", "decimals": "1", "trusted": "true", "chain": "x"}, "assets import"),
    ],
)
def test_a_file_of_a_registry_is_told_with_its_command(
    layout: Layout, tmp_path: Path, row: dict[str, Any], command: str
) -> None:
    with pytest.raises(UsageError) as caught:
        ingest_files(layout, [write_csv(tmp_path / "a.csv", [row])], "inflows")
    assert command in caught.value.hint


def test_parquet_is_told_by_its_bytes_whatever_it_is_called(tmp_path: Path) -> None:
    pl.DataFrame([ROW]).write_parquet(tmp_path / "a.csv")
    assert recognise.head_of(tmp_path / "a.csv").form == recognise.PARQUET


def test_parquet_under_a_name_of_csv_is_read(layout: Layout, tmp_path: Path) -> None:
    pl.DataFrame([ROW]).write_parquet(tmp_path / "a.csv")
    assert ingest_files(layout, [tmp_path / "a.csv"], "inflows").rows_new == 1


@pytest.mark.parametrize(
    "content",
    [b"", b"\x00\x01\x02", b"PAR1", b"\x1f\x8b\x08junk", b'{"a": ', b"[", b"\xff\xfea,b", b"one\n", b'"cut'],
)
@pytest.mark.parametrize("asked", sorted(FORMATS))
def test_what_is_no_table_at_all_is_refused_in_one_sentence(
    layout: Layout, tmp_path: Path, content: bytes, asked: str
) -> None:
    (tmp_path / "a.csv").write_bytes(content)
    with pytest.raises(UsageError) as caught:
        ingest_files(layout, [tmp_path / "a.csv"], asked)
    assert "a.csv" in caught.value.problem
    assert "\n" not in caught.value.problem
    assert not layout.raw.exists()


def test_json_over_several_lines_is_no_json_lines(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps(SATOSHI, indent=1), encoding="utf-8")
    assert recognise.head_of(tmp_path / "a.json").form == recognise.JSON


def test_the_case_of_bitcoin_etl_in_the_wrong_format_names_the_right_one(layout: Layout) -> None:
    for name in ("transactions.json", "bq_transactions.parquet"):
        with pytest.raises(UsageError) as caught:
            ingest_files(layout, [case("bitcoin_etl") / name], "aws-btc-transactions")
        assert "bitcoin-etl's form" in caught.value.problem
        assert "--input-format bitcoin-etl" in caught.value.hint


@pytest.mark.parametrize(("sign", "word"), [(";", "semicolons"), ("\t", "tabs"), ("|", "vertical bars")])
def test_columns_that_no_comma_separates_are_told_as_such(
    layout: Layout, tmp_path: Path, sign: str, word: str
) -> None:
    path = write_csv(tmp_path / "a.csv", [ROW])
    path.write_text(path.read_text(encoding="utf-8").replace(",", sign), encoding="utf-8")
    with pytest.raises(UsageError) as caught:
        ingest_files(layout, [path], "inflows")
    assert caught.value.problem == f"{path} separates its columns by {word}."
    assert "commas" in caught.value.hint
    assert not (layout.root / "raw").exists()


def test_text_that_is_named_parquet_is_told_by_what_it_is(layout: Layout, tmp_path: Path) -> None:
    path = write_csv(tmp_path / "a.csv", [ROW]).rename(tmp_path / "a.parquet")
    with pytest.raises(UsageError) as caught:
        ingest_files(layout, [path], "inflows")
    assert caught.value.problem == f"{path} is CSV, though its name says Parquet."
    assert "Rename it" in caught.value.hint
