"""How fast a build is, beside a DuckDB script by hand over the same raw files, and how much memory it takes.

    python bench/build.py [--rows 30000000] [--turns 5] [--folder FOLDER]

Makes a synthetic chain (bench/synthetic.py, ten per cent of which touches an exchange), brings it into a raw
store with `inflows ingest files`, and runs in turns, each in a process of its own on two threads:

- floor: the scan of the columns that both need;
- totals: raw to daily facts to half-year totals, nothing written;
- build: all of it with one row for each flow: `inflows build` against the script that writes `fct_flow` and
  its daily sums into a DuckDB file.

The totals of both must be equal to a cent in a billion. Printed are medians, ratios and peaks of memory.
"""

from __future__ import annotations

import argparse
import datetime as dt
import functools
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from inflows.cli import keep_freed_memory

HERE = Path(__file__).parent
NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
NEEDED = (
    "chain", "block_time", "contract", "from_address", "to_address", "amount_raw", "from_key", "to_key",
)  # fmt: skip
R = TypeVar("R")
KEY = ["period", "jurisdiction", "basis", "scope", "level"]
THREADS = "2"
DAYS_A_BATCH = 5


def main() -> None:
    """Make the world, take turns, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rows", type=int, default=30_000_000)
    parser.add_argument("--wallets", type=int, default=10_000)
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--folder", type=Path, help="keep the world here, and use it again")
    parser.add_argument("--only", choices=sorted(TASKS), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.only:
        keep_freed_memory()  # as the command line does
        import duckdb  # noqa: F401
        import polars as pl  # noqa: F401

        import inflows.build.steps  # noqa: F401

        began = time.perf_counter()
        steps = TASKS[given.only](given.folder) or {}
        seconds = time.perf_counter() - began
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        print(json.dumps({"seconds": seconds, "peak_mib": peak / 1024, "steps": steps}))
        return
    with tempfile.TemporaryDirectory() as scratch:
        folder = given.folder or Path(scratch)
        make_world(folder, given.rows, given.wallets)
        measure(folder, given.rows, given.turns)


def make_world(folder: Path, rows: int, wallets: int) -> None:
    """A data folder with raw transfers and registries, and the registries as the rival reads them."""
    made = folder / "made.json"
    wanted = json.dumps([rows, wallets])
    if made.exists() and made.read_text(encoding="utf-8") == wanted:
        return
    import synthetic

    from inflows import files
    from inflows.build.registry_snapshot import Registries
    from inflows.build.steps import import_folder
    from inflows.settings import load_settings
    from inflows.sources import ingest_files

    print(f"Making {rows:,} transfers in {folder} ...", file=sys.stderr)
    given = folder / "given"
    synthetic.transfers(given / "transfers", rows, wallets)
    synthetic.registry(given, wallets)
    layout = load_settings(folder / "data").layout
    import_folder(layout, given, NOW - dt.timedelta(days=1))
    with files.writing(layout):
        ingest_files(layout, [str(given / "transfers")], "inflows")
    shutil.rmtree(given / "transfers")
    known = Registries(layout, NOW)
    of_chain = known.of_chain(synthetic.CHAIN)
    frames = {
        "wallets": of_chain.wallets,
        "assets": of_chain.assets,
        "prices": of_chain.prices,
        "jurisdictions": known.jurisdictions,
    }
    for name, frame in frames.items():
        frame.write_parquet(folder / f"{name}.parquet")
    made.write_text(wanted, encoding="utf-8")


def measure(folder: Path, rows: int, turns: int) -> None:
    """Run the tasks in turns, compare their totals, and print medians."""
    took: dict[str, list[float]] = defaultdict(list)
    steps: dict[str, list[float]] = defaultdict(list)
    peak: dict[str, float] = defaultdict(float)
    for turn in range(turns):
        for name in TASKS:
            found = in_process_of_its_own(name, folder)
            took[name].append(found["seconds"])
            peak[name] = max(peak[name], found["peak_mib"])
            for step, seconds in found["steps"].items():
                steps[step].append(seconds)
        print(f"turn {turn + 1} of {turns}: " + ", ".join(f"{n} {took[n][-1]:.1f} s" for n in TASKS))
    for mine, other in (("ours-totals", "rival-totals"), ("ours-build", "rival-build")):
        equal_totals(folder / f"{mine}.parquet", folder / f"{other}.parquet")
    middle = {name: statistics.median(values) for name, values in took.items()}
    print(f"\n{rows:,} transfers, {os.cpu_count()} processors, {THREADS} threads, medians of {turns}")
    for name in TASKS:
        print(f"{name:13} {middle[name]:7.2f} s {peak[name]:8,.0f} MiB at most")
        for step, seconds in steps.items() if name == "ours-build" else ():
            print(f"  {step:17} {statistics.median(seconds):5.2f} s")
    totals = [mine / other for mine, other in zip(took["ours-totals"], took["rival-totals"], strict=True)]
    whole = [mine / other for mine, other in zip(took["ours-build"], took["rival-build"], strict=True)]
    print(f"totals, ours to rival: {statistics.median(totals):.2f} (wanted: at most 0.50)")
    print(f"build, ours to rival:  {statistics.median(whole):.2f} (wanted: at most 1.00)")


def in_process_of_its_own(name: str, folder: Path) -> dict[str, Any]:
    """Seconds of a task (without the start of Python and imports), of its steps, and its peak of memory."""
    command = [sys.executable, __file__, "--only", name, "--folder", str(folder)]
    environment = os.environ | {"POLARS_MAX_THREADS": THREADS}
    done = subprocess.run(  # noqa: S603 (this file, by its own name)
        command, env=environment, stdout=subprocess.PIPE, text=True, check=True, encoding="utf-8"
    )
    return dict(json.loads(done.stdout.splitlines()[-1]))


def equal_totals(mine: Path, other: Path) -> None:
    """Stop unless both made the same totals: counts exactly, dollars to what doubles can hold."""
    import polars as pl

    ours, theirs = pl.read_parquet(mine), pl.read_parquet(other)
    if "inflow_transfers" not in theirs.columns or theirs.is_empty():
        sys.exit(f"{other} holds no totals")
    both = ours.select(*KEY, "inflow_usd", "outflow_usd", "inflow_transfers", "outflow_transfers").join(
        theirs, on=KEY, how="full", suffix="_other"
    )
    for name in ("inflow_transfers", "outflow_transfers"):
        if not (both[name].eq_missing(both[f"{name}_other"])).all():
            sys.exit(f"{name} differ between {mine.name} and {other.name}")
    for name in ("inflow_usd", "outflow_usd"):
        apart = (both[name].cast(pl.Float64) - both[f"{name}_other"].cast(pl.Float64)).abs()
        if apart.null_count() or not (apart <= both[name].cast(pl.Float64).abs() * 1e-11 + 0.01).all():
            sys.exit(f"{name} differ between {mine.name} and {other.name}")


def floor(folder: Path) -> None:
    """Scan the columns that are needed, and no more."""
    import polars as pl

    frame = pl.scan_parquet(raw_files(folder), hive_partitioning=False).select(NEEDED)
    frame.select(pl.col(name).len() if name != "chain" else pl.col(name).max() for name in NEEDED).select(
        pl.all()
    ).collect(engine="streaming")
    frame.filter(pl.col("from_key") == 0).collect(engine="streaming")


def ours_totals(folder: Path) -> None:
    """Raw to daily facts to half-year totals by the stages, some days at a time, nothing written."""
    import polars as pl

    from inflows.build.chain_flows import classified_flows
    from inflows.build.registry_snapshot import Registries
    from inflows.layout import Layout
    from inflows.stages.aggregate import daily_facts
    from inflows.stages.price import STALENESS
    from inflows.stages.total import period_totals

    known = Registries(Layout(folder / "data"), NOW)
    chain = known.of_chain("ethereum")

    def facts(paths: list[Path]) -> pl.DataFrame:
        raw = pl.scan_parquet(paths, hive_partitioning=False).select(NEEDED)
        flows = classified_flows(chain, chain.prices.lazy(), raw, None, STALENESS)
        return flows.pipe(daily_facts).collect(engine="streaming")

    with ThreadPoolExecutor(2) as workers:  # as `inflows build` does
        days = list(workers.map(facts, batched(raw_files(folder), DAYS_A_BATCH)))
    totals = period_totals(pl.concat(days).lazy(), known.jurisdictions.lazy()).collect(engine="streaming")
    totals.write_parquet(folder / "ours-totals.parquet")


def ours_build(folder: Path) -> dict[str, float]:
    """`inflows build`, of everything; returns the seconds of each of its steps."""
    import polars as pl

    from inflows.build import steps
    from inflows.settings import load_settings
    from inflows.warehouse.query import run_sql

    shutil.rmtree(folder / "data" / "warehouse", ignore_errors=True)
    seconds: dict[str, float] = {}

    def timed(function: Callable[..., R]) -> Callable[..., R]:
        @functools.wraps(function)
        def step(*given: object) -> R:
            began = time.perf_counter()
            try:
                return function(*given)
            finally:
                seconds[function.__name__] = time.perf_counter() - began

        return step

    built = steps.build(load_settings(folder / "data"), as_of=None, now=NOW, step=timed)
    columns, rows = run_sql(built.database, "select * from agg_jurisdiction_half_year")
    pl.DataFrame(rows, schema=columns, orient="row", infer_schema_length=None).write_parquet(
        folder / "ours-build.parquet"
    )
    return seconds


def rival_totals(folder: Path) -> None:
    """The script, of which nothing is kept but the totals."""
    rival(folder, None, "rival.sql", "rival_totals.sql")


def rival_build(folder: Path) -> None:
    """The script into a file, with a row for each flow."""
    database = folder / "rival.duckdb"
    database.unlink(missing_ok=True)
    rival(folder, database, "rival.sql", "rival_flows.sql", "rival_totals.sql")


def rival(folder: Path, database: Path | None, *scripts: str) -> None:
    """Run scripts of this folder in DuckDB, and write their totals."""
    import duckdb

    with duckdb.connect(":memory:" if database is None else str(database)) as connection:
        connection.execute("set TimeZone = 'UTC'")
        connection.execute(f"set threads = {THREADS}")
        for name in ("wallets", "assets", "prices", "jurisdictions"):
            connection.execute(f"set variable {name} = ?", [str(folder / f"{name}.parquet")])
        connection.execute("set variable transfers = ?", [str(folder / "data/raw/transfers/*/*/*.parquet")])
        for script in scripts:
            connection.execute((HERE / script).read_text(encoding="utf-8"))
        to = folder / ("rival-totals.parquet" if database is None else "rival-build.parquet")
        connection.table("total").write_parquet(str(to))
        if database is not None:
            connection.execute("checkpoint")


def batched(paths: list[Path], size: int) -> list[list[Path]]:
    """Files in groups of a size, the last one smaller."""
    return [paths[n : n + size] for n in range(0, len(paths), size)]


def raw_files(folder: Path) -> list[Path]:
    """The raw partitions, by day."""
    return sorted((folder / "data" / "raw" / "transfers").glob("*/*/*.parquet"))


TASKS: dict[str, Callable[[Path], dict[str, float] | None]] = {
    "floor": floor,
    "ours-totals": ours_totals,
    "rival-totals": rival_totals,
    "ours-build": ours_build,
    "rival-build": rival_build,
}

if __name__ == "__main__":
    main()
