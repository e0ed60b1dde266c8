"""An answer that is read as it comes: its bytes, unpacked, and the whole lines in them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from inflows.errors import BadAnswer, NetError
from inflows.http.endpoint import Endpoint
from inflows.http.messages import Reply

_MOST_OF_A_MESSAGE: Final = 1 << 20
_LONGEST_LINE: Final = 1 << 28


@dataclass(frozen=True, repr=False)
class Stream:
    """One HTTP answer whose body has not been read yet; to be read once, inside `with client.open(…)`."""

    endpoint: Endpoint
    status: int
    headers: Mapping[str, str]
    read: Callable[[], bytes]
    """The next bytes of the body, unpacked; empty at its end. Raises NetError where the answer breaks off."""

    def __repr__(self) -> str:
        return f"Stream({self.status} from {self.endpoint})"

    def whole(self, most: int = _MOST_OF_A_MESSAGE) -> Reply:
        """The answer as a reply, for messages of errors and the like; BadAnswer beyond `most` bytes."""
        body = b""
        while chunk := self.read():
            body += chunk
            if len(body) > most:
                raise BadAnswer(f"An answer of {self.endpoint} is larger than {most:,} bytes.")
        return Reply(self.endpoint, self.status, self.headers, body, dt.datetime.now(dt.UTC))


def whole_lines(read: Callable[[], bytes], at_least: int, *, longest: int = _LONGEST_LINE) -> Iterator[bytes]:
    """Whole lines, of which each ends in a line feed, in pieces of some `at_least` bytes; the rest last.

    What comes after the last line feed is torn and never given, however whole it looks. Where the answer
    breaks off, the whole lines before it are given first, and then the NetError is raised. BadAnswer where
    one line alone is longer than `longest`.
    """
    held: list[bytes] = []
    size = 0
    failure: NetError | None = None
    while True:
        try:
            chunk = read()
        except NetError as error:
            failure, chunk = error, b""
        end = chunk.rfind(b"\n") + 1 if chunk else 0
        if chunk and (not end or size + end < at_least):
            held.append(chunk)
            size += len(chunk)
            if size > longest + at_least:
                raise BadAnswer(f"A line of an answer is longer than {longest:,} bytes.")
            continue
        lines = b"".join([*held, chunk[:end]])
        held, size = ([chunk[end:]] if end < len(chunk) else []), len(chunk) - end
        lines = lines if chunk else lines[: lines.rfind(b"\n") + 1]
        if lines:
            yield lines
        if not chunk:
            break
    if failure is not None:
        raise failure
