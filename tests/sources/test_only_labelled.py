import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from dump_files import NOON, A, B, C, aws_row, cryo_blocks, write_aws, write_cryo
from source_files import ENTRY, stored, tree, write_csv
from test_cryo import native, token

from inflows.errors import UsageError
from inflows.layout import Layout
from inflows.raw import coverage, coverage_by_source
from inflows.sources import ingest_files

D = "0x" + "e" * 40
FORMAT = "aws-eth-token-transfers"


def rows() -> list[dict[str, Any]]:
    sides = [(A, B), (B, C), (C, D), (D, A), (D, D)]
    return [
        aws_row("token_transfers", log_index=place, from_address=a, to_address=b)
        for place, (a, b) in enumerate(sides)
    ]


def only_labelled_days(layout: Layout) -> list[bool | None]:
    return coverage(layout)["only_labelled"].to_list()


def test_transfers_that_touch_no_labelled_wallet_are_counted_and_kept_nowhere(
    layout: Layout, tmp_path: Path
) -> None:
    bad = aws_row("token_transfers", log_index=9, from_address="0x1")
    path = write_aws(tmp_path, "token_transfers", [*rows(), bad])
    report = ingest_files(layout, [path], FORMAT, labelled=[A])
    assert stored(layout)["position"].to_list() == [0, 3]
    assert dict(report.set_aside) == {"not_labelled": 3}
    assert dict(report.quarantined) == {"bad_from_address": 1}
    assert report.rows_read == 6
    assert only_labelled_days(layout) == [True]


def test_addresses_that_share_a_key_with_a_labelled_one_are_compared_in_full(
    layout: Layout, tmp_path: Path
) -> None:
    near = "0x" + "f" * 24 + "a" * 16  # ends as A does, and the key is made of the end
    row = aws_row("token_transfers", from_address=near, to_address=C)
    report = ingest_files(layout, [write_aws(tmp_path, "token_transfers", [row])], FORMAT, labelled=[A])
    assert (report.rows_new, dict(report.set_aside)) == (0, {"not_labelled": 1})


def without_sets(layout: Layout) -> dict[str, str]:
    """The raw store but for the lists of addresses that something was ever read for."""
    return {name: digest for name, digest in tree(layout.raw).items() if not name.startswith("labelled_sets")}


def test_the_mark_goes_with_a_whole_reading_and_the_order_of_readings_leaves_no_trace(
    layout: Layout, tmp_path: Path
) -> None:
    path = write_aws(tmp_path, "token_transfers", rows())
    whole = Layout(tmp_path / "whole")
    ingest_files(whole, [path], FORMAT)
    assert only_labelled_days(whole) == [None]
    expected = without_sets(whole)
    ingest_files(whole, [path], FORMAT, labelled=[A])
    assert without_sets(whole) == expected
    ingest_files(layout, [path], FORMAT, labelled=[A])
    assert without_sets(layout) != expected
    ingest_files(layout, [path], FORMAT)
    assert without_sets(layout) == expected


def test_two_sets_in_either_order_give_the_same_bytes(layout: Layout, tmp_path: Path) -> None:
    path = write_aws(tmp_path, "token_transfers", rows())
    other = Layout(tmp_path / "other")
    for place, sets in ((layout, ([A], [C])), (other, ([C], [A]))):
        for addresses in sets:
            ingest_files(place, [path], FORMAT, labelled=addresses)
    assert tree(layout.raw) == tree(other.raw)
    assert stored(layout)["position"].to_list() == [0, 1, 2, 3]
    assert only_labelled_days(layout) == [True]


def test_a_day_that_another_source_delivers_whole_is_whole(layout: Layout, tmp_path: Path) -> None:
    ingest_files(layout, [write_aws(tmp_path, "token_transfers", rows())], FORMAT, labelled=[A])
    logs = [aws_row("logs", log_index=place) for place in range(7, 9)]
    ingest_files(layout, [write_aws(tmp_path, "logs", logs)], "aws-eth-logs")
    assert only_labelled_days(layout) == [None]
    found = coverage_by_source(layout).select("source", "kind", "rows", "approximate", "only_labelled")
    assert found.rows() == [("aws-eth-logs", "token", 2, 0, False), (FORMAT, "token", 2, 2, True)]


def test_blocks_say_that_they_were_read_for_the_set_alone(layout: Layout, tmp_path: Path) -> None:
    write_cryo(
        tmp_path / "x__erc20_transfers__100_to_101.parquet", [token(), token(from_address=C, log_index=1)]
    )
    write_cryo(tmp_path / "x__blocks__100_to_101.parquet", cryo_blocks([100, 101]))
    ingest_files(layout, [tmp_path], "cryo", labelled=[A])
    [day] = coverage(layout).to_dicts()
    assert (day["rows"], day["blocks"], day["has_token"], day["only_labelled"]) == (1, 2, False, True)
    assert stored(layout, "blocks")["has_labelled"].to_list() == [True, True]
    ingest_files(layout, [tmp_path], "cryo")
    [day] = coverage(layout).to_dicts()
    assert (day["rows"], day["has_token"], day["only_labelled"]) == (2, True, False)


def test_utxo_entries_are_refused_since_transactions_must_be_whole(layout: Layout, tmp_path: Path) -> None:
    path = write_csv(tmp_path / "utxo.csv", [ENTRY])
    with pytest.raises(UsageError, match="UTXO entries cannot be limited"):
        ingest_files(layout, [path], "inflows", labelled=[A])
    with pytest.raises(UsageError, match="No address is labelled"):
        ingest_files(layout, [path], "inflows", labelled=[])
    assert not layout.raw.exists()


def test_coverage_by_source_tells_each_days_kinds_with_their_blocks(layout: Layout, tmp_path: Path) -> None:
    folder = tmp_path / "cryo"
    write_cryo(folder / "a__blocks__100_to_101.parquet", cryo_blocks([100, 101], at=NOON))
    write_cryo(folder / "a__native_transfers__100_to_101.parquet", [native(), native(transfer_index=1)])
    write_cryo(folder / "a__erc20_transfers__100_to_101.parquet", [token(), token(block_number=101)])
    ingest_files(layout, [folder], "cryo")
    columns = ("dataset", "kind", "source", "rows", "first_block", "last_block")
    assert coverage_by_source(layout).select(columns).rows() == [
        ("transfers", "native", "cryo", 1, 100, 100),
        ("transfers", "token", "cryo", 2, 100, 101),
        ("transfers", "trace", "cryo", 1, 100, 100),
    ]


def test_an_empty_store_has_no_sources(layout: Layout) -> None:
    assert coverage_by_source(layout).is_empty()
    assert coverage_by_source(layout).schema["date"] == pl.Date


def inflows(data: Path, *args: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "inflows", *args, "--data", str(data)]
    return subprocess.run(command, capture_output=True, text=True, check=False, encoding="utf-8")


def test_the_command_line_keeps_what_its_labels_name_and_shows_the_sources(tmp_path: Path) -> None:
    data = tmp_path / "data"
    path = str(write_aws(tmp_path, "token_transfers", rows()))
    command = ("ingest", "files", path, "--input-format", FORMAT, "--only-labelled")
    refused = inflows(data, *command)
    assert (refused.returncode, "No address is labelled" in refused.stderr) == (2, True)
    label = {"chain": "evm", "address": A, "exchange": "some-exchange", "role": "hot", "confidence": 90}
    more = {"valid_from": "", "valid_to": "", "known_at": "2024-01-01", "source": "test"}
    labels = write_csv(tmp_path / "labels.csv", [{**label, **more}])
    assert inflows(data, "labels", "import", str(labels), "--input-format", "inflows").returncode == 0
    done = inflows(data, *command, "--from-date", "2024-03-31", "--to-date", "2024-04-01")
    assert (done.returncode, "not_labelled 3" in done.stderr) == (0, True), done.stderr
    [row] = json.loads(inflows(data, "status", "--by", "source", "--format", "json").stdout)
    assert (row["source"], row["kind"], row["rows"], row["approximate"]) == (FORMAT, "token", 2, 2)
    assert (row["days_only_labelled"], row["days_missing"]) == (1, 0)
    [row] = json.loads(inflows(data, "status", "--format", "json").stdout)
    assert (row["rows"], row["days_only_labelled"]) == (2, 1)
    wrong = inflows(data, *command, "--from-date", "2024-03-31T12:00:00Z")
    assert (wrong.returncode, "is within a day" in wrong.stderr) == (2, True)
