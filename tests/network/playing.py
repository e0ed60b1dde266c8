"""A local HTTP server that plays a service: real sockets, one function that answers."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import orjson


@dataclass(frozen=True)
class Asked:
    """What the server was asked."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    def json(self):
        return orjson.loads(self.body)


@dataclass
class Play:
    """What it answers, and how badly."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    cut_after: int | None = None
    """Close the connection after this many bytes of the body."""
    drip_seconds: float = 0.0
    """Pause between single bytes."""
    hang_seconds: float = 0.0


def json_play(value, status: int = 200, **headers: str) -> Play:
    return Play(
        orjson.dumps(value),
        status,
        {"Content-Type": "application/json", **{k.replace("_", "-"): v for k, v in headers.items()}},
    )


class Stage(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, answer: Callable[[Asked], Play]) -> None:
        self.answer = answer
        self.asked: list[Asked] = []
        super().__init__(("127.0.0.1", 0), _Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request, client_address) -> None:
        """Clients that hang up are part of the play."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Stage

    def _handle(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        asked = Asked(self.command, self.path, dict(self.headers), body)
        self.server.asked.append(asked)
        play = self.server.answer(asked)
        time.sleep(play.hang_seconds)
        head = [f"HTTP/1.1 {play.status} X"]
        length = {} if "Transfer-Encoding" in play.headers else {"Content-Length": str(len(play.body))}
        headers = {**length, **play.headers}
        head += [f"{name}: {value}" for name, value in headers.items()]
        self.wfile.write(("\r\n".join(head) + "\r\n\r\n").encode())
        if play.cut_after is not None:
            self.wfile.write(play.body[: play.cut_after])
            self.close_connection = True
        elif play.drip_seconds:
            for byte in play.body:
                self.wfile.write(bytes([byte]))
                self.wfile.flush()
                time.sleep(play.drip_seconds)
        else:
            self.wfile.write(play.body)

    do_GET = do_POST = _handle

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def playing(answer: Callable[[Asked], Play]) -> Iterator[Stage]:
    """A server for the time of the block."""
    stage = Stage(answer)
    thread = threading.Thread(target=stage.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield stage
    finally:
        stage.shutdown()
        stage.server_close()
        thread.join()


def in_turn(*plays: Play) -> Callable[[Asked], Play]:
    """Answer with one after the other; the last again and again."""
    left = list(plays)
    lock = threading.Lock()

    def answer(_: Asked) -> Play:
        with lock:
            return left.pop(0) if len(left) > 1 else left[0]

    return answer
