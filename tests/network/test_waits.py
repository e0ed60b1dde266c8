"""Waits are told once, with the seconds and the host, and without keys."""

import logging

import pytest
from network.playing import Play, in_turn, json_play, playing

from inflows.http import HttpClient, Patience, Request, client, parse_endpoint, read_json
from inflows.http.waits import Waits


def waits_at(now: list[float]) -> tuple[Waits, list[str]]:
    said: list[str] = []
    return Waits(said.append, clock=lambda: now[0]), said


def test_a_wait_that_many_share_is_told_once() -> None:
    now = [0.0]
    waits, said = waits_at(now)
    host = parse_endpoint("http://one.example/KEY0")
    for moment in (0.0, 0.1, 0.3):
        now[0] = moment
        waits.begin(host, 30.0, "It limits the rate.")
    assert said == ["It limits the rate. Waiting 30 s."]
    now[0] = 31.0
    waits.begin(host, 30.0, "It limits the rate.")
    assert len(said) == 2
    waits.begin(parse_endpoint("http://two.example"), 5.0, "Another does.")
    assert said[2] == "Another does. Waiting 5 s."


def test_short_waits_are_told_when_they_add_up() -> None:
    waits, said = waits_at([0.0])
    host = parse_endpoint("http://one.example")
    for _ in range(3):
        waits.begin(host, 0.3, "It is down.")
    assert said == []
    waits.begin(host, 0.3, "It is down.")
    assert len(said) == 1
    waits.begin(parse_endpoint("http://two.example"), 0.1, "It did not answer in time.", already=60.0)
    assert said[1].startswith("It did not answer in time.")


def test_the_log_has_the_wait_that_a_server_asks_for_and_no_key(caplog: pytest.LogCaptureFixture) -> None:
    with playing(in_turn(Play(b"", 429, {"Retry-After": "8"}), json_play(1))) as stage:
        request = Request(parse_endpoint(stage.url + "/CANARYcanary0123456789"))
        with HttpClient(sleep=lambda _: None) as opened:
            opened.call(request, read_json)
    (record,) = (record for record in caplog.records if record.name == "inflows.http.client")
    assert record.levelno == logging.WARNING
    assert record.getMessage().endswith("Waiting 8 s.")
    assert stage.url in record.getMessage()
    assert "CANARY" not in record.getMessage()


def test_a_server_that_does_not_answer_is_told_of_while_it_is_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(client, "_SLOW_SECONDS", 0.05)
    said: list[str] = []
    with (
        playing(lambda _: Play(b"1", hang_seconds=0.5)) as stage,
        HttpClient(say=said.append, patience=Patience(attempts=1)) as opened,
    ):
        opened.call(Request(parse_endpoint(stage.url)), read_json)
    assert len(said) == 1
    assert said[0].startswith(f"{stage.url} has not answered whole for 0.05 s. Waiting 60 s.")
