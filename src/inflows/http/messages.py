"""Requests and replies as values, and the two readers of replies that most sources need."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlencode

import orjson

from inflows.errors import BadAnswer, KeyRefused, RateLimited
from inflows.http.endpoint import Endpoint
from inflows.http.retrying import retry_after

_EXCERPT: Final = 200


@dataclass(frozen=True, repr=False)
class Request:
    """One HTTP request to a service."""

    endpoint: Endpoint
    method: str = "GET"
    path: str = ""
    """Appended to the endpoint's URL path."""
    params: Mapping[str, str] = field(default_factory=dict)
    """Appended to the endpoint's query."""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    follow_redirects: bool = False
    """Headers of the endpoint (keys) are not sent on to another host."""

    @property
    def url(self) -> str:
        """The whole URL, with its keys: for the client alone."""
        base, hash_sign, fragment = self.endpoint.url.partition("#")
        base, _, query = base.partition("?")
        if self.path:
            base = base.rstrip("/") + "/" + self.path.lstrip("/")
        query = "&".join(part for part in (query, urlencode(self.params)) if part)
        return base + (f"?{query}" if query else "") + hash_sign + fragment

    def __repr__(self) -> str:
        return f"Request({self.method} {self.endpoint})"


@dataclass(frozen=True, repr=False)
class Reply:
    """One HTTP answer, whole."""

    endpoint: Endpoint
    status: int
    headers: Mapping[str, str]
    body: bytes
    received_at: dt.datetime

    def __repr__(self) -> str:
        return f"Reply({self.status} from {self.endpoint}, {len(self.body)} bytes)"

    @property
    def asked_wait(self) -> float | None:
        """Seconds that a Retry-After header asks for."""
        return retry_after(self.headers.get("Retry-After"), self.received_at)

    def excerpt(self) -> str:
        """The beginning of the body in one line, without keys, for messages."""
        text = " ".join(self.body[: 8 * _EXCERPT].decode("utf-8", "replace").split())
        text = "".join(c if c.isprintable() else "?" for c in self.endpoint.redact(text))
        return text if len(text) <= _EXCERPT else text[:_EXCERPT] + "…"


def read_ok(reply: Reply) -> Reply:
    """The reply itself if its status is 2xx; else the NetError that the status stands for."""
    status = reply.status
    if 200 <= status < 300:
        return reply
    said = f": {reply.excerpt()}" if reply.body.strip() else ""
    if status in (401, 403):
        raise KeyRefused(
            f"{reply.endpoint} refuses the key or wants one (HTTP {status}){said}.",
            "Check the key in the URL or in the environment, and what it is allowed to do.",
        )
    if status == 429 or (status in (503, 529) and reply.asked_wait is not None):
        raise RateLimited(
            f"{reply.endpoint} limits the rate of requests (HTTP {status}){said}.",
            "Try again later, or give a key with a higher limit.",
            wait_seconds=reply.asked_wait,
        )
    if 300 <= status < 400:
        raise BadAnswer(
            f"{reply.endpoint} sends requests elsewhere (HTTP {status}).",
            "Give the address that it points to.",
            status=status,
        )
    raise BadAnswer(
        f"{reply.endpoint} answered with HTTP {status}{said}.",
        "The server is at fault; try again later." if status >= 500 else "Check the address.",
        retryable=status >= 500 or status == 408,
        status=status,
    )


def read_json(reply: Reply) -> Any:
    """The JSON of a 2xx reply; whole numbers above 64 bits are not exact here, hex and text are."""
    body = read_ok(reply).body
    problem = ""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        problem = f"{reply.endpoint} answered with something that is no JSON: {reply.excerpt() or 'nothing'}."
    raise BadAnswer(
        problem, "Check that the address is that of the service.", retryable=True, status=reply.status
    )
