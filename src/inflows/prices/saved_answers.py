"""Answers in JSON: numbers exact as written, and what errors of price services mean.

A limit may come with HTTP 200: CryptoCompare's answer `"Response": "Error"` with `Type` 99, CoinGecko's
`status.error_code` 429. Such answers ask to wait; CoinGecko's 10012 (HTTP 401) never passes by waiting.
"""

from __future__ import annotations

import json
from contextlib import suppress
from decimal import Decimal
from typing import Any, Final

from inflows.errors import BadAnswer, RateLimited, UsageError
from inflows.http import Reply, read_ok

_RATE_LIMIT_TYPE: Final = 99
_TOO_FAR_BACK: Final = 10012
TOO_FAR_BACK: Final = (
    "CoinGecko gives the public the last 365 days only (error 10012).",
    "Ask for a later --from, set COINGECKO_API_KEY and INFLOWS_COINGECKO_URL of a paid plan, "
    "or take another --source.",
)


def parse_json(body: bytes) -> Any:
    """JSON with exact numbers (Decimal); NaN and infinities as text. ValueError where it is none."""
    answer = json.loads(body, parse_float=Decimal, parse_constant=str)
    if b"\\ud" in body.lower():  # halves of characters can be escaped, and are no text
        json.dumps(answer, ensure_ascii=False, default=str).encode()
    return answer


def saved_answer(body: bytes, origin: str) -> Any:
    """The JSON of a saved answer; UsageError where it is none, or tells of an error."""
    try:
        answer = parse_json(body)
    except (ValueError, RecursionError):
        answer = None
    if answer is None:
        raise UsageError(f"{origin} is no JSON.", "Save the answer of the service again.")
    said = _error_in(answer)
    if said:
        raise UsageError(f"{origin} holds an error of the service: {said}.", "Fetch it again.")
    return answer


def read_answer(reply: Reply) -> Any:
    """The JSON of a reply; the NetError that it stands for where it tells of an error, with HTTP 200 too."""
    answer: Any = None
    with suppress(ValueError, RecursionError):
        answer = parse_json(reply.body)
    code, said = _code_in(answer), reply.endpoint.redact(_error_in(answer) or "")
    if code == _TOO_FAR_BACK:
        raise BadAnswer(*TOO_FAR_BACK, status=reply.status)
    if code in (429, _RATE_LIMIT_TYPE) or ("rate limit" in said.lower() and reply.status < 300):
        raise RateLimited(
            f"{reply.endpoint} limits the rate of requests: {said or 'too many requests'}.",
            "Try again later, or ask for fewer assets.",
            wait_seconds=reply.asked_wait,
        )
    read_ok(reply)
    if answer is None:
        raise BadAnswer(f"{reply.endpoint} answered with something that is no JSON.", retryable=True)
    if said:
        raise BadAnswer(f"{reply.endpoint} answered with an error: {said}.", "Check what is asked for.")
    return answer


def _parts(answer: Any) -> list[dict[str, Any]]:
    """The objects of an answer in which services put their errors."""
    found: list[dict[str, Any]] = []
    part = answer
    for name in ("error", "status"):
        if isinstance(part, dict):
            found.append(part)
            part = part.get(name, part.get("status"))
    return [*found, part] if isinstance(part, dict) else found


def _code_in(answer: Any) -> int | None:
    for part in _parts(answer):
        code = part.get("error_code")
        if isinstance(code, int):
            return code
        if part.get("Response") == "Error" and isinstance(part.get("Type"), int):
            return int(part["Type"])
    return None


def _error_in(answer: Any) -> str:
    """What an answer says of an error, on one line; empty where it tells of none."""
    for part in _parts(answer):
        if part.get("Response") == "Error":
            return _line(part.get("Message") or "an error without a message")
        if part.get("error_code"):
            return _line(part.get("error_message") or f"error {part['error_code']}")
        if isinstance(part.get("error"), str):
            return _line(part["error"])
        if "type" in part and isinstance(part.get("message"), str) and part is not answer:
            return _line(part["message"])
    return ""


def _line(said: Any) -> str:
    text = " ".join(str(said).split())
    return "".join(c if c.isprintable() else "?" for c in text)[:200].rstrip(". ")
