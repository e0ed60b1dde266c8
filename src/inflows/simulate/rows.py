"""A stretch of transfers while it is made: one array a column, wallets and assets by number."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Final

import numpy as np

from inflows.simulate.assets import ASSETS
from inflows.simulate.market import SECONDS_PER_BLOCK
from inflows.simulate.price_walk import Exact, Ints

TOKEN, NATIVE, TRACE, WITHDRAWAL = range(4)
"""Numbers of the kinds, in the order of contracts.names.KINDS."""

IS_NATIVE: Final = np.array([asset.kind == "native" for asset in ASSETS])


@dataclass(frozen=True)
class Rows:
    """Transfers. Times in seconds since 1970; `focus` is the exchange that the transfer is about."""

    time: Ints
    moment: Ints
    """Of the event that the transfer belongs to: a sweep's is that of its deposit."""
    chain: Ints
    asset: Ints
    kind: Ints
    sender: Ints
    receiver: Ints
    focus: Ints
    amount: Exact

    def __len__(self) -> int:
        return len(self.time)

    def with_amount(self, amount: Exact) -> Rows:
        """The same rows with other amounts."""
        return replace(self, amount=amount)

    def take(self, order: Ints) -> Rows:
        """The rows of the given numbers, in their order."""
        return Rows(**{one.name: getattr(self, one.name)[order] for one in fields(self)})


def on_block_times(start: int, chain: Ints, time: Ints) -> Ints:
    """Times moved back to the block that they fall in; blocks stand on a grid from `start` on."""
    step = np.array(SECONDS_PER_BLOCK, dtype=np.int64)[chain]
    return np.asarray(start + (time - start) // step * step, dtype=np.int64)
