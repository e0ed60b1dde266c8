"""Putting a new database before the readers: built aside, checked, read back, then swapped in by one step.

The steps, and what a kill between them leaves: (1) everything is made in the staging folder: nothing has
changed; (2) that folder becomes the vintage by one rename: there is a vintage that readers do not open yet;
(3) the published file is replaced by one rename: done. Starting again finishes what is missing.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import duckdb
from filelock import FileLock, Timeout

from inflows import files
from inflows.errors import WorkError
from inflows.layout import Layout
from inflows.warehouse import fill_database
from inflows.warehouse.inputs import WarehouseInputs, prepare_frames
from inflows.warehouse.kept_inputs import keep_files, write_kept
from inflows.warehouse.vintages import (
    DATABASE,
    MANIFEST,
    TOTALS,
    Vintage,
    find_vintage,
    next_number,
    read_manifests,
)

__all__ = ["Vintage", "WarehouseInputs", "publish"]


def publish(
    layout: Layout,
    inputs: WarehouseInputs,
    vintage: Vintage,
    keep: int = 3,
    *,
    memory: str = "4GB",
    threads: int = 2,
) -> Path:
    """Publish a vintage and return the path that readers open.

    The databases of the newest `keep` vintages are kept, and the totals and manifests of all. Publishing a
    vintage that exists gives the same totals or is refused. A failing check, a full disk or a kill leaves the
    last publication as it was.
    """
    with _no_other_publisher(layout), _explained(layout):
        workplace = layout.staging / "publish"
        _remove_leftovers(layout, workplace)
        vintage = _as_first_published(layout, vintage)
        prepared = _prepare(layout, workplace, inputs, vintage, memory=memory, threads=threads)
        home = _store(layout, prepared, vintage)
        _put_in_place(home / DATABASE, layout.published)
        _prune(layout, current=vintage, keep=keep)
        shutil.rmtree(workplace, ignore_errors=True)
    return layout.published


def restore_database(layout: Layout, inputs: WarehouseInputs, vintage: Vintage) -> None:
    """Put the database of a vintage back, made again of the same inputs."""
    with _no_other_publisher(layout), _explained(layout):
        workplace = layout.staging / "publish"
        _remove_leftovers(layout, workplace)
        workplace.mkdir(parents=True)
        _make_database(workplace, workplace / DATABASE, inputs, vintage)
        os.replace(workplace / DATABASE, layout.vintages / vintage.name / DATABASE)  # noqa: PTH105
        shutil.rmtree(workplace, ignore_errors=True)


def _prepare(
    layout: Layout, workplace: Path, inputs: WarehouseInputs, vintage: Vintage, *, memory: str, threads: int
) -> Path:
    """A complete vintage folder in the staging folder."""
    prepared = workplace / vintage.name
    prepared.mkdir(parents=True)
    _make_database(workplace, prepared / DATABASE, inputs, vintage, memory=memory, threads=threads)
    files.write_parquet(prepare_frames(inputs, vintage)["agg_jurisdiction_half_year"], prepared / TOTALS)
    if inputs.kept is not None:
        keep_files(layout, inputs.kept.raw)
        write_kept(inputs.kept, inputs.coverage, prepared)
    files.write_text(vintage.to_json(), prepared / MANIFEST)
    _sync(prepared)
    return prepared


def _make_database(
    workplace: Path,
    database: Path,
    inputs: WarehouseInputs,
    vintage: Vintage,
    *,
    memory: str = "4GB",
    threads: int = 2,
) -> None:
    """Fill a new database file, check it, read it back, and make it read-only."""
    with fill_database.building(database, workplace / "spill", memory=memory, threads=threads) as connection:
        fill_database.fill(connection, inputs, vintage)
        fill_database.run_checks(connection)
        written = fill_database.row_counts(connection)
    read = fill_database.read_back(database)
    if read != written:
        raise WorkError(
            "The new database does not read back as it was written, so nothing was published.",
            "Check the disk, then start this again.",
        )
    database.chmod(0o444)  # The same file is the vintage and the publication: nobody may write to either.
    _sync(database)


def _store(layout: Layout, prepared: Path, vintage: Vintage) -> Path:
    """Move a prepared folder to its place among the vintages; one that exists keeps its own totals."""
    home = layout.vintages / vintage.name
    if not home.exists():
        layout.vintages.mkdir(parents=True, exist_ok=True)
        os.rename(prepared, home)  # noqa: PTH104 (the one step, by its system name)
    elif files.sha256_of(home / TOTALS) == files.sha256_of(prepared / TOTALS):
        os.replace(prepared / DATABASE, home / DATABASE)  # noqa: PTH105
        _sync(home)
    else:
        raise WorkError(
            f"The vintage {vintage.name} exists with other totals, and a vintage never changes.",
            "Publish under a new name; the old one stays readable with `inflows totals --vintage`.",
        )
    _sync(layout.vintages)
    return home


def _put_in_place(database: Path, published: Path) -> None:
    """Let readers that open the published path from now on find the new database; others keep the old one."""
    aside = published.with_name(f".{published.name}.{uuid4().hex[:8]}")
    try:
        os.link(database, aside)
    except OSError:  # Some file systems have no hard links.
        shutil.copy2(database, aside)
        _sync(aside)
    os.replace(aside, published)  # noqa: PTH105
    _sync(published.parent)


def _as_first_published(layout: Layout, vintage: Vintage) -> Vintage:
    """The vintage as its manifest has it, if it exists: a repetition keeps its time and its number."""
    if not (layout.vintages / vintage.name / MANIFEST).is_file():
        return replace(vintage, number=next_number(layout))
    existing = find_vintage(layout, vintage.name)
    if _made_of(existing) != _made_of(vintage):
        raise WorkError(
            f"The vintage {vintage.name} exists and was made of other inputs, and a vintage never changes.",
            "Publish under a new name.",
        )
    return existing


def _made_of(vintage: Vintage) -> tuple[object, ...]:
    return vintage.as_of, vintage.simulated, vintage.code_version, vintage.rules_version, vintage.inputs


def _prune(layout: Layout, *, current: Vintage, keep: int) -> None:
    """Delete the databases of older vintages; their totals and manifests stay."""
    others = [vintage for vintage in read_manifests(layout) if vintage.name != current.name]
    for vintage in others[max(keep - 1, 0) :]:
        (layout.vintages / vintage.name / DATABASE).unlink(missing_ok=True)


def _remove_leftovers(layout: Layout, workplace: Path) -> None:
    """Delete what a killed publication left; nobody else is publishing."""
    if workplace.exists():
        shutil.rmtree(workplace)
    for aside in layout.warehouse.glob(f".{layout.published.name}.*"):
        aside.unlink(missing_ok=True)


@contextmanager
def _no_other_publisher(layout: Layout) -> Iterator[None]:
    """Publish one at a time, also where the caller has not locked the data folder."""
    lock = FileLock(layout.staging / "publish.lock", timeout=600)
    try:
        layout.staging.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except Timeout:
        raise WorkError(
            "Another publication has been under way for ten minutes.", "Wait for it, then start this again."
        ) from None
    except OSError as error:
        raise _not_published(layout, error) from None
    try:
        yield
    finally:
        lock.release()


@contextmanager
def _explained(layout: Layout) -> Iterator[None]:
    """Turn failures of the disk and of the database into one sentence."""
    try:
        yield
    except (OSError, duckdb.Error) as error:
        raise _not_published(layout, error) from error


def _not_published(layout: Layout, error: Exception) -> WorkError:
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return WorkError(
        f"The warehouse in {layout.warehouse} could not be published: {' '.join(reason.split())}",
        "Make sure that the folder can be written and the disk has room; the last publication is untouched.",
    )


def _sync(path: Path) -> None:
    """Ask the disk to keep a file or the names in a folder, before the next step relies on it."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
