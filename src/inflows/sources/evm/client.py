"""JSON-RPC over HTTP: calls and batches, each answer matched to its call by id.

`body` builds a request, `read_replies` reads an answer without a network, `Client` puts them together:
items that are missing or failed are asked for again, and nothing but a whole answer is returned.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import orjson

from inflows.errors import (
    BadAnswer,
    BatchRefused,
    KeyRefused,
    NetError,
    NodeBehind,
    Pruned,
    RangeRefused,
    RateLimited,
    TooLarge,
    Unsupported,
)
from inflows.http import AdaptiveSize, Endpoint, HttpClient, Patience, Reply, Request, read_json
from inflows.sources.evm.rpc_errors import Fault, RpcError, asked_wait, classify

Answer = TypeVar("Answer")
_ROUNDS: Final = 12
"""How often the failed items of a batch are asked for again."""


@dataclass(frozen=True)
class Call:
    """One call of a method."""

    method: str
    params: tuple[Any, ...] = ()
    about: str = ""
    """What it is about, for errors: `block 17`."""


def body(calls: Mapping[int, Call]) -> bytes:
    """A request of several calls by id; one call alone is no batch, since some nodes take none."""
    items = [
        {"jsonrpc": "2.0", "id": number, "method": call.method, "params": call.params}
        for number, call in calls.items()
    ]
    return orjson.dumps(items if len(items) > 1 else items[0])


def read_replies(reply: Reply, asked: Mapping[int, Call]) -> dict[int, Any]:
    """Results by id, with RpcError for items in error; ids that were not asked for are ignored.

    Raises the NetError of an answer that is an error as a whole: an HTTP status, HTML, one error object in
    place of a batch.
    """
    try:
        found = orjson.loads(reply.body)
    except orjson.JSONDecodeError:
        found = None
    items = found if isinstance(found, list) else [found]
    results: dict[int, Any] = {}
    stray: RpcError | None = None
    for item in items:
        if not isinstance(item, dict):
            continue
        number = _id_of(item)
        error = item.get("error")
        if error:
            failure = _rpc_error(error, reply)
            if number in asked and (len(asked) == 1 or isinstance(found, list)):
                results[number] = failure
            else:
                stray = failure
        elif number in asked and "result" in item:
            results[number] = item["result"]
    if len(asked) == 1 and not results and stray:
        results[next(iter(asked))] = stray
    if results:
        return results
    first = next(iter(asked.values()))
    if stray is None and reply.status == 413:
        stray = RpcError(0, "the answer or the request is too large (HTTP 413)", status=413)
    if stray is not None:
        if len(asked) > 1 and classify(stray, first.method) in (Fault.FATAL, Fault.UNSUPPORTED, Fault.SPLIT):
            raise BatchRefused(f"{reply.endpoint} takes no batch of {len(asked)}.")
        raise_for(stray, first, reply.endpoint)
    read_json(reply)  # raises for HTTP statuses and for what is no JSON
    raise BadAnswer(
        f"{reply.endpoint} answered with no result and no error: {reply.excerpt()}.",
        "Check that the URL is that of a JSON-RPC service.",
        retryable=True,
    )


def raise_for(error: RpcError, call: Call, endpoint: Endpoint) -> None:
    """Raise what an error means, in a sentence that holds no key."""
    fault = classify(error, call.method)
    said = " ".join(endpoint.redact(error.message).split())[:300] or "no message"
    about = f" ({call.about})" if call.about else ""
    told = f"{endpoint} says to {call.method or 'a batch'}{about}: {said.rstrip('.')} (code {error.code})."
    if fault is Fault.WAIT:
        raise RateLimited(
            told, "Try again later, or give a key with a higher limit.", wait_seconds=asked_wait(error)
        )
    if fault is Fault.SPLIT:
        raise RangeRefused(told, message=error.message)
    if fault is Fault.SMALLER_BATCH:
        raise BatchRefused(told)
    if fault is Fault.BEYOND_HEAD:
        raise NodeBehind(told, "The node is behind; try again later, or give another --rpc.")
    if fault is Fault.PRUNED:
        raise Pruned(told, "The node keeps no such old data: give an archive node with --rpc.")
    if fault is Fault.UNSUPPORTED:
        raise Unsupported(told, "Give a node that offers it with --rpc.")
    if fault is Fault.REFUSED:
        raise KeyRefused(told, "Check the key in the URL, and that it is active.")
    raise BadAnswer(told, "Try another node with --rpc.", retryable=fault is Fault.RETRY)


class Client:
    """Calls to one node."""

    def __init__(
        self,
        http: HttpClient,
        endpoint: Endpoint,
        *,
        batch: int = 20,
        patience: Patience | None = None,
    ) -> None:
        self.endpoint = endpoint
        self.batch_size = AdaptiveSize(batch, max(batch, 100))
        self.http = http
        self._patience = patience or http.patience

    def call(self, method: str, *params: Any, about: str = "") -> Any:
        """The result of one call (which may be null)."""
        return self.batch([Call(method, params, about)], allow_null=True)[0]

    def fetch(self, call: Call, read: Callable[[Reply, Call], Answer]) -> Answer:
        """What `read` makes of the reply to one call; it raises a NetError where that is no answer."""
        request = Request(
            self.endpoint, "POST", headers={"Content-Type": "application/json"}, body=body({0: call})
        )
        return self.http.call(request, lambda reply: read(reply, call), patience=self._patience)

    def batch(self, calls: Sequence[Call], *, allow_null: bool = False) -> list[Any]:
        """The results of calls, in their order, each of them there; a null counts as missing.

        Raises RangeRefused, NodeBehind, Pruned, Unsupported, KeyRefused, RateLimited, Unreachable, BadAnswer.
        """
        results: dict[int, Any] = {}
        pending = dict(enumerate(calls))
        fruitless = 0
        while pending:
            size = self.batch_size.size
            part = dict(list(pending.items())[:size])
            try:
                replies = self._exchange(part)
            except BatchRefused as refusal:
                if len(part) == 1:
                    raise TooLarge(refusal.problem, "Give a node with higher limits.") from None
                self.batch_size.refused(len(part))
                continue
            failure_of = self._sort_out(part, replies, allow_null=allow_null)
            for number in part:
                if number not in failure_of:
                    results[number] = replies[number]
                    del pending[number]
            if not failure_of:
                self.batch_size.succeeded(len(part))
                fruitless = 0
                continue
            failure = next(iter(failure_of.values()))
            if isinstance(failure, BatchRefused):
                if len(part) == 1:
                    raise TooLarge(failure.problem, "Give a node with higher limits.")
                self.batch_size.refused(len(part))
                continue
            fruitless += 1
            wait = self._patience.wait(failure, fruitless, self.http.draw)
            if wait is None or fruitless >= _ROUNDS:
                raise failure
            self.http.waits.begin(self.endpoint, wait, failure.problem)
            if isinstance(failure, RateLimited):
                self.http.pause(self.endpoint, wait)
            else:
                self.http.rest(wait)
        return [results[number] for number in range(len(calls))]

    def _exchange(self, part: Mapping[int, Call]) -> dict[int, Any]:
        request = Request(
            self.endpoint, "POST", headers={"Content-Type": "application/json"}, body=body(part)
        )
        return self.http.call(request, lambda reply: read_replies(reply, part), patience=self._patience)

    def _sort_out(
        self, part: Mapping[int, Call], replies: Mapping[int, Any], *, allow_null: bool
    ) -> dict[int, NetError]:
        """The failures of single items; those that no repetition mends are raised."""
        failures: dict[int, NetError] = {}
        for number, call in part.items():
            result = replies.get(number)
            if isinstance(result, RpcError):
                try:
                    raise_for(result, call, self.endpoint)
                except NetError as error:
                    if not error.retryable and not isinstance(error, BatchRefused):
                        raise
                    failures[number] = error
            elif number not in replies:
                failures[number] = BadAnswer(
                    f"{self.endpoint} left the call of {call.method} ({call.about}) out of its answer.",
                    retryable=True,
                )
            elif result is None and not allow_null:
                failures[number] = NodeBehind(
                    f"{self.endpoint} answers null to {call.method} ({call.about}).",
                    "The node is behind or keeps no such old data: try again later, or another --rpc.",
                    retryable=True,
                )
        return failures


def _id_of(item: Mapping[str, Any]) -> int:
    """The call that an item answers; -1 for none. Some servers send numbers back as text."""
    number = item.get("id")
    if isinstance(number, str) and number.isascii() and number.isdigit():
        return int(number)
    return number if isinstance(number, int) else -1


def _rpc_error(error: Any, reply: Reply) -> RpcError:
    if not isinstance(error, dict):
        return RpcError(0, str(error), None, reply.status, reply.asked_wait)
    try:
        code = int(error.get("code", 0))
    except (TypeError, ValueError):
        code = 0
    message = error.get("message")
    data = error.get("data")
    text = message if isinstance(message, str) else orjson.dumps(message).decode()
    if isinstance(data, str) and data and data not in text:
        text += f" {data}"
    return RpcError(code, text, data, reply.status, reply.asked_wait)
