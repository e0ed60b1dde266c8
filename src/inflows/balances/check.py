"""The check of balances against flows, over the stores of a data folder."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import polars as pl

from inflows.balances import accounts, utxo
from inflows.balances.exact import digit_groups, summed, whole
from inflows.balances.reasons import Read, Unexplained, may_explain, read_between
from inflows.balances.times import with_times
from inflows.balances.windows import WINDOW, Windows, windows
from inflows.contracts.balances import PARTS
from inflows.contracts.flows import Flows
from inflows.contracts.raw import Transfers, UtxoEntries
from inflows.contracts.schema import conform, empty
from inflows.errors import UsageError
from inflows.layout import Layout
from inflows.progress import Progress, silent
from inflows.raw import coverage, list_partitions
from inflows.raw.store import block_gaps
from inflows.registries import ChainRegistries, Registries
from inflows.registry import effective

BATCH_BYTES: Final = 128 * 2**20
"""Partitions are added up together up to this size."""

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
        return [text.format(f"{number:,}") for number, text in several if number]


@dataclass
class _Sums:
    """What moved in a group, by part."""

    parts: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    transfers: int = 0
    approximate: int = 0


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
        sums = _sums(layout, of_chain, found, level, checked, progress or silent())
        checked.rows += _rows(of_chain, found, sums, read, gaps, registries.simulated)
        decimals = dict(of_chain.assets.select("contract", "decimals").iter_rows())
        checked.decimals += [decimals.get(contract) for contract in found.groups["contract"]]
    return checked


def _only(found: Windows, exchanges: Sequence[str]) -> Windows:
    groups = found.groups.filter(pl.col("exchange").is_in(list(exchanges)))
    members = found.members.join(groups.select("group"), on="group", how="semi")
    return Windows(groups, members, found.lonely, found.unlabelled)


def _sums(
    layout: Layout, chain: ChainRegistries, found: Windows, level: str, checked: Checked, progress: Progress
) -> dict[int, _Sums]:
    """What moved in each group, added up batch by batch of days."""
    wrapped = found.members.filter(pl.col("contract").is_in(chain.wrapped_contracts))
    owners = found.groups.select("group", "exchange")
    owned = chain.wallets.select("address", "address_key", exchange=f"exchange_{level}")
    owned = owned.join(owners.select("exchange").unique(), on="exchange", how="semi").unique().sort(pl.all())
    with_owner = found.members.join(owners, on="group", validate="m:1")
    sums: dict[int, _Sums] = defaultdict(_Sums)
    for dataset in ("transfers", "utxo"):
        days = list(_days(layout, chain.chain, dataset, found.groups))
        for batch in _batches(days):
            flow_files = [layout.facts_partition("fct_flow", chain.chain, str(day)) for day, _ in batch]
            there = [path for path in flow_files if path.exists()]
            checked.days_without_flows += len(batch) - len(there)
            flows = _scan(there, Flows)
            paths = [path for _, path in batch]
            if dataset == "utxo":
                entries = _scan(paths, UtxoEntries)
                parts = utxo.moved(entries, flows, with_owner, owned, level).collect(engine="streaming")
                _add_utxo(sums, parts)
            else:
                transfers = _scan(paths, Transfers)
                frames = [accounts.moved(transfers, flows, found.members, level)]
                if not wrapped.is_empty():
                    frames.append(accounts.wrapped_silently(transfers, wrapped))
                _add(sums, pl.concat(frames).collect(engine="streaming"))
            progress.advance(len(batch))
    return sums


def _scan(paths: Sequence[Path], schema: Any) -> pl.LazyFrame:
    """Partitions of a contract, which may be none."""
    if not paths:
        return empty(schema)
    return conform(pl.scan_parquet(list(paths), hive_partitioning=False, glob=False), schema)


def _days(layout: Layout, chain: str, dataset: str, groups: pl.DataFrame) -> Iterator[tuple[dt.date, Path]]:
    """The days that windows touch; all days where a window is told by blocks, whose days are not known."""
    by_block = groups.select(pl.any_horizontal(pl.col("from_block", "to_block").is_not_null()).any()).item()
    first, last = groups["from_time"].min(), groups["to_time"].max()
    assert isinstance(first, dt.datetime)
    assert isinstance(last, dt.datetime)
    for of, day, path in list_partitions(layout, dataset):
        if of == chain and (by_block or first.date() <= day <= last.date()):
            yield day, path


def _batches(days: Sequence[tuple[dt.date, Path]]) -> Iterator[list[tuple[dt.date, Path]]]:
    batch: list[tuple[dt.date, Path]] = []
    size = 0
    for found in days:
        batch.append(found)
        size += found[1].stat().st_size
        if size >= BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _signed(row: dict[str, Any]) -> int:
    return whole(row) if row["side"] == "in" else -whole(row)


def _add(sums: dict[int, _Sums], parts: pl.DataFrame) -> None:
    for row in parts.iter_rows(named=True):
        into = sums[row["group"]]
        into.transfers += row["transfers"]
        into.approximate += row["approximate"]
        part = row["part"]
        into.parts[part] += whole(row) if PARTS.get(part) == -1 else _signed(row)


def _add_utxo(sums: dict[int, _Sums], parts: pl.DataFrame) -> None:
    for row in parts.iter_rows(named=True):
        into, rest = sums[row["group"]], "uncovered_internal" if row["shared"] else "no_flow"
        if row["part"] == "entries":
            into.transfers += row["transfers"]
            into.approximate += row["approximate"]
            into.parts[rest] += _signed(row)
        else:
            into.parts[row["part"]] += whole(row)
            into.parts[rest] -= _signed(row)


def _rows(
    chain: ChainRegistries,
    found: Windows,
    sums: dict[int, _Sums],
    read: pl.DataFrame,
    gaps: pl.DataFrame,
    simulated: bool,
) -> Iterator[tuple[Any, ...]]:
    assets = {row["contract"]: row for row in chain.assets.iter_rows(named=True)}
    is_utxo = not read.filter(pl.col("chain") == chain.chain, pl.col("dataset") == "utxo").is_empty()
    members = _totalled(found.members)
    for group in found.groups.iter_rows(named=True):
        told, moved = members[group["group"]], sums.get(group["group"], _Sums())
        change = told["closing"] - told["opening"]
        remainder = change - sum(sign * moved.parts.get(part, 0) for part, sign in PARTS.items())
        asset = assets.get(group["contract"], {})
        reasons = ""
        if remainder:
            between: Read = read_between(read, gaps, chain.chain, group["from_time"], group["to_time"])
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
