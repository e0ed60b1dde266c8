"""A local server that plays price services, and files as they save them."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from price_server import PriceServer

from inflows.http import HttpClient, Patience
from inflows.layout import Layout


@pytest.fixture
def server() -> Iterator[PriceServer]:
    """A price service on a socket of this machine."""
    played = PriceServer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            status, headers, body = played.answer(parts.path, parse_qs(parts.query), dict(self.headers))
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    played.url = f"http://127.0.0.1:{http.server_port}"
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield played
    http.shutdown()
    http.server_close()


@pytest.fixture
def waits() -> list[float]:
    """How long the client has waited, in seconds, without waiting."""
    return []


@pytest.fixture
def http(waits: list[float]) -> Iterator[HttpClient]:
    """A client that remembers its waits instead of sitting them out."""
    patience = Patience(attempts=3, first_seconds=0.01, rate_limit_attempts=3)
    with HttpClient(patience=patience, sleep=waits.append, seed=1) as opened:
        yield opened


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    """An empty data folder."""
    return Layout(tmp_path / "data")


@pytest.fixture
def now() -> dt.datetime:
    """The instant at which the tests are run, as far as the code knows."""
    return dt.datetime(2026, 1, 15, 12, tzinfo=dt.UTC)


@pytest.fixture
def kline() -> Callable[..., str]:
    """A kline as a line of CSV."""

    def line(
        opens: dt.datetime, close: str, *, hours: int = 1, micro: bool = False, trades: int = 7, off: int = 0
    ) -> str:
        unit = 1_000_000 if micro else 1_000
        start = int(opens.timestamp()) * unit
        end = start + hours * 3600 * unit - 1 + off
        return f"{start},1.0,9.0,0.5,{close},12.5,{end},100.0,{trades},1.0,2.0,0"

    return line
