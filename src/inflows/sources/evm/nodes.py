"""The nodes that are read from: which of them has the blocks, which is set aside, and until when."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

import polars as pl

from inflows.chains import CHAINS, canonical_chain
from inflows.errors import (
    Inconsistent,
    KeyRefused,
    NetError,
    NodeBehind,
    Pruned,
    TooLarge,
    Unsupported,
    UsageError,
    WorkError,
)
from inflows.http import AdaptiveSize, Endpoint, HttpClient, Patience, parse_endpoint
from inflows.sources.evm.chain_ids import Chain
from inflows.sources.evm.client import Client
from inflows.sources.evm.pace import Pace

Result = TypeVar("Result")
_ODD: Final = (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, pl.exceptions.PolarsError)
"""What comes of an answer with another type or shape somewhere in it: text for a list, a number for text."""
_FAILURES_A_SPAN: Final = 6
_LONGEST_ASIDE_SECONDS: Final = 120.0
_OF_MANY: Final = Patience(attempts=2, rate_limit_attempts=2, longest_seconds=2)
"""Where there are other nodes, failing over is better than waiting."""


def endpoints_of(rpc_urls: Sequence[str]) -> list[Endpoint]:
    """The addresses of nodes, each once; UsageError where there is none, or one is no URL."""
    if not rpc_urls:
        raise UsageError("No node was given.", "Give one with --rpc URL.")
    return [parse_endpoint(url) for url in dict.fromkeys(rpc_urls)]


@dataclass(eq=False)
class Node:
    """One node with what is known of it."""

    client: Client
    range_size: AdaptiveSize
    safe: int = -1
    """The highest block that it holds and that is final (or has the confirmations asked for)."""
    head: int = -1
    block_receipts: bool = True
    trace_method: str = ""
    contract_types: bool | None = None
    """Tron: whether its HTTP API tells the types of transactions; None: not tried yet."""
    failures: int = 0
    aside_until: float = 0.0
    lost: NetError | None = None
    """Why it is not used any more."""

    @property
    def name(self) -> str:
        """Its address without keys."""
        return str(self.client.endpoint)


@dataclass(eq=False)
class Nodes:
    """All nodes of a run; shared by threads."""

    chain: Chain
    http: HttpClient
    nodes: list[Node]
    confirmations: int | None
    say: Callable[[str], None]
    aside_seconds: float
    """For how long a node is set aside at its first failure; each further one doubles it."""
    _turn: int = 0
    _given_up: NetError | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @classmethod
    def of(
        cls,
        chain: Chain,
        endpoints: Sequence[Endpoint],
        http: HttpClient,
        pace: Pace,
        say: Callable[[str], None],
        *,
        confirmations: int | None,
    ) -> Nodes:
        """The nodes at these addresses, each asked for its chain; a node of another chain is an error."""
        patience = http.patience if len(endpoints) == 1 else _OF_MANY
        nodes = [
            Node(
                Client(http, endpoint, batch=pace.batch, patience=patience),
                AdaptiveSize(pace.range_blocks, max(pace.range_blocks, 10_000)),
            )
            for endpoint in endpoints
        ]
        self = cls(chain, http, nodes, confirmations, say, pace.aside_seconds)
        last: NetError | None = None
        for node in nodes:
            try:
                self._check_chain(node)
            except NetError as error:
                last = error
                self._failed(node, error)
        if last is not None and all(node.failures or node.lost for node in nodes):
            raise last
        return self

    def use(self, last_block: int, work: Callable[[Node], Result]) -> Result:
        """Do work on a node that holds blocks up to `last_block`, on another one where it fails."""
        failures = 0
        while True:
            if self._given_up is not None:  # by another thread: the run is over
                raise self._given_up
            node = self._pick(last_block)
            try:
                result = work(node)
            except NetError as error:
                failure = error
            except _ODD as error:
                failure = _not_understood(node, last_block, error)
            else:
                node.failures = 0
                return result
            failures += 1
            self._failed(node, failure)
            if failures >= _FAILURES_A_SPAN or not self._left() or self._hopeless(failure):
                self._given_up = self._given_up or failure
                raise failure

    def safe_head(self) -> int:
        """The highest block that any node gives as final; asks all nodes that are in use."""
        last: NetError | None = None
        for node in self._left():
            try:
                self._ask_head(node)
            except NetError as error:
                last = error
                self._failed(node, error)
        best = max((node.safe for node in self.nodes), default=-1)
        if best < 0 and last is not None:
            raise last
        return best

    @property
    def head(self) -> int:
        """The highest block that any node was seen to have."""
        return max(node.head for node in self.nodes)

    def drop(self, node: Node, why: NetError) -> None:
        """Use a node no more."""
        node.lost = why
        self.say(f"{why.problem} It is not used any more.")
        if not self._left():
            raise why

    def _left(self) -> list[Node]:
        return [node for node in self.nodes if node.lost is None]

    def _pick(self, last_block: int) -> Node:
        """The next node in turn that has the block and is not set aside; waits where all are set aside."""
        for _ in range(2 * _FAILURES_A_SPAN):
            for node in self._in_turn():
                if node.safe < last_block:
                    try:
                        self._ask_head(node)
                    except NetError as error:
                        self._failed(node, error)
                        continue
                    if node.safe < last_block:
                        self._failed(node, _behind(node, last_block))
                        continue
                return node
            soonest = min(self._left(), key=lambda node: node.aside_until, default=None)
            wait = max(0.05, (soonest.aside_until if soonest else 0.0) - time.monotonic())
            if soonest:
                why = f"{soonest.name} has failed and is set aside."
                self.http.waits.begin(soonest.client.endpoint, wait, why)
            self.http.rest(wait)
        raise NodeBehind(
            f"No node has block {last_block:,} any more.", "Start this again; it goes on where it was."
        )

    def _in_turn(self) -> list[Node]:
        now = time.monotonic()
        with self._lock:
            self._turn += 1
            turn = self._turn
        ready = [node for node in self._left() if node.aside_until <= now]
        return [ready[(turn + place) % len(ready)] for place in range(len(ready))]

    def _failed(self, node: Node, failure: NetError) -> None:
        """Set a node aside, for longer each time; for good where nothing else helps."""
        with self._lock:
            first = node.aside_until <= time.monotonic()  # else several threads met the same failure
            node.failures += first
            longest = _LONGEST_ASIDE_SECONDS if len(self.nodes) > 1 else 4 * self.aside_seconds
            aside = min(longest, self.aside_seconds * 2.0 ** (node.failures - 1))
            node.aside_until = max(node.aside_until, time.monotonic() + aside if first else 0.0)
        if isinstance(failure, (KeyRefused, Pruned, Unsupported)):
            node.lost = failure
        if len(self.nodes) > 1 and first:
            until = "not used any more" if node.lost else f"set aside for {aside:.0f} s"
            self.say(f"{failure.problem} {node.name} is {until}.")

    def _hopeless(self, failure: NetError) -> bool:
        """Whether trying again is of no use: a block that is too large, or what the client waited for."""
        if isinstance(failure, TooLarge):
            return True
        mends = isinstance(failure, (Inconsistent, NodeBehind))
        return len(self.nodes) == 1 and not mends

    def _check_chain(self, node: Node) -> None:
        found = number(node.client.call("eth_chainId"), node, "eth_chainId")
        if found != self.chain.chain_id:
            other = canonical_chain(str(found))
            other = other if other in CHAINS else "another chain"
            raise UsageError(
                f"{node.name} serves {other} (chain id {found}), not {self.chain.name} "
                f"({self.chain.chain_id}).",
                "Give the --chain that the node serves, or a node of that chain.",
            )

    def _ask_head(self, node: Node) -> None:
        node.head = number(node.client.call("eth_blockNumber"), node, "eth_blockNumber")
        confirmations = self.confirmations
        if confirmations is None:
            try:
                block = node.client.call("eth_getBlockByNumber", "finalized", False)
            except KeyRefused:
                raise
            except NetError:
                block = None
                if self.chain.confirmations is None:
                    raise
            if isinstance(block, dict):
                node.safe = number(block.get("number"), node, "eth_getBlockByNumber")
                return
            if self.chain.confirmations is None:
                raise WorkError(
                    f"{node.name} does not know which block is finalized.",
                    "Say with --confirmations N how many blocks are enough.",
                )
            confirmations = self.chain.confirmations
        # The block itself is the first of its confirmations, as wallets and explorers count.
        node.safe = node.head - max(confirmations, 1) + 1


def number(text: Any, node: Node, method: str) -> int:
    """A hex quantity of an answer."""
    try:
        return int(text, 16)
    except (TypeError, ValueError):
        said = node.client.endpoint.redact(repr(text))[:80]
    raise NodeBehind(f"{node.name} answers {said} to {method}, which is no number.")


def _not_understood(node: Node, last_block: int, error: Exception) -> Inconsistent:
    said = " ".join(node.client.endpoint.redact(str(error)).split())[:120]
    failure = Inconsistent(
        f"{node.name} answers in a form that cannot be read, about blocks up to {last_block:,} "
        f"({type(error).__name__}: {said}).",
        "Try again later, or give another --rpc.",
    )
    failure.__cause__ = error
    return failure


def _behind(node: Node, block: int) -> NodeBehind:
    return NodeBehind(
        f"{node.name} is behind: it has {node.safe:,}, and block {block:,} is wanted.",
        "Try again later, or give another --rpc.",
    )
