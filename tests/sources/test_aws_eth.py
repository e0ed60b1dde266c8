import datetime as dt
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from dump_files import BIG, NOON, T1, T2, TOKEN, A, B, C, aws_row, word, write_aws
from source_files import quarantined, stored

from inflows.errors import UsageError
from inflows.layout import Layout
from inflows.sources import ingest_files
from inflows.sources.aws.ethereum import whole_number
from inflows.sources.evm_logs import TRANSFER_TOPIC
from inflows.sources.evm_traces import position_of


def ingest(layout: Layout, folder: Path, table: str, *rows: dict[str, Any], **options: Any) -> Any:
    name = f"aws-eth-{table.replace('_', '-')}"
    return ingest_files(layout, [write_aws(folder, table, rows)], name, **options)


def moved(layout: Layout) -> list[tuple[Any, ...]]:
    columns = ("kind", "position", "from_address", "to_address", "amount_raw", "source", "exact")
    return stored(layout).select(columns).rows()


def test_token_transfers_are_stored_as_the_double_says_and_marked_approximate(
    layout: Layout, tmp_path: Path
) -> None:
    report = ingest(
        layout,
        tmp_path,
        "token_transfers",
        aws_row("token_transfers", value=5.0, to_address="0x" + "B" * 40),
        aws_row("token_transfers", value=2.0**53, log_index=1),
        aws_row("token_transfers", value=1e24, log_index=2),
        aws_row("token_transfers", value=float(2**200), log_index=3),
    )
    assert report.rows_new == 4
    found = stored(layout)
    assert found["amount_raw"].to_list() == ["5", str(2**53), str(int(1e24)), str(2**200)]
    assert found["exact"].to_list() == [False] * 4
    assert found["source"].unique().to_list() == ["aws-eth-token-transfers"]
    assert found["block_time"][0] == NOON.replace(tzinfo=dt.UTC)
    assert found.select("chain", "contract", "to_address").row(0) == ("ethereum", TOKEN, B)


@pytest.mark.parametrize("value", [0.5, -1.0, float("nan"), float("inf"), None, float(2**256)])
def test_a_double_that_is_no_amount_is_quarantined(layout: Layout, tmp_path: Path, value: float) -> None:
    report = ingest(layout, tmp_path, "token_transfers", aws_row("token_transfers", value=value))
    assert report.rows_new == 0
    reason = "amount_above_256_bits" if value == float(2**256) else "amount_not_an_integer"
    assert dict(report.quarantined) == {reason: 1}


def test_every_double_becomes_the_whole_number_that_it_is() -> None:
    values = [float(10**power) for power in range(77)] + [2.0**power for power in range(256)]
    frame = pl.DataFrame({"value": values}).select(whole_number(pl.col("value")))
    assert frame.to_series().to_list() == [str(int(value)) for value in values]


def test_logs_are_decoded_exactly_and_nfts_and_other_events_are_kept_apart(
    layout: Layout, tmp_path: Path
) -> None:
    other = "0x" + "8c" * 32
    report = ingest(
        layout,
        tmp_path,
        "logs",
        aws_row("logs", data=word(BIG)),
        aws_row(
            "logs", topics=[TRANSFER_TOPIC], data=word(A) + (word(B) + word(7)).replace("0x", ""), log_index=1
        ),
        aws_row("logs", topics=[TRANSFER_TOPIC, word(A), word(B), word(9)], data="0x", log_index=2),
        aws_row("logs", data=word(1) + "00", log_index=3),
        aws_row("logs", topics=[other, word(A), word(B)], log_index=4),
        aws_row("logs", topics=[], data="0x", log_index=5),
    )
    assert moved(layout) == [
        ("token", 0, A, B, str(BIG), "aws-eth-logs", True),
        ("token", 1, A, B, "7", "aws-eth-logs", True),
    ]
    assert dict(report.set_aside) == {"nft": 1, "no_transfer": 2}
    assert dict(report.quarantined) == {"malformed_transfer_log": 1}
    assert report.rows_read == 6


def test_exact_logs_beat_the_doubles_of_the_same_transfers_in_any_order(
    layout: Layout, tmp_path: Path
) -> None:
    other = Layout(tmp_path / "other")
    amount = 10**24 + 1
    doubles = ("token_transfers", aws_row("token_transfers", value=float(amount)))
    exact = ("logs", aws_row("logs", data=word(amount)))
    for place, order in ((layout, [doubles, exact]), (other, [exact, doubles])):
        for table, row in order:
            ingest(place, tmp_path, table, row)
        assert moved(place) == [("token", 0, A, B, str(amount), "aws-eth-logs", True)]


def test_failed_transactions_and_calls_of_no_value_move_nothing(layout: Layout, tmp_path: Path) -> None:
    report = ingest(
        layout,
        tmp_path,
        "transactions",
        aws_row("transactions", value=1e18),
        aws_row("transactions", hash=T2, receipt_status=0),
        aws_row("transactions", hash="0x" + "3" * 64, value=0.0),
        aws_row("transactions", hash="0x" + "4" * 64, receipt_status=None),
        aws_row("transactions", hash="0x" + "5" * 64, to_address=None, receipt_contract_address=C),
    )
    assert moved(layout) == [
        ("native", 0, A, B, str(10**18), "aws-eth-transactions", False),
        ("native", 0, A, C, "5", "aws-eth-transactions", False),
    ]
    assert dict(report.set_aside) == {"failed": 1, "zero_value": 1}
    assert dict(report.quarantined) == {"status_unknown": 1}


def test_traces_give_the_transactions_value_and_what_calls_below_it_move(
    layout: Layout, tmp_path: Path
) -> None:
    def trace(**changes: Any) -> dict[str, Any]:
        return aws_row("traces", **changes)

    report = ingest(
        layout,
        tmp_path,
        "traces",
        trace(),
        trace(trace_address="0", from_address=B, to_address=C, value=3.0),
        trace(trace_address="0,1", trace_type="create", call_type=None, to_address=C, value=2.0),
        trace(trace_address="1", trace_type="suicide", call_type=None, value=1.0),
        trace(trace_address="2", call_type="delegatecall"),
        trace(trace_address="3", call_type="callcode"),
        trace(trace_address="4", call_type="staticcall", value=0.0),
        trace(trace_address="5", value=0.0),
        trace(trace_address="6", error="Reverted", status=0),
        trace(trace_address="7", trace_type="mystery"),
        trace(trace_type="reward", transaction_hash=None, from_address=None),
        trace(trace_type="genesis", transaction_hash=None, from_address=None),
    )
    assert [row[:5] for row in sorted(moved(layout))] == [
        ("native", 0, A, B, "5"),
        ("trace", 1, B, C, "3"),
        ("trace", 2, A, B, "1"),
        ("trace", 1002, A, C, "2"),
    ]
    assert dict(report.set_aside) == {"failed": 1, "no_transaction": 2, "no_transfer": 3, "zero_value": 1}
    assert dict(report.quarantined) == {"bad_trace_type": 1}


def test_all_below_a_failed_call_fails_though_its_own_status_is_1_and_its_neighbours_do_not(
    layout: Layout, tmp_path: Path
) -> None:
    ingest(
        layout,
        tmp_path,
        "traces",
        aws_row("traces"),
        aws_row("traces", trace_address="1", value=0.0, status=0, error="Reverted"),
        aws_row("traces", trace_address="1,0", value=2.0),
        aws_row("traces", trace_address="10", value=3.0),
        aws_row("traces", transaction_hash=T2, trace_address="1,0", value=4.0),
    )
    assert sorted(stored(layout)["amount_raw"]) == ["3", "4", "5"]


def test_a_failed_call_is_known_to_the_other_files_of_its_day(layout: Layout, tmp_path: Path) -> None:
    write_aws(tmp_path, "traces", [aws_row("traces", value=0.0, status=0, error="out of gas")], part=0)
    write_aws(tmp_path, "traces", [aws_row("traces", trace_address="0", value=2.0)], part=1)
    report = ingest_files(layout, [tmp_path / "traces"], "aws-eth-traces")
    assert report.rows_new == 0
    assert dict(report.set_aside) == {"failed": 1, "zero_value": 1}


def test_a_day_of_transactions_and_traces_counts_each_native_transfer_once(
    layout: Layout, tmp_path: Path
) -> None:
    transaction = ("transactions", aws_row("transactions"))
    trace = ("traces", aws_row("traces"))
    other = Layout(tmp_path / "other")
    for place, order in ((layout, [transaction, trace]), (other, [trace, transaction])):
        for table, row in order:
            ingest(place, tmp_path, table, row)
        assert moved(place) == [("native", 0, A, B, "5", "aws-eth-traces", False)]


def test_positions_of_traces_are_different_for_different_paths_and_never_change() -> None:
    paths = ["0", "1", "0,0", "0,1", "10", "998", "999", "1000", "0,0,0,0,0,0", "0,0,0,0,0,0,0", "1,2"]
    numbers = pl.DataFrame({"p": paths}).select(position_of(pl.col("p"))).to_series().to_list()
    assert numbers[:6] == [1, 2, 1001, 1002, 11, 999]
    assert len(set(numbers)) == len(paths)
    assert all(0 < number < 2**63 for number in numbers)
    assert numbers[6] == 5764058539754489268


@pytest.mark.parametrize(
    ("table", "change", "message"),
    [
        ("token_transfers", {"value": pa.string()}, "this is ethereum-etl's form"),
        ("token_transfers", {"log_index": None}, "has no column 'log_index'"),
        ("logs", {"topics": pa.string()}, "this is ethereum-etl's form"),
        ("transactions", {"hash": pa.int64()}, "the column 'hash' is of type Int64, not text"),
        ("transactions", {"block_timestamp": pa.int64()}, "of type Int64, not a timestamp"),
        ("traces", {"status": None}, "has no column 'status'"),
    ],
)
def test_a_changed_schema_is_refused_in_one_sentence_and_nothing_is_stored(
    layout: Layout, tmp_path: Path, table: str, change: dict[str, pa.DataType | None], message: str
) -> None:
    path = write_aws(tmp_path, table, [aws_row(table)])
    found = pq.ParquetFile(path).read()
    for name, kind in change.items():
        place = found.schema.get_field_index(name)
        found = found.remove_column(place)
        if kind is not None:
            found = found.add_column(place, name, pa.nulls(1, kind))
    pq.write_table(found, path)
    good = write_aws(tmp_path / "good", table, [aws_row(table)])
    with pytest.raises(UsageError, match=message):
        ingest_files(layout, [good, path], f"aws-eth-{table.replace('_', '-')}")
    assert not layout.raw.exists()


@pytest.mark.parametrize("chain", ["bitcoin", "tron", "evm"])
def test_a_chain_without_logs_and_traces_of_this_kind_is_refused(
    layout: Layout, tmp_path: Path, chain: str
) -> None:
    with pytest.raises(UsageError, match=f"--chain {chain} names no chain"):
        ingest(layout, tmp_path, "logs", aws_row("logs"), chain=chain)


def test_quarantined_rows_keep_what_was_delivered(layout: Layout, tmp_path: Path) -> None:
    ingest(layout, tmp_path, "token_transfers", aws_row("token_transfers", from_address="0x12"))
    [(chain, date, reason, row, origin)] = quarantined(layout)
    assert (chain, date, reason) == ("ethereum", "2024-03-31", "bad_from_address")
    assert '"from_address": "0x12"' in row
    assert T1 in row
    assert origin.startswith("part-00000")
