"""What can go wrong at the door; all of it is safe to show.

NetError (a WorkError: exit code 1)
├── Unreachable   no connection, too slow, or the answer broke off: tried again
├── RateLimited   the server asks for patience: tried again when it says
├── KeyRefused    401 or 403: never tried again
└── BadAnswer     any other answer that cannot be used; tried again where the server is at fault
"""

from __future__ import annotations

from inflows.errors import WorkError


class NetError(WorkError):
    """A request failed. `retryable`: the same request may succeed later."""

    def __init__(self, problem: str, hint: str = "", *, retryable: bool = False) -> None:
        super().__init__(problem, hint)
        self.retryable = retryable


class Unreachable(NetError):
    """The server could not be reached, was too slow, or its answer broke off."""

    def __init__(self, problem: str, hint: str = "", *, retryable: bool = True) -> None:
        super().__init__(problem, hint, retryable=retryable)


class RateLimited(NetError):
    """The server asks for fewer requests; `wait_seconds` where it says for how long to wait."""

    def __init__(self, problem: str, hint: str = "", *, wait_seconds: float | None = None) -> None:
        super().__init__(problem, hint, retryable=True)
        self.wait_seconds = wait_seconds


class KeyRefused(NetError):
    """The server does not accept the key, or wants one."""


class BadAnswer(NetError):
    """An answer that cannot be used; `status` is its HTTP status."""

    def __init__(self, problem: str, hint: str = "", *, retryable: bool = False, status: int = 200) -> None:
        super().__init__(problem, hint, retryable=retryable)
        self.status = status
