"""The check of balances against flows, over the stores of a data folder."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import polars as pl

from inflows.balances.block_times import with_times
from inflows.balances.comparison import COLUMNS, Checked, rows_of
from inflows.balances.sums import sums_of
from inflows.balances.windows import Windows, windows
from inflows.build.registry_snapshot import Registries
from inflows.errors import UsageError
from inflows.layout import Layout
from inflows.progress import Progress, silent
from inflows.raw import coverage
from inflows.raw.store import block_gaps
from inflows.registry import effective

__all__ = ["COLUMNS", "Checked", "check_balances"]


def check_balances(
    layout: Layout,
    *,
    now: dt.datetime,
    level: str = "base",
    exchanges: Sequence[str] = (),
    first: dt.datetime | None = None,
    last: dt.datetime | None = None,
    each: bool = False,
    progress: Progress | None = None,
) -> Checked:
    """Hold every change of balance against the transfers between the two instants.

    exchanges: these alone (none: all). first, last: only balances from the one to the other, both included.
    each: from every balance to the next, in place of the first and the last. UsageError where there is none.
    """
    given = effective.balances(layout, now).collect()
    if given.is_empty():
        raise UsageError(
            "No balances are known.",
            "Bring some in with `inflows balances import` or `inflows balances fetch`.",
        )
    registries = Registries(layout, now)
    read, gaps = coverage(layout), block_gaps(layout)
    checked = Checked()
    for chain in given["chain"].unique().sort():
        of_chain = registries.of_chain(chain)
        timed = with_times(layout, chain, given.filter(pl.col("chain") == chain))
        found = windows(timed, of_chain.wallets, level, first=first, last=last, each=each)
        checked.lonely += found.lonely
        checked.unlabelled += found.unlabelled
        if exchanges:
            found = _only(found, exchanges)
        if found.groups.is_empty():
            continue
        sums, without_flows = sums_of(layout, of_chain, found, level, progress or silent())
        checked.days_without_flows += without_flows
        checked.rows += rows_of(of_chain, found, sums, read, gaps, registries.simulated)
        decimals = dict(of_chain.assets.select("contract", "decimals").iter_rows())
        checked.decimals += [decimals.get(contract) for contract in found.groups["contract"]]
    there = {row[0] for row in checked.rows}
    checked.without_rows = [name for name in sorted(set(exchanges)) if name not in there]
    return checked


def _only(found: Windows, exchanges: Sequence[str]) -> Windows:
    groups = found.groups.filter(pl.col("exchange").is_in(list(exchanges)))
    members = found.members.join(groups.select("group"), on="group", how="semi")
    return Windows(groups, members, found.lonely, found.unlabelled)
