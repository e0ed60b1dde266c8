"""What is asked of the Portal: which rows of which addresses, and what of them; in requests of bounded size.

Facts of the interface that shape this: nothing is selected by default, so that every field is named; an empty
list of addresses would match nothing, so that none is ever written; a request has at most 262,144 bytes and
100 items; addresses in topics are padded to 32 bytes, or they match nothing without an error.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import orjson

from inflows.sources.evm_logs import TRANSFER_TOPIC

MOST_BYTES: Final = 262_144
_SPARE_BYTES: Final = 4_096
"""For all of a request that is no address."""
_BLOCK: Final = ("number", "hash", "parentHash", "timestamp")
_LOG: Final = ("logIndex", "transactionHash", "address", "topics", "data")
_TRANSACTION: Final = ("transactionIndex", "hash", "from", "to", "value", "status", "contractAddress")
_TRACE: Final = (
    "transactionIndex", "traceAddress", "type", "error", "callFrom", "callTo", "callValue", "callCallType",
    "createFrom", "createValue", "createResultAddress", "suicideAddress", "suicideRefundAddress",
    "suicideBalance",
)  # fmt: skip
_INPUT: Final = (
    "transactionIndex", "inputIndex", "type", "txid", "vout", "prevoutValue", "prevoutScriptPubKeyAddress",
)  # fmt: skip
_OUTPUT: Final = ("transactionIndex", "outputIndex", "value", "scriptPubKeyAddress")
_PULLED: Final = {"parents": True, "transaction": True}
"""All frames above, for one of them may have failed, and the transaction, for its hash."""
_CALL: Final[dict[str, Any]] = {
    "type": ["call"],
    "callCallType": ["call"],
    "callValueNonZero": True,
    **_PULLED,
}
_CREATE: Final[dict[str, Any]] = {"type": ["create"], "createValueNonZero": True, **_PULLED}
_SUICIDE: Final[dict[str, Any]] = {"type": ["suicide"], **_PULLED}
"""Of any balance: where it is null (an early geth's), that must be seen."""
_SIDES: Final = ((_CALL, "callFrom"), (_CALL, "callTo"), (_CREATE, "createFrom"),
                 (_CREATE, "createResultAddress"), (_SUICIDE, "suicideAddress"),
                 (_SUICIDE, "suicideRefundAddress"))  # fmt: skip
_WHOLE: Final = {"transaction": True, "transactionInputs": True, "transactionOutputs": True}
_BYTES_OF_WORD: Final = 69
_BYTES_OF_ADDRESS: Final = 45


@dataclass(frozen=True)
class Query:
    """One request but for its range of blocks. `traces`, `withdrawals`: whether it asks for them."""

    kind: str
    items: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    every_block: bool = False
    traces: bool = False
    withdrawals: bool = False

    def body(self, first: int, last: int, parent: str | None = None) -> bytes:
        """The request for blocks `first` to `last`; `parent`: the hash that the block before it must have."""
        asked: dict[str, Any] = {"type": self.kind, "fromBlock": first, "toBlock": last}
        if parent:
            asked["parentBlockHash"] = parent
        if self.every_block:
            asked["includeAllBlocks"] = True
        return orjson.dumps({**asked, "fields": self._fields(), **self.items})

    def _fields(self) -> dict[str, dict[str, bool]]:
        block = (*_BLOCK, "withdrawals") if self.withdrawals else _BLOCK
        names: dict[str, Sequence[str]] = {"block": block}
        if self.items and self.kind == "evm":
            names |= {"transaction": _TRANSACTION, "log": _LOG}
            if self.traces:
                names["trace"] = _TRACE
        elif self.items:
            names |= {"transaction": ("transactionIndex", "txid"), "input": _INPUT, "output": _OUTPUT}
        return {table: dict.fromkeys(fields, True) for table, fields in names.items()}

    def without(self, *, traces: bool = False, withdrawals: bool = False) -> Query:
        """The same but for what the dataset does not have."""
        found = self
        if traces and self.traces:
            items = {table: items for table, items in self.items.items() if table != "traces"}
            found = replace(found, items=items, traces=False)
        if withdrawals and self.withdrawals:
            found = replace(found, withdrawals=False)
        return found


def headers_query(kind: str) -> Query:
    """Every block's number, hash, parent and time, and nothing else."""
    return Query(kind, every_block=True)


def evm_queries(addresses: Sequence[str] | None, *, traces: bool, withdrawals: bool) -> list[Query]:
    """What is to be asked of each range of an EVM chain: of the addresses (lower case), or of all (None)."""
    if addresses is None:
        items: dict[str, list[dict[str, Any]]] = {
            "logs": [{"topic0": [TRANSFER_TOPIC]}],
            "transactions": [{}],
        }
        if traces:
            items["traces"] = [_CALL, _CREATE, _SUICIDE]
        return [Query("evm", items, every_block=True, traces=traces, withdrawals=withdrawals)]
    each = 2 * (_BYTES_OF_WORD + _BYTES_OF_ADDRESS) + (len(_SIDES) * _BYTES_OF_ADDRESS if traces else 0)
    found = [
        Query("evm", _of_addresses(part, traces=traces), traces=traces) for part in _parts(addresses, each)
    ]
    if withdrawals:
        # There is no filter on them: every block's are read, in a request of their own.
        found.append(Query("evm", every_block=True, withdrawals=True))
    return found


def bitcoin_queries(addresses: Sequence[str] | None) -> list[Query]:
    """What is to be asked of each range of Bitcoin: whole transactions, of the addresses or all."""
    if addresses is None:
        items: dict[str, list[dict[str, Any]]] = {"transactions": [{"inputs": True, "outputs": True}]}
        return [Query("bitcoin", items, every_block=True)]
    longest = max((len(address) for address in addresses), default=0)
    return [
        Query(
            "bitcoin",
            {
                "inputs": [{"prevoutScriptPubKeyAddress": list(part), **_WHOLE}],
                "outputs": [{"scriptPubKeyAddress": list(part), **_WHOLE}],
            },
        )
        for part in _parts(addresses, 2 * (longest + 3))
    ]


def _of_addresses(part: Sequence[str], *, traces: bool) -> dict[str, list[dict[str, Any]]]:
    words = ["0x" + address[2:].rjust(64, "0") for address in part]
    here = list(part)
    items: dict[str, list[dict[str, Any]]] = {
        "logs": [{"topic0": [TRANSFER_TOPIC], place: words} for place in ("topic1", "topic2")],
        "transactions": [{side: here} for side in ("from", "to")],
    }
    if traces:
        items["traces"] = [{**item, side: here} for item, side in _SIDES]
    return items


def _parts(addresses: Sequence[str], bytes_each: int) -> Iterator[Sequence[str]]:
    size = (MOST_BYTES - _SPARE_BYTES) // bytes_each
    for start in range(0, len(addresses), size):
        yield addresses[start : start + size]
