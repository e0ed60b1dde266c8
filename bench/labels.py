"""How long an import of many labels takes, and what many labels cost a build against few.

    .venv/bin/python bench/labels.py [--transfers 3000000] [--few 10000] [--many 400000] [--repeat 3]

The transfers are those of the few wallets in both cases; the other labels are of addresses that move nothing.
One in fifty of the many is claimed by a second list too, which in half of these names another exchange. Each
build computes everything anew, in turns, in a process of its own.
"""

from __future__ import annotations

import argparse
import datetime as dt
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import polars as pl
import synthetic

from inflows import files
from inflows.build import steps
from inflows.layout import Layout
from inflows.registry.imports import import_labels
from inflows.sources import ingest_files

NOW = dt.datetime(2025, 1, 1, tzinfo=dt.UTC)


def main() -> None:
    """Prepare two data folders that differ in their labels alone, and build both in turns."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--transfers", type=int, default=3_000_000)
    options.add_argument("--few", type=int, default=10_000)
    options.add_argument("--many", type=int, default=400_000)
    options.add_argument("--repeat", type=int, default=3)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-labels-") as name:
        folder = Path(name)
        synthetic.transfers(folder / "transfers", chosen.transfers, chosen.few)
        data = {count: prepared(folder, count, chosen.few) for count in (chosen.few, chosen.many)}
        taken: dict[int, list[tuple[float, float]]] = {count: [] for count in data}
        for _ in range(chosen.repeat):
            for count, root in data.items():
                taken[count].append(built(root))
    for count, times in taken.items():
        each = ", ".join(f"{wall:.1f} s ({cpu:.1f} s CPU)" for wall, cpu in times)
        print(f"build with {count:>9,} labels: {each}")
    for what, number in (("time", 0), ("CPU", 1)):
        few, many = (statistics.median(times[number] for times in found) for found in taken.values())
        print(f"{many / few - 1:+.0%} {what} by the medians, over {chosen.transfers:,} transfers")


def prepared(folder: Path, count: int, few: int) -> Path:
    """A data folder with all transfers and so many labels; prints how long their import took."""
    files_of = folder / f"registry-{count}"
    files_of.mkdir()
    synthetic.registry(files_of, count)
    layout = Layout(folder / f"data-{count}")
    steps.import_folder(layout, files_of, NOW)
    with files.writing(layout):
        ingest_files(layout, [str(folder / "transfers")], "inflows")
        again = Layout(folder / "imported-alone")
        begun = time.perf_counter()
        import_labels(again, files_of / "labels.csv", now=NOW)
        print(f"import of {count:,} labels: {time.perf_counter() - begun:.1f} s", flush=True)
        shutil.rmtree(again.root)
        import_labels(layout, second_list(files_of, few), now=NOW)
    return layout.root


def second_list(files_of: Path, few: int) -> Path:
    """Claims of another list about a fiftieth of the other addresses, half of them for another exchange."""
    number = pl.col("_number")
    rows = pl.read_csv(files_of / "labels.csv", infer_schema=False).with_row_index("_number")
    other = pl.format("exchange-{}", (number % synthetic.EXCHANGES).cast(pl.String).str.zfill(2))
    chosen = rows.filter((number % 50 == 7) & (number >= few) | (number == 7)).with_columns(
        exchange=pl.when(number % 100 == 7).then(other).otherwise(pl.lit("exchange-none")),
        source=pl.lit("another list"),
    )
    path = files_of / "second.csv"
    chosen.drop("_number").write_csv(path)
    return path


def built(root: Path) -> tuple[float, float]:
    """Seconds, and seconds of CPU, of one build of everything, in a process of its own."""
    shutil.rmtree(root / "warehouse", ignore_errors=True)
    used, begun = cpu_of_children(), time.perf_counter()
    subprocess.run(  # noqa: S603 (this program)
        [sys.executable, "-m", "inflows", "build", "--data", str(root)], check=True, capture_output=True
    )
    return time.perf_counter() - begun, cpu_of_children() - used


def cpu_of_children() -> float:
    """Seconds of CPU of all processes that were started and have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
