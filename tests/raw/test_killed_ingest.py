"""SIGKILL at every write of phase 2, then the same ingestion again: the same bytes."""

import shutil
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
from raw_helpers import BOB, entry, store, transfer, tree

from inflows.layout import Layout
from inflows.sources import ingest_files

SCRIPT = Path(__file__).with_name("killed_ingest.py")


def _csv(path: Path, rows: list[dict[str, object]]) -> Path:
    pl.DataFrame(rows).drop("exact").write_csv(path)
    return path


def _begun(folder: Path) -> Layout:
    """A store with a transfer that a conflict will take out, and entries that wait for their inputs."""
    layout = Layout(folder)
    store(layout, "transfers", [transfer(), transfer(position=1)])
    store(layout, "utxo", [entry("out", 9), entry("in", 3, tx_hash="2" * 64)])
    return layout


@pytest.fixture
def deliveries(tmp_path: Path) -> Path:
    folder = tmp_path / "delivered"
    folder.mkdir()
    _csv(
        folder / "a.csv",
        [transfer(amount_raw="6"), transfer(position=2), transfer(position=3, to_address="?")],
    )
    _csv(folder / "b.csv", [entry("in", 10), entry("out", 8, tx_hash="2" * 64)])
    return folder


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("step", [1, 2, 3, 4, 5])
def test_a_run_killed_at_any_write_and_started_again_leaves_the_same_bytes(
    tmp_path: Path, deliveries: Path, step: int, when: str
) -> None:
    unharmed = _begun(tmp_path / "unharmed")
    ingest_files(unharmed, [deliveries], "inflows")
    harmed = _begun(tmp_path / "harmed")
    killed = subprocess.run(
        [sys.executable, SCRIPT, harmed.root, deliveries, str(step), when],
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    assert killed.returncode == -9, killed.stderr
    somewhere = "".join(
        pl.read_parquet(path, hive_partitioning=False).write_json() for path in harmed.raw.rglob("*.parquet")
    )
    assert somewhere.count(BOB) >= 2, "a transfer is neither kept nor quarantined"
    assert somewhere.count("1" * 64) >= 2, "a transaction is neither kept nor quarantined"
    ingest_files(harmed, [deliveries], "inflows")
    assert tree(harmed.root) == tree(unharmed.root)


def test_the_writes_of_that_ingestion_are_as_many_as_are_killed(tmp_path: Path, deliveries: Path) -> None:
    layout = _begun(tmp_path / "data")
    done = subprocess.run(
        [sys.executable, SCRIPT, layout.root, deliveries, "0", "before"],
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    assert done.stdout.strip() == "5", done.stderr


def test_what_a_killed_run_left_in_staging_is_removed_by_the_next(tmp_path: Path, deliveries: Path) -> None:
    layout = Layout(tmp_path / "data")
    (layout.staging / "ingest-dead" / "transfers").mkdir(parents=True)
    (layout.staging / "decoded-dead").mkdir()
    ingest_files(layout, [deliveries], "inflows")
    assert not layout.staging.exists()
    shutil.rmtree(layout.root)
