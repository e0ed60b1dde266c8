import datetime as dt
import errno
from pathlib import Path

import polars as pl
import pytest
from raw_helpers import ALICE, BOB, NOON, block, delivery, entry, kept, store, transfer, tree

from inflows import files
from inflows.addresses import address_key
from inflows.contracts.raw import Quarantine, Transfers
from inflows.contracts.schema import dtypes
from inflows.errors import UsageError, WorkError
from inflows.layout import Layout
from inflows.raw import Delivery, coverage, ingest, list_partitions, merge, partition_fingerprint
from inflows.raw import partitions as partitions_module
from inflows.stages.period_coverage import EVIDENCE

TOMORROW = NOON + dt.timedelta(days=1)


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return Layout(tmp_path / "data")


def test_a_partitions_file_has_the_contracts_columns_in_the_order_of_blocks(layout: Layout) -> None:
    rows = [transfer(block_number=n, position=p) for n, p in ((9, 1), (100, 0), (9, 0))]
    store(layout, "transfers", rows)
    found = pl.read_parquet(
        layout.raw_partition("transfers", "ethereum", "2024-03-31"), hive_partitioning=False
    )
    assert dict(found.schema) == dtypes(Transfers)
    assert found.select("block_number", "position").rows() == [(9, 0), (9, 1), (100, 0)]
    assert found["from_key"].to_list() == pl.select(address_key(pl.lit(ALICE))).to_series().to_list() * 3


def test_quarantine_has_its_contracts_columns(layout: Layout) -> None:
    store(layout, "transfers", [transfer(reason="bad_kind", row="{}"), transfer(), transfer(amount_raw="6")])
    found = pl.read_parquet(
        layout.quarantine_partition("transfers", "ethereum", "2024-03-31"), hive_partitioning=False
    )
    assert dict(found.schema) == dtypes(Quarantine)
    assert found["reason"].to_list() == ["bad_kind", "conflicting_contents", "conflicting_contents"]


def test_the_same_partition_twice_changes_nothing_and_leaves_its_neighbours_alone(layout: Layout) -> None:
    neighbours = [
        transfer(block_time=TOMORROW),
        transfer(chain="bsc"),
        transfer(block_time=NOON.replace(day=30)),
    ]
    store(layout, "transfers", [transfer(), *neighbours])
    before = {path: path.stat().st_ino for _, _, path in list_partitions(layout, "transfers")}
    assert store(layout, "transfers", [transfer()]).partitions_changed == 0
    assert store(layout, "transfers", [transfer(position=1)]).partitions_changed == 1
    after = {path: path.stat().st_ino for _, _, path in list_partitions(layout, "transfers")}
    rewritten = [path for path in before if before[path] != after[path]]
    assert rewritten == [layout.raw_partition("transfers", "ethereum", "2024-03-31")]


def test_many_partitions_in_small_passes_are_the_same_as_in_one(
    layout: Layout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [
        transfer(block_time=NOON + dt.timedelta(days=day), block_number=100 + day, position=place)
        for day in range(30)
        for place in range(3)
    ]
    store(layout, "transfers", rows)
    monkeypatch.setattr(merge, "ROWS_A_PASS", 4)
    other = Layout(tmp_path / "other")
    store(other, "transfers", rows)
    assert tree(other.root) == tree(layout.root)
    assert len(list_partitions(other, "transfers")) == 30


def test_a_broken_delivery_leaves_the_store_as_it_was(layout: Layout, tmp_path: Path) -> None:
    store(layout, "transfers", [transfer()])
    before = tree(layout.root)
    good = delivery("transfers", [transfer(position=1)])
    broken = tmp_path / "broken.parquet"
    broken.write_bytes(b"PAR1 and no more PAR1")
    with pytest.raises(UsageError, match=r"broken\.parquet cannot be read"):
        ingest(layout, [good, Delivery("transfers", pl.scan_parquet(broken), "broken.parquet")])
    assert tree(layout.root) == before


def test_a_reader_that_passes_incomplete_rows_is_found_out(layout: Layout) -> None:
    with pytest.raises(WorkError, match="empty columns"):
        store(layout, "transfers", [transfer(), transfer(to_address=None)])
    assert not layout.raw.exists()


def test_a_full_disk_in_the_middle_of_merging_is_an_error_of_the_work_and_starting_again_goes_on(
    layout: Layout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [transfer(block_time=NOON + dt.timedelta(days=day)) for day in range(3)]
    whole, writes = Path.replace, []

    def full_after_one(self: Path, target: Path) -> Path:
        writes.append(target)
        if len(writes) == 2:
            raise OSError(errno.ENOSPC, "No space left on device")
        return whole(self, target)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", full_after_one)
        with pytest.raises(WorkError, match="No space left") as error:
            store(layout, "transfers", rows)
    assert "start this again" in error.value.hint
    assert len(list_partitions(layout, "transfers")) == 1
    store(layout, "transfers", rows)
    unharmed = Layout(tmp_path / "unharmed")
    store(unharmed, "transfers", rows)
    assert tree(layout.root) == tree(unharmed.root)


def test_a_folder_that_cannot_be_written_is_an_error_of_the_work(tmp_path: Path) -> None:
    blocked = tmp_path / "data"
    blocked.write_text("a file where the folder should be", encoding="utf-8")
    with pytest.raises(WorkError, match="cannot be written"):
        store(Layout(blocked), "transfers", [transfer()])


@pytest.mark.parametrize(
    "chain", ["../x", "", "__HIVE_DEFAULT_PARTITION__", "=cmd()", 'a"b', "a'b", "münze", "a/b", "A", "."]
)
def test_a_chain_that_is_no_slug_never_becomes_a_path(layout: Layout, chain: str) -> None:
    report = store(layout, "transfers", [transfer(chain=chain, reason="bad_chain", row="{}"), transfer()])
    assert report.quarantined == {"bad_chain": 1}
    folders = {path.name for path in layout.raw.rglob("chain=*")}
    assert folders == {"chain=unknown", "chain=ethereum"}
    assert [path.name for path in layout.root.parent.iterdir()] == ["data"]


def test_numbers_and_dots_in_a_chains_name_stay_text(layout: Layout) -> None:
    store(layout, "transfers", [transfer(chain="1"), transfer(chain="1.0")])
    assert [chain for chain, _, _ in list_partitions(layout, "transfers")] == ["1", "1.0"]
    assert sorted(kept(layout, "transfers")["chain"]) == ["1", "1.0"]


def test_list_partitions_is_sorted_and_blind_to_everything_else(layout: Layout) -> None:
    store(layout, "transfers", [transfer(block_time=TOMORROW), transfer(), transfer(chain="bsc")])
    (layout.raw / "transfers" / "chain=ethereum" / "date=today").mkdir()
    (layout.raw / "transfers" / ".gitkeep").touch()
    found = [(chain, date.isoformat()) for chain, date, _ in list_partitions(layout, "transfers")]
    assert found == [("bsc", "2024-03-31"), ("ethereum", "2024-03-31"), ("ethereum", "2024-04-01")]


def test_a_fingerprint_follows_the_content_and_is_remembered(
    layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(partitions_module, "SMALL_BYTES", 0)
    store(layout, "transfers", [transfer()])
    path = layout.raw_partition("transfers", "ethereum", "2024-03-31")
    first = partition_fingerprint(path)
    assert first == files.sha256_of(path)
    beside = next(p for p in path.parent.iterdir() if p.name.startswith("."))
    beside.write_text(beside.read_text(encoding="utf-8").replace(first, "remembered"), encoding="utf-8")
    assert partition_fingerprint(path) == "remembered"
    beside.write_text("not json", encoding="utf-8")
    assert partition_fingerprint(path) == first
    store(layout, "transfers", [transfer(position=1)])
    assert partition_fingerprint(path) == files.sha256_of(path) != first


def test_a_partition_that_loses_all_its_rows_leaves_no_file(layout: Layout) -> None:
    store(layout, "transfers", [transfer()])
    partition_fingerprint(layout.raw_partition("transfers", "ethereum", "2024-03-31"))
    store(layout, "transfers", [transfer(amount_raw="6")])
    assert list_partitions(layout, "transfers") == []
    assert not (layout.raw / "transfers" / "chain=ethereum").exists()


def test_coverage_counts_rows_blocks_and_quarantine_by_chain_and_day(layout: Layout) -> None:
    store(layout, "transfers", [transfer(), transfer(position=1), transfer(reason="bad_kind", row="{}")])
    store(
        layout, "transfers", [transfer(block_time=TOMORROW), transfer(block_time=None, reason="x", row="{}")]
    )
    store(layout, "blocks", [block(has_token=True), block(block_number=103, has_token=True, has_native=True)])
    store(layout, "blocks", [block(chain="bsc", has_native=True), block(chain="tron")])
    store(layout, "utxo", [entry("out", 1, is_coinbase=True)])
    day, other, columns = NOON.date(), TOMORROW.date(), ["chain", "date", "dataset", "rows", "first_block"]
    columns += ["last_block", "blocks", "has_token", "has_native", "quarantined"]
    assert coverage(layout).select(columns).rows() == [
        ("bitcoin", day, "utxo", 1, 100, 100, None, None, None, 0),
        ("bsc", day, "transfers", 0, 100, 100, 1, False, True, 0),
        ("ethereum", day, "transfers", 2, 100, 103, 2, True, False, 1),
        ("ethereum", other, "transfers", 1, 100, 100, None, None, None, 0),
        ("ethereum", None, "transfers", 0, None, None, None, None, None, 1),
    ]


def test_a_key_that_two_sources_put_on_two_days_is_told_of(layout: Layout) -> None:
    late = NOON.replace(hour=23)
    store(
        layout,
        "transfers",
        [transfer(block_time=late), transfer(block_number=99), transfer(block_number=102)],
    )
    assert not store(layout, "transfers", [transfer(block_time=TOMORROW, block_number=101)]).warnings
    report = store(layout, "transfers", [transfer(block_time=late + dt.timedelta(hours=2))])
    assert len(report.warnings) == 1
    assert "transfers on ethereum stored both on 2024-03-31 and on 2024-04-01: 1." in report.warnings[0]


def test_coverage_of_an_empty_store_is_empty(layout: Layout) -> None:
    assert coverage(layout).is_empty()
    assert coverage(layout).columns[-len(EVIDENCE) :] == list(EVIDENCE)


def test_the_closing_sentence_counts_the_quarantine_by_reason(layout: Layout) -> None:
    bad = [
        transfer(reason=reason, row=row)
        for reason, row in (("bad_kind", "1"), ("bad_kind", "2"), ("nft", "3"))
    ]
    sentence = store(layout, "transfers", [transfer(), transfer(to_address=BOB, position=4), *bad]).sentence()
    assert sentence == (
        "5 rows read on ethereum, 1 day: 2 new, 0 already there, 2 quarantined (bad_kind 2), "
        "1 set aside (nft 1); 1 partition changed."
    )
