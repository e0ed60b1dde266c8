"""The client: a pool of connections through which every request to another machine goes."""

from __future__ import annotations

import datetime as dt
import logging
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Final, TypeVar
from urllib.parse import urljoin, urlsplit

import requests
import urllib3

from inflows.errors import BadAnswer, NetError, RateLimited, Unreachable
from inflows.http.endpoint import Endpoint
from inflows.http.messages import Reply, Request
from inflows.http.retrying import Patience
from inflows.http.session import new_session
from inflows.http.streaming import Stream
from inflows.http.waits import Waits

Answer = TypeVar("Answer")
_CHUNK: Final = 1 << 20
_MOST_REDIRECTS: Final = 5
_SLOW_SECONDS: Final = 10.0
"""An answer that takes longer is told of."""


@dataclass(frozen=True)
class Limits:
    """What one request may cost, and how many may be under way."""

    connect_seconds: float = 10.0
    silent_seconds: float = 60.0
    """The longest time without a byte."""
    total_seconds: float = 600.0
    """The longest time for a whole answer, however it drips in."""
    largest_bytes: int = 1 << 30
    connections: int = 8
    """Requests to one host under way at once."""


class HttpClient:
    """Sends requests: timeouts, retries with jitter, waits that servers ask for, keys in no message.

    It may be shared by threads. `rest(seconds)` waits, and ends with an error when the client is closed.
    `say` (by default a warning in the log) is told of waits, once and in one sentence with the seconds.
    """

    def __init__(
        self,
        *,
        limits: Limits | None = None,
        patience: Patience | None = None,
        say: Callable[[str], None] | None = None,
        sleep: Callable[[float], None] | None = None,
        seed: int | None = None,
    ) -> None:
        self.limits = limits or Limits()
        self.patience = patience or Patience()
        self.waits = Waits(say or logging.getLogger(__name__).warning)
        self._closed = threading.Event()
        self.rest = sleep or self._rest_until_closed
        self.draw = random.Random(seed)  # noqa: S311  # jitter is no secret
        self._not_before: dict[Endpoint, float] = {}
        self._session = new_session(self.limits.connections)

    def __enter__(self) -> HttpClient:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of all connections, and end all waits with an error."""
        self._closed.set()
        self._session.close()

    def call(
        self, request: Request, read: Callable[[Reply], Answer], *, patience: Patience | None = None
    ) -> Answer:
        """Send a request and return what `read` makes of the reply; both are done again as patience allows.

        `read` raises a NetError where the reply cannot be used (`read_ok` and `read_json` do); those that are
        retryable are tried again. While a service asks to wait, every request to it waits.
        """
        patience = patience or self.patience
        attempt = 0
        while True:
            self._wait_for_turn(request.endpoint)
            began = time.monotonic()
            try:
                with self._telling_of_silence(request.endpoint):
                    return read(self.send(request))
            except NetError as error:
                failure = error
            attempt += 1
            wait = patience.wait(failure, attempt, self.draw)
            if wait is None:
                raise gave_up(failure, attempt, patience)
            self.waits.begin(request.endpoint, wait, failure.problem, already=time.monotonic() - began)
            if isinstance(failure, RateLimited):
                self.pause(request.endpoint, wait)
            else:
                self.rest(wait)

    @contextmanager
    def _telling_of_silence(self, endpoint: Endpoint) -> Iterator[None]:
        slow = threading.Timer(_SLOW_SECONDS, self._tell_of_silence, (endpoint,))
        slow.daemon = True
        slow.start()
        try:
            yield
        finally:
            slow.cancel()

    def _tell_of_silence(self, endpoint: Endpoint) -> None:
        left = max(1.0, self.limits.silent_seconds - _SLOW_SECONDS)
        self.waits.begin(endpoint, left, f"{endpoint} has not answered whole for {_SLOW_SECONDS:g} s.")

    def pause(self, endpoint: Endpoint, seconds: float) -> None:
        """Let all requests to a service wait for some seconds, because it asks for it."""
        self._not_before[endpoint] = time.monotonic() + seconds

    def send(self, request: Request) -> Reply:
        """Send a request once and return the whole reply, whatever its status; else Unreachable."""
        url, headers = request.url, {**request.endpoint.headers, **request.headers}
        for _ in range(_MOST_REDIRECTS + 1):
            reply = self._exchange(request, url, headers)
            target = reply.headers.get("Location")
            if not (request.follow_redirects and 300 <= reply.status < 400 and target):
                return reply
            before, url = url, urljoin(url, target)
            if urlsplit(before)[:2] != urlsplit(url)[:2]:
                headers = dict(request.headers)
        raise BadAnswer(f"{request.endpoint} sends requests round and round.", "Check the address.")

    @contextmanager
    def open(self, request: Request) -> Iterator[Stream]:
        """Send a request once; its answer is read as it comes, however long it is and lasts.

        `limits.largest_bytes` and `limits.total_seconds` are for whole answers and do not hold here; a byte
        must come within `limits.silent_seconds`. Redirections are not followed.
        """
        self._wait_for_turn(request.endpoint)
        limits = self.limits
        with self._telling_of_silence(request.endpoint):
            response = self._guarded(
                request.endpoint,
                lambda: self._session.request(
                    request.method,
                    request.url,
                    data=request.body,
                    headers={**request.endpoint.headers, **request.headers},
                    timeout=(limits.connect_seconds, limits.silent_seconds),
                    allow_redirects=False,
                    stream=True,
                ),
            )
        with response:
            yield Stream(
                request.endpoint,
                response.status_code,
                response.headers,
                lambda: self._guarded(
                    request.endpoint, lambda: response.raw.read1(_CHUNK, decode_content=True)
                ),
            )

    def _exchange(self, request: Request, url: str, headers: dict[str, str]) -> Reply:
        return self._guarded(request.endpoint, lambda: self._read(request, url, headers))

    def _guarded(self, name: Endpoint, act: Callable[[], Answer]) -> Answer:
        """What `act` returns; what goes wrong on the network is a NetError."""
        # What requests and urllib3 raise has the URL in its text: nothing of it may become the context of
        # our error, hence the error is raised after the except block.
        limits = self.limits
        failure: NetError
        try:
            return act()
        except NetError as error:
            failure = error
        except requests.exceptions.SSLError:
            failure = Unreachable(
                f"The certificate of {name} cannot be verified.",
                "Check the address, and the clock and certificates of this machine.",
                retryable=False,
            )
        except requests.exceptions.ProxyError:
            failure = Unreachable(
                f"The proxy on the way to {name} does not let requests through.", "Check HTTPS_PROXY."
            )
        except (requests.exceptions.Timeout, urllib3.exceptions.TimeoutError):
            failure = Unreachable(
                f"{name} did not answer in time ({limits.connect_seconds:g} s to connect, "
                f"{limits.silent_seconds:g} s without a byte).",
                "Check that it is up; try again later.",
            )
        except (requests.exceptions.InvalidURL, requests.exceptions.InvalidSchema, UnicodeError):
            failure = Unreachable(f"{name} is no address that can be reached.", "Check it.", retryable=False)
        except (
            requests.exceptions.ChunkedEncodingError,
            requests.exceptions.ContentDecodingError,
            urllib3.exceptions.ProtocolError,
            urllib3.exceptions.DecodeError,
        ):
            failure = Unreachable(f"The answer of {name} broke off.", "Try again later.")
        except (requests.exceptions.RequestException, urllib3.exceptions.HTTPError, OSError):
            failure = Unreachable(
                f"{name} cannot be reached.", "Check the address and that the service is up."
            )
        raise failure

    def _read(self, request: Request, url: str, headers: dict[str, str]) -> Reply:
        limits, began = self.limits, time.monotonic()
        with self._session.request(
            request.method,
            url,
            data=request.body,
            headers=headers,
            timeout=(limits.connect_seconds, limits.silent_seconds),
            allow_redirects=False,
            stream=True,
        ) as response:
            chunks, size = [], 0
            while chunk := response.raw.read1(_CHUNK, decode_content=True):
                chunks.append(chunk)
                size += len(chunk)
                if size > limits.largest_bytes:
                    raise BadAnswer(f"An answer of {request.endpoint} is larger than {size:,} bytes.")
                if time.monotonic() - began > limits.total_seconds:
                    raise Unreachable(
                        f"An answer of {request.endpoint} took more than {limits.total_seconds:g} s."
                    )
            return Reply(
                endpoint=request.endpoint,
                status=response.status_code,
                headers=response.headers,
                body=b"".join(chunks),
                received_at=dt.datetime.now(dt.UTC),
            )

    def _wait_for_turn(self, endpoint: Endpoint) -> None:
        wait = self._not_before.get(endpoint, 0.0) - time.monotonic()
        if wait > 0:
            self.rest(wait)

    def _rest_until_closed(self, seconds: float) -> None:
        if self._closed.wait(seconds):
            raise Unreachable("The work was stopped.", retryable=False)


def gave_up(failure: NetError, attempts: int, patience: Patience) -> NetError:
    """The failure, with a word on how long it was tried, so that the reader knows that it was."""
    asked = getattr(failure, "wait_seconds", None)
    if asked is not None and asked > patience.longest_asked_seconds:
        failure.problem = f"{failure.problem.rstrip('.')}, and asks to wait {asked:,.0f} s."
    elif failure.retryable and attempts > 1:
        failure.problem = f"{failure.problem.rstrip('.')} ({attempts} attempts)."
    failure.args = (failure.problem,)
    return failure
