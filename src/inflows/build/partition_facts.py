"""Flows and daily facts, partition by partition: what has not changed is not computed again.

A partition is a chain and a UTC day; all up to the daily facts is a pure function of it and the registries.
The digest of its inputs, and of what in the program decides the results, stands in the metadata of the daily
file, which is written last: a partition whose daily file carries the digest of today, and whose files are as
they were written, is done. Whatever else lies there (of another release, cut off, altered) is made again.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import groupby
from pathlib import Path
from typing import Final

import polars as pl

import inflows
from inflows import files
from inflows.build.chain_flows import classified_flows, contested_sums, passing_sums
from inflows.build.registry_snapshot import ChainRegistries, Registries
from inflows.contracts.flows import ContestedDaily, DailyFacts, Findings, Flows
from inflows.contracts.schema import dtypes
from inflows.layout import Layout
from inflows.raw.order import in_order
from inflows.raw.store import list_partitions, partition_fingerprint
from inflows.stages import RULES_VERSION
from inflows.stages.aggregate import daily_facts, findings, flows
from inflows.stages.utxo_netting import too_large_transactions

BATCH_BYTES = 128 * 2**20
"""Partitions are computed together up to this size: a plan for each of a thousand small days costs more."""

_BATCHES_AT_ONCE: Final = 2

_INPUTS, _FINDINGS, _CONTESTED = "inflows.inputs", "inflows.findings", "inflows.contested"
"""What the metadata of a daily file holds besides its rows; the last only where there is any."""
_FLOWS = "inflows.flows"
"""There too: the SHA-256 of the file of flows that was made with it."""
_ITSELF = "inflows.itself"
"""There too: the SHA-256 of its own rows, and of the other metadata, as text."""


@dataclass(frozen=True)
class Partition:
    """A chain's day to compute: its raw files, its two results, and the digest of its inputs."""

    chain: str
    date: dt.date
    raw: dict[str, Path]
    """By dataset: transfers, utxo, or (on a chain that has both) the two."""
    flows: Path
    daily: Path
    raw_sha256: str
    digest: str

    @property
    def is_done(self) -> bool:
        """Whether the results at hand were made from just these inputs, and are as they were made."""
        about = files.parquet_metadata(self.daily)
        if about.get(_INPUTS) != self.digest or not self.flows.exists():
            return False
        if files.sha256_of(self.flows) != about.get(_FLOWS):
            return False
        try:
            daily = pl.read_parquet(self.daily, hive_partitioning=False, glob=False)
            return _sha256(daily, about) == about.get(_ITSELF)
        except (OSError, ValueError, pl.exceptions.PolarsError, pl.exceptions.PanicException):
            return False


@dataclass(frozen=True)
class Facts:
    """The results of all partitions, in order, and how many of them were computed now."""

    partitions: list[Partition]
    computed: int

    def raw_fingerprint(self) -> str:
        """SHA-256 over the raw partitions that took part."""
        lines = (f"{found.chain} {found.date} {found.raw_sha256}\n" for found in self.partitions)
        return hashlib.sha256("".join(lines).encode()).hexdigest()

    def findings(self) -> pl.DataFrame:
        """What was found in them, summed over days (contract Findings)."""
        types = dtypes(Findings)
        rows = pl.DataFrame(self._noted(_FINDINGS), schema=types | {"usd": pl.String()}, orient="row")
        keys = ["finding", "chain", "contract", "detail"]
        dollars = pl.when(pl.col("usd").count() > 0).then(pl.col("usd").sum())
        sums = rows.cast({"usd": types["usd"]}).group_by(keys).agg(pl.col("transfers").sum(), dollars)
        return sums.select(*types).sort(keys)

    def contested(self) -> pl.DataFrame:
        """What contested addresses received and sent, by day (contract ContestedDaily)."""
        types = dtypes(ContestedDaily)
        rows = pl.DataFrame(self._noted(_CONTESTED), schema=dict.fromkeys(types, pl.String), orient="row")
        dated = rows.with_columns(pl.col("date").str.to_date())
        return dated.select(pl.col(name).cast(kind) for name, kind in types.items())

    def _noted(self, name: str) -> list[list[object]]:
        return [row for metadata in self._metadata for row in json.loads(metadata.get(name, "[]"))]

    @cached_property
    def _metadata(self) -> list[dict[str, str]]:
        return [pl.read_parquet_metadata(partition.daily) for partition in self.partitions]


def chain_days(layout: Layout) -> dict[tuple[str, dt.date], dict[str, Path]]:
    """The raw files with movements of coins, by dataset, of each chain and UTC day, sorted."""
    found: dict[tuple[str, dt.date], dict[str, Path]] = defaultdict(dict)
    for dataset in ("transfers", "utxo"):
        for chain, date, path in list_partitions(layout, dataset):
            found[chain, date][dataset] = path
    return dict(sorted(found.items()))


def update(
    layout: Layout,
    registries: Registries,
    *,
    as_of: dt.datetime,
    staleness: dt.timedelta,
    progress: Callable[[int], None] = lambda _: None,
) -> Facts:
    """Compute the flows and daily facts of every chain's day before as_of whose inputs changed.

    progress is called with the number of partitions as they are done.
    """
    partitions: list[Partition] = []
    computed = 0
    for chain, group in groupby(chain_days(layout).items(), key=lambda found: found[0][0]):
        of_chain = registries.of_chain(chain)
        found = [
            _partition(layout, of_chain, date, raw, as_of, staleness)
            for (_, date), raw in group
            if dt.datetime.combine(date, dt.time(), dt.UTC) < as_of
        ]
        todo = [partition for partition in found if not partition.is_done]
        progress(len(found) - len(todo))
        # While one batch is read or written, which is not work for all processors, another is computed.
        with ThreadPoolExecutor(_BATCHES_AT_ONCE) as workers:
            compute = partial(_compute, chain=of_chain, as_of=as_of, staleness=staleness)
            for done in workers.map(compute, _batches(todo)):
                progress(done)
        partitions += found
        computed += len(todo)
    return Facts(partitions, computed)


def _partition(
    layout: Layout,
    chain: ChainRegistries,
    date: dt.date,
    raw: dict[str, Path],
    as_of: dt.datetime,
    staleness: dt.timedelta,
) -> Partition:
    end_of_day = dt.datetime.combine(date + dt.timedelta(days=1), dt.time(), dt.UTC)
    raw_sha256 = "+".join(partition_fingerprint(path) for path in raw.values())
    inputs = [
        ",".join(raw),
        raw_sha256,
        chain.digest_of_day(date, staleness),
        str(staleness.total_seconds()),
        as_of.isoformat() if as_of < end_of_day else "",  # a day that is over does not depend on it
        _program(),
    ]
    return Partition(
        chain=chain.chain,
        date=date,
        raw=raw,
        flows=layout.facts_partition("fct_flow", chain.chain, date.isoformat()),
        daily=layout.facts_partition("agg_flow_daily", chain.chain, date.isoformat()),
        raw_sha256=raw_sha256,
        digest=hashlib.sha256("\n".join(inputs).encode()).hexdigest(),
    )


def _program() -> str:
    """What of the program decides the results: its release and rules, the columns, and who computes."""
    columns = [
        f"{schema.__name__}.{name} {kind}"
        for schema in (Flows, DailyFacts, Findings, ContestedDaily)
        for name, kind in dtypes(schema).items()
    ]
    return "\n".join([inflows.__version__, RULES_VERSION, f"polars {pl.__version__}", *columns])


def _batches(partitions: Iterable[Partition]) -> Iterator[list[Partition]]:
    batch: list[Partition] = []
    size = 0
    for partition in partitions:
        batch.append(partition)
        size += sum(path.stat().st_size for path in partition.raw.values())
        if size >= BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _compute(
    batch: list[Partition], chain: ChainRegistries, as_of: dt.datetime, staleness: dt.timedelta
) -> int:
    """Take the partitions through the stages together, and write each one's results; returns how many."""
    transfers, entries = _read(batch, "transfers", as_of), _read(batch, "utxo", as_of)
    quotes = chain.prices_between(batch[0].date, batch[-1].date, staleness)
    classified = classified_flows(chain, quotes, transfers, entries, staleness)
    left_out = [] if entries is None else [too_large_transactions(entries, chain.wallets)]
    flow_rows, daily_rows, found = pl.collect_all(
        [
            flows(classified),
            daily_facts(classified),
            pl.concat([findings(classified), *left_out]),
        ]
    )
    flow_rows = in_order(flow_rows, ("block_number", "position", "kind", "tx_hash"))
    flows_of = _by_day(flow_rows.with_columns(_date=pl.col("block_time").dt.date()))
    daily_of = _by_day(daily_rows.with_columns(_date=pl.col("date")))
    passing = passing_sums(chain, quotes, transfers, staleness)
    findings_of = _by_day(pl.concat([found, passing]).cast({"usd": pl.String()}).rename({"date": "_date"}))
    contested = contested_sums(chain, quotes, transfers, entries, staleness)
    contested_of = _by_day(contested.with_columns(_date=pl.col("date")))
    for partition in batch:
        day = partition.date
        of_day = flows_of.get(day, flow_rows.clear())
        files.write_parquet(of_day, partition.flows, durable=False, compressed=False)
        metadata = {
            _INPUTS: partition.digest,
            _FLOWS: files.sha256_of(partition.flows),
            _FINDINGS: json.dumps(findings_of[day].rows() if day in findings_of else []),
        }
        if day in contested_of:
            metadata[_CONTESTED] = json.dumps(contested_of[day].cast(pl.String).rows())
        daily = daily_of.get(day, daily_rows.clear())
        metadata[_ITSELF] = _sha256(daily, metadata)
        files.write_parquet(daily, partition.daily, metadata=metadata, durable=False)
    return len(batch)


def _sha256(daily: pl.DataFrame, about: Mapping[str, str]) -> str:
    """Over the rows and the metadata of a daily file: a flipped bit is often read without a word."""
    noted = {name: about.get(name) for name in (_INPUTS, _FLOWS, _FINDINGS, _CONTESTED)}
    return hashlib.sha256(daily.write_csv().encode() + json.dumps(noted).encode()).hexdigest()


def _read(batch: list[Partition], dataset: str, as_of: dt.datetime) -> pl.LazyFrame | None:
    paths = [partition.raw[dataset] for partition in batch if dataset in partition.raw]
    if not paths:
        return None
    rows = pl.scan_parquet(paths, hive_partitioning=False, glob=False)
    return rows.filter(pl.col("block_time") < as_of).drop("source", "exact")  # no stage asks for them


def _by_day(frame: pl.DataFrame) -> dict[dt.date, pl.DataFrame]:
    """The rows of each `_date`, without it, in their order."""
    if frame["_date"].is_sorted():  # nearly always: then a day is a slice
        runs = frame["_date"].rle().struct.unnest()
        ends = runs["len"].cum_sum()
        return {
            day: frame.slice(end - length, length).drop("_date").rechunk()
            for day, length, end in zip(runs["value"], runs["len"], ends, strict=True)
        }
    parts = frame.partition_by("_date", as_dict=True, include_key=False)
    return {key[0]: part for key, part in parts.items()}
