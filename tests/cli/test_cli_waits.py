"""What a server makes the command line wait for reaches the terminal, and its password does not."""

import base64
import json

import pytest
from command_line import Line
from network.playing import Play, in_turn, json_play, playing

CANARY = "CANARYcanary0123456789"
BLOCKS = ("--from-block", "1", "--to-block", "1")


def test_a_wait_that_a_server_asks_for_is_told_once_with_its_seconds(tmp_path) -> None:
    line = Line(tmp_path / "data")
    plays = in_turn(Play(b"", 429, {"Retry-After": "1"}), Play(b"no", 401))
    with playing(plays) as stage:
        said = line.says("ingest", "bitcoin", "--rpc", stage.url, *BLOCKS)
    assert said.code == 1
    assert said.err.count("Waiting 1 s.") == 1
    assert stage.url in said.err


def test_as_json_the_wait_is_an_object(tmp_path) -> None:
    line = Line(tmp_path / "data")
    plays = in_turn(Play(b"", 429, {"Retry-After": "1"}), Play(b"no", 401))
    with playing(plays) as stage:
        said = line.says("--log-format", "json", "ingest", "bitcoin", "--rpc", stage.url, *BLOCKS)
    row = json.loads(said.err.splitlines()[0])
    assert row["message"].endswith("Waiting 1 s.")


def test_another_format_of_the_log_is_refused(tmp_path) -> None:
    said = Line(tmp_path / "data").says("status", "--log-format", "xml")
    assert (said.code, said.out) == (2, "")
    assert "'xml' is no format of the log" in said.err


@pytest.mark.parametrize("chain", ["bitcoin", "evm"])
@pytest.mark.parametrize("how", ["text", "rpc error"])
def test_a_password_that_a_node_echoes_is_not_shown(tmp_path, chain: str, how: str) -> None:
    basic = base64.b64encode(f"user:{CANARY}".encode()).decode()
    echo = f"no such user:{CANARY} ({basic})"
    error = {"code": -1, "message": echo}
    plays = {
        "text": lambda _: Play(echo.encode(), 400),
        "rpc error": lambda asked: json_play(
            [{"jsonrpc": "2.0", "id": one.get("id"), "error": error} for one in asked.json()]
            if isinstance(asked.json(), list)
            else {"jsonrpc": "2.0", "id": asked.json().get("id"), "error": error}
        ),
    }
    with playing(plays[how]) as stage:
        url = stage.url.replace("http://", f"http://user:{CANARY}@")
        words = ("bitcoin",) if chain == "bitcoin" else ("evm", "--chain", "ethereum")
        said = Line(tmp_path / "data").says("-v", "ingest", *words, "--rpc", url, *BLOCKS)
    assert said.code == 1
    assert "no such" in said.err  # what the node says is shown, but for the password
    assert CANARY not in said.err + said.out
    assert basic not in said.err + said.out


def test_tab_and_carriage_return_are_defused_in_csv(published: Line) -> None:
    query = "select chr(9) || 'x' as a, chr(13) || 'y' as b, 'z' || chr(9) as c"
    out = published.does("sql", query, "--format", "csv")
    assert "'\tx" in out
    assert "'\ry" in out
    assert "'z" not in out
