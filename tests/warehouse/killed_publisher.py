"""Runs publications that are killed at each step in turn; prints one JSON line a step. Started by a test.

Argument: a scratch folder. Every publication runs in a forked child, so that the libraries are imported once.
"""

import json
import os
import shutil
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import Any

from warehouse_inputs import vintage, warehouse_inputs

from inflows.layout import Layout
from inflows.warehouse.inputs import WarehouseInputs
from inflows.warehouse.publish import publish
from inflows.warehouse.query import run_sql

OLDER, NEWER = "2024-07-02t00-00-00z", "2024-07-03t00-00-00z"
ON_DISK = {"rename", "replace", "link", "rmdir"}
IN_DATABASE = {"fill", "insert_files", "run_checks", "read_back"}


def killed_before(step: int) -> Any:
    """A profiler that kills this process when it comes to the step of that number."""
    seen = 0

    def watch(frame: FrameType, event: str, called: Any) -> None:
        nonlocal seen
        on_disk = event == "c_call" and called.__name__ in ON_DISK and called.__module__ == "posix"
        in_database = event == "call" and frame.f_code.co_name in IN_DATABASE
        if on_disk or in_database:
            seen += 1
            if seen == step:
                os.kill(os.getpid(), signal.SIGKILL)

    return watch


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
        sys.setprofile(killed_before(step))
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
