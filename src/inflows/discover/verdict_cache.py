"""The verdicts of a chain's last discovery, kept so that unchanged inputs need not be judged again."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import polars as pl

from inflows import files
from inflows.discover.partials import Source

RULES: Final = "1"
"""Changes with what stages.deposit_candidates.candidates and stages.sweeps make of the same partials."""

_INPUTS: Final = "inflows.inputs"


def digest_of(parts: Iterable[str]) -> str:
    """SHA-256, in hex, over all that the verdicts depend on."""
    return hashlib.sha256("\n".join([*parts, RULES, pl.__version__]).encode()).hexdigest()


def remembered(source: Source, digest: str) -> tuple[pl.DataFrame, pl.DataFrame] | None:
    """Labels and outcomes that were made of just these inputs, if both are there."""
    paths = _paths(source)
    if not all(files.parquet_metadata(path).get(_INPUTS) == digest for path in paths):
        return None
    labels, outcomes = (pl.read_parquet(path, hive_partitioning=False) for path in paths)
    return labels, outcomes


def remember(source: Source, digest: str, labels: pl.DataFrame, outcomes: pl.DataFrame) -> None:
    """Keep labels and outcomes for the next time."""
    for path, frame in zip(_paths(source), (labels, outcomes), strict=True):
        files.write_parquet(frame, path, metadata={_INPUTS: digest}, durable=False)


def _paths(source: Source) -> tuple[Path, Path]:
    folder = source.layout.warehouse / "discovery" / f"chain={source.chain}"
    return folder / "labels.parquet", folder / "outcomes.parquet"
