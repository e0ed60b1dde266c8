"""Delivered rows wait in memory or on disk, and it makes no difference which."""

import errno
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from raw_helpers import delivery, store, transfer, tree

from inflows import files
from inflows.errors import WorkError
from inflows.layout import Layout
from inflows.raw import ingest, parts
from inflows.raw.delivery import CHAIN, DATE
from inflows.raw.partial_days import read_labelled_sets
from inflows.raw.parts import Part, Partition, PartitionBuffer, split

PLACES = st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from(["1", "2", "3"])), max_size=12)


def batch(chain: str, date: str, *values: int) -> pl.DataFrame:
    return pl.DataFrame({"value": values}).with_columns(pl.lit(chain).alias(CHAIN), pl.lit(date).alias(DATE))


def values(found: dict[Partition, list[Part]]) -> dict[Partition, list[tuple[str, list[int]]]]:
    return {
        partition: [(part.labelled_set, part.read()["value"].to_list()) for part in of_partition]
        for partition, of_partition in found.items()
    }


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return Layout(tmp_path / "data")


@given(PLACES)
def test_rows_are_split_by_pairs_in_their_order_wherever_they_lie(places: list[tuple[str, str]]) -> None:
    rows = pl.DataFrame(places, schema=["chain", "date"], orient="row").with_row_index("place")
    expected: dict[Partition, list[int]] = {}
    for place, pair in enumerate(places):
        expected.setdefault(pair, []).append(place)
    assert {pair: part["place"].to_list() for pair, part in split(rows, "chain", "date").items()} == expected


def test_few_rows_stay_in_memory_and_sets_of_labels_apart(tmp_path: Path) -> None:
    buffer = PartitionBuffer(tmp_path / "buffer")
    buffer.add(batch("a", "1", 1, 2), "")
    buffer.add(batch("a", "1", 3), "digest")
    buffer.add(batch("b", "1", 4), "")
    assert values(buffer.parts()) == {("a", "1"): [("", [1, 2]), ("digest", [3])], ("b", "1"): [("", [4])]}
    assert not (tmp_path / "buffer").exists()


def test_many_rows_are_laid_down_all_of_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "ROWS_HELD", 3)
    buffer = PartitionBuffer(tmp_path / "buffer")
    buffer.add(batch("a", "1", 1, 2), "")
    buffer.add(batch("a", "2", 3, 4), "")
    buffer.add(batch("a", "1", 5), "digest")
    found = buffer.parts()
    assert values(found) == {("a", "1"): [("", [1, 2]), ("digest", [5])], ("a", "2"): [("", [3, 4])]}
    assert all(isinstance(part.held, Path) for of_partition in found.values() for part in of_partition)
    assert [part.rows for part in found["a", "1"]] == [2, 1]


@pytest.mark.parametrize("held", [0, 2, 100])
def test_the_store_is_the_same_however_many_rows_are_held(
    layout: Layout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, held: int
) -> None:
    rows = [transfer(position=place, source=source) for place in range(4) for source in ("b", "a")]
    store(layout, "transfers", rows)
    monkeypatch.setattr(parts, "ROWS_HELD", held)
    other = Layout(tmp_path / "other")
    report = ingest(other, [delivery("transfers", [row], "x.csv") for row in rows])
    assert (report.rows_new, report.rows_already_there) == (4, 4)
    assert tree(other.root) == tree(layout.root)
    assert not other.staging.exists()


def test_what_cannot_be_stored_says_nothing_of_what_was_read_whole(layout: Layout) -> None:
    labelled = replace(delivery("transfers", [transfer()]), labelled_set="digest")
    ingest(layout, [labelled])
    path = layout.raw_partition("transfers", "ethereum", "2024-03-31")
    bad = transfer(amount_raw=None, reason="amount_not_an_integer", row="{}")
    store(layout, "transfers", [bad, transfer(kind="native", contract="")])
    assert read_labelled_sets(path) == {"logs token": ["digest"]}
    store(layout, "transfers", [transfer()])
    assert read_labelled_sets(path) == {}


def test_a_disk_that_fills_up_while_rows_are_laid_down_leaves_the_store_as_it_was(
    layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    store(layout, "transfers", [transfer()])
    before = tree(layout.root)
    monkeypatch.setattr(parts, "ROWS_HELD", 0)

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(files, "write_parquet", full)
    with pytest.raises(WorkError, match="No space left"):
        store(layout, "transfers", [transfer(position=1)])
    assert tree(layout.root) == before
