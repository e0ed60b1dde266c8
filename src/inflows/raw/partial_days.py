"""Which transfers of a partition are those of labelled wallets alone: its labelled sets.

They stand in the metadata of the partition's file: for each source and kind, the digests of the sets of
addresses for which its transfers were kept. Once the same source and kind is delivered whole, its entry goes
and does not come back, so that the order of deliveries leaves no trace.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import polars as pl
import pyarrow.parquet as pq

from inflows.raw.parts import Part

METADATA: Final = "inflows.labelled_set"

LabelledSets = dict[str, list[str]]
"""Digests by `source kind`, sorted."""


def read_labelled_sets(path: Path) -> LabelledSets:
    """The labelled sets of a partition's file; none where there is no file."""
    try:
        text = (pq.read_metadata(path).metadata or {}).get(METADATA.encode())
    except FileNotFoundError:
        return {}
    return dict(json.loads(text)) if text else {}


def metadata(sets: LabelledSets) -> dict[str, str] | None:
    """What is written into the file; nothing where all is whole."""
    return {METADATA: json.dumps(sets, sort_keys=True)} if sets else None


def merged_labelled_sets(before: LabelledSets, stored: Path, delivered: Sequence[Part]) -> LabelledSets:
    """The labelled sets of a partition once parts are merged into it.

    before, stored: its labelled sets and its file, which may be missing.
    """
    if not before and not any(part.labelled_set for part in delivered):
        return {}
    whole = set(_pairs_of(stored)) - before.keys() if stored.exists() else set()
    found = {pair: set(digests) for pair, digests in before.items()}
    for part in delivered:
        for pair in _pairs(part.read().lazy().filter(pl.col("reason").is_null())):
            if part.labelled_set:
                found.setdefault(pair, set()).add(part.labelled_set)
            else:
                whole.add(pair)
    return {pair: sorted(digests) for pair, digests in sorted(found.items()) if pair not in whole}


def is_limited(path: Path) -> bool:
    """Whether some kind of transfers in a partition's file is of labelled wallets alone, by every source."""
    sets = read_labelled_sets(path)
    if not sets:
        return False
    pairs = _pairs_of(path)
    whole = {pair.partition(" ")[2] for pair in pairs if pair not in sets}
    return any(pair.partition(" ")[2] not in whole for pair in pairs)


def _pairs_of(path: Path) -> list[str]:
    return _pairs(pl.scan_parquet(path, hive_partitioning=False, glob=False))


def _pairs(rows: pl.LazyFrame) -> list[str]:
    """`source kind` of all rows."""
    pairs = rows.select(pl.format("{} {}", "source", "kind")).unique().collect(engine="streaming")
    return pairs.to_series().sort().to_list()
