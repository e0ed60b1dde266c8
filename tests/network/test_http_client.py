"""The HTTP client: what is tried again, for how long, and what is told."""

from __future__ import annotations

import datetime as dt
import gzip
import random
import socket
import threading
import time

import pytest
from network.playing import Play, in_turn, json_play, playing

from inflows.errors import BadAnswer, KeyRefused, RateLimited, Unreachable
from inflows.http import (
    HttpClient,
    Limits,
    Patience,
    Request,
    in_order,
    parse_endpoint,
    read_json,
    read_ok,
    retry_after,
)


def ask(stage, answer=read_json, path="", **http):
    waits: list[float] = []
    with HttpClient(sleep=waits.append, seed=1, **http) as it:
        return it.call(Request(parse_endpoint(stage.url), path=path), answer), waits


@pytest.mark.parametrize(
    "fault",
    [
        Play(b"oops", 500),
        Play(b"", 502),
        Play(b"<html>busy</html>", 503),
        Play(b"slow down", 429),
        Play(b"<html>login</html>", 200),
        Play(b'{"a": 1, "b"', 200),
        Play(b'{"a": [1, 2, 3]}', 200, cut_after=5),
        Play(b"", 200),
    ],
    ids=["500", "502", "503", "429", "html with 200", "half a json", "body cut off", "nothing"],
)
def test_what_passes_by_itself_is_tried_again(fault):
    with playing(in_turn(fault, fault, json_play({"ok": True}))) as stage:
        answer, waits = ask(stage)
    assert answer == {"ok": True}
    assert len(waits) == 2
    assert len(stage.asked) == 3


@pytest.mark.parametrize(
    ("fault", "error"),
    [(Play(b"no such key", 401), KeyRefused), (Play(b"", 403), KeyRefused), (Play(b"", 404), BadAnswer)],
)
def test_what_does_not_pass_by_itself_fails_at_once(fault, error):
    with playing(in_turn(fault)) as stage, pytest.raises(error):
        ask(stage)
    assert len(stage.asked) == 1


def test_waits_are_drawn_below_a_bound_that_doubles():
    failure, draw = Unreachable("x"), random.Random(5)
    patience = Patience(attempts=50, first_seconds=0.5, longest_seconds=8)
    for attempt in range(1, 50):
        draws = [patience.wait(failure, attempt, draw) for _ in range(200)]
        bound = min(8, 0.5 * 2 ** (attempt - 1))
        assert 0 <= min(draws) < 0.1 * bound
        assert 0.9 * bound < max(draws) <= bound
    assert patience.wait(failure, 50, draw) is None


def test_it_gives_up_after_its_attempts_and_says_how_many():
    with (
        playing(in_turn(Play(b"", 500))) as stage,
        pytest.raises(BadAnswer, match=r"HTTP 500 \(6 attempts\)"),
    ):
        ask(stage)
    assert len(stage.asked) == 6


@pytest.mark.parametrize(
    ("header", "low", "high"),
    [
        ("7", 7, 7.7),
        ("0", 0, 0.5),
        ("1.5", 1.5, 1.7),
        (" 7 ", 7, 7.7),
        (None, 0, 0.5),
        ("", 0, 0.5),
        ("soon", 0, 0.5),
        ("-5", 0, 0.5),
        ("nan", 0, 0.5),
        ("Wed, 99 Foo 2024 25:00:00 GMT", 0, 0.5),
    ],
)
def test_a_429_waits_as_its_retry_after_says_or_as_we_do_where_it_says_nothing(header, low, high):
    limited = Play(b"", 429, {} if header is None else {"Retry-After": header})
    with playing(in_turn(limited, json_play(1))) as stage:
        _, waits = ask(stage)
    assert low <= waits[0] <= high


def test_retry_after_as_a_date_is_the_time_until_then():
    now = dt.datetime(2024, 1, 31, 23, 59, 50, tzinfo=dt.UTC)
    assert retry_after("Thu, 01 Feb 2024 00:00:05 GMT", now) == 15
    assert retry_after("Thursday, 01-Feb-24 00:00:05 GMT", now) == 15
    assert retry_after("Wed, 31 Jan 2024 23:59:00 GMT", now) == 0
    assert retry_after("yesterday", now) is None


def test_a_wait_that_is_too_long_is_told_instead_of_waited():
    with (
        playing(in_turn(Play(b"", 429, {"Retry-After": "86400"}))) as stage,
        pytest.raises(RateLimited, match="asks to wait 86,400 s"),
    ):
        ask(stage)
    assert len(stage.asked) == 1


def test_while_a_service_asks_to_wait_other_requests_to_it_wait_too():
    waits: list[float] = []
    with playing(in_turn(Play(b"", 429, {"Retry-After": "9"}), json_play(1))) as stage:
        request = Request(parse_endpoint(stage.url))
        with HttpClient(sleep=waits.append) as http:
            http.call(request, read_json)
            http.call(request, read_json)
    assert len(waits) == 2  # the retry's turn, and the next request's
    assert all(wait > 8 for wait in waits)


def test_long_waits_are_told_and_short_ones_are_not():
    said: list[str] = []
    with playing(in_turn(Play(b"", 429, {"Retry-After": "8"}), Play(b"", 500), json_play(1))) as stage:
        ask(stage, say=said.append)
    assert len(said) == 1
    assert "limits the rate" in said[0]


def test_a_server_that_says_nothing_is_given_up_in_time():
    with (
        playing(lambda _: Play(hang_seconds=0.6)) as stage,
        pytest.raises(Unreachable, match="did not answer in time"),
    ):
        ask(stage, limits=Limits(silent_seconds=0.1), patience=Patience(attempts=1))


def test_an_answer_that_drips_for_ever_is_given_up():
    with (
        playing(lambda _: Play(b"x" * 300, drip_seconds=0.01)) as stage,
        pytest.raises(Unreachable, match="took more than"),
    ):
        ask(stage, limits=Limits(total_seconds=0.2), patience=Patience(attempts=1))


def test_an_answer_without_end_is_given_up():
    with (
        playing(lambda _: Play(b"x" * 4_000_000)) as stage,
        pytest.raises(BadAnswer, match="larger than"),
    ):
        ask(stage, limits=Limits(largest_bytes=1_000_000))


def test_nobody_listening_is_one_sentence():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with (
        HttpClient(patience=Patience(attempts=1)) as http,
        pytest.raises(Unreachable, match=rf"^http://127.0.0.1:{port} cannot be reached"),
    ):
        http.call(Request(parse_endpoint(f"http://127.0.0.1:{port}")), read_ok)


def test_compressed_answers_are_read():
    body = gzip.compress(b'{"a": 1}')
    with playing(lambda _: Play(body, headers={"Content-Encoding": "gzip"})) as stage:
        assert ask(stage)[0] == {"a": 1}


def test_answers_without_a_length_are_read():
    chunked = Play(b'4\r\n{"a"\r\n4\r\n: 1}\r\n0\r\n\r\n', headers={"Transfer-Encoding": "chunked"})
    with playing(lambda _: chunked) as stage:
        assert ask(stage)[0] == {"a": 1}


def test_redirects_are_followed_only_where_asked_and_without_keys_to_other_hosts():
    with playing(lambda asked: json_play(dict(asked.headers))) as other:
        there = Play(b"", 302, {"Location": other.url + "/there"})
        with playing(lambda _: there) as stage, HttpClient() as http:
            endpoint = parse_endpoint(stage.url, headers={"X-Key": "canary-key"})
            with pytest.raises(BadAnswer, match="sends requests elsewhere"):
                http.call(Request(endpoint), read_json)
            got = http.call(Request(endpoint, follow_redirects=True), read_json)
    assert "X-Key" not in got
    assert "canary-key" not in str(got)


def test_redirects_that_go_round_end():
    with (
        playing(lambda _: Play(b"", 302, {"Location": "/again"})) as stage,
        HttpClient() as http,
        pytest.raises(BadAnswer, match="round and round"),
    ):
        http.call(Request(parse_endpoint(stage.url), follow_redirects=True), read_json)
    assert len(stage.asked) == 6


def test_closing_the_door_ends_waits():
    http = HttpClient()
    done = threading.Event()
    with playing(in_turn(Play(b"", 429, {"Retry-After": "60"}))) as stage:

        def wait() -> None:
            with pytest.raises(Unreachable, match="stopped"):
                http.call(Request(parse_endpoint(stage.url)), read_json)
            done.set()

        thread = threading.Thread(target=wait)
        thread.start()
        while not stage.asked:
            time.sleep(0.01)
        http.close()
        assert done.wait(600)
        thread.join()


def test_no_more_connections_are_open_than_allowed():
    open_now, most, lock = [0], [0], threading.Lock()

    def answer(_):
        with lock:
            open_now[0] += 1
            most[0] = max(most[0], open_now[0])
        time.sleep(0.02)
        with lock:
            open_now[0] -= 1
        return json_play(1)

    with playing(answer) as stage, HttpClient(limits=Limits(connections=3)) as http:
        request = Request(parse_endpoint(stage.url))
        assert list(in_order(lambda _: http.call(request, read_json), range(24), workers=12)) == [1] * 24
    assert most[0] == 3


def test_a_path_and_parameters_join_those_of_the_address():
    endpoint = parse_endpoint("https://a.example/v1/?key=k")
    assert Request(endpoint, path="/x/y", params={"q": "a b"}).url == "https://a.example/v1/x/y?key=k&q=a+b"
    assert Request(parse_endpoint("https://a.example")).url == "https://a.example"
