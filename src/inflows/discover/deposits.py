"""Deposit addresses of exchanges on account chains, from the raw store into the registry of labels."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import polars as pl

from inflows.build.registry_snapshot import Registries, row_digest
from inflows.contracts.registry import Labels
from inflows.contracts.schema import UTC_TIME, dtypes
from inflows.discover import partials, verdict_cache
from inflows.discover.recording import OUTCOMES, Recorded, record
from inflows.errors import UsageError
from inflows.layout import Layout
from inflows.registry.label_sources import lineages
from inflows.stages.deposit_candidates import (
    CONFIDENCE,
    EVENTS,
    SENDERS,
    believed_wallets,
    candidates,
    gathering,
)
from inflows.stages.sweeps import assess_candidates, finalise_verdicts
from inflows.stages.wallets import resolve_wallets

SOURCE: Final = "deposit-sweeps"
BUCKET_EVENTS: Final = 3_000_000
"""So many events, roughly, are assessed at once; all of a candidate's together."""


@dataclass(frozen=True)
class DiscoveredDeposits:
    """What a discovery of deposit addresses found: the import of its labels, and how many for what reason."""

    chain: str
    labels: Recorded
    outcomes: pl.DataFrame
    """OUTCOMES: of all that sent to an exchange."""
    days: int
    days_read: int

    def sentence(self) -> str:
        """The closing line."""
        found = self.labels.found
        line = f"{self.chain}: {found:,} deposit address{'' if found == 1 else 'es'} found"
        line += f" ({self.labels.counts()})"
        refused = self.outcomes.filter(pl.col("outcome") != "found")
        if refused.height:
            reasons = refused.group_by("outcome").agg(pl.col("addresses").sum())
            told = ", ".join(
                f"{outcome.replace('_', ' ')} {n:,}"
                for outcome, n in reasons.sort("addresses", "outcome", descending=[True, False]).iter_rows()
            )
            line += f"; {refused['addresses'].sum():,} refused: {told}"
        return f"{line}. {self.days_read:,} of {self.days:,} days were read anew."


def discover_deposits(
    layout: Layout,
    chain: str,
    *,
    as_of: dt.datetime,
    known_at: dt.datetime,
    withdraw: bool = True,
    progress: Callable[[int], None] = lambda _: None,
) -> DiscoveredDeposits:
    """Label the deposit addresses that the transfers of an account chain before as_of show.

    They follow from the labels known at as_of that are surer than a guess, and are known from known_at on.
    withdraw: earlier finds that no longer follow cease to hold. progress is told the days done; each counts
    twice. The caller holds files.writing(layout). Raises UsageError where no wallet or asset is known.
    """
    registries = Registries(layout, as_of)
    claims = registries.claims.filter(pl.col("source") != SOURCE)
    wallets = believed_wallets(
        resolve_wallets(claims.lazy().filter(pl.col("confidence") > CONFIDENCE), chain, lineages()).collect()
    )
    listed = registries.assets.filter(pl.col("chain") == chain).sort("contract")
    _require(layout, chain, wallets, listed)
    digest = f"{row_digest(wallets.drop('known_at', 'sources'))}-{row_digest(listed.select('contract'))}"
    source = partials.Source(layout, chain, wallets, listed, as_of, digest)
    days = source.days()
    labelled = resolve_wallets(claims.lazy(), chain).select("address", "address_key").unique().collect()
    inputs = verdict_cache.digest_of(
        [*(day.digest for day in days), row_digest(labelled), row_digest(listed)]
    )
    if before := verdict_cache.remembered(source, inputs):
        read, (labels, outcomes) = 0, before
    else:
        read, labels, outcomes = _found(source, days, labelled, progress)
        verdict_cache.remember(source, inputs, labels, outcomes)
    recorded = record(layout, chain, SOURCE, labels, known_at=known_at, withdraw=withdraw)
    return DiscoveredDeposits(chain, recorded, outcomes, len(days), read)


def _found(
    source: partials.Source, days: list[partials.Day], labelled: pl.DataFrame, progress: Callable[[int], None]
) -> tuple[int, pl.DataFrame, pl.DataFrame]:
    """How many days were read anew, the labels that follow, and OUTCOMES."""
    listed = source.listed
    read = partials.update_senders(source, days, progress)
    sent = _scan([day.senders for day in days], SENDERS)
    found, refused = pl.collect_all(candidates(sent, labelled, listed), engine="streaming")
    verdicts = pl.DataFrame(schema={"exchange": pl.String, "reason": pl.String})
    labels = pl.DataFrame(schema=dtypes(Labels))
    if found.height:
        generations = partials.update_generations(source, found)
        read = max(read, partials.update_events(source, days, generations, progress))
        verdicts = _verdicts([day.events for day in days], found, listed)
        labels = _as_labels(verdicts, source.chain)
    return read, labels, _outcomes(source.chain, verdicts, refused)


def _require(layout: Layout, chain: str, wallets: pl.DataFrame, listed: pl.DataFrame) -> None:
    if wallets.is_empty():
        raise UsageError(
            f"No wallet of an exchange is known on '{chain}', so nothing follows from one.",
            "Import labels first, with `inflows labels import`.",
        )
    if listed.is_empty():
        raise UsageError(
            f"No asset of '{chain}' is listed, and only transfers of listed ones are believed.",
            "Import assets first, with `inflows assets import`.",
        )


def _scan(paths: list[object], schema: dict[str, pl.DataType]) -> pl.LazyFrame:
    if not paths:
        return pl.LazyFrame(schema=schema)
    return pl.scan_parquet(paths, hive_partitioning=False, glob=False)  # type: ignore[arg-type]


def _verdicts(paths: list[object], found: pl.DataFrame, listed: pl.DataFrame) -> pl.DataFrame:
    """The verdicts on all candidates, assessed in buckets of whole candidates."""
    moved = _scan(paths, EVENTS)
    gathers = moved.pipe(gathering).collect(engine="streaming")["other_key"].sort()
    total = moved.select(pl.len()).collect(engine="streaming").item()
    buckets = -(-total // BUCKET_EVENTS) or 1
    verdicts, payments = [], []
    for number in range(buckets):
        here = pl.col("key") % buckets == number
        of = found.filter(here)
        rows = moved.filter(here).join(of.lazy().select("key"), on="key", how="semi")
        one, paid = assess_candidates(rows.collect(engine="streaming"), of, listed, gathers)
        verdicts.append(one)
        payments.append(paid)
    return finalise_verdicts(pl.concat(verdicts), pl.concat(payments))


def _as_labels(verdicts: pl.DataFrame, chain: str) -> pl.DataFrame:
    nothing = pl.lit(None, dtype=UTC_TIME)
    values = {
        "chain": pl.lit(chain),
        "role": pl.lit("deposit"),
        "confidence": pl.lit(CONFIDENCE),
        "valid_from": nothing,
        "valid_to": nothing,
        "known_at": nothing,
        "source": pl.lit(SOURCE),
    }
    return (
        verdicts.filter(pl.col("reason").is_null())
        .with_columns(**values)
        .select(pl.col(name).cast(kind) for name, kind in dtypes(Labels).items())
        .sort("address")
    )


def _outcomes(chain: str, verdicts: pl.DataFrame, refused: pl.DataFrame) -> pl.DataFrame:
    counted = verdicts.group_by("exchange", "reason").agg(addresses=pl.len().cast(pl.Int64))
    return (
        pl.concat([counted, refused.select(counted.columns)])
        .group_by("exchange", "reason")
        .agg(pl.col("addresses").sum())
        .with_columns(
            chain=pl.lit(chain),
            rule=pl.lit(SOURCE),
            outcome=pl.col("reason").fill_null("found"),
        )
        .select(pl.col(name).cast(kind) for name, kind in OUTCOMES.items())
        .sort("exchange", "outcome", nulls_last=True)
    )
