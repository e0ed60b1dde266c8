import datetime as dt
from pathlib import Path

import pytest
from dump_files import NOON, T2, aws_row, write_aws
from source_files import stored, tree

from inflows.errors import InflowsError, UsageError
from inflows.layout import Layout
from inflows.sources import batches, ingest_files
from inflows.sources.dumps import scratch_path, shown, shown_error

FORMAT = "aws-eth-token-transfers"
DAYS = [dt.date(2024, 3, day) for day in (29, 30, 31)]


@pytest.fixture
def dump(tmp_path: Path) -> Path:
    """Three days of token transfers, one row each, below date=…."""
    for day in DAYS:
        row = aws_row(
            "token_transfers", block_timestamp=dt.datetime.combine(day, NOON.time()), block_number=day.day
        )
        write_aws(tmp_path / "eth", "token_transfers", [row], date=day.isoformat())
    return tmp_path / "eth" / "token_transfers"


def file_of(dump: Path, day: dt.date) -> Path:
    return next((dump / f"date={day}").iterdir())


def test_only_partitions_of_the_days_asked_for_are_read_and_the_last_is_exclusive(
    layout: Layout, dump: Path
) -> None:
    file_of(dump, DAYS[0]).write_bytes(b"never opened")
    report = ingest_files(layout, [dump], FORMAT, from_date=DAYS[1], to_date=DAYS[2])
    assert (report.files, report.rows_new) == (1, 1)
    assert stored(layout)["block_number"].to_list() == [30]
    assert ingest_files(layout, [dump], FORMAT, from_date=DAYS[1]).rows_read == 2


@pytest.mark.parametrize(
    ("first", "end", "message"),
    [
        (dt.date(2025, 1, 1), None, "they are from 2024-03-29 to 2024-03-31"),
        (None, dt.date(2024, 3, 29), "No file is of the days"),
        (DAYS[1], DAYS[1], "No day is from 2024-03-30 on and before 2024-03-30"),
    ],
)
def test_days_that_are_not_there_are_refused(
    layout: Layout, dump: Path, first: dt.date | None, end: dt.date | None, message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        ingest_files(layout, [dump], FORMAT, from_date=first, to_date=end)
    assert not layout.raw.exists()


def test_rows_of_other_days_than_their_folder_says_are_stored_under_their_own_with_a_warning(
    layout: Layout, dump: Path
) -> None:
    quiet = ingest_files(layout, [dump], FORMAT)
    assert not quiet.warnings
    late = aws_row(
        "token_transfers",
        block_timestamp=dt.datetime(2024, 4, 1, 0, 0, 11),  # noqa: DTZ001 - the schema has no zone
        block_number=40,
    )
    write_aws(dump.parent, "token_transfers", [late], date="2024-03-31", part=9)
    report = ingest_files(layout, [dump], FORMAT)
    (warning,) = report.warnings
    assert "part-00009-7a1c.c000.snappy.parquet holds rows of other days than 2024-03-31" in warning
    assert report.rows_new == 1
    assert (layout.raw_partition("transfers", "ethereum", "2024-04-01")).exists()


def test_days_cannot_be_chosen_of_files_in_no_partition(layout: Layout, dump: Path, tmp_path: Path) -> None:
    flat = tmp_path / "flat.parquet"
    flat.write_bytes(file_of(dump, DAYS[0]).read_bytes())
    with pytest.raises(UsageError, match=r"flat\.parquet lies in no partition date="):
        ingest_files(layout, [flat], FORMAT, from_date=DAYS[0])


def test_copies_and_empty_files_in_a_dump_are_findings_and_no_rows(
    layout: Layout, dump: Path, tmp_path: Path
) -> None:
    one = file_of(dump, DAYS[0])
    one.with_name("part-00001-copy.snappy.parquet").write_bytes(one.read_bytes())
    (dump / "date=2024-03-28").mkdir()
    (dump / "date=2024-03-28" / "part-00000-nothing.snappy.parquet").touch()
    write_aws(tmp_path / "eth", "token_transfers", [], date="2024-03-27")
    report = ingest_files(layout, [dump], FORMAT)
    assert (report.rows_read, report.rows_new) == (3, 3)
    for said in (
        "part-00001-copy.snappy.parquet is a copy of ",
        "part-00000-nothing.snappy.parquet is an empty file",
        "date=2024-03-27/part-00000-7a1c.c000.snappy.parquet has no rows",
    ):
        assert sum(said in warning for warning in report.warnings) == 1


def test_an_empty_file_that_is_named_and_a_dump_of_nothing_else_are_refused(
    layout: Layout, tmp_path: Path
) -> None:
    empty = tmp_path / "date=2024-03-28" / "a.parquet"
    empty.parent.mkdir()
    empty.touch()
    for path in (empty, tmp_path):
        with pytest.raises(UsageError, match=r"a\.parquet is empty"):
            ingest_files(layout, [path], FORMAT)
    assert not layout.raw.exists()


def test_a_truncated_file_anywhere_in_a_dump_stores_nothing(
    layout: Layout, dump: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "ROWS_TOGETHER", 1)
    last = file_of(dump, DAYS[2])
    last.write_bytes(last.read_bytes()[:-200])
    with pytest.raises(UsageError, match=r"date=2024-03-31/.* cannot be read"):
        ingest_files(layout, [dump], FORMAT)
    assert not layout.raw.exists()


def test_a_broken_page_stores_nothing_of_its_day_and_what_came_before_stays(
    layout: Layout, dump: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "ROWS_TOGETHER", 1)
    last = file_of(dump, DAYS[2])
    whole = bytearray(last.read_bytes())
    whole[4:200] = b"\xff" * 196
    last.write_bytes(bytes(whole))
    with pytest.raises(InflowsError, match="cannot be read") as error:
        ingest_files(layout, [dump], FORMAT)
    assert "The days before it are stored" in error.value.hint
    assert sorted(stored(layout)["block_number"]) == [29, 30]


def test_days_stored_apart_give_the_same_bytes_and_counts_as_together(
    layout: Layout, dump: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    together = Layout(tmp_path / "together")
    expected = ingest_files(together, [dump], FORMAT)
    monkeypatch.setattr(batches, "ROWS_TOGETHER", 1)
    report = ingest_files(layout, [dump], FORMAT)
    assert report == expected
    assert tree(layout.raw) == tree(together.raw)


def test_traces_of_one_day_stay_together_however_few_rows_are_stored_at_once(
    layout: Layout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "ROWS_TOGETHER", 1)
    write_aws(tmp_path, "traces", [aws_row("traces", value=0.0, status=0, error="out of gas")], part=0)
    write_aws(tmp_path, "traces", [aws_row("traces", trace_address="0", value=2.0)], part=1)
    report = ingest_files(layout, [tmp_path / "traces"], "aws-eth-traces")
    assert (report.rows_new, dict(report.set_aside)) == (0, {"failed": 1, "zero_value": 1})


def test_a_file_that_changed_since_a_run_ended_early_is_read_again(
    layout: Layout, dump: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "ROWS_TOGETHER", 1)
    last = file_of(dump, DAYS[2])
    whole = last.read_bytes()
    last.write_bytes(b"\xff" * 200 + whole[200:])
    with pytest.raises(InflowsError):
        ingest_files(layout, [dump], FORMAT)
    last.write_bytes(whole)
    row = aws_row("token_transfers", transaction_hash=T2, block_timestamp=NOON - dt.timedelta(days=2))
    write_aws(dump.parent, "token_transfers", [row], date="2024-03-29")
    report = ingest_files(layout, [dump], FORMAT)
    assert (report.files, report.rows_new) == (2, 2)
    assert not (layout.raw / ".unfinished").exists()


@pytest.mark.parametrize("key", ["../x.parquet", "a/../../x.parquet", "a//x.parquet", "./x", "a/\0.parquet"])
def test_no_key_leads_out_of_the_scratch_folder(tmp_path: Path, key: str) -> None:
    with pytest.raises(UsageError, match="has a name that is no path"):
        scratch_path(tmp_path, "bucket", key)


def test_errors_name_the_address_and_not_the_copy(tmp_path: Path) -> None:
    path = scratch_path(tmp_path, "bucket", "a/b.csv")
    assert shown(f"{path} is empty.", tmp_path) == "s3://bucket/a/b.csv is empty."
    error = shown_error(UsageError(f"{path} is empty.", f"See {path}."), tmp_path)
    assert (type(error), str(error)) == (UsageError, "s3://bucket/a/b.csv is empty. See s3://bucket/a/b.csv.")
