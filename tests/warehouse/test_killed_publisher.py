"""A publication that is killed at any step leaves the last one, and starting again finishes it."""

import json
import os
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import killed_publisher

from inflows.warehouse import sqlfiles

HERE = Path(__file__).parent
SRC = Path(sqlfiles.__file__).parents[2]


def test_a_kill_at_any_step_leaves_the_last_publication_and_a_rerun_finishes_the_new_one(tmp_path):
    shown = subprocess.run(
        [sys.executable, str(HERE / "killed_publisher.py"), str(tmp_path)],
        env=os.environ | {"PYTHONPATH": f"{SRC}{os.pathsep}{HERE}"},
        capture_output=True,
        text=True,
        check=True,
        encoding="utf-8",
    )
    steps: dict[int, dict] = defaultdict(dict)
    for line in shown.stdout.splitlines():
        seen = json.loads(line)
        steps[seen.pop("step")].update(seen)
    *killed, last = (steps[number] for number in sorted(steps))
    assert len(killed) >= 10, "the steps are not being seen"
    assert {step["status"] for step in killed} == {-9}
    assert last["status"] == 0
    for step in killed:
        assert step["after_kill"]["flows"] == 5
        assert step["after_rerun"] == last["after_rerun"]
    # Until the one rename the old one is there, after it the new one; nothing between.
    vintages = [step["after_kill"]["vintage"] for step in killed]
    assert vintages == sorted(vintages)
    assert set(vintages) == {killed_publisher.OLDER, killed_publisher.NEWER}
    assert last["after_rerun"]["vintage"] == killed_publisher.NEWER
    assert last["after_rerun"]["hidden"] == []
    assert last["after_rerun"]["staged"] == ["publish.lock"]
    assert len(set(last["after_rerun"]["totals"].values())) == 1
