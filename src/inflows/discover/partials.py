"""What discovery takes from each chain-day, kept in the warehouse folder and made again only where need be.

Two files a day: its senders to exchanges, and the events of the candidates. A file carries the digest of its
inputs; that of the events also says up to which generation of candidates it is complete. Candidates found
later are looked for in the older days by their keys alone.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import polars as pl

from inflows import files
from inflows.layout import Layout
from inflows.raw import list_partitions, partition_fingerprint
from inflows.stages.deposit_candidates import EVENTS, SENDERS, events, senders

RULES: Final = "1"
"""Changes with what stages.deposit_candidates takes from a partition."""
BATCH_BYTES: Final = 96 * 2**20
"""Days are read together up to this size."""

_INPUTS, _GENERATION, _GENERATIONS = "inflows.inputs", "inflows.generation", "inflows.generations"


@dataclass(frozen=True)
class Day:
    """A chain's day: its raw file, its two results, and the digest of their inputs."""

    date: dt.date
    raw: Path
    senders: Path
    events: Path
    digest: str


@dataclass(frozen=True)
class Source:
    """What the partials of a chain are made with: believed wallets, listed assets, and the end of time."""

    layout: Layout
    chain: str
    wallets: pl.DataFrame
    listed: pl.DataFrame
    as_of: dt.datetime
    digest: str

    def days(self) -> list[Day]:
        """The chain's days before as_of, in order."""
        return [
            self._day(date, path)
            for chain, date, path in list_partitions(self.layout, "transfers")
            if chain == self.chain and dt.datetime.combine(date, dt.time(), dt.UTC) < self.as_of
        ]

    def _day(self, date: dt.date, raw: Path) -> Day:
        end = dt.datetime.combine(date + dt.timedelta(days=1), dt.time(), dt.UTC)
        cut = self.as_of.isoformat() if self.as_of < end else ""
        inputs = [partition_fingerprint(raw), self.digest, cut, RULES, pl.__version__]
        place = (self.chain, date.isoformat())
        return Day(
            date=date,
            raw=raw,
            senders=self.layout.facts_partition("discovery_senders", *place),
            events=self.layout.facts_partition("discovery_events", *place),
            digest=hashlib.sha256("\n".join(inputs).encode()).hexdigest(),
        )

    def read(self, days: Iterable[Day]) -> pl.LazyFrame:
        """The transfers of days before as_of."""
        paths = [day.raw for day in days]
        rows = pl.scan_parquet(paths, hive_partitioning=False, glob=False)
        return rows.filter(pl.col("block_time") < self.as_of)


def update_senders(source: Source, days: list[Day], progress: Callable[[int], None]) -> int:
    """Bring the senders of all days up to date; how many had to be made."""
    todo = [day for day in days if files.parquet_metadata(day.senders).get(_INPUTS) != day.digest]
    progress(len(days) - len(todo))
    for batch in _batches(todo):
        found = senders(source.read(batch), source.wallets, source.listed).collect(engine="streaming")
        by_day = _by_day(found)
        for day in batch:
            rows = by_day.get(day.date, pl.DataFrame(schema=SENDERS)).sort("key", "address", "exchange")
            files.write_parquet(rows, day.senders, metadata={_INPUTS: day.digest}, durable=False)
        progress(len(batch))
    return len(todo)


@dataclass(frozen=True)
class Generations:
    """All candidates that were ever looked for (key, address, generation), and the name of each generation.

    A generation is named after the ones before it and what it adds, so that a file which says it is complete
    up to one is believed only if its history is this one.
    """

    known: pl.DataFrame
    names: list[str]

    def after(self, name: str | None) -> pl.DataFrame:
        """The candidates that a file complete up to a generation does not know yet: key, address."""
        place = self.names.index(name) if name in self.names else -1
        return self.known.filter(pl.col("generation") > place).select("key", "address")


def update_generations(source: Source, candidates: pl.DataFrame) -> Generations:
    """Add those of the candidates (key, address) that are new as a generation of their own."""
    path = source.layout.warehouse / "discovery" / f"chain={source.chain}" / "candidates.parquet"
    names: list[str] = json.loads(files.parquet_metadata(path).get(_GENERATIONS, "[]"))
    empty = pl.DataFrame(schema={"key": pl.UInt64, "address": pl.String, "generation": pl.Int64})
    known = pl.read_parquet(path) if names else empty
    new = (
        candidates.select("key", "address")
        .join(known, on=["key", "address"], how="anti")
        .sort("key", "address")
    )
    if new.is_empty() and names:
        return Generations(known, names)
    digest = hashlib.sha256((names[-1] if names else "").encode())
    digest.update("\n".join(new["address"]).encode())
    names.append(digest.hexdigest())
    known = known.vstack(new.with_columns(generation=pl.lit(len(names) - 1, dtype=pl.Int64)))
    files.write_parquet(known, path, metadata={_GENERATIONS: json.dumps(names)}, durable=False)
    return Generations(known, names)


def update_events(
    source: Source, days: list[Day], generations: Generations, progress: Callable[[int], None]
) -> int:
    """Bring the events of all days up to date with all candidates; how many days had to be read."""
    newest = generations.names[-1]
    groups: dict[str | None, list[Day]] = {}
    for day in days:
        about = files.parquet_metadata(day.events)
        complete = about.get(_GENERATION) if about.get(_INPUTS) == day.digest else None
        groups.setdefault(complete if complete in generations.names else None, []).append(day)
    done = groups.pop(newest, [])
    progress(len(done))
    for complete, todo in groups.items():
        missing = generations.after(complete)
        for batch in _batches(todo):
            made = events(source.read(batch), missing, source.wallets, source.listed)
            by_day = _by_day(made.collect(engine="streaming"))
            for day in batch:
                rows = by_day.get(day.date, pl.DataFrame(schema=EVENTS))
                if complete is not None:
                    rows = pl.concat([pl.read_parquet(day.events, hive_partitioning=False), rows])
                rows = rows.sort("key", "block_number", "is_out", "position", "other_key")
                about = {_INPUTS: day.digest, _GENERATION: newest}
                files.write_parquet(rows, day.events, metadata=about, durable=False)
            progress(len(batch))
    return len(days) - len(done)


def _batches(days: Iterable[Day]) -> Iterator[list[Day]]:
    batch: list[Day] = []
    size = 0
    for day in days:
        batch.append(day)
        size += day.raw.stat().st_size
        if size >= BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _by_day(frame: pl.DataFrame) -> dict[dt.date, pl.DataFrame]:
    parts = frame.partition_by("date", as_dict=True, include_key=False)
    return {key[0]: part for key, part in parts.items()}
