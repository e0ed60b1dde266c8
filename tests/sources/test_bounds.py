"""Small files that would take all memory, never end, or are damaged where they describe themselves."""

import gzip
import random
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from source_files import ROW

from inflows.errors import UsageError
from inflows.layout import Layout
from inflows.sources import bounds, ingest_files


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        ("a.csv.gz", "inflows"),
        ("token_transfers.csv.gz", "ethereum-etl"),
        ("token_transfers.json.gz", "ethereum-etl"),
        ("a.json.gz", "bitcoin-etl"),
    ],
)
@pytest.mark.parametrize("head", [b"", b"a,b\n", b'{"hash": 1, "inputs": [], "outputs": []}\n'])
def test_a_line_that_never_ends_is_refused_before_it_fills_the_memory(
    layout: Layout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, asked: str, head: bytes
) -> None:
    monkeypatch.setattr(bounds, "LONGEST_LINE", 1 << 20)
    (tmp_path / name).write_bytes(gzip.compress(head + b" " * (1 << 23)))
    with pytest.raises(UsageError) as caught:
        ingest_files(layout, [tmp_path / name], asked)
    assert name in caught.value.problem
    assert not layout.raw.exists()


def test_lines_are_held_in_batches_of_bounded_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "BATCH_BYTES", 100)
    (tmp_path / "a").write_bytes(b"x" * 60 + b"\n" + b"\n" + (b"y" * 60 + b"\n") * 3 + b"z")
    with (tmp_path / "a").open("rb") as handle:
        batches = list(bounds.batches(handle, tmp_path / "a", 50))
    assert [len(batch) for batch in batches] == [2, 2, 1]
    assert b"".join(line for batch in batches for line in batch).count(b"\n") == 4


def test_a_parquet_file_of_more_equal_rows_than_it_can_hold_is_refused(
    layout: Layout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounds, "FEW_ROWS", 1000)
    rows = 1_000_000
    table = pa.table(
        {name: pa.DictionaryArray.from_arrays(np.zeros(rows, np.int8), [text]) for name, text in ROW.items()}
    )
    pq.write_table(table, tmp_path / "a.parquet", compression="zstd")
    with pytest.raises(UsageError, match=r"a\.parquet says that it has 1,000,000 rows in .* bytes"):
        ingest_files(layout, [tmp_path / "a.parquet"], "inflows")
    assert not layout.raw.exists()


def test_a_full_file_of_different_rows_is_far_from_the_bound(tmp_path: Path) -> None:
    frame = pl.DataFrame({"tx_hash": [f"0x{random.Random(n).getrandbits(256):064x}" for n in range(2000)]})
    frame.write_parquet(tmp_path / "a.parquet", compression="zstd")
    assert (tmp_path / "a.parquet").stat().st_size * bounds.MOST_ROWS_A_BYTE > 2000 * 100


def test_a_footer_with_flipped_bits_is_one_sentence_that_names_the_file(tmp_path: Path) -> None:
    """Some flips change nothing that is read; none may end in anything but a sentence."""
    path = tmp_path / "a.parquet"
    pl.DataFrame([{**ROW, "position": str(n)} for n in range(50)]).write_parquet(path)
    body = path.read_bytes()
    start = len(body) - 8 - int.from_bytes(body[-8:-4], "little")
    chance, told = random.Random(1), []
    for turn in range(60):
        damaged = bytearray(body)
        for _ in range(chance.choice([1, 1, 2, 4])):
            damaged[chance.randrange(start, len(body))] ^= 1 << chance.randrange(8)
        path.write_bytes(damaged)
        layout = Layout(tmp_path / f"data{turn}")
        try:
            ingest_files(layout, [path], "inflows")
        except UsageError as error:
            told.append((error.problem, layout.raw.exists()))
    assert len(told) > 20
    assert [one for one in told if "a.parquet" not in one[0] or "\n" in one[0] or one[1]] == []
