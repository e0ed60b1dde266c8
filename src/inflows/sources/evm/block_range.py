"""The range of blocks as a user asks for it: by numbers or by times, and what of it is there."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from inflows.errors import UsageError, WorkError
from inflows.sources.evm.dates import first_block_at
from inflows.sources.evm.nodes import Nodes


@dataclass(frozen=True)
class Asked:
    """One beginning and one end, each a block or a time; the last block is included, the last time is not."""

    from_block: int | None
    to_block: int | None
    from_time: dt.datetime | None
    to_time: dt.datetime | None

    def check(self) -> None:
        """Raise UsageError where this is no range."""
        if (self.from_block is None) == (self.from_time is None) or (self.to_block is None) == (
            self.to_time is None
        ):
            raise UsageError(
                "The range needs one beginning and one end.",
                "Give --from-block or --from-date, and --to-block or --to-date.",
            )
        if min(self.from_block or 0, self.to_block or 0) < 0:
            raise UsageError("Blocks are numbered from 0.", "Give --from-block and --to-block from 0 on.")
        if self.from_block is not None and self.to_block is not None and self.from_block > self.to_block:
            raise UsageError(
                f"The range is reversed: --from-block {self.from_block} is after --to-block {self.to_block}.",
                "Give the lower block first.",
            )
        if self.from_time is not None and self.to_time is not None and self.from_time >= self.to_time:
            raise UsageError(
                "The range is reversed: --from-date is not before --to-date.", "Give the earlier first."
            )

    def bounds(self, nodes: Nodes, safe: int) -> tuple[int, int | None]:
        """The first and last block asked for; the last is None while the chain has not come to its time."""
        first, last = self.from_block, self.to_block
        if self.from_time is not None:
            first = _block_at(nodes, self.from_time, safe)
        if self.to_time is not None:
            found = _block_at(nodes, self.to_time, safe)
            last = None if found > safe else found - 1
        assert first is not None
        if last is not None and last < first:
            raise UsageError("There is no block between the two dates.", "Give dates further apart.")
        return first, last

    def not_there(self, nodes: Nodes, last: int | None, safe: int) -> WorkError:
        """The error for a range that ends beyond what is final."""
        what = f"Block {last:,}" if last is not None else f"The block of {self.to_time:%Y-%m-%d %H:%M} UTC"
        final = "final" if nodes.confirmations is None else "confirmed often enough"
        return WorkError(
            f"{what} of {nodes.chain.name} is not there or not {final} yet: blocks up to {safe:,} are "
            f"(the head is {nodes.head:,}).",
            "Ask for blocks up to that one, wait for it with --wait, or give --confirmations N.",
        )


def _block_at(nodes: Nodes, instant: dt.datetime, safe: int) -> int:
    return nodes.use(safe, lambda node: first_block_at(node, instant, safe))
