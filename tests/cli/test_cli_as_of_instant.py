"""A build as of T has what came before T, and nothing of the instant itself."""

import json
from pathlib import Path

import pytest
from command_line import Line

WALLET, USER = "0x" + "a" * 40, "0x" + "b" * 40
TIMES = ("2024-03-01T11:59:59Z", "2024-03-01T12:00:00Z", "2024-03-02T00:00:00Z")


def _line(folder: Path, *times: str) -> Line:
    line = Line(folder / "data")
    folder.mkdir(exist_ok=True)
    (folder / "labels.csv").write_text(
        f"chain,address,exchange,role,confidence,source\nethereum,{WALLET},alpha,hot,90,test\n",
        encoding="utf-8",
    )
    header = (
        "chain,block_number,block_time,tx_hash,position,kind,contract,from_address,to_address,amount_raw\n"
    )
    (folder / "transfers.csv").write_text(
        header
        + "".join(
            f"ethereum,{19_000_000 + place},{time},0x{place:064x},0,native,,{USER},{WALLET},1\n"
            for place, time in enumerate(times)
        ),
        encoding="utf-8",
    )
    line.does("assets", "import", "--core")
    line.does("labels", "import", str(folder / "labels.csv"), "--known-at", "2020-01-01")
    line.does("ingest", "files", str(folder / "transfers.csv"), "--input-format", "inflows")
    return line


@pytest.mark.parametrize(
    ("as_of", "flows"),
    [
        ("2024-03-01T12:00:00Z", 1),
        ("2024-03-01T12:00:00.000001Z", 2),
        ("2024-03-02", 2),
        ("2024-03-02T00:00:00.000001Z", 3),
    ],
)
def test_a_transfer_of_the_very_instant_is_left_out(tmp_path: Path, as_of: str, flows: int) -> None:
    line = _line(tmp_path, *TIMES)
    line.does("build", "--as-of", as_of)
    assert line.rows("sql", "select count(*) as flows from fct_flow") == [{"flows": flows}]


def test_a_day_that_begins_at_the_instant_takes_no_part(tmp_path: Path) -> None:
    prints = []
    for name, times in (("with", TIMES), ("without", TIMES[:2])):
        line = _line(tmp_path / name, *times)
        line.does("build", "--as-of", "2024-03-02")
        inputs = line.rows("vintages")[0]["inputs"]
        prints.append((json.loads(inputs) if isinstance(inputs, str) else inputs)["raw"])
    assert prints[0] == prints[1]


def test_where_the_first_day_begins_at_the_instant_there_is_nothing_to_build(tmp_path: Path) -> None:
    said = _line(tmp_path, *TIMES).says("build", "--as-of", "2024-03-01")
    assert said.code == 2
    assert "no transfers before 2024-03-01T00:00:00Z" in said.err
