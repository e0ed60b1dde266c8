"""The files that an order means, wherever they lie: on this machine or in an object store.

What lies in an object store is copied below the order's scratch folder, under its bucket and key, before it
is read; `shown` turns such a path back into its address, for errors and warnings.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from inflows.errors import InflowsError, UsageError
from inflows.sources.paths import expand, is_remote

if TYPE_CHECKING:
    from inflows.http.objects import ObjectStore, StoredObject

_DATE: Final = re.compile(r"(?:^|/)date=(\d{4}-\d{2}-\d{2})(?:/|$)")
_AT_ONCE: Final = 4


@dataclass(frozen=True)
class Item:
    """One file. `date`: the day of its partition `date=…`, if it lies in one."""

    name: str
    """As the user knows it: its path or its address."""
    path: Path | None
    remote: StoredObject | None
    size: int
    stamp: int
    """When it was changed last, in nanoseconds since 1970."""
    date: dt.date | None
    named: bool
    """Whether the user named it itself, and not a folder or glob that it was found in."""

    @property
    def identity(self) -> tuple[str, int, int]:
        """What is the same as long as the file is."""
        return (self.name, self.size, self.stamp)


def open_store() -> ObjectStore:
    """The object store that the environment names."""
    from inflows.http.objects import ObjectStore

    return ObjectStore()


def find(paths: Iterable[str], suffixes: tuple[str, ...], store: Callable[[], ObjectStore]) -> list[Item]:
    """All files that paths mean, each once, by day and name; UsageError where a path leads to nothing."""
    found: dict[str, Item] = {}
    for path in paths:
        here = _remote(path, suffixes, store()) if is_remote(path) else _local(path, suffixes)
        for item in here:
            if item.name not in found or item.named:
                found[item.name] = item
    return sorted(found.values(), key=lambda item: (item.date or dt.date.max, item.name))


def of_days(items: Sequence[Item], first: dt.date | None, end: dt.date | None) -> list[Item]:
    """The files of partitions with first ≤ date < end. Raises UsageError where there is none to choose."""
    if first is None and end is None:
        return list(items)
    if first is not None and end is not None and end <= first:
        raise UsageError(
            f"No day is from {first} on and before {end}.", "--to-date is exclusive: give a later one."
        )
    undated = [item.name for item in items if item.date is None]
    if undated:
        raise UsageError(
            f"{undated[0]} lies in no partition date=YYYY-MM-DD.",
            "Days can be chosen of files in such folders alone: leave --from-date and --to-date out.",
        )
    chosen = [
        item
        for item in items
        if item.date is not None
        and (first is None or item.date >= first)
        and (end is None or item.date < end)
    ]
    if not chosen:
        days = sorted(item.date for item in items if item.date is not None)
        raise UsageError(
            f"No file is of the days that were asked for: they are from {days[0]} to {days[-1]}.",
            "Give other days with --from-date and --to-date.",
        )
    return chosen


def fetch(
    items: Sequence[Item], scratch: Path, columns: Sequence[str], store: Callable[[], ObjectStore]
) -> list[Path]:
    """Where each file can be read on this machine; what lies elsewhere is copied, some at once."""
    if all(item.remote is None for item in items):
        return [item.path for item in items if item.path is not None]
    opened = store()

    def here(item: Item) -> Path:
        if item.remote is None:
            assert item.path is not None
            return item.path
        target = scratch_path(scratch, item.remote.bucket, item.remote.key)
        parquet = target.name.endswith((".parquet", ".pq"))
        opened.fetch(item.remote, target, columns if parquet else ())
        return target

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return list(pool.map(here, items))


def scratch_path(scratch: Path, bucket: str, key: str) -> Path:
    """Where an object is copied to; a key that would lead out of the folder is refused."""
    parts = key.split("/")
    if any(part in ("", ".", "..") for part in parts) or "\0" in key:
        raise UsageError(f"s3://{bucket}/{key} has a name that is no path.", "Leave it out.")
    return scratch / "objects" / bucket / Path(*parts)


def day_of(path: str) -> dt.date | None:
    """The day of the partition `date=…` that a path or address lies in."""
    match = _DATE.search(path)
    try:
        return dt.date.fromisoformat(match[1]) if match else None
    except ValueError:
        return None  # date=2024-02-30


def shown(text: str, scratch: Path) -> str:
    """A text in which the paths of copies are the addresses that they were copied from."""
    return text.replace(f"{scratch / 'objects'}/", "s3://")


def shown_error(error: InflowsError, scratch: Path) -> InflowsError:
    """The same error in terms of addresses."""
    return type(error)(shown(error.problem, scratch), shown(error.hint, scratch))


def changes(before: Sequence[Item], after: Sequence[Item]) -> str:
    """What became of the files meanwhile, in words; empty: nothing."""
    old, new = ({item.name: item.identity for item in items} for items in (before, after))
    counts = {
        "new": len(new.keys() - old.keys()),
        "gone": len(old.keys() - new.keys()),
        "changed": sum(old[name] != new[name] for name in old.keys() & new.keys()),
    }
    return ", ".join(f"{count:,} {what}" for what, count in counts.items() if count)


def _local(path: str, suffixes: tuple[str, ...]) -> list[Item]:
    named = Path(path).is_file()
    items = []
    for file in expand([path], suffixes):
        stat = file.stat()
        items.append(
            Item(str(file), file, None, stat.st_size, stat.st_mtime_ns, day_of(file.as_posix()), named)
        )
    return items


def _remote(path: str, suffixes: tuple[str, ...], store: ObjectStore) -> list[Item]:
    found = [
        item
        for item in store.find(path)
        if item.url == path
        or (item.key.endswith(suffixes) and not item.key.rpartition("/")[2].startswith((".", "_")))
    ]
    if not found:
        raise UsageError(
            f"'{path}' leads to no file ({', '.join(suffixes)}).",
            "Check the name, the region and the endpoint; put quotation marks around a glob.",
        )
    return [
        Item(item.url, None, item, item.size, item.changed_ns, day_of(item.key), item.url == path)
        for item in found
    ]
