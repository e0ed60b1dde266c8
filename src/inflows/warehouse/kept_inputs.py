"""What a vintage was made of, kept so that it can be made again: raw files, and where the registries stood.

Raw files are immutable: a change puts another file in place. So each is kept under the digest of its content
by a hard link, which costs no space as long as the raw store still holds it. Registries only grow, file by
file: the number of files that there were is enough. `inputs.json` in the vintage's folder lists both,
`coverage.parquet` holds what was known to have been read.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import polars as pl

from inflows import files
from inflows.errors import WorkError
from inflows.layout import Layout
from inflows.warehouse.vintages import find_vintage

INPUTS: Final = "inputs.json"
COVERAGE: Final = "coverage.parquet"


@dataclass(frozen=True)
class RawFile:
    """One raw partition as it was: dataset, chain, UTC day, the digest of its bytes, and where it lies."""

    dataset: str
    chain: str
    date: str
    sha256: str
    path: Path


@dataclass(frozen=True)
class Kept:
    """Everything that a vintage was computed from, apart from the code."""

    raw: tuple[RawFile, ...]
    registry_files: dict[str, int]
    """By table, the number of files that it had."""
    staleness_hours: float
    price_sources: tuple[str, ...]
    chains: tuple[str, ...] = ()
    """The chains that counted for coverage; none: all of the store."""

    def to_json(self) -> str:
        """The list of inputs: one line a raw file, in the order of chains and days."""
        raw = [[found.dataset, found.chain, found.date, found.sha256] for found in self.raw]
        fields = {
            "registry_files": self.registry_files,
            "staleness_hours": self.staleness_hours,
            "price_sources": list(self.price_sources),
            "chains": list(self.chains),
        }
        lines = ",\n  ".join(json.dumps(row) for row in raw)
        return json.dumps(fields, sort_keys=True)[:-1] + f', "raw": [\n  {lines}\n]}}\n'


def keep_files(layout: Layout, raw: Iterable[RawFile]) -> None:
    """Keep raw files under their digests; what is kept already is left alone."""
    folders = set()
    for found in raw:
        kept = _place(layout, found.sha256)
        if kept.exists():
            continue
        if kept.parent not in folders:
            kept.parent.mkdir(parents=True, exist_ok=True)
            folders.add(kept.parent)
        try:
            os.link(found.path, kept)
        except FileExistsError:
            continue
        except OSError:  # Some file systems have no hard links.
            with files.replacing(kept) as aside:
                shutil.copyfile(found.path, aside)


def write_kept(kept: Kept, coverage: pl.DataFrame, folder: Path) -> None:
    """Write the list of inputs and the coverage into a vintage's folder."""
    files.write_text(kept.to_json(), folder / INPUTS)
    files.write_parquet(coverage, folder / COVERAGE)


def read_kept(layout: Layout, name: str) -> Kept:
    """What a vintage was computed from."""
    path = layout.vintages / find_vintage(layout, name).name / INPUTS
    try:
        fields = json.loads(path.read_text(encoding="utf-8"))
        raw = tuple(
            RawFile(dataset, chain, date, sha256, _place(layout, sha256))
            for dataset, chain, date, sha256 in fields["raw"]
        )
        return Kept(
            raw,
            {str(table): int(number) for table, number in fields["registry_files"].items()},
            float(fields["staleness_hours"]),
            tuple(fields["price_sources"]),
            tuple(fields.get("chains", ())),
        )
    except FileNotFoundError:
        raise WorkError(
            f"The inputs of vintage {name} were not kept: it was published by an older program.",
            "Publish anew with `inflows build`; from then on inputs are kept.",
        ) from None
    except (ValueError, KeyError, TypeError, OSError) as error:
        raise WorkError(
            f"The list of inputs {path} cannot be read: {error}.", "Restore it from a copy."
        ) from None


def read_coverage(layout: Layout, name: str) -> pl.DataFrame:
    """What was known to have been read when a vintage was published, with the verdict of then on each day.

    Older programs had no verdicts: to them a day was held where any of its blocks was.
    """
    path = layout.vintages / name / COVERAGE
    try:
        found = pl.read_parquet(path)
        if "coverage" in found.columns:
            return found
        held = pl.when(pl.col("blocks") > 0).then(pl.lit("claimed")).otherwise(pl.lit("missing"))
        return found.with_columns(
            claimed_by=pl.lit(None, dtype=pl.String), coverage=held, read_again=pl.lit(False)
        )
    except (OSError, pl.exceptions.PolarsError):
        raise WorkError(f"The coverage {path} cannot be read.", "Restore it from a copy.") from None


def _place(layout: Layout, sha256: str) -> Path:
    return layout.kept_inputs / sha256[:2] / f"{sha256}.parquet"
