"""What moved in each group, added up over the stores batch by batch of days."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import polars as pl

from inflows.balances import accounts, utxo
from inflows.balances.exact import whole
from inflows.balances.windows import Windows
from inflows.build.registry_snapshot import ChainRegistries
from inflows.contracts.balances import PARTS
from inflows.contracts.flows import Flows
from inflows.contracts.schema import dtypes
from inflows.layout import Layout
from inflows.progress import Progress
from inflows.raw import list_partitions
from inflows.raw.merge import read

BATCH_BYTES: Final = 128 * 2**20
"""Partitions are added up together up to this size."""
_FLOW_COLUMNS: Final = (
    *accounts.TRANSFER,
    "from_address",
    "to_address",
    "from_exchange",
    "to_exchange",
    "amount_raw",
    "flow_type",
    "flow_type_strict",
    "flow_type_all",
)


@dataclass
class Sums:
    """What moved in a group, by part."""

    parts: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    transfers: int = 0
    approximate: int = 0


def sums_of(
    layout: Layout, chain: ChainRegistries, found: Windows, level: str, progress: Progress
) -> tuple[dict[int, Sums], int]:
    """What moved in each group, and how many of the chain's days have no flows yet."""
    wrapped = found.members.filter(pl.col("contract").is_in(chain.wrapped_contracts))
    owners = found.groups.select("group", "exchange")
    owned = chain.wallets.select("address", "address_key", exchange=f"exchange_{level}")
    owned = owned.join(owners.select("exchange").unique(), on="exchange", how="semi").unique().sort(pl.all())
    with_owner = found.members.join(owners, on="group", validate="m:1")
    sums: dict[int, Sums] = defaultdict(Sums)
    without_flows = 0
    for dataset in ("transfers", "utxo"):
        days = list(_days(layout, chain.chain, dataset, found.groups))
        for batch in _batches(days):
            flow_files = [layout.facts_partition("fct_flow", chain.chain, str(day)) for day, _ in batch]
            there = [path for path in flow_files if path.exists()]
            without_flows += len(batch) - len(there)
            flows = _flows(there)
            rows = read([path for _, path in batch], dataset)
            if dataset == "utxo":
                parts = utxo.moved(rows, flows, with_owner, owned, level).collect(engine="streaming")
                _add_utxo(sums, parts)
            else:
                frames = [accounts.moved(rows, flows, found.members, level)]
                if not wrapped.is_empty():
                    frames.append(accounts.wrapped_silently(rows, wrapped))
                _add(sums, pl.concat(frames).collect(engine="streaming"))
            progress.advance(len(batch))
    return sums, without_flows


def _flows(paths: Sequence[Path]) -> pl.LazyFrame:
    """The columns of flows that are looked at, of partitions, which may be none."""
    types = {name: dtypes(Flows)[name] for name in _FLOW_COLUMNS}
    if not paths:
        return pl.LazyFrame(schema=types)
    return pl.scan_parquet(
        list(paths), schema=types, extra_columns="ignore", hive_partitioning=False, glob=False
    )


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


def _add(sums: dict[int, Sums], parts: pl.DataFrame) -> None:
    for row in parts.iter_rows(named=True):
        into = sums[row["group"]]
        into.transfers += row["transfers"]
        into.approximate += row["approximate"]
        part = row["part"]
        into.parts[part] += whole(row) if PARTS.get(part) == -1 else _signed(row)


def _add_utxo(sums: dict[int, Sums], parts: pl.DataFrame) -> None:
    for row in parts.iter_rows(named=True):
        into, rest = sums[row["group"]], "uncovered_internal" if row["shared"] else "no_flow"
        if row["part"] == "entries":
            into.transfers += row["transfers"]
            into.approximate += row["approximate"]
            into.parts[rest] += _signed(row)
        else:
            into.parts[row["part"]] += whole(row)
            into.parts[rest] -= _signed(row)
