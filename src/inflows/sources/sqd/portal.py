"""The Portal as a client sees it: what a dataset has, its head, blocks by time, and streams of lines.

What its statuses mean (its server's code and documents): 204 beyond the head, with no progress; 400 a request
that can never be answered; 404 an unknown dataset; 409 a parent that is not the chain's; 429, 503 and 529 ask
for patience, with and without Retry-After.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import orjson

from inflows.errors import (
    BadAnswer,
    Inconsistent,
    NetError,
    NoBlocksThere,
    RateLimited,
    TableAbsent,
    UsageError,
)
from inflows.http import (
    Endpoint,
    HttpClient,
    Patience,
    Rate,
    Reply,
    Request,
    Stream,
    gave_up,
    read_json,
    read_ok,
)
from inflows.sources.sqd.answers import shown
from inflows.sources.sqd.datasets import Dataset

_PLAIN: Final = {"Accept-Encoding": "gzip"}
"""Said explicitly: which encodings are offered else depends on the version of Python."""
_ABSENT: Final = re.compile(
    r"table '(?:traces)' does not exist|column '([a-z_]+)' is not found in '([a-z_]+)'"
)


@dataclass
class Portal:
    """One dataset of one Portal; shared by threads.

    unasked_seconds: how long a refusal for too many requests stops us that does not say for how long.
    """

    endpoint: Endpoint
    dataset: Dataset
    http: HttpClient
    rate: Rate
    patience: Patience
    unasked_seconds: float = 10.0
    requests: int = 0

    def start_block(self) -> int:
        """The first block of the dataset. UsageError where there is none, or it is another chain's."""
        found = self._get("metadata", {"expand[]": "metadata"})
        found = found if isinstance(found, dict) else {}
        told = found.get("metadata") if isinstance(found.get("metadata"), dict) else found
        evm = told.get("evm") if isinstance(told, dict) else None
        told_id = evm.get("chain_id") if isinstance(evm, dict) else None
        known_id = self.dataset.chain_id
        if isinstance(told_id, int) and known_id is not None and told_id != known_id:
            raise UsageError(
                f"The dataset {self.dataset.name} has chain id {told_id}, and {self.dataset.chain} has "
                f"{known_id}.",
                "Give the right --dataset.",
            )
        start = found.get("start_block")
        return start if isinstance(start, int) and start > 0 else 0

    def finalized_head(self) -> int:
        """The last block that is final."""
        for attempt in range(1, self.patience.attempts + 1):
            found = self._get("finalized-head")
            number = found.get("number") if isinstance(found, dict) else None
            if isinstance(number, int) and number >= 0:
                return number
            self.http.rest(min(2.0, self.patience.first_seconds * 2**attempt))  # null while it starts
        raise BadAnswer(f"{self.endpoint} does not tell the last final block of {self.dataset.name}.")

    def block_near(self, seconds: int) -> int | None:
        """What the Portal takes for the first block at or after an instant: a hint, or None."""
        try:
            found = self._get(f"timestamps/{seconds}/block")
        except BadAnswer:
            return None
        number = found.get("block_number") if isinstance(found, dict) else None
        return number if isinstance(number, int) and number >= 0 else None

    @contextmanager
    def stream(self, body: bytes) -> Iterator[Stream]:
        """The answer to a query, read as it comes; the NetError that it stands for where it is no stream."""
        request = Request(
            self.endpoint,
            "POST",
            f"datasets/{self.dataset.name}/finalized-stream",
            headers={**_PLAIN, "Content-Type": "application/json"},
            body=body,
        )
        self._count()
        with self.http.open(request) as stream:
            if stream.status != 200:
                raise self._failure(stream.whole(), body)
            yield stream

    def rest_after(self, failure: NetError, attempt: int) -> None:
        """Wait as a failure asks for, before the next attempt; raise it where there shall be none."""
        if isinstance(failure, RateLimited) and not failure.wait_seconds:
            failure.wait_seconds = self.unasked_seconds
        wait = self.patience.wait(failure, attempt, self.http.draw)
        if wait is None:
            raise gave_up(failure, attempt, self.patience)
        self.http.waits.begin(self.endpoint, wait, failure.problem)
        if isinstance(failure, RateLimited):
            self.http.pause(self.endpoint, wait)
        else:
            self.http.rest(wait)

    def _get(self, path: str, params: dict[str, str] | None = None) -> Any:
        request = Request(
            self.endpoint,
            path=f"datasets/{self.dataset.name}/{path}",
            params=params or {},
            headers=_PLAIN,
        )
        attempt = 0
        while True:
            self._count()
            try:
                reply = self.http.send(request)
                if reply.status == 404 and not path.startswith("timestamps"):
                    raise UsageError(
                        f"{self.endpoint} has no dataset {self.dataset.name}.",
                        "Give another with --dataset; /datasets of the Portal lists them.",
                    )
                return None if reply.status == 204 else read_json(self._said(reply))
            except NetError as error:
                failure = error
            attempt += 1
            self.rest_after(failure, attempt)

    def _count(self) -> None:
        self.requests += 1
        self.rate.take(self.http.rest)

    def _failure(self, reply: Reply, body: bytes) -> NetError:
        """The error that an answer without lines stands for."""
        name = self.dataset.name
        text = _message(reply)
        if reply.status == 204:
            return NoBlocksThere(
                f"{self.endpoint} has nothing of {name} from block {orjson.loads(body)['fromBlock']:,} on.",
                "It is not there yet: try again later.",
                retryable=True,
                status=204,
            )
        if reply.status == 409:
            return self._other_parent(reply, orjson.loads(body))
        if reply.status == 400 and (absent := _ABSENT.search(text)):
            table = "withdrawals" if absent[1] == "withdrawals" else absent[2] or "traces"
            return TableAbsent(f"{self.endpoint} has no {table} of {name} there: {shown(text)}.", table=table)
        if reply.status == 404:
            return BadAnswer(
                f"{self.endpoint} has no dataset {name}.", "Give another with --dataset.", status=404
            )
        try:
            read_ok(self._said(reply))
        except NetError as error:
            return error
        return BadAnswer(
            f"{self.endpoint} answered with HTTP {reply.status}, which is no stream.", status=reply.status
        )

    def _other_parent(self, reply: Reply, asked: dict[str, Any]) -> Inconsistent:
        number, ours = asked["fromBlock"] - 1, asked.get("parentBlockHash", "")
        try:
            listed = {
                block["number"]: str(block["hash"]) for block in orjson.loads(reply.body)["previousBlocks"]
            }
        except (orjson.JSONDecodeError, KeyError, TypeError):
            listed = {}
        theirs = shown(reply.endpoint.redact(listed.get(number, "another")))
        return Inconsistent(
            f"{self.endpoint} gave {ours} as the hash of block {number:,} of {self.dataset.name} and now has "
            f"{theirs}: final blocks do not change.",
            "Nothing of it was stored. Try again later.",
        )

    def _said(self, reply: Reply) -> Reply:
        """The reply with the message alone as its body, where it is an error in an envelope."""
        if 200 <= reply.status < 300:
            return reply
        return Reply(reply.endpoint, reply.status, reply.headers, _message(reply).encode(), reply.received_at)


def _message(reply: Reply) -> str:
    """What an error says: text, `{"message": …}` or `{"error": {"message": …}}`."""
    text = reply.body.decode("utf-8", "replace").strip()
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError:
        return text
    inner = found.get("error", found) if isinstance(found, dict) else None
    message = inner.get("message") if isinstance(inner, dict) else None
    return message if isinstance(message, str) else text
