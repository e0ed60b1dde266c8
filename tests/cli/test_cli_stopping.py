"""However a run ends, the last publication stays, and the next run finishes the work."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from command_line import Line, Said, process, start, tree
from filelock import FileLock

KILLED = Path(__file__).with_name("killed_line.py")
ENDLESS = "select count(*) from range(100000000) a, range(100000000) b where a.range + b.range < 0"


def _killed(step: int, *arguments: str) -> Said:
    done = subprocess.run(
        [sys.executable, str(KILLED), str(step), *arguments], capture_output=True, text=True, encoding="utf-8"
    )
    return Said(done.returncode, done.stdout, done.stderr)


def _readable(line: Line) -> dict[str, str]:
    """What readers of the warehouse see."""
    return tree(line.data / "warehouse", "fct_flow", "agg_flow_daily")


@pytest.fixture(scope="module")
def older(stored: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder that published an older vintage and has all of its work to do again."""
    line = Line(shutil.copytree(stored, tmp_path_factory.mktemp("older") / "data"))
    line.does("build", "--as-of", "2024-01-05")
    shutil.rmtree(line.data / "warehouse" / "fct_flow")
    shutil.rmtree(line.data / "warehouse" / "agg_flow_daily")
    return line.data


@pytest.fixture(scope="module")
def steps(older: Path, tmp_path_factory: pytest.TempPathFactory) -> int:
    """How many steps on the disk that work takes."""
    data = shutil.copytree(older, tmp_path_factory.mktemp("steps") / "data")
    said = _killed(0, "build", "--data", str(data))
    assert said.code == 0, said.err
    return int(said.err.splitlines()[-1])


@pytest.mark.parametrize("part", [0.4, 0.95, 1.0])
def test_a_build_that_is_killed_anywhere_leaves_the_last_vintage_and_is_made_good_by_the_next(
    older: Path, published: Line, tmp_path: Path, steps: int, part: float
) -> None:
    line = Line(shutil.copytree(older, tmp_path / "data"))
    before, totals = _readable(line), line.rows("totals")
    assert steps > 40
    said = _killed(max(1, round(part * steps)), "build", "--data", str(line.data))
    assert said.code == -signal.SIGKILL
    after = _readable(line)
    assert before.items() - {("inflows.duckdb", before["inflows.duckdb"])} <= after.items()
    if part < 0.9:
        assert after == before
        assert line.rows("totals") == totals
    line.does("build")
    assert line.totals_of_vintages()[-1] == published.totals_of_vintages()[0]
    assert line.rows("totals") == published.rows("totals")


def _stop(child: "subprocess.Popen[bytes]", number: int) -> Said:
    child.send_signal(number)
    out, err = child.communicate(timeout=600)
    return Said(child.returncode, out.decode(), err.decode())


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_a_query_in_one_sentence(published: Line, number: int, code: int) -> None:
    child = start("sql", ENDLESS, "--data", str(published.data))
    assert child.stderr is not None
    assert b"SIMULATED" in child.stderr.readline()  # It is under way.
    said = _stop(child, number)
    assert (said.code, said.out) == (code, "")
    assert said.err.splitlines() == [
        "inflows: stopped; what was published is as it was.", "  Start it again to go on.",
    ]  # fmt: skip


def test_a_signal_ends_a_build_and_leaves_nothing_half_done(
    stored: Path, published: Line, tmp_path: Path
) -> None:
    line = Line(shutil.copytree(stored, tmp_path / "data"))
    child = start("build", "--data", str(line.data))
    first = line.data / "warehouse" / "agg_flow_daily"
    deadline = time.monotonic() + 600
    while not any(first.rglob("part.parquet")) and child.poll() is None and time.monotonic() < deadline:
        time.sleep(0.005)
    said = _stop(child, signal.SIGTERM)
    assert said.code == 143, said.err
    assert said.err.splitlines()[-2] == "inflows: stopped; what was published is as it was."
    assert "Traceback" not in said.err
    assert [path for path in line.data.rglob(".*.parquet.*") if ".staging" not in path.parts] == []
    assert line.rows("vintages") == []
    line.does("build")
    assert line.totals_of_vintages() == published.totals_of_vintages()


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_reader_that_goes_away_hears_no_complaint(published: Line, unbuffered: str) -> None:
    query = "select a.range from range(200000) a"
    environment = os.environ | {"PYTHONUNBUFFERED": unbuffered}
    child = start("sql", query, "--format", "csv", "--data", str(published.data), env=environment)
    assert child.stdout is not None
    assert child.stderr is not None
    child.stdout.read(10)
    child.stdout.close()
    err = child.stderr.read().decode()
    assert child.wait(600) == 1
    assert all(line.startswith("note: ") for line in err.splitlines())  # and no word of the pipe


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("output", ["table", "json", "csv"])
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_output_that_cannot_be_written_is_told(published: Line, unbuffered: str, output: str) -> None:
    environment = os.environ | {"PYTHONUNBUFFERED": unbuffered}
    arguments = ["totals", "--format", output, "--data", str(published.data)]
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        said = process(*arguments, stdout=full, env=environment)
    assert said.code == 1
    assert said.err.splitlines()[0] == "inflows: The output cannot be written: No space left on device."
    assert len(said.err.splitlines()) == 2


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("arguments", [["--help"], ["totals"], ["explain", "2024-H1", "HK"], ["vintages"]])
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_every_output_that_cannot_be_written_ends_with_1(
    published: Line, unbuffered: str, arguments: list[str]
) -> None:
    environment = os.environ | {"PYTHONUNBUFFERED": unbuffered, "INFLOWS_DATA": str(published.data)}
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        said = process(*arguments, stdout=full, env=environment)
        mute = process(*arguments, stdout=full, stderr=full, env=environment)
    assert (said.code, mute.code) == (1, 1)
    assert "No space left on device" in said.err
    assert "Exception ignored" not in said.err


def test_a_second_run_waits_and_then_says_who_is_in_its_way(stored: Path, tmp_path: Path) -> None:
    data = shutil.copytree(stored, tmp_path / "data")
    before = tree(data)
    with FileLock(data / ".lock"):
        said = process("build", "--data", str(data))
    assert said.code == 1
    assert said.err.splitlines() == [
        f"inflows: Another inflows process is writing to {data}.",
        "  Wait for it to end, then start this again.",
    ]
    assert tree(data) == before


def test_two_builds_at_once_both_publish_the_same_totals(
    stored: Path, published: Line, tmp_path: Path
) -> None:
    line = Line(shutil.copytree(stored, tmp_path / "data"))
    children = [start("build", "--data", str(line.data)) for _ in range(2)]
    said = [child.communicate(timeout=600)[1].decode() for child in children]
    assert [child.returncode for child in children] == [0, 0], said
    assert line.totals_of_vintages() == published.totals_of_vintages() * 2
    assert line.rows("totals") == published.rows("totals")


@pytest.mark.parametrize("spoiled", ["cut off", "empty", "another file"])
@pytest.mark.parametrize(
    "command",
    ["build", "status", "labels discover", "ingest files {market}/transfers --input-format inflows"],
)
def test_a_broken_file_of_the_store_is_named_whatever_reads_it(
    stored: Path, market: Path, tmp_path: Path, command: str, spoiled: str
) -> None:
    line = Line(shutil.copytree(stored, tmp_path / "data"))
    broken = sorted((line.data / "raw" / "transfers").rglob("part.parquet"))[3]
    whole = broken.read_bytes()
    broken.write_bytes({"cut off": whole[:-10], "empty": b"", "another file": b"chain,date\n"}[spoiled])
    said = line.says(*[word.format(market=market) for word in command.split()])
    assert said.code == 1
    assert said.err.splitlines()[-2:] == [
        f"inflows: {broken} is broken: it is not (or no longer) a Parquet file.",
        "  Restore it from a copy; or delete it, and ingest or import again what it held.",
    ]


def test_a_broken_file_of_a_registry_is_named(stored: Path, market: Path, tmp_path: Path) -> None:
    line = Line(shutil.copytree(stored, tmp_path / "data"))
    broken = line.data / "registry" / "prices" / "000001.parquet"
    broken.write_bytes(broken.read_bytes()[:-10])
    for command in (["build"], ["prices", "import", str(market / "prices.csv")]):
        said = line.says(*command)
        assert said.code == 1
        assert said.err.splitlines()[-2].startswith(f"inflows: {broken} is broken: ")
