"""ethereum-etl and BigQuery's crypto_ethereum in every form, told by their columns whatever the name."""

import datetime as dt
import gzip
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from shared_cases import case
from source_files import TOKEN, A, B, quarantined, stored, write_csv, write_json_lines

from inflows.errors import UsageError
from inflows.layout import Layout
from inflows.sources import ingest_files
from inflows.sources.evm_logs import TRANSFER_TOPIC

T1, T2 = "0x" + "1" * 64, "0x" + "2" * 64
NOON = dt.datetime(2024, 3, 1, 6, 0, 11, tzinfo=dt.UTC)
TRANSFER = {
    "token_address": TOKEN,
    "from_address": A,
    "to_address": B,
    "value": "2500000000",
    "transaction_hash": T1,
    "log_index": "7",
    "block_timestamp": "2024-03-01 06:00:11 UTC",
    "block_number": "19338000",
    "block_hash": "0x" + "b" * 64,
}
TRACE = {
    "transaction_hash": T1,
    "transaction_index": "0",
    "from_address": A,
    "to_address": B,
    "value": "1000000000000000000",
    "input": "0x",
    "output": "0x",
    "trace_type": "call",
    "call_type": "call",
    "reward_type": None,
    "gas": "2300",
    "gas_used": "0",
    "subtraces": "0",
    "trace_address": "0",
    "error": None,
    "status": "1",
    "block_timestamp": "2024-03-01 06:00:11 UTC",
    "block_number": "19338000",
    "trace_id": "call_1",
}


def write(path: Path, rows: list[dict[str, Any]]) -> Path:
    """Rows in the form that the file's name ends with."""
    if path.suffix == ".parquet":
        pl.DataFrame(rows).write_parquet(path)
    elif path.suffix == ".gz":
        plain = write(path.with_suffix(""), rows)
        path.write_bytes(gzip.compress(plain.read_bytes()))
    elif path.suffix == ".csv":
        write_csv(path, rows)
    else:
        write_json_lines(path, [{k: v for k, v in row.items() if v is not None} for row in rows])
    return path


def ingest(layout: Layout, *paths: Path, **options: Any) -> Any:
    return ingest_files(layout, list(paths), "ethereum-etl", **options)


NAMES = [
    "bq-results-20240301-060000-1.csv",
    "export-000000000000.json",
    "x.jsonl.gz",
    "y.csv.gz",
    "z.parquet",
]


@pytest.mark.parametrize("name", NAMES)
def test_token_transfers_are_told_by_their_columns(layout: Layout, tmp_path: Path, name: str) -> None:
    report = ingest(layout, write(tmp_path / name, [TRANSFER]))
    assert (report.rows_new, report.quarantined) == (1, {})
    (row,) = stored(layout).to_dicts()
    assert (row["kind"], row["position"], row["amount_raw"], row["block_time"]) == (
        "token",
        7,
        "2500000000",
        NOON,
    )


def test_typed_parquet_of_bigquery_is_read_exactly(layout: Layout, tmp_path: Path) -> None:
    most = 10**28 + 1
    typed = {**TRACE, "value": Decimal(most), "block_timestamp": NOON, "block_number": 19338000, "status": 1}
    frame = pl.DataFrame([typed], schema_overrides={"value": pl.Decimal(38, 9)})
    frame.write_parquet(tmp_path / "a.parquet")
    pl.DataFrame(
        [{**TRANSFER, "log_index": 7, "block_number": 19338000, "block_timestamp": NOON.replace(tzinfo=None)}]
    ).write_parquet(tmp_path / "b.parquet")
    report = ingest(layout, tmp_path / "a.parquet", tmp_path / "b.parquet")
    assert not report.quarantined
    assert sorted(stored(layout)["amount_raw"]) == [str(most), "2500000000"]


def test_logs_and_withdrawals_nested_in_parquet_are_read(layout: Layout, tmp_path: Path) -> None:
    word = "0x" + "0" * 24
    log = {
        "log_index": 1,
        "transaction_hash": T1,
        "address": TOKEN,
        "data": "0x" + f"{5:064x}",
        "topics": [TRANSFER_TOPIC, word + "a" * 40, word + "b" * 40],
        "block_timestamp": NOON,
        "block_number": 19338000,
    }
    block = {
        "number": 19338000,
        "hash": "0x" + "b" * 64,
        "timestamp": NOON,
        "withdrawals": [{"index": 3, "validator_index": 9, "address": B, "amount": "7"}],
    }
    pl.DataFrame([log]).write_parquet(tmp_path / "a.parquet")
    pl.DataFrame([block]).write_parquet(tmp_path / "b.parquet")
    ingest(layout, tmp_path / "a.parquet", tmp_path / "b.parquet")
    rows = stored(layout).sort("kind").select("kind", "position", "amount_raw").rows()
    assert rows == [("token", 1, "5"), ("withdrawal", 3, "7000000000")]
    (held,) = stored(layout, "blocks").to_dicts()
    assert (held["has_token"], held["has_withdrawal"], held["has_trace"]) == (True, True, False)


@pytest.mark.parametrize("suffix", [".csv", ".json", ".parquet"])
def test_traces_are_internal_transfers_by_the_rules_of_traces(
    layout: Layout, tmp_path: Path, suffix: str
) -> None:
    rows = [
        {**TRACE, "trace_address": None, "value": "5"},  # the transaction's own value
        {**TRACE, "trace_address": "0", "value": str(2**200)},
        {**TRACE, "trace_address": "0,1", "call_type": "delegatecall"},
        {**TRACE, "trace_address": "1", "status": "0", "error": "Reverted"},
        {**TRACE, "trace_address": "1,0"},  # below what failed
        {**TRACE, "trace_address": "2", "trace_type": "create", "call_type": None, "value": "6"},
        {**TRACE, "trace_address": "3", "trace_type": "suicide", "call_type": None, "value": "7"},
        {**TRACE, "trace_address": "4", "value": "0"},
        {**TRACE, "trace_address": "5", "value": "2.5E+09"},
        {**TRACE, "trace_address": None, "transaction_hash": None, "trace_type": "reward", "call_type": None},
    ]
    report = ingest(layout, write(tmp_path / f"anything{suffix}", rows))
    assert dict(report.quarantined) == {}
    assert dict(report.set_aside) == {"no_transfer": 1, "failed": 2, "zero_value": 1, "no_transaction": 1}
    held = stored(layout).sort("position").select("kind", "position", "amount_raw", "exact").rows()
    assert held == [
        ("native", 0, "5", True),
        ("trace", 1, str(2**200), True),
        ("trace", 3, "6", True),
        ("trace", 4, "7", True),
        ("trace", 6, "2500000000", True),
    ]


def test_a_trace_and_a_transaction_of_one_value_are_one_transfer(layout: Layout, tmp_path: Path) -> None:
    top = {**TRACE, "trace_address": None, "value": "5"}
    transaction = {
        "hash": T1,
        "nonce": "1",
        "from_address": A,
        "to_address": B,
        "value": "5",
        "block_timestamp": "2024-03-01 06:00:11 UTC",
        "block_number": "19338000",
        "receipt_status": "1",
    }
    write(tmp_path / "t.csv", [top])
    write(tmp_path / "u.csv", [transaction])
    ingest(layout, tmp_path)
    assert stored(layout).select("kind", "amount_raw").rows() == [("native", "5")]


def test_blocks_say_that_their_traces_were_read(layout: Layout, tmp_path: Path) -> None:
    untimed = {name: value for name, value in TRACE.items() if name != "block_timestamp"}
    write(tmp_path / "anything.csv", [untimed])
    block = {
        "number": 19338000,
        "hash": "0x" + "b" * 64,
        "parent_hash": "0x" + "a" * 64,
        "timestamp": 1709272811,
    }
    write_csv(tmp_path / "more.csv", [block])
    ingest(layout, tmp_path)
    assert stored(layout)["block_time"].to_list() == [NOON]
    (held,) = stored(layout, "blocks").to_dicts()
    assert (held["has_trace"], held["has_native"], held["has_token"]) == (True, True, False)


def test_a_bad_trace_is_kept_as_it_was_delivered(layout: Layout, tmp_path: Path) -> None:
    report = ingest(layout, write(tmp_path / "t.csv", [{**TRACE, "value": "x"}, TRACE]))
    assert report.quarantined == {"amount_not_an_integer": 1}
    ((_, _, _, row, origin),) = quarantined(layout)
    assert (json.loads(row)["value"], origin) == ("x", "t.csv")


def test_tron_by_ethereum_etl_is_tron(layout: Layout, tmp_path: Path) -> None:
    usdt = "0xa614f803b6fd780986a42c78ec9c7f77e6ded13c"
    row = {**TRANSFER, "token_address": usdt, "from_address": "0x" + "0" * 40}
    report = ingest(layout, write(tmp_path / "t.csv", [row]), chain="tron")
    assert not report.quarantined
    (held,) = stored(layout).to_dicts()
    assert held["contract"] == "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t"
    assert held["from_address"] == "T9yD14Nj9j7xAB4dbGeiX9h8unkKHxuWwb"


@pytest.mark.parametrize(
    "name",
    [
        "token_transfers.csv",
        "bq-results-20240301-060000-1709272811.csv",
        "token_transfers-000000000000.parquet",
    ],
)
def test_the_case_of_bigquery_keeps_all_six_rows(layout: Layout, name: str) -> None:
    report = ingest(layout, case("bigquery") / name)
    assert (report.rows_new, report.quarantined) == (6, {})
    assert sorted(stored(layout)["amount_raw"]) == [
        *("2500000000", "2500000000"), "2500000001", "2500000002", "2500000003", "2500000004"
    ]  # fmt: skip


def test_the_case_of_bigquerys_traces_is_an_internal_transfer(layout: Layout) -> None:
    ingest(layout, case("bigquery") / "traces.csv")
    assert stored(layout).select("kind", "amount_raw").rows() == [("trace", "1000000000000000000")]


def test_the_case_of_bigquerys_parquet_is_read(layout: Layout) -> None:
    ingest(layout, case("parquet_bq") / "token_transfers-000000000000.parquet")
    assert stored(layout).select("amount_raw", "block_time").rows() == [("2500000000", NOON)]


def test_a_table_that_is_not_read_is_named_in_a_warning(layout: Layout, tmp_path: Path) -> None:
    write(tmp_path / "t.csv", [TRANSFER])
    write_csv(tmp_path / "contracts.csv", [{"address": TOKEN, "bytecode": "0x", "is_erc20": "true"}])
    report = ingest(layout, tmp_path)
    assert [w for w in report.warnings if "contracts.csv is not read" in w]


def test_a_json_document_is_refused_by_what_it_is(layout: Layout, tmp_path: Path) -> None:
    (tmp_path / "t.json").write_text(json.dumps([TRANSFER]), encoding="utf-8")
    with pytest.raises(
        UsageError, match="this is JSON, and ethereum-etl is read as CSV or JSON lines or Parquet"
    ):
        ingest(layout, tmp_path / "t.json")
    assert not layout.raw.exists()
