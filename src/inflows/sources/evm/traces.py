"""Internal transfers of native coin in the two common forms of traces; no network here.

Both forms are walked in the order of execution, and a transfer's position is its place in its transaction's
walk (0 is the transaction itself, which is a native transfer and is left out). The forms do not list quite
the same calls, so positions are each form's own. No transfers are: delegatecall, staticcall and callcode (the
value stays, or is the caller's own), calls of no value, failed calls and all below them; block rewards belong
to no transaction, and only one form has them. Creation and selfdestruct with value are transfers.

Forms: `trace_block` of OpenEthereum, Erigon, Nethermind and Reth; `debug_traceBlockByNumber` with geth's
callTracer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from inflows.errors import Inconsistent
from inflows.sources.evm.blocks import Header

SOURCES: Final = {
    "trace_block": "evm-rpc-trace-block",
    "debug_traceBlockByNumber": "evm-rpc-call-tracer",
}
_MOVING: Final = ("call", "create", "create2")


@dataclass(frozen=True)
class Move:
    """One internal transfer; `amount` is None where the node does not tell (an early geth's selfdestruct)."""

    tx_hash: str
    position: int
    sender: str | None
    receiver: str | None
    amount: int | None


@dataclass(frozen=True)
class Traced:
    """What the traces of a block tell: transfers, and whether each transaction succeeded."""

    moves: tuple[Move, ...]
    outcomes: Mapping[str, bool]


def read_trace_block(found: Any, header: Header, name: str) -> Traced:
    """The answer to trace_block: a flat list, each item with its path (`traceAddress`)."""
    moves: list[Move] = []
    outcomes: dict[str, bool] = {}
    failed: dict[str, list[tuple[int, ...]]] = {}
    place: dict[str, int] = {}
    try:
        for item in found:
            tx = item.get("transactionHash")
            if item["blockHash"] != header.hash:
                raise Inconsistent(f"{name} gives traces of block {header.number:,} with another block hash.")
            if tx is None:
                continue  # a reward
            path = tuple(item["traceAddress"])
            position = place.get(tx, 0)
            place[tx] = position + 1
            if not path:
                outcomes[tx] = not item.get("error")
            if item.get("error"):
                failed.setdefault(tx, []).append(path)
            if not path or any(path[: len(dead)] == dead for dead in failed.get(tx, ())):
                continue
            move = _of_action(item, tx, position)
            if move is not None and move.amount != 0:
                moves.append(move)
    except (KeyError, TypeError, ValueError, AttributeError):
        raise _incomplete(header, name) from None
    _check_all(outcomes, header, name)
    return Traced(tuple(moves), outcomes)


def read_call_tracer(found: Any, header: Header, order: Sequence[str], name: str) -> Traced:
    """The answer to debug_traceBlockByNumber: a tree for each transaction, in the order of the block's."""
    moves: list[Move] = []
    outcomes: dict[str, bool] = {}
    try:
        if len(found) != len(order):
            raise Inconsistent(
                f"{name} traces {len(found):,} of the {len(order):,} transactions of block {header.number:,}."
            )
        for item, tx in zip(found, order, strict=True):
            if item.get("txHash", tx) != tx:
                raise Inconsistent(f"{name} traces block {header.number:,} in another order.")
            if "result" not in item:
                raise Inconsistent(f"{name} could not trace a transaction of block {header.number:,}.")
            outcomes[tx] = not item["result"].get("error")
            for position, frame in enumerate(_walk(item["result"])):
                if position and frame is not None:
                    move = _of_frame(frame, tx, position)
                    if move is not None and move.amount != 0:
                        moves.append(move)
    except (KeyError, TypeError, ValueError, AttributeError):
        raise _incomplete(header, name) from None
    return Traced(tuple(moves), outcomes)


def _of_action(item: Mapping[str, Any], tx: str, position: int) -> Move | None:
    action, kind = item["action"], item["type"]
    if kind == "suicide":
        return Move(tx, position, action["address"], action["refundAddress"], int(action["balance"], 16))
    if kind == "create":
        created = (item.get("result") or {}).get("address")
        return Move(tx, position, action["from"], created, int(action["value"], 16))
    if kind == "call" and action["callType"] == "call":
        return Move(tx, position, action["from"], action["to"], int(action["value"], 16))
    return None


def _walk(root: Mapping[str, Any]) -> Iterator[Mapping[str, Any] | None]:
    """All frames in the order of execution; None for those that failed or stand below one that did."""
    waiting: list[tuple[Mapping[str, Any], bool]] = [(root, False)]
    while waiting:
        frame, dead = waiting.pop()
        dead = dead or bool(frame.get("error"))
        yield None if dead else frame
        waiting.extend((below, dead) for below in reversed(frame.get("calls") or ()))


def _of_frame(frame: Mapping[str, Any], tx: str, position: int) -> Move | None:
    kind = frame["type"].lower()
    if kind == "selfdestruct" or kind == "suicide":
        value = frame.get("value")
        return Move(
            tx, position, frame.get("from"), frame.get("to"), None if value is None else int(value, 16)
        )
    if kind in _MOVING:
        return Move(tx, position, frame["from"], frame.get("to"), int(frame.get("value") or "0x0", 16))
    return None


def _check_all(outcomes: Mapping[str, bool], header: Header, name: str) -> None:
    missing = (header.transactions or frozenset()) - outcomes.keys()
    if missing:
        raise Inconsistent(
            f"{name} leaves {len(missing):,} transactions of block {header.number:,} untraced."
        )


def _incomplete(header: Header, name: str) -> Inconsistent:
    return Inconsistent(f"{name} gives a trace of block {header.number:,} that lacks a field.")
