"""Which transfers of a partition are those of labelled wallets alone: a mark in its file's metadata.

Files of transfers know no blocks that could say so. The mark names, for each source and kind, the digests of
the sets of addresses that it was read for. Once the same source and kind is delivered whole, the mark goes
and does not come back: the order of deliveries leaves no trace, as with rows.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import polars as pl
import pyarrow.parquet as pq

METADATA: Final = "inflows.labelled_set"

Marks = dict[str, list[str]]
"""Digests by `source kind`, sorted."""


def marks_of(path: Path) -> Marks:
    """The marks of a partition's file; none where there is no file."""
    try:
        text = (pq.read_metadata(path).metadata or {}).get(METADATA.encode())
    except FileNotFoundError:
        return {}
    return dict(json.loads(text)) if text else {}


def metadata(marks: Marks) -> dict[str, str] | None:
    """What is written into the file; nothing where all is whole."""
    return {METADATA: json.dumps(marks, sort_keys=True)} if marks else None


def marks_after(
    before: Marks, stored: Path, delivered: Sequence[Path], labelled: Mapping[Path, str]
) -> Marks:
    """The marks of a partition once files are merged into it.

    before, stored: its marks and its file, which may be missing. labelled: the digest of each delivered file
    that holds the transfers of labelled wallets alone.
    """
    if not before and not any(path in labelled for path in delivered):
        return {}
    whole = set(_pairs(stored)) - before.keys() if stored.exists() else set()
    found = {pair: set(digests) for pair, digests in before.items()}
    for path in delivered:
        for pair in _pairs(path):
            if path in labelled:
                found.setdefault(pair, set()).add(labelled[path])
            else:
                whole.add(pair)
    return {pair: sorted(digests) for pair, digests in sorted(found.items()) if pair not in whole}


def is_limited(path: Path) -> bool:
    """Whether some kind of transfers in a partition's file is of labelled wallets alone, by every source."""
    marked = marks_of(path)
    if not marked:
        return False
    pairs = _pairs(path)
    whole = {pair.partition(" ")[2] for pair in pairs if pair not in marked}
    return any(pair.partition(" ")[2] not in whole for pair in pairs)


def _pairs(path: Path) -> list[str]:
    """`source kind` of all good rows of a file."""
    frame = pl.scan_parquet(path, hive_partitioning=False, glob=False)
    if "reason" in frame.collect_schema():
        frame = frame.filter(pl.col("reason").is_null())
    pairs = frame.select(pl.format("{} {}", "source", "kind")).unique().collect(engine="streaming")
    return pairs.to_series().sort().to_list()
