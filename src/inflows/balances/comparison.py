"""The rows of the check: balances, the parts of their change, and what may explain what is left."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

import polars as pl

from inflows.balances.exact import digit_groups, summed, whole
from inflows.balances.sums import Sums
from inflows.balances.unexplained import Read, Unexplained, may_explain, read_between
from inflows.balances.windows import WINDOW, Windows
from inflows.build.registry_snapshot import ChainRegistries
from inflows.contracts.balances import PARTS

COLUMNS: Final = (
    "exchange",
    "chain",
    "contract",
    "symbol",
    "wallets",
    *WINDOW,
    "opening_raw",
    "closing_raw",
    "change_raw",
    *(f"{part}_raw" for part in PARTS),
    "internal_raw",
    "transfers",
    "remainder_raw",
    "explained",
    "may_explain",
    "simulated",
)
"""One row for an exchange, an asset and two instants; amounts are whole base units (Decimal)."""


@dataclass
class Checked:
    """The rows (COLUMNS), and what was left out."""

    rows: list[tuple[Any, ...]] = field(default_factory=list)
    decimals: list[int | None] = field(default_factory=list)
    """Of each row's asset; None where it is not listed."""
    lonely: int = 0
    unlabelled: int = 0
    days_without_flows: int = 0
    without_rows: list[str] = field(default_factory=list)
    """Exchanges that were asked for, and have no balances at two instants."""

    @property
    def unexplained(self) -> int:
        """How many rows have a remainder."""
        return sum(not row[COLUMNS.index("explained")] for row in self.rows)

    def sentence(self) -> str:
        """The closing line that users see."""
        number, bad = len(self.rows), self.unexplained
        of = "change of balance is" if number == 1 else "changes of balances are"
        rest = f"; {bad:,} left a remainder" if bad else ""
        return f"{number - bad:,} of {number:,} {of} explained by transfers to the last digit{rest}."

    def notes(self) -> list[str]:
        """What a reader should know, in sentences."""
        several = (
            (self.lonely, "Wallets and assets with one balance alone, to be held against nothing: {}."),
            (self.unlabelled, "Wallets and assets with balances, but of no exchange at this level: {}."),
            (
                self.days_without_flows,
                "Chain-days without flows (not built), whose transfers are no_flow: {}.",
            ),
        )
        found = [text.format(f"{number:,}") for number, text in several if number]
        return found + [f"No wallet of {name} has two balances of one asset." for name in self.without_rows]


def rows_of(
    chain: ChainRegistries,
    found: Windows,
    sums: dict[int, Sums],
    read: pl.DataFrame,
    gaps: pl.DataFrame,
    simulated: bool,
) -> Iterator[tuple[Any, ...]]:
    """One row for each group, in their order.

    sums: what sums_of gives; read, gaps: what inflows.raw's coverage and block_gaps give.
    """
    assets = {row["contract"]: row for row in chain.assets.iter_rows(named=True)}
    is_utxo = not read.filter(pl.col("chain") == chain.chain, pl.col("dataset") == "utxo").is_empty()
    members = _totalled(found.members)
    for group in found.groups.iter_rows(named=True):
        told, moved = members[group["group"]], sums.get(group["group"], Sums())
        change = told["closing"] - told["opening"]
        remainder = change - sum(sign * moved.parts.get(part, 0) for part, sign in PARTS.items())
        asset = assets.get(group["contract"], {})
        reasons = ""
        if remainder:
            between: Read = read_between(read, gaps, chain.chain, group)
            unexplained = Unexplained(
                chain=chain.chain,
                is_utxo=is_utxo,
                asset_kind=asset.get("kind") or "",
                contract=group["contract"],
                remainder=remainder,
                native_wrapped=moved.parts.get("native_wrapped", 0),
                approximate=moved.approximate,
                wallets_partly_labelled=told["partly"],
                wallets_told_differently=told["differently"],
                read=between,
            )
            reasons = "; ".join(may_explain(unexplained))
        yield (
            group["exchange"],
            chain.chain,
            group["contract"],
            asset.get("symbol"),
            told["wallets"],
            *(group[name] for name in WINDOW),
            Decimal(told["opening"]),
            Decimal(told["closing"]),
            Decimal(change),
            *(Decimal(moved.parts.get(part, 0)) for part in PARTS),
            Decimal(moved.parts.get("internal", 0)),
            moved.transfers,
            Decimal(remainder),
            not remainder,
            reasons,
            simulated,
        )


def _totalled(members: pl.DataFrame) -> dict[int, dict[str, int]]:
    """By group: the exact sums of the balances, and how many wallets there are and need a word."""
    totals: dict[int, dict[str, int]] = defaultdict(dict)
    for name in ("opening", "closing"):
        sums = members.select("group", *digit_groups(pl.col(f"{name}_raw"))).group_by("group").agg(summed())
        for row in sums.iter_rows(named=True):
            totals[row["group"]][name] = whole(row)
    counts = members.group_by("group").agg(
        wallets=pl.len(), partly=(~pl.col("always_labelled")).sum(), differently=(~pl.col("agreed")).sum()
    )
    for row in counts.iter_rows(named=True):
        totals[row["group"]] |= {name: int(row[name]) for name in ("wallets", "partly", "differently")}
    return totals
