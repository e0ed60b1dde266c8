"""The errors that users see: one sentence that says what is wrong, and one that says the remedy.

InflowsError
├── UsageError: wrong options, unreadable or malformed files; nothing was stored, exit code 2
└── WorkError: the work failed or is incomplete, exit code 1
    ├── NetError: a request failed
    │   ├── Unreachable: no connection, too slow, or the answer broke off; tried again
    │   ├── RateLimited: the server asks for fewer requests; tried again when it says
    │   ├── KeyRefused: 401 or 403, never tried again
    │   └── BadAnswer: any other answer that cannot be used; tried again where the server is at fault
    │       ├── Inconsistent: answers that do not fit each other
    │       ├── NodeBehind: the node has not got the blocks yet
    │       ├── Pruned: the node has dropped what was asked for
    │       ├── Unsupported: the node does not offer the method
    │       ├── TooLarge: one block alone is more than the node gives
    │       ├── RangeRefused: the node wants a smaller range of blocks
    │       ├── BatchRefused: the node wants a smaller batch
    │       ├── CallRefused: a Bitcoin node refuses a call
    │       ├── NoTransactions: a Bitcoin node tells a block without its transactions
    │       ├── TableAbsent: a dataset of the SQD Portal has no such table there
    │       └── NoBlocksThere: the SQD Portal has no blocks there
    └── SpentOutputsMissing: nobody tells what some inputs of a block spend

An error that never leaves its module is defined there, with an underscore before its name.
"""

from __future__ import annotations


class InflowsError(Exception):
    """An error with a remedy; the command line prints it without a traceback."""

    exit_code = 1

    def __init__(self, problem: str, hint: str = "") -> None:
        super().__init__(problem)
        self.problem = problem
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.problem} {self.hint}".strip()


class UsageError(InflowsError):
    """What the user gave cannot be used: an option, a path, a file, a row of a registry."""

    exit_code = 2


class WorkError(InflowsError):
    """The work could not be done or finished; starting it again goes on where it was."""

    exit_code = 1


class NetError(WorkError):
    """A request failed; its words hold no key. `retryable`: the same request may succeed later."""

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


class Inconsistent(BadAnswer):
    """Answers that do not fit each other: one of them is wrong, or the chain was reorganised in between."""


class NodeBehind(BadAnswer):
    """The node has not got the blocks yet that were asked for."""


class Pruned(BadAnswer):
    """The node has dropped what was asked for."""


class Unsupported(BadAnswer):
    """The node does not offer the method."""


class TooLarge(BadAnswer):
    """One block alone is more than the node gives."""


class RangeRefused(BadAnswer):
    """The node wants a smaller range of blocks; `message` is its own, which may name the size."""

    def __init__(self, problem: str, *, message: str) -> None:
        super().__init__(problem)
        self.message = message


class BatchRefused(BadAnswer):
    """The node wants a smaller batch."""


class CallRefused(BadAnswer):
    """A Bitcoin node refuses a call; `message` is its own."""

    def __init__(self, problem: str, hint: str = "", *, message: str) -> None:
        super().__init__(problem, hint)
        self.message = message


class NoTransactions(BadAnswer):
    """A Bitcoin node tells a block without its transactions: another form of the call may be understood."""


class TableAbsent(BadAnswer):
    """The dataset does not have a table or column from some block on; `table` names it."""

    def __init__(self, problem: str, *, table: str) -> None:
        super().__init__(problem, status=400)
        self.table = table


class NoBlocksThere(BadAnswer):
    """No blocks came where some were asked for: beyond the head, or in a gap."""


class SpentOutputsMissing(WorkError):
    """Nobody tells what some inputs of a block spend, so it cannot be stored; `number` is the block's."""

    def __init__(self, problem: str, hint: str, *, number: int) -> None:
        super().__init__(problem, hint)
        self.number = number
