"""What is asked of a node, and what its answers and refusals mean.

Refusals are told apart by their code and text together; "Work queue depth exceeded", which comes as plain
text with HTTP 500 or 503, and a node that is still starting, mean: wait.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import orjson

from inflows.errors import BadAnswer, CallRefused, NoTransactions, RateLimited, UsageError
from inflows.http import Endpoint, HttpClient, Patience, Reply, Request, parse_endpoint, read_ok
from inflows.sources.bitcoin.blocks import Block, Malformed, decode_block

FORMS: Final = ((3,), (2,), (True, True))
"""What follows the hash in getblock: Core with spent outputs, Core without, bcoin with transactions."""

_STARTING: Final = -28
_NO_SUCH_METHOD: Final = -32601


@dataclass
class Node:
    """A node: where it is, its height when asked, and the form of getblock that it understands."""

    endpoint: Endpoint
    http: HttpClient
    height: int = -1
    form: int | None = field(default=None)

    def ask_height(self) -> int:
        """The number of the newest block, remembered."""
        answer = self._call("getblockcount")
        if not isinstance(answer, int) or isinstance(answer, bool) or answer < 0:
            raise BadAnswer(
                f"{self.endpoint} does not say how many blocks it has.", "Check that it is a Bitcoin node."
            )
        self.height = answer
        return answer

    def block_hash(self, number: int, patience: Patience | None = None) -> str:
        """The hash of the block with this number."""
        answer = self._call("getblockhash", number, patience=patience)
        if not isinstance(answer, str):
            raise BadAnswer(f"{self.endpoint} does not know the hash of block {number}.")
        return answer.lower()

    def network(self) -> str | None:
        """The network that the node says it is of (`getblockchaininfo`); None where it does not tell."""
        try:
            answer = self._call("getblockchaininfo", patience=Patience(attempts=1))
        except BadAnswer:
            return None
        told = answer.get("chain") if isinstance(answer, dict) else None
        return told.lower() if isinstance(told, str) else None

    def block(self, number: int) -> Block:
        """The block with this number; the first time, the forms of getblock are tried in turn."""
        asked = self.block_hash(number)
        known = self.form  # read once: other threads may find it out meanwhile
        for place, arguments in enumerate(FORMS):
            if known is not None and place != known:
                continue
            try:
                block = self.http.call(
                    self._request("getblock", asked, *arguments), lambda reply: _read_block(reply, number)
                )
            except (NoTransactions, CallRefused) as refusal:
                if known is not None or place == len(FORMS) - 1 or not _may_be_form(refusal):
                    raise
                continue
            if (block.number, block.hash) != (number, asked):
                raise BadAnswer(
                    f"{self.endpoint} answers with block {block.number} ({block.hash}) where block {number} "
                    f"({asked}) was asked for.",
                    "Ask a node that is in order.",
                )
            self.form = place
            return block
        raise AssertionError("the last form returns or raises")

    def _call(self, method: str, *arguments: object, patience: Patience | None = None) -> Any:
        return self.http.call(self._request(method, *arguments), _read_result, patience=patience)

    def _request(self, method: str, *arguments: object) -> Request:
        call = {"jsonrpc": "1.0", "id": method, "method": method, "params": list(arguments)}
        return Request(
            self.endpoint,
            method="POST",
            headers={"Content-Type": "application/json"},
            body=json.dumps(call).encode(),
        )


def endpoint_of(url: str, cookie: Path | None) -> Endpoint:
    """A node's address; the key is in the URL, or in the cookie file that the node writes when it starts."""
    if cookie is None:
        return parse_endpoint(url)
    try:
        secret = cookie.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        raise UsageError(
            f"The cookie file {cookie} cannot be read: {reason}.", "It is .cookie in the node's data folder."
        ) from None
    if ":" not in secret or "\n" in secret:
        raise UsageError(
            f"{cookie} is no cookie file of a node.", "It holds one line, such as __cookie__:0123abcd."
        )
    key = base64.b64encode(secret.encode()).decode()
    return parse_endpoint(url, headers={"Authorization": f"Basic {key}"})


def _may_be_form(refusal: BadAnswer) -> bool:
    """Whether a refusal may be about the form of the request rather than about the block."""
    if not isinstance(refusal, CallRefused):
        return True
    message = refusal.message.lower()
    return not any(word in message for word in ("not found", "not available", "out of range", "pruned"))


def _read_block(reply: Reply, number: int) -> Block:
    if reply.status != 200:
        _read_result(reply)  # raises, unless the node answers well with an odd status
    problem = ""
    try:
        return decode_block(reply.body)
    except Malformed as malformed:
        problem = str(malformed)
    result = _read_result(reply)
    listed = result.get("tx") if isinstance(result, dict) else None
    if not isinstance(result, dict) or not listed or not isinstance(listed[0], dict):
        raise NoTransactions(
            f"{reply.endpoint} answers block {number} without its transactions.",
            "Give a node that answers getblock with verbosity 2 or 3.",
        )
    raise BadAnswer(f"{reply.endpoint} answers block {number} unusably: {problem}.", "Ask another node.")


def _read_result(reply: Reply) -> Any:
    """The result of a JSON-RPC answer; its error, or what stands there instead, as a NetError."""
    if reply.status >= 500 and b"work queue depth exceeded" in reply.body[:1000].lower():
        raise RateLimited(
            f"{reply.endpoint} has too many requests waiting (Work queue depth exceeded).",
            "Raise rpcworkqueue in its settings, or ask it less.",
            wait_seconds=reply.asked_wait,
        )
    answer: Any = None
    try:
        answer = orjson.loads(reply.body)
    except orjson.JSONDecodeError:
        read_ok(reply)
    if isinstance(answer, dict) and answer.get("error") is not None:
        raise _refusal(reply, answer["error"])
    read_ok(reply)
    if not isinstance(answer, dict) or "result" not in answer:
        raise BadAnswer(
            f"{reply.endpoint} answered with something that is no JSON-RPC answer: "
            f"{reply.excerpt() or 'nothing'}.",
            "Check that the address is that of a node.",
            retryable=True,
        )
    return answer["result"]


def _refusal(reply: Reply, error: Any) -> BadAnswer | RateLimited:
    code = error.get("code") if isinstance(error, dict) else None
    text = error.get("message") if isinstance(error, dict) else error
    code = code if isinstance(code, int) else 0
    message = " ".join(reply.endpoint.redact(str(text)).split())[:200]
    if code == _STARTING:
        return RateLimited(f"{reply.endpoint} is still starting: {message}.", "Try again later.")
    lowered = message.lower()
    if "pruned" in lowered or "not available" in lowered:
        hint = "Give a node that is not pruned."
    elif code == _NO_SUCH_METHOD:
        hint = "Check that the address is that of a Bitcoin node."
    else:
        hint = "Check the node and the range of blocks."
    return CallRefused(f"{reply.endpoint} refuses: {message} (code {code}).", hint, message=message)
