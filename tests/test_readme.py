"""The README's commands are run as they stand, and print what it says they print."""

import os
import re
import subprocess
import sys
from pathlib import Path

README = Path(__file__).parents[1] / "README.md"
STEP = re.compile(r"```sh\n(?P<commands>.*?)```\n+```text\n(?P<output>.*?)```", re.DOTALL)


def test_the_walk_prints_what_the_readme_shows(tmp_path: Path) -> None:
    steps = STEP.findall(README.read_text(encoding="utf-8"))
    assert len(steps) == 3
    environment = os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    environment.pop("INFLOWS_DATA", None)
    for commands, output in steps:
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", commands],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            encoding="utf-8",
        )
        assert done.returncode == 0, done.stderr
        assert [line.rstrip() for line in done.stdout.strip().splitlines()] == output.strip().splitlines()
