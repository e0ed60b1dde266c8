"""What sources say that they hold: whole UTC days of a chain, with the wallets that each was read for.

One small file a chain, `raw/claims/chain=C/part.parquet`: a set of rows, so the order of deliveries leaves no
trace. A claim is written after the rows that it is about, so none ever stands before they are in the store.
The addresses of a set of labelled wallets lie below `raw/labelled_sets`, under the digest by which claims,
blocks and transfers name the set; those are written first.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import polars as pl

from inflows import files
from inflows.errors import WorkError
from inflows.layout import Layout

_COLUMNS: Final = {
    "chain": pl.String(),
    "date": pl.Date(),
    "source": pl.String(),
    "labelled_set": pl.String(),
}


@dataclass(frozen=True, order=True)
class Claim:
    """A chain's UTC day of which a source says that it holds it."""

    chain: str
    date: dt.date
    source: str
    labelled_set: str = ""
    """The digest of the set of wallets that it was read for; empty: for all."""


@dataclass(frozen=True)
class Claiming:
    """Which whole days a delivery says that it holds."""

    source: str
    partitions: bool = True
    """Those of its partitions `date=…`, where it is a dump."""
    spans: bool = False
    """Of each chain every day from its first row to its last."""
    labelled: tuple[str, ...] = ()
    """The addresses whose transfers alone were kept, in canonical form; none: all were."""
    labelled_set: str = ""
    """Their digest."""
    lacking: frozenset[dt.date] = frozenset()
    """Days that it holds a part of alone, as one of their files is empty."""

    def of(self, days: Iterable[tuple[str, dt.date]]) -> set[Claim]:
        """The claims of some days of chains."""
        return {
            Claim(chain, date, self.source, self.labelled_set)
            for chain, date in days
            if date not in self.lacking
        }


def from_first_to_last(days: Iterable[tuple[str, dt.date]]) -> set[tuple[str, dt.date]]:
    """Of each chain all days from the first to the last of its days."""
    by_chain: dict[str, list[dt.date]] = defaultdict(list)
    for chain, date in days:
        by_chain[chain].append(date)
    return {
        (chain, date)
        for chain, dates in by_chain.items()
        for date in [*between(min(dates), max(dates)), max(dates)]  # no day comes after 9999-12-31
    }


def between(first: dt.date, end: dt.date) -> list[dt.date]:
    """The days from the first up to but not including the last."""
    return [first + dt.timedelta(days=number) for number in range((end - first).days)]


def add_claims(layout: Layout, claims: Collection[Claim]) -> None:
    """Add claims to those that stand; what stands already changes no file. The caller holds the lock."""
    for chain in sorted({claim.chain for claim in claims}):
        path = _place(layout, chain)
        before = _read(path) if path.exists() else pl.DataFrame(schema=_COLUMNS)
        added = [
            (claim.chain, claim.date, claim.source, claim.labelled_set)
            for claim in claims
            if claim.chain == chain
        ]
        now = pl.concat([before, pl.DataFrame(added, schema=_COLUMNS, orient="row")])
        key = ["chain", "date", "source"]
        whole = now.filter(labelled_set="").select(key).unique()
        narrower = pl.col("labelled_set") != ""  # says nothing more where the same source holds all of it
        now = pl.concat([now.filter(~narrower), now.filter(narrower).join(whole, on=key, how="anti")])
        now = now.unique().sort(list(_COLUMNS))
        if not now.equals(before):
            files.write_parquet(now, path)


def claims(layout: Layout) -> pl.DataFrame:
    """All claims: chain, date, source, labelled_set (empty: of everything), sorted."""
    found = [_read(path) for path in sorted((layout.raw / "claims").glob("chain=*/part.parquet"))]
    return pl.concat([pl.DataFrame(schema=_COLUMNS), *found])


def keep_labelled_set(layout: Layout, digest: str, addresses: Iterable[str]) -> None:
    """Keep the addresses of a set under its digest; the same digest stands for the same addresses."""
    path = _set_place(layout, digest)
    if not path.exists():
        files.write_parquet(pl.DataFrame({"address": sorted(set(addresses))}, {"address": pl.String}), path)


def labelled_addresses(layout: Layout, digest: str) -> pl.Series | None:
    """The addresses of a set; None where they were not kept."""
    path = _set_place(layout, digest)
    try:
        return pl.read_parquet(path, hive_partitioning=False, glob=False)["address"]
    except FileNotFoundError:
        return None
    except (OSError, pl.exceptions.PolarsError) as error:
        raise _unreadable(path, error) from None


def _read(path: Path) -> pl.DataFrame:
    try:
        return pl.read_parquet(path, hive_partitioning=False, glob=False).select(list(_COLUMNS))
    except (OSError, pl.exceptions.PolarsError) as error:
        raise _unreadable(path, error) from None


def _unreadable(path: Path, error: Exception) -> WorkError:
    reason = (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
    return WorkError(
        f"{path} cannot be read: {reason}.",
        "Restore it from a copy; or remove it, and ingest again what it told of.",
    )


def _place(layout: Layout, chain: str) -> Path:
    return layout.raw / "claims" / f"chain={chain}" / "part.parquet"


def _set_place(layout: Layout, digest: str) -> Path:
    return layout.raw / "labelled_sets" / f"{digest}.parquet"
