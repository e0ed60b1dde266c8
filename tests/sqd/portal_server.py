"""A local HTTP server that plays an SQD Portal: what it answers, and every way in which it may fail.

Behaviour as read in the Portal's and its query engine's code (subsquid/sqd-portal, subsquid/data): filters
are AND within an item and OR between items; an empty list matches nothing; a row that matches several items,
or is pulled in by a relation, comes once; the first and last block of each chunk come whether or not anything
in them matches; unknown keys, too many items and too large a body are 400; a stream may end anywhere without
a word.
"""

from __future__ import annotations

import gzip
import re
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from typing import Any
from urllib.parse import urlsplit

import orjson

FIELDS = {
    "evm": {
        "block": {"number", "hash", "parentHash", "timestamp", "withdrawals", "size", "gasUsed"},
        "transaction": {
            "transactionIndex",
            "hash",
            "from",
            "to",
            "value",
            "status",
            "contractAddress",
            "type",
            "nonce",
        },
        "log": {"address", "topics", "data", "logIndex", "transactionIndex", "transactionHash"},
        "trace": {
            "transactionIndex",
            "traceAddress",
            "type",
            "error",
            "subtraces",
            "revertReason",
            "callFrom",
            "callTo",
            "callValue",
            "callCallType",
            "createFrom",
            "createValue",
            "createResultAddress",
            "suicideAddress",
            "suicideRefundAddress",
            "suicideBalance",
        },
    },
    "bitcoin": {
        "block": {"number", "hash", "parentHash", "timestamp"},
        "transaction": {"transactionIndex", "txid", "hash", "size"},
        "input": {
            "transactionIndex",
            "inputIndex",
            "type",
            "txid",
            "vout",
            "prevoutValue",
            "prevoutScriptPubKeyAddress",
        },
        "output": {"transactionIndex", "outputIndex", "value", "scriptPubKeyAddress"},
    },
}
ONE = {
    "transactions": "transaction",
    "logs": "log",
    "traces": "trace",
    "inputs": "input",
    "outputs": "output",
}
FILTERS = {
    "evm": {
        "transactions": {"from", "to", "sighash", "firstNonce", "lastNonce", "logs", "traces", "stateDiffs"},
        "logs": {
            "address",
            "topic0",
            "topic1",
            "topic2",
            "topic3",
            "transaction",
            "transactionTraces",
            "transactionLogs",
            "transactionStateDiffs",
        },
        "traces": {
            "type",
            "createFrom",
            "createResultAddress",
            "callFrom",
            "callTo",
            "callSighash",
            "callCallType",
            "suicideAddress",
            "suicideRefundAddress",
            "rewardAuthor",
            "createValueNonZero",
            "callValueNonZero",
            "suicideBalanceNonZero",
            "rewardValueNonZero",
            "transaction",
            "transactionLogs",
            "subtraces",
            "parents",
        },
        "stateDiffs": {"address", "key", "kind", "transaction"},
    },
    "bitcoin": {
        "transactions": {"inputs", "outputs"},
        "inputs": {
            "type",
            "prevoutScriptPubKeyAddress",
            "prevoutScriptPubKeyType",
            "prevoutGenerated",
            "transaction",
            "transactionInputs",
            "transactionOutputs",
        },
        "outputs": {
            "scriptPubKeyAddress",
            "scriptPubKeyType",
            "transaction",
            "transactionInputs",
            "transactionOutputs",
        },
    },
}
RELATIONS = {
    "logs",
    "traces",
    "stateDiffs",
    "transaction",
    "transactionTraces",
    "transactionLogs",
    "transactionStateDiffs",
    "subtraces",
    "parents",
    "inputs",
    "outputs",
    "transactionInputs",
    "transactionOutputs",
}
NESTED = {
    "callFrom": ("action", "from"),
    "callTo": ("action", "to"),
    "callValue": ("action", "value"),
    "callCallType": ("action", "callType"),
    "createFrom": ("action", "from"),
    "createValue": ("action", "value"),
    "createResultAddress": ("result", "address"),
    "suicideAddress": ("action", "address"),
    "suicideRefundAddress": ("action", "refundAddress"),
    "suicideBalance": ("action", "balance"),
}
Block = dict[str, Any]
Lines = list[bytes]


@dataclass
class World:
    """A chain as the Portal holds it. Blocks: header, and lists of rows in the form of answers, in order."""

    slug: str
    kind: str
    blocks: list[Block]
    start: int = 0
    finalized: int | None = None
    chunk: int = 50
    chain_id: int | None = None
    without_traces_from: int | None = None
    without_withdrawals_below: int = 0

    def __post_init__(self) -> None:
        self._places: dict[tuple[int, str, int], dict[int, list[int]]] = {}
        self.by_number = {block["header"]["number"]: block for block in self.blocks}

    @property
    def head(self) -> int:
        return max(self.by_number) if self.finalized is None else self.finalized

    def lines(self, query: dict[str, Any]) -> Lines:
        """The lines of a whole answer, one a block."""
        first, last = query.get("fromBlock", 0), min(query.get("toBlock", self.head), self.head)
        found = []
        for number in range(first, last + 1):
            block = self.by_number[number]
            rows = self._rows(block, query)
            edge = number in (first, last) or number % self.chunk in (0, self.chunk - 1)
            if rows or edge or query.get("includeAllBlocks"):
                wanted = query.get("fields", {}).get("block", {})
                header = {name: value for name, value in block["header"].items() if wanted.get(name)}
                found.append(orjson.dumps({"header": header, **rows}) + b"\n")
        return found

    def _rows(self, block: Block, query: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
        picked: dict[str, set[int]] = {table: set() for table in ONE}
        for table in FILTERS[self.kind]:
            for item in query.get(table, ()):
                for place, row in enumerate(block.get(table, ())):
                    if all(
                        self._matches(row, name, value)
                        for name, value in item.items()
                        if name not in RELATIONS
                    ):
                        picked[table].add(place)
                        self._pull(block, row, item, picked)
        found = {}
        for table, places in picked.items():
            if places:
                wanted = query.get("fields", {}).get(ONE[table], {})
                found[table] = [_selected(block[table][place], wanted) for place in sorted(places)]
        return found

    def _matches(self, row: dict[str, Any], name: str, value: Any) -> bool:
        if name.endswith("NonZero"):
            part = {"call": "value", "create": "value", "suicide": "balance"}[_kind_of(name)]
            told = row["action"].get(part)
            return not value or (told is not None and told >= "0x1")
        have = _value(row, name)
        if self.kind == "evm":
            value = [one.lower() for one in value]
        return have in value

    def _pull(
        self, block: Block, row: dict[str, Any], item: dict[str, Any], picked: dict[str, set[int]]
    ) -> None:
        tx = row["transactionIndex"]
        for relation in RELATIONS & item.keys():
            if not item[relation]:
                continue
            table = {
                "transaction": "transactions",
                "transactionInputs": "inputs",
                "transactionOutputs": "outputs",
                "transactionLogs": "logs",
                "transactionTraces": "traces",
                "parents": "traces",
                "subtraces": "traces",
            }.get(relation, relation)
            for place in self._of_transactions(block, table).get(tx, ()):
                other = block[table][place]
                if relation == "parents":
                    path, mine = other["traceAddress"], row["traceAddress"]
                    if not (len(path) < len(mine) and mine[: len(path)] == path):
                        continue
                picked[table].add(place)

    def _of_transactions(self, block: Block, table: str) -> dict[int, list[int]]:
        """Places of a block's rows of a table by their transaction."""
        key = (block["header"]["number"], table, len(block.get(table, ())))
        if key not in self._places:
            places: dict[int, list[int]] = {}
            for place, row in enumerate(block.get(table, ())):
                places.setdefault(row["transactionIndex"], []).append(place)
            self._places[key] = places
        return self._places[key]

    def refusal(self, query: dict[str, Any], size: int) -> str | None:
        """The text of a 400, where the request cannot be answered."""
        if size > 262_144:
            return "Bad request: Query is too large"
        keys = {"type", "fromBlock", "toBlock", "parentBlockHash", "includeAllBlocks", "fields"}
        for name in query:
            if name not in keys | set(FILTERS[self.kind]):
                return f"Bad request: couldn't parse request: unknown field `{name}`"
        if query.get("type") != self.kind:
            return "Bad request: couldn't parse request: wrong type"
        for table, fields in query.get("fields", {}).items():
            for name in fields:
                if name not in FIELDS[self.kind].get(table, ()):
                    return f"Bad request: couldn't parse request: unknown field `{name}`"
        items = [(table, item) for table in FILTERS[self.kind] for item in query.get(table, ())]
        if len(items) > 100:
            return f"Bad request: query contains {len(items)} item requests, but only 100 is allowed"
        for table, item in items:
            for name in item:
                if name not in FILTERS[self.kind][table]:
                    return f"Bad request: couldn't parse request: unknown field `{name}`"
        first, last = query.get("fromBlock", 0), query.get("toBlock", self.head)
        if last < first:
            return 'Bad request: got "toBlock" < "fromBlock"'
        if first < self.start:
            return f"Bad request: dataset starts from block {self.start}"
        if self.without_traces_from is not None and query.get("traces") and first >= self.without_traces_from:
            return "Bad request: couldn't parse request: table 'traces' does not exist"
        if query["fields"].get("block", {}).get("withdrawals") and first < self.without_withdrawals_below:
            return "Bad request: couldn't parse request: column 'withdrawals' is not found in 'blocks'"
        return None


def _value(row: dict[str, Any], name: str) -> Any:
    if name.startswith("topic"):
        place = int(name[5:])
        return row["topics"][place] if place < len(row["topics"]) else None
    if name == "prevoutGenerated":
        return row.get(name)
    if name in NESTED:
        outer, inner = NESTED[name]
        return (row.get(outer) or {}).get(inner) if row["type"] == _kind_of(name) else None
    return row.get(name)


def _kind_of(name: str) -> str:
    """The type of trace that a flat name is about: `call` of callFrom."""
    return re.match(r"[a-z]+", name)[0]


def _selected(row: dict[str, Any], wanted: dict[str, bool]) -> dict[str, Any]:
    """A row with the fields that were asked for; of a trace, the flat names choose nested ones."""
    found: dict[str, Any] = {}
    for name in wanted:
        if name in NESTED:
            outer, inner = NESTED[name]
            if row["type"] == _kind_of(name):
                found.setdefault(outer, {})[inner] = (row.get(outer) or {}).get(inner)
        else:
            found[name] = row.get(name)
    return found


@dataclass
class Turn:
    """How one answer departs from what it should be."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    lines: Callable[[Lines], Lines] | None = None
    """Changes the lines."""
    stop_after: int | None = None
    """A clean end after so many lines."""
    tail: bytes = b""
    """Bytes after the last line, which end nothing."""
    reset_after: int | None = None
    """The connection is closed within the body, after so many lines and `tail`."""
    cut_gzip: int | None = None
    """The body ends cleanly after so many bytes of its gzip."""
    members: int = 1
    hang_seconds: float = 0.0
    pieces: int = 65_536
    """Size of the chunks on the wire."""


@dataclass
class Asked:
    """One request."""

    method: str
    path: str
    query: dict[str, Any] | None
    headers: dict[str, str]
    at: float


class PortalServer(ThreadingHTTPServer):
    """The server; `asked` are all requests, `turn(n, query)` how the n-th stream (from 0) departs."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, world: World) -> None:
        self.world = world
        self.asked: list[Asked] = []
        self.turn: Callable[[int, dict[str, Any]], Turn | None] = lambda n, query: None
        self.get: Callable[[int, str], tuple[int, Any] | None] = lambda n, path: None
        self.limit: tuple[int, float] | None = None
        self.lock = threading.Lock()
        super().__init__(("127.0.0.1", 0), _Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    @property
    def queries(self) -> list[dict[str, Any]]:
        return [asked.query for asked in self.asked if asked.query is not None]

    def handle_error(self, request, client_address) -> None:
        """Clients that hang up are part of the play."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: PortalServer

    def _note(self, query: dict[str, Any] | None) -> tuple[int, bool]:
        server, now = self.server, time.monotonic()
        with server.lock:
            place = sum((asked.query is not None) == (query is not None) for asked in server.asked)
            server.asked.append(Asked(self.command, self.path, query, dict(self.headers), now))
            over = False
            if server.limit:
                most, seconds = server.limit
                over = sum(now - asked.at < seconds for asked in server.asked) > most
        return place, over

    def do_GET(self) -> None:
        place, over = self._note(None)
        if over:
            return self._short(429, b"slow down", {})
        world, path = self.server.world, urlsplit(self.path).path
        instead = self.server.get(place, path)
        if instead is not None:
            return self._short(
                instead[0], instead[1] if isinstance(instead[1], bytes) else orjson.dumps(instead[1]), {}
            )
        parts = path.strip("/").split("/")
        if parts[:2] != ["datasets", world.slug]:
            return self._short(404, f"Unknown dataset: {parts[1]}".encode(), {})
        if parts[2:] == ["metadata"]:
            found: Any = {"dataset": world.slug, "aliases": [], "real_time": True, "start_block": world.start}
            if world.chain_id is not None:
                found["metadata"] = {"kind": world.kind, "evm": {"chain_id": world.chain_id}}
        elif parts[2:] == ["finalized-head"]:
            found = {"number": world.head, "hash": world.by_number[world.head]["header"]["hash"]}
        elif parts[2] == "timestamps":
            after = [
                n for n, b in sorted(world.by_number.items()) if b["header"]["timestamp"] >= int(parts[3])
            ]
            if not after:
                return self._short(404, b'{"message":"block not in hotblocks"}', {})
            found = {"block_number": after[0]}
        else:
            return self._short(404, b"no such path", {})
        return self._short(200, orjson.dumps(found), {"Content-Type": "application/json"})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        query = orjson.loads(body)
        place, over = self._note(query)
        world = self.server.world
        if over:
            return self._short(429, b"slow down", {})
        turn = self.server.turn(place, query) or Turn()
        time.sleep(turn.hang_seconds)
        if turn.status != 200:
            return self._short(turn.status, turn.body, turn.headers)
        if self.path != f"/datasets/{world.slug}/finalized-stream":
            return self._short(404, b"Unknown dataset", {})
        refusal = world.refusal(query, len(body))
        if refusal:
            return self._short(400, refusal.encode(), {})
        first, parent = query["fromBlock"], query.get("parentBlockHash")
        if first > world.head:
            return self._short(204, b"", {})
        if parent and world.by_number[first]["header"]["parentHash"] != parent:
            before = world.by_number[first - 1]["header"]
            return self._short(
                409, orjson.dumps({"previousBlocks": [{"number": first - 1, "hash": before["hash"]}]}), {}
            )
        if world.without_traces_from is not None and query.get("traces"):
            query = {**query, "toBlock": min(query["toBlock"], world.without_traces_from - 1)}
        lines = world.lines(query)
        return self._stream(turn.lines(lines) if turn.lines else lines, turn)

    def _stream(self, lines: Lines, turn: Turn) -> None:
        stop = min(n for n in (turn.stop_after, turn.reset_after, len(lines)) if n is not None)
        body = b"".join(lines[:stop]) + turn.tail
        packed = _packed(body, turn.members)
        if turn.reset_after is not None:
            packer = zlib.compressobj(wbits=31)
            packed = packer.compress(body) + packer.flush(zlib.Z_SYNC_FLUSH)
        if turn.cut_gzip is not None:
            packed = packed[: turn.cut_gzip]
        self.wfile.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/jsonl\r\nContent-Encoding: gzip\r\n"
            b"Transfer-Encoding: chunked\r\nx-sqd-data-source: network\r\n\r\n"
        )
        for start in range(0, len(packed), turn.pieces):
            piece = packed[start : start + turn.pieces]
            self.wfile.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
        if turn.reset_after is not None:
            self.close_connection = True
            return
        self.wfile.write(b"0\r\n\r\n")

    def _short(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        head = [f"HTTP/1.1 {status} X"]
        if status != 204:
            head.append(f"Content-Length: {len(body)}")
        head += [f"{name}: {value}" for name, value in headers.items()]
        self.wfile.write(("\r\n".join(head) + "\r\n\r\n").encode() + (body if status != 204 else b""))

    def log_message(self, format: str, *args: object) -> None:
        pass


def _packed(body: bytes, members: int) -> bytes:
    """gzip in one member or several, whose limits are anywhere."""
    edges = [len(body) * place // members for place in range(members + 1)]
    return b"".join(gzip.compress(body[start:end], 1) for start, end in pairwise(edges))


@contextmanager
def portal(world: World) -> Iterator[PortalServer]:
    """A Portal for the time of the block."""
    server = PortalServer(world)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
