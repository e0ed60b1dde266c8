"""Which ranges of a chain's blocks were read for which wallets, where no block of theirs says so.

A service that is asked for the transfers of some addresses gives no block without one. What it was asked, and
answered to the end, is kept here, so that a run goes on where the last one was, to the block; whole days of
it are claims (`raw.claims`). One small file a chain, beside the raw store's partitions.

A row is written after its transfers are stored. Ranges that adjoin and agree in merge_key become one, so that
the file depends on what was read and not on the steps in which it was.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import astuple, dataclass, replace
from pathlib import Path
from typing import Final

import polars as pl

from inflows import files
from inflows.contracts.schema import UTC_TIME
from inflows.errors import WorkError
from inflows.layout import Layout
from inflows.raw.claims import between

_SCHEMA: Final = {
    "source": pl.String(),
    "first_block": pl.Int64(),
    "last_block": pl.Int64(),
    "since": UTC_TIME,
    "until": UTC_TIME,
    "asked": pl.String(),
    "kinds": pl.String(),
    "labelled_set": pl.String(),
}
_DAY: Final = dt.timedelta(days=1)


@dataclass(frozen=True, order=True)
class ReadRange:
    """Blocks `first` to `last`, among which are all with since ≤ time < until, read for a set of wallets."""

    source: str
    first: int
    last: int
    since: dt.datetime
    until: dt.datetime
    asked: str
    """Kinds of transfers (token, native, …) that were asked for, sorted, with commas."""
    kinds: str
    """Those of them that the service has there."""
    labelled_set: str
    """Digest of the set of wallets, as in `raw.claims`."""

    @property
    def merge_key(self) -> tuple[str, str, str, str]:
        """What adjoining ranges must have in common to become one."""
        return self.source, self.asked, self.kinds, self.labelled_set


def ranges_read(layout: Layout, chain: str) -> list[ReadRange]:
    """All ranges of a chain, sorted."""
    path = _path(layout, chain)
    if not path.exists():
        return []
    try:
        rows = pl.read_parquet(path, hive_partitioning=False, glob=False).select(list(_SCHEMA))
    except (OSError, pl.exceptions.PolarsError) as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
        raise WorkError(
            f"{path} cannot be read: {reason}.",
            "Restore it from a copy; or remove it, and what it tells of is read again.",
        ) from None
    return sorted(ReadRange(*row) for row in rows.iter_rows())


def remember(layout: Layout, chain: str, ranges: Iterable[ReadRange]) -> None:
    """Add ranges that were read, and whose transfers are stored; the caller holds the writing lock."""
    before = ranges_read(layout, chain)
    now = joined([*before, *ranges])
    if now != before:
        rows = [astuple(found) for found in now]
        files.write_parquet(pl.DataFrame(rows, schema=_SCHEMA, orient="row"), _path(layout, chain))


def joined(ranges: Iterable[ReadRange]) -> list[ReadRange]:
    """Ranges that adjoin or overlap and have the same merge_key, as one; sorted."""
    found: list[ReadRange] = []
    for one in sorted(ranges, key=lambda one: (one.merge_key, one.first, one.last)):
        last = found[-1] if found else None
        if last is not None and last.merge_key == one.merge_key and one.first <= last.last + 1:
            found[-1] = replace(
                last,
                last=max(last.last, one.last),
                since=min(last.since, one.since),
                until=max(last.until, one.until),
            )
        else:
            found.append(one)
    return sorted(found)


def whole_days(ranges: Iterable[ReadRange], labelled_set: str) -> list[dt.date]:
    """The UTC days all of whose blocks were read for a set of wallets, in whatever steps, of any kinds."""
    mine = [replace(found, asked="", kinds="") for found in ranges if found.labelled_set == labelled_set]
    days: set[dt.date] = set()
    for run in joined(mine):
        midnight = dt.datetime.combine(run.since.date(), dt.time(), dt.UTC)
        days.update(
            between((midnight if midnight == run.since else midnight + _DAY).date(), run.until.date())
        )
    return sorted(days)


def _path(layout: Layout, chain: str) -> Path:
    return layout.raw / "readings" / f"chain={chain}" / "part.parquet"
