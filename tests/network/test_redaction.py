"""Keys in addresses are in no message, log, traceback or repr."""

from __future__ import annotations

import base64
import logging
import socket
import traceback

import pytest
from network.playing import Play, in_turn, playing

from inflows.errors import NetError, UsageError
from inflows.http import HttpClient, Patience, Request, parse_endpoint, read_json

CANARY = "CANARYcanary0123456789"
FORMS = {
    "path": "http://{host}/v2/" + CANARY,
    "query": "http://{host}/?apikey=" + CANARY,
    "userinfo": "http://user:" + CANARY + "@{host}/",
    "user": "http://" + CANARY + "@{host}/",
    "fragment": "http://{host}/#" + CANARY,
    "quoted": "http://{host}/?apikey=%2F" + CANARY + "%3D",
}


def everything_about(error: BaseException) -> str:
    """What any handler could print of an error: all chained errors, with the values of all locals."""
    seen, texts, todo = set(), [], [error]
    while todo:
        one = todo.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        todo += [one.__cause__, one.__context__]
        texts += [repr(one), str(one), repr(one.args), repr(vars(one))]
        texts += traceback.format_exception(one)
    return "\n".join(texts)


@pytest.fixture
def logged(caplog):
    caplog.set_level(logging.DEBUG)
    return caplog


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("fault", ["echo", "401", "429", "500", "html", "cut", "redirect", "nobody"])
def test_a_key_is_in_no_message_log_or_traceback(form, fault, logged):
    echo = f"bad key {CANARY} in http://user:{CANARY}@h/{CANARY}?k={CANARY}".encode()
    echo += base64.b64encode(f"user:{CANARY}".encode())
    plays = {
        "echo": Play(echo, 400),
        "401": Play(echo, 401),
        "429": Play(echo, 429, {"Retry-After": "99"}),
        "500": Play(echo, 500),
        "html": Play(b"<html>" + echo),
        "cut": Play(echo, cut_after=3),
        "redirect": Play(b"", 302, {"Location": f"/{CANARY}"}),
        "nobody": Play(),
    }
    said: list[str] = []
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        dead = f"127.0.0.1:{free.getsockname()[1]}"
    with playing(in_turn(plays[fault])) as stage:
        host = dead if fault == "nobody" else stage.url.removeprefix("http://")
        endpoint = parse_endpoint(FORMS[form].format(host=host), headers={"X-Key": f"Bearer {CANARY}"})
        request = Request(endpoint)
        with (
            HttpClient(sleep=lambda _: None, say=said.append, patience=Patience(attempts=2)) as http,
            pytest.raises(NetError) as caught,
        ):
            http.call(request, read_json)
    texts = [everything_about(caught.value), repr(request), repr(endpoint), str(endpoint), *said]
    texts += [record.getMessage() + str(record.exc_text) for record in logged.records]
    assert host in texts[0]  # it does say where
    for text in texts:
        assert CANARY not in text
        assert base64.b64encode(f"user:{CANARY}".encode()).decode() not in text


def test_the_logs_are_there_and_have_no_path(logged):
    with playing(lambda _: Play(b"1")) as stage, HttpClient() as http:
        http.call(Request(parse_endpoint(f"{stage.url}/v2/{CANARY}")), read_json)
    texts = [record.getMessage() for record in logged.records if record.name.startswith("urllib3")]
    assert any("GET" in text for text in texts)
    assert not any(CANARY in text or "/v2" in text for text in texts)


@pytest.mark.parametrize(
    "url",
    [
        f"eth.example/v2/{CANARY}",
        f"ftp://h/{CANARY}",
        f"ws://h/{CANARY}",
        f"http:///{CANARY}",
        f"http://h:port/{CANARY}",
        f"http://h/ {CANARY}",
        f"http://[::1/{CANARY}",
        CANARY,
        "",
    ],
)
def test_what_is_no_http_address_is_refused_without_showing_it(url):
    with pytest.raises(UsageError) as caught:
        parse_endpoint(url, what="--rpc")
    assert "--rpc" in caught.value.problem
    assert CANARY not in everything_about(caught.value)


def test_an_address_shows_scheme_host_and_port_alone():
    assert str(parse_endpoint("https://u:p@eth.example:8545/v2/k?x=1")) == "https://eth.example:8545/…"
    assert str(parse_endpoint("http://127.0.0.1:8545")) == "http://127.0.0.1:8545"
