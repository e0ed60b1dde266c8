"""Runs publications that are killed at each step in turn; prints one JSON line a step. Started by a test.

Argument: a scratch folder. Every publication runs in a forked child, so that the libraries are imported once.
"""

import json
import os
import shutil
import signal
import sys
from itertools import count
from pathlib import Path
from typing import Any

import numpy  # noqa: F401 (imported here once, not in every child)
import pyarrow  # noqa: F401
from warehouse_inputs import vintage, warehouse_inputs

from inflows.layout import Layout
from inflows.warehouse import fill_database
from inflows.warehouse.inputs import WarehouseInputs
from inflows.warehouse.publish import publish
from inflows.warehouse.query import run_sql

OLDER, NEWER = "2024-07-02t00-00-00z", "2024-07-03t00-00-00z"
STEPS = (
    *((os, name) for name in ("rename", "replace", "link", "rmdir")),
    *((fill_database, name) for name in ("fill", "insert_files", "run_checks", "read_back")),
)


def die_before(step: int) -> None:
    """Let this process kill itself when it comes to the step of that number."""
    seen = count(1)

    def deadly(function: Any) -> Any:
        def call(*args: Any, **options: Any) -> Any:
            if next(seen) == step:
                os.kill(os.getpid(), signal.SIGKILL)
            return function(*args, **options)

        return call

    for module, name in STEPS:
        setattr(module, name, deadly(getattr(module, name)))


def in_child(work: Any) -> int:
    """Run in a forked child; returns its exit status, negative for a signal."""
    child = os.fork()
    if child == 0:
        try:
            work()
            os._exit(0)
        except BaseException as error:
            print(json.dumps({"error": repr(error)}), flush=True)
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def what_readers_see(layout: Layout) -> dict[str, Any]:
    """What the published file holds, and what lies about."""
    _, rows = run_sql(layout, "select vintage, (select count(*) from fct_flow) from meta_vintage")
    totals = {path.parent.name: path.stat().st_size for path in layout.vintages.glob("*/totals.parquet")}
    hidden = [path.name for path in layout.warehouse.rglob(".*")]
    staged = sorted(path.name for path in layout.staging.iterdir())
    return {"vintage": rows[0][0], "flows": rows[0][1], "totals": totals, "hidden": hidden, "staged": staged}


def one_step(start: Layout, layout: Layout, inputs: Path, step: int) -> int:
    """Kill a publication before a step, look, publish again, look again."""
    shutil.rmtree(layout.root, ignore_errors=True)
    shutil.copytree(start.root, layout.root)

    def given() -> WarehouseInputs:
        return warehouse_inputs(inputs)

    def die() -> None:
        prepared, name = given(), vintage(NEWER)
        die_before(step)
        publish(layout, prepared, name)

    def look(key: str) -> None:
        print(json.dumps({"step": step, key: what_readers_see(layout)}), flush=True)

    def again() -> None:
        look("after_kill")
        publish(layout, given(), vintage(NEWER))
        look("after_rerun")

    status = in_child(die)
    in_child(again)
    print(json.dumps({"step": step, "status": status}), flush=True)
    return status


def main() -> None:
    """Kill before the first step, the second, and so on, until a publication comes through."""
    folder, step = Path(sys.argv[1]), 1
    start, layout = Layout(folder / "start"), Layout(folder / "data")
    in_child(lambda: publish(start, warehouse_inputs(folder / "facts"), vintage(OLDER)))
    while one_step(start, layout, folder / "facts", step) != 0:
        step += 1


if __name__ == "__main__":
    main()
