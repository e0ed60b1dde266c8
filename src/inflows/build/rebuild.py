"""A vintage made again from what it was made of, beside the data folder's present state."""

from __future__ import annotations

import datetime as dt
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import polars as pl

from inflows.build import partition_facts
from inflows.build.publication import assembled, result_digest
from inflows.build.registry_snapshot import Registries
from inflows.errors import WorkError
from inflows.layout import Layout
from inflows.registry.store import files_of
from inflows.registry.tables import TABLES
from inflows.stages import RULES_VERSION
from inflows.warehouse.kept_inputs import Kept, RawFile, read_coverage, read_kept
from inflows.warehouse.publish import restore_database
from inflows.warehouse.vintages import DATABASE, Vintage, find_vintage, totals_path


@dataclass(frozen=True)
class Remade:
    """A vintage and what was made of its inputs: the digests of both results."""

    vintage: str
    rules_version: str
    present_rules_version: str
    result: str
    remade: str
    restored: bool

    @property
    def same(self) -> bool:
        """Whether the same bytes of result came out."""
        return self.result == self.remade


def remake(layout: Layout, name: str) -> Remade:
    """Make a vintage again from its inputs, under the present code; its database too, where it was pruned."""
    vintage, kept = find_vintage(layout, name), read_kept(layout, name)
    with scratch_folder(layout) as folder:
        place = Layout(folder)
        link_registry(layout, kept, place)
        link_raw(kept.raw, place)
        registries = Registries(place, as_of(vintage), kept.price_sources)
        facts = partition_facts.update(
            place, registries, as_of=as_of(vintage), staleness=dt.timedelta(hours=kept.staleness_hours)
        )
        if facts.raw_fingerprint() != vintage.inputs["raw"]:
            raise WorkError(
                f"The kept raw files of vintage {name} are not what it was made of.",
                f"Restore {layout.kept_inputs} from a copy.",
            )
        made = assembled(facts, registries, read_coverage(layout, name), as_of(vintage), kept)
        published = pl.read_parquet(totals_path(layout, name))
        # A later program may publish further columns: the result is what the vintage itself holds.
        remade = result_digest(made.totals.select(published.columns).sort(pl.all(), nulls_last=False))
        result = result_digest(published)
        gone = not (layout.vintages / name / DATABASE).exists()
        if gone and remade == result:
            restore_database(layout, made, vintage)
        return Remade(
            name, vintage.rules_version, RULES_VERSION, result, remade, restored=gone and remade == result
        )


def as_of(vintage: Vintage) -> dt.datetime:
    """Up to when anything counts in a vintage."""
    return vintage.as_of or vintage.published_at


@contextmanager
def scratch_folder(layout: Layout) -> Iterator[Path]:
    """A folder for work beside the data folder's own, on the same file system, that is gone afterwards."""
    folder = layout.staging / f"remake-{uuid4().hex[:8]}"
    try:
        folder.mkdir(parents=True)
        yield folder
    except OSError as error:
        raise WorkError(
            f"The vintage could not be made again in {layout.staging}: {error.strerror or error}.",
            "Make room or give a folder that you may write to, then start this again.",
        ) from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def link_registry(layout: Layout, kept: Kept, place: Layout) -> None:
    """Lay out the registries as a vintage found them: of each table as many files as there were."""
    for name, number in kept.registry_files.items():
        if name not in TABLES:
            raise WorkError(f"The vintage used a registry '{name}' that this program does not know.")
        present = files_of(layout, TABLES[name])
        if len(present) < number:
            raise WorkError(
                f"Registry files of the vintage are gone: {name} has {len(present)} of {number}.",
                f"Restore {layout.registry / name} from a copy.",
            )
        for path in present[:number]:
            link(path, place.registry / name / path.name)


def link_raw(raw: Iterable[RawFile], place: Layout) -> None:
    """Lay out the raw files of a vintage, in the place of others that may lie there."""
    shutil.rmtree(place.raw, ignore_errors=True)
    for found in raw:
        if not found.path.is_file():
            raise WorkError(
                f"A raw file of the vintage is gone: {found.chain}, {found.date}, {found.path}.",
                "Restore it from a copy.",
            )
        link(found.path, place.raw_partition(found.dataset, found.chain, found.date))


def link(source: Path, target: Path) -> None:
    """The same file under another name; a copy where there are no hard links."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
