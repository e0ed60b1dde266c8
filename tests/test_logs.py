"""The log is quiet by default, one line a record, and holds no key."""

import json
import logging
import subprocess
import sys
from collections.abc import Iterator

import pytest

from inflows import log_setup

CANARY = "CANARYcanary0123456789"


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    root = logging.getLogger(log_setup.ROOT)
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


def told(capsys: pytest.CaptureFixture[str]) -> list[str]:
    logger = logging.getLogger("inflows.some.module")
    logger.debug("a detail")
    logger.warning("a wait for %s", f"https://user:{CANARY}@node.example/v2/{CANARY}?key={CANARY}")
    return capsys.readouterr().err.splitlines()


def test_only_warnings_are_told_by_default(capsys: pytest.CaptureFixture[str]) -> None:
    log_setup.set_up()
    assert told(capsys) == ["a wait for https://node.example/…"]


def test_verbose_tells_all_with_time_level_and_logger(capsys: pytest.CaptureFixture[str]) -> None:
    log_setup.set_up(verbose=True)
    detail, wait = told(capsys)
    assert detail.endswith("Z debug inflows.some.module: a detail")
    assert wait.endswith("warning inflows.some.module: a wait for https://node.example/…")


def test_as_json_a_line_is_an_object(capsys: pytest.CaptureFixture[str]) -> None:
    log_setup.set_up(log_format="json")
    (line,) = told(capsys)
    row = json.loads(line)
    assert list(row) == ["time", "level", "logger", "message"]
    assert (row["level"], row["logger"]) == ("warning", "inflows.some.module")
    assert CANARY not in line


def test_a_second_set_up_takes_the_place_of_the_first(capsys: pytest.CaptureFixture[str]) -> None:
    log_setup.set_up(verbose=True)
    log_setup.set_up()
    assert len(told(capsys)) == 1


def test_the_library_alone_prints_nothing() -> None:
    code = "import logging, inflows; logging.getLogger('inflows.x').warning('a word')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("", "")
