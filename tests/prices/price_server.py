"""A price service as the tests play it."""

from __future__ import annotations

import json
from typing import Any

Answer = tuple[int, dict[str, str], bytes]


class PriceServer:
    """Answers by path; remembers what it was asked. A route is a fixed answer, a list, or a function."""

    def __init__(self) -> None:
        self.routes: dict[str, Any] = {}
        self.asked: list[tuple[str, dict[str, list[str]], dict[str, str]]] = []
        self.url = ""

    def answer(self, path: str, query: dict[str, list[str]], headers: dict[str, str]) -> Answer:
        self.asked.append((path, query, headers))
        route = self.routes.get(path)
        if isinstance(route, list):
            route = route.pop(0) if len(route) > 1 else route[0]
        if callable(route):
            route = route(query)
        if route is None:
            return 404, {}, b"not here"
        if isinstance(route, bytes):
            return 200, {}, route
        if isinstance(route, tuple):
            status, extra, body = route
            return status, extra, body if isinstance(body, bytes) else json.dumps(body).encode()
        return 200, {}, json.dumps(route).encode()
