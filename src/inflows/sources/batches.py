"""Dumps that are stored day by day: what is looked at first, what is stored together, and going on.

Every file's head is looked at before anything is stored. Then whole days are stored together, about two
million rows at a time, so that neither disk nor memory must hold the dump. Which files are stored is noted
beside the raw store until the order is done: started again, it goes on.
"""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

import polars as pl

from inflows import files
from inflows.errors import UsageError
from inflows.layout import Layout
from inflows.raw.parts import ROWS_HELD
from inflows.sources import bounds, recognise
from inflows.sources.dumps import Item
from inflows.sources.formats import InputFormat
from inflows.sources.table_files import open_table

if TYPE_CHECKING:
    from inflows.http.objects import ObjectStore

ROWS_TOGETHER: Final = ROWS_HELD
_AT_ONCE: Final = 8


def looked_at(
    items: Sequence[Item], source: InputFormat, store: Callable[[], ObjectStore], warnings: list[str]
) -> list[tuple[Item, int]]:
    """Files with their rows; empty ones are named in a warning and left out.

    Raises UsageError where a file is not of the format or cannot be read, or none has a row to read.
    """
    full = []
    for item in items:
        if item.size == 0 and item.named:
            raise UsageError(f"{item.name} is empty.", "Nothing was stored. Leave it out, or fetch it again.")
        if item.size == 0:
            warnings.append(f"{item.name} is an empty file: the dump lacks its rows.")
        else:
            full.append(item)
    if not full:
        raise UsageError(f"{items[0].name} is empty, and there is no other file.", "Fetch it again.")
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        heads = list(pool.map(lambda item: _head(item, source, store), full))
    found = []
    for item, (columns, rows) in zip(full, heads, strict=True):
        if source.check is not None:
            try:
                source.check(item.name, columns)
            except UsageError as error:
                head = (
                    recognise.Head(recognise.PARQUET, columns)
                    if item.path is None
                    else recognise.head_of(item.path)
                )
                raise recognise.other_format(item.name, head, source.name, source.forms) or error from None
        if rows == 0:
            warnings.append(f"{item.name} has no rows.")
        found.append((item, rows))
    return found


def _head(
    item: Item, source: InputFormat, store: Callable[[], ObjectStore]
) -> tuple[dict[str, pl.DataType], int]:
    if item.remote is None:
        assert item.path is not None
        try:
            table = open_table(item.path)
        except UsageError as error:
            head = recognise.head_of(item.path)
            raise recognise.other_format(item.name, head, source.name, source.forms) or error from None
        return table.columns, table.rows or 0
    schema, rows = store().head(item.remote)
    bounds.check_rows(item.name, rows, item.size)
    empty = pl.from_arrow(schema.empty_table())
    assert isinstance(empty, pl.DataFrame)
    return dict(empty.schema), rows


def together(items: Sequence[tuple[Item, int]]) -> Iterator[list[Item]]:
    """Files in groups of whole days, about ROWS_TOGETHER rows each."""
    group: list[Item] = []
    rows = 0
    for _, of_day in itertools.groupby(items, key=lambda found: found[0].date):
        day = list(of_day)
        here = sum(count for _, count in day)
        if group and rows + here > ROWS_TOGETHER:
            yield group
            group, rows = [], 0
        group += [item for item, _ in day]
        rows += here
    if group:
        yield group


def without_copies(paths: Sequence[Path], names: Sequence[str], warnings: list[str]) -> list[Path]:
    """Files without those whose bytes another one has; each is named in a warning."""
    by_size: dict[int, list[tuple[Path, str]]] = {}
    for path, name in zip(paths, names, strict=True):
        by_size.setdefault(path.stat().st_size, []).append((path, name))
    copies = set()
    for alike in by_size.values():
        seen: dict[str, str] = {}
        for path, name in alike if len(alike) > 1 else ():
            digest = files.sha256_of(path)
            if digest in seen:
                copies.add(path)
                warnings.append(f"{name} is a copy of {seen[digest]}, which is read once.")
            seen.setdefault(digest, name)
    return [path for path in paths if path not in copies]


class Ledger:
    """Which files of an order are stored already; kept beside the raw store until the order is done."""

    def __init__(self, layout: Layout, order: Sequence[object]) -> None:
        digest = hashlib.sha256(json.dumps(order, default=str).encode()).hexdigest()
        self._path = layout.raw / ".unfinished" / f"{digest[:32]}.json"
        self._stored: set[tuple[str, int, int]] = set()
        with suppress(OSError, ValueError, TypeError):  # not there, or not ours: all is read again
            known = json.loads(self._path.read_text(encoding="utf-8"))
            self._stored = {(str(name), int(size), int(stamp)) for name, size, stamp in known}

    def __contains__(self, item: Item) -> bool:
        return item.identity in self._stored

    def add(self, items: Sequence[Item]) -> None:
        """Note files as stored."""
        self._stored |= {item.identity for item in items}
        files.write_text(json.dumps(sorted(self._stored)) + "\n", self._path)

    def close(self) -> None:
        """Forget the order: all of it is stored."""
        self._path.unlink(missing_ok=True)
        with suppress(OSError):
            self._path.parent.rmdir()
