"""Which Tron transactions move TRX: the JSON-RPC does not tell, the node's HTTP API does.

java-tron's JSON-RPC gives one `value` for contracts of every type: sun for a transfer of TRX, but votes for a
vote, units of the token for a TRC-10 transfer, frozen sun for a stake (JsonRpcApiUtil.getTransactionAmount).
`/wallet/getblockbynum` beside it names the type. Where a URL has no such neighbour, a transaction with a
receiver is taken for a transfer of TRX, and the run says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, Final

import orjson

from inflows.errors import BadAnswer, Inconsistent, NetError
from inflows.http import Endpoint, Reply, Request, read_json
from inflows.sources.evm.blocks import Block, Header, valued
from inflows.sources.evm.nodes import Node

MOVES_TRX: Final = ("TransferContract", "TriggerSmartContract")
_JSON_RPC: Final = "/jsonrpc"


def fetch_types(node: Node, blocks: Sequence[tuple[Header, Block]]) -> dict[str, str] | None:
    """The contract type of each transaction of blocks with values, by hash; None: not known here."""
    base, _, query = node.client.endpoint.url.partition("?")
    if node.contract_types is False or not base.rstrip("/").endswith(_JSON_RPC):
        node.contract_types = False
        return None
    url = base.rstrip("/").removesuffix(_JSON_RPC) + "/wallet/getblockbynum" + (f"?{query}" if query else "")
    endpoint = Endpoint(url, node.client.endpoint.headers)
    found: dict[str, str] = {}
    for header, block in blocks:
        if not valued(block):
            continue
        body = orjson.dumps({"num": header.number, "visible": False})
        request = Request(endpoint, "POST", headers={"Content-Type": "application/json"}, body=body)
        try:
            found |= node.client.http.call(request, partial(read_types, header=header))
        except Inconsistent:
            raise
        except NetError:
            if node.contract_types:
                raise
            node.contract_types = False
            return None
        node.contract_types = True
    return found


def read_types(reply: Reply, header: Header) -> dict[str, str]:
    """The answer to getblockbynum: contract types by transaction hash (0x…)."""
    found: Any = read_json(reply)
    try:
        block_hash = "0x" + found["blockID"].lower()
        types = {
            "0x" + item["txID"].lower(): str(item["raw_data"]["contract"][0]["type"])
            for item in found.get("transactions") or ()
        }
    except (KeyError, TypeError, IndexError, AttributeError):
        raise BadAnswer(f"{reply.endpoint} does not answer as Tron's HTTP API does.") from None
    if block_hash != header.hash:
        raise Inconsistent(f"{reply.endpoint} has another block {header.number:,} than its JSON-RPC.")
    return types
