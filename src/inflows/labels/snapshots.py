"""A list is a snapshot: claims of its earlier imports that it does not make any more.

Upstream took such a claim back, moved it, or reads it live now. It is told, kept for `labels check` in
registry/quarantine/labels_gone.parquet (GONE), and on request withdrawn: it holds at no time from the
import's known_at on, and builds as of before still have it. Lists have no dates, so there is no day to
end a claim at.

What an import speaks for: the files that it read, and of a whole checkout or of a list that is a source of
its own (a pack, an exchange's reserve list) the chains that it read too. One chain's file says nothing about
another chain.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

import polars as pl

from inflows.contracts.schema import UTC_TIME
from inflows.files import write_parquet
from inflows.layout import Layout
from inflows.registry.tables import LABELS
from inflows.times import BEGINNING

GONE: Final = {
    "source": pl.String(),
    "list": pl.String(),
    "chain": pl.String(),
    "address": pl.String(),
    "exchange": pl.String(),
    "known_at": UTC_TIME,
}
"""A claim that the list no longer makes: where it stood, whose it was, and since when that is known."""
_KEY: Final = ("source", "chain", "address")
_FILE: Final = r"^(\S+?)(?::[0-9]+)?(?: .*)?$"


def not_any_more(
    held: pl.DataFrame, made: pl.DataFrame, read: pl.DataFrame, path: Path, *, is_whole: bool
) -> pl.DataFrame:
    """The held claims (LABELS, with `list`) that an import speaks for and does not make.

    made: its sound claims; read: all that it read (source, chain, address, exchange, list). path: what was
    imported; is_whole: it is a checkout, or a list of its own.
    """
    sources, chains, files = (read[name].unique().to_list() for name in ("source", "chain", "list"))
    if path.is_dir():
        same_file = pl.col("list").is_in(files)
    else:
        here = path.resolve().as_posix()
        ends = [name for name in held["list"].unique() if name and here.endswith("/" + name)]
        # A bare name is that of a file that was given alone: one of another exchange may be called the same.
        is_bare = ~pl.col("list").str.contains("/", literal=True)
        of_others = ~pl.col("exchange").is_in(read["exchange"].unique().to_list())
        same_file = pl.col("list").is_in(ends) & ~(is_bare & of_others)
    spoken_for = same_file | (pl.lit(is_whole) & pl.col("chain").is_in(chains))
    return held.filter(pl.col("source").is_in(sources), spoken_for).join(
        made.select(_KEY).unique(), on=_KEY, how="anti"
    )


def with_list(claims: pl.DataFrame) -> pl.DataFrame:
    """Claims with the file of the list that they stand in, as their evidence tells it (else empty)."""
    return claims.with_columns(pl.col("evidence").str.extract(_FILE).fill_null("").alias("list"))


def withdrawn(gone: pl.DataFrame) -> pl.DataFrame:
    """The rows (LABELS) by which claims hold at no time."""
    return gone.with_columns(
        valid_to=pl.col("valid_from").fill_null(pl.lit(BEGINNING, dtype=UTC_TIME)),
        known_at=pl.lit(None, dtype=UTC_TIME),
    ).select(LABELS.columns)


def remember(layout: Layout, made: pl.DataFrame, gone: pl.DataFrame, *, ended: bool) -> None:
    """Keep what is gone and still holds; what was made again or ended is forgotten."""
    path = _path(layout)
    done = pl.concat([made.select(_KEY), gone.select(_KEY)]).unique()
    before = read_gone(layout).join(done, on=_KEY, how="anti")
    after = before if ended else pl.concat([before, gone.select(pl.col(n).cast(k) for n, k in GONE.items())])
    if path.exists() or not after.is_empty():
        write_parquet(after.sort(list(GONE)), path)


def read_gone(layout: Layout) -> pl.DataFrame:
    """GONE, as the last import of each list left it."""
    path = _path(layout)
    if not path.exists():
        return pl.DataFrame(schema=GONE)
    return pl.read_parquet(path, hive_partitioning=False).select(*GONE)


def names_of(gone: pl.DataFrame) -> Iterable[str]:
    """The claims in words, in order: chain, address, exchange."""
    rows = gone.select("chain", "address", "exchange").unique().sort(pl.all()).iter_rows()
    return [f"{chain} {address} ({exchange})" for chain, address, exchange in rows]


def _path(layout: Layout) -> Path:
    return layout.registry / "quarantine" / "labels_gone.parquet"
