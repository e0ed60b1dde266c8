"""Addresses of services, which carry keys in path, query, userinfo and headers, and never show them."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final
from urllib.parse import parse_qsl, quote, quote_plus, unquote, urlsplit

from inflows.errors import UsageError

_SHORTEST_SECRET: Final = 4
"""Shorter parts of a URL (`v2`, `rpc`) are left alone: taken out of a text they would garble it."""
_ANY_URL: Final = re.compile(r"(?i)\b([a-z][a-z0-9+.-]*://)(?:[^\s/@\"'<>]*@)?([^\s/?#\"'<>]+)[^\s\"'<>]*")


@dataclass(frozen=True, repr=False)
class Endpoint:
    """A service's address. `str()` and `repr()` show scheme and host; `url` and `headers` hold the keys."""

    url: str
    headers: Mapping[str, str] = field(default_factory=dict, hash=False)
    """Sent with every request to this address, and taken for secret."""

    @cached_property
    def name(self) -> str:
        """Scheme, host and port, and `/…` where there is more that is not told."""
        parts = urlsplit(self.url)
        host = parts.netloc.rpartition("@")[2]
        more = "/…" if parts.path not in ("", "/") or parts.query or parts.fragment else ""
        return f"{parts.scheme}://{host}{more}"

    def __str__(self) -> str:
        return self.name

    def __repr__(self) -> str:
        return f"Endpoint({self.name})"

    @cached_property
    def _secrets(self) -> tuple[str, ...]:
        """All that may be a key, in the forms in which it may be echoed, the longest first."""
        parts = urlsplit(self.url)
        found = {*re.split(r"[/;]", parts.path), parts.query, parts.fragment, parts.path.strip("/")}
        found |= {value for _, value in parse_qsl(parts.query, keep_blank_values=True)}
        userinfo = parts.netloc.rpartition("@")[0]
        found |= {userinfo, *userinfo.split(":"), *self.headers.values()}
        found |= {word for value in self.headers.values() for word in value.split()}
        found |= {unquote(part) for part in found}
        found |= {quoted(part) for part in found for quoted in (quote, quote_plus)}
        if userinfo:
            found.add(base64.b64encode(unquote(userinfo).encode()).decode())
        return tuple(sorted((part for part in found if len(part) >= _SHORTEST_SECRET), key=len, reverse=True))

    def redact(self, text: str) -> str:
        """A text from outside (an answer, a library's error) without our keys and without any URL's path."""
        text = _ANY_URL.sub(r"\1\2/…", text)
        for secret in self._secrets:
            text = text.replace(secret, "…")
        return text


def parse_endpoint(url: str, *, what: str = "--rpc", headers: Mapping[str, str] | None = None) -> Endpoint:
    """The address that a user gave as `what`; UsageError where it is none, without showing it."""
    text = url.strip()
    hint = f"Write it as https://host/path, for example {what} http://127.0.0.1:8545."
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise UsageError(f"{what} is not a URL.", hint) from None
    if parts.scheme.lower() in ("ws", "wss"):
        raise UsageError(f"{what} is a websocket, which is not spoken here.", "Give its http or https URL.")
    if "://" not in text:
        raise UsageError(f"{what} has no scheme (http:// or https://).", hint)
    if parts.scheme.lower() not in ("http", "https"):
        raise UsageError(f"{what} has a scheme that is not spoken here: only http and https are.", hint)
    if not host or any(character.isspace() for character in text):
        raise UsageError(f"{what} is not a URL: it has no host, or blanks in it.", hint)
    return Endpoint(text, dict(headers or {}))
