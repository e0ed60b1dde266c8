"""The store is a function of the set of rows: random splits, orders, duplicates and conflicts."""

import tempfile
from pathlib import Path
from typing import Any
from unittest.mock import patch

from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from raw_helpers import NOON, block, delivery, entry, transfer, tree

from inflows.layout import Layout
from inflows.raw import ingest, parts

TRANSFER = st.builds(
    lambda **row: transfer(**row),
    position=st.sampled_from([0, 0, 0, 1]),
    amount_raw=st.sampled_from(["5", str(2**256 - 1)]),
    block_time=st.sampled_from([NOON, NOON.replace(day=30)]),
    source=st.sampled_from(["a", "b", "c"]),
    exact=st.booleans(),
)
ENTRY = st.builds(
    lambda side, amount, **row: entry(side, amount, **row),
    side=st.sampled_from(["in", "out"]),
    amount=st.sampled_from([1, 2, 10**40]),
    tx_hash=st.sampled_from(["1" * 64, "1" * 64, "2" * 64]),
    position=st.integers(0, 1),
    is_coinbase=st.sampled_from([False, False, True]),
    source=st.sampled_from(["a", "b"]),
    exact=st.booleans(),
)
BLOCK = st.builds(
    lambda **row: block(**row),
    block_number=st.sampled_from([100, 101]),
    block_hash=st.sampled_from(["", "0xaa", "0xcc"]),
    parent_hash=st.sampled_from(["", "0xbb"]),
    has_token=st.booleans(),
    has_native=st.booleans(),
    has_labelled=st.booleans(),
    labelled_set=st.sampled_from(["", "", "aa", "bb", "aa,cc"]),
)
BAD = st.builds(
    lambda reason, row: transfer(amount_raw=None, reason=reason, row=row),
    reason=st.sampled_from(["amount_not_an_integer", "bad_kind"]),
    row=st.sampled_from(["{}", '{"amount_raw":"x"}']),
)
ROW = st.one_of(
    TRANSFER.map(lambda row: ("transfers", row)),
    TRANSFER.map(lambda row: ("transfers", row)),
    BAD.map(lambda row: ("transfers", row)),
    ENTRY.map(lambda row: ("utxo", row)),
    ENTRY.map(lambda row: ("utxo", row)),
    BLOCK.map(lambda row: ("blocks", row)),
)
File = tuple[str, list[tuple[str, dict[str, Any]]]]


def _store(folder: Path, runs: list[list[File]]) -> dict[str, str]:
    layout = Layout(folder)
    for run in runs:
        ingest(
            layout,
            [
                delivery(dataset, [row for of, row in rows if of == dataset], origin)
                for origin, rows in run
                for dataset in sorted({of for of, _ in rows})
            ],
        )
    return tree(folder)


# Shrinking a failure would take minutes; the failing rows are few enough to read.
@settings(max_examples=40, phases=(Phase.explicit, Phase.reuse, Phase.generate))
@given(st.data())
def test_any_split_order_and_repetition_of_the_same_files_gives_the_same_bytes(data: st.DataObject) -> None:
    rows = data.draw(st.lists(ROW, min_size=1, max_size=24))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(rows)), max_size=3)))
    files: list[File] = [
        (f"file-{place}.csv", rows[a:b])
        for place, (a, b) in enumerate(zip([0, *cuts], [*cuts, len(rows)], strict=True))
        if a < b
    ]
    repeated = data.draw(st.permutations(files + data.draw(st.lists(st.sampled_from(files), max_size=2))))
    reordered = [(origin, data.draw(st.permutations(rows))) for origin, rows in repeated]
    held = data.draw(st.sampled_from([0, 5, parts.ROWS_HELD]))  # more than these are laid down on disk
    with tempfile.TemporaryDirectory() as folder, patch.object(parts, "ROWS_HELD", held):
        at_once = _store(Path(folder) / "at-once", [files])
        one_by_one = _store(Path(folder) / "one-by-one", [[file] for file in reordered])
    assert one_by_one == at_once
