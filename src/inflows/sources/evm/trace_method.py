"""Which of the two methods of tracing the nodes of a run offer."""

from __future__ import annotations

from typing import Any, Final

from inflows.errors import NetError, Unsupported
from inflows.sources.evm.nodes import Node, Nodes
from inflows.sources.evm.traces import SOURCES

TRACER: Final[dict[str, tuple[Any, ...]]] = {
    "trace_block": (),
    "debug_traceBlockByNumber": ({"tracer": "callTracer", "timeout": "120s"},),
}
"""The parameters of each method after the block's number."""


def choose_trace_method(nodes: Nodes, block: int) -> str:
    """Set the method of every node: all of a run number traces alike, so the first that is offered is all's.

    Nodes that do not offer it are used no more; if none is left, Unsupported is raised.
    """
    chosen = ""
    for node in [node for node in nodes.nodes if node.lost is None]:
        failure = None
        for method in [chosen] if chosen else list(SOURCES):
            failure = _missing(node, method, block)
            if failure is None:
                chosen = node.trace_method = method
                break
        if failure is not None:
            nodes.drop(
                node,
                Unsupported(
                    f"{node.name} offers no traces ({failure.problem.rstrip('.')}).",
                    "Leave --traces out, or give a node that offers trace_block or debug_traceBlockByNumber.",
                ),
            )
    return chosen


def _missing(node: Node, method: str, block: int) -> NetError | None:
    """The node's refusal of a method; None where it offers it, even if this call fails for another reason."""
    try:
        node.client.call(method, hex(block), *TRACER[method], about=f"block {block:,}")
    except Unsupported as error:
        return error
    except NetError:
        return None
    return None
