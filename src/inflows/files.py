"""Files that are there whole or not at all, and the lock of the one process that writes."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final
from uuid import uuid4

import polars as pl
from filelock import FileLock, Timeout

from inflows.errors import WorkError
from inflows.layout import Layout

_UNFINISHED: Final = re.compile(r"\..+\.[0-9a-f]{8}")
"""How `replacing` names a file beside its place; the digits are random."""


@contextmanager
def replacing(path: Path, *, durable: bool = True, scratch: Path | None = None) -> Iterator[Path]:
    """Yield a path beside `path`; when the block ends well, it takes the place of `path` in one step.

    durable: flush to the disk first, so that the file survives a power cut; what can be made again need not.
    scratch: a folder on the same file system where the unfinished file lies instead, so that a run which is
    killed leaves nothing beside `path`.
    """
    aside = (scratch or path.parent) / f".{path.name}.{uuid4().hex[:8]}"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield aside
        if durable:
            with aside.open("rb") as handle:
                os.fsync(handle.fileno())
        aside.replace(path)
    except OSError as error:
        raise WorkError(
            f"{path} cannot be written: {error.strerror or error}.",
            "Make room or give a folder that you may write to, then start this again.",
        ) from error
    finally:
        with suppress(OSError):
            aside.unlink(missing_ok=True)


def write_parquet(
    frame: pl.DataFrame,
    path: Path,
    *,
    metadata: dict[str, str] | None = None,
    durable: bool = True,
    scratch: Path | None = None,
    compressed: bool = True,
) -> None:
    """Write a frame as Parquet, whole or not at all; the same frame gives the same bytes.

    compressed: by zstd, which halves hex text; what is read back at once and made again at will need not be.
    """
    with replacing(path, durable=durable, scratch=scratch) as aside:
        frame.write_parquet(
            aside,
            compression="zstd" if compressed else "uncompressed",
            # Of hex text, level 1 makes smaller files than the default of 3, in less than half the time.
            compression_level=1 if compressed else None,
            statistics=True,
            metadata=metadata,
        )


def parquet_metadata(path: Path) -> dict[str, str]:
    """The metadata of a Parquet file that can be made again; empty where it is missing or broken."""
    try:
        return pl.read_parquet_metadata(path)
    except (OSError, pl.exceptions.PolarsError):
        return {}


def refuse_broken(*folders: Path) -> None:
    """Raise a WorkError that names a Parquet file below the folders that is none, if there is one.

    For afterwards, when reading failed: what reads many files does not say which of them is broken.
    """
    for folder in folders:
        for path in sorted(folder.rglob("*.parquet")):
            if not _is_parquet(path):
                raise WorkError(
                    f"{path} is broken: it is not (or no longer) a Parquet file.",
                    "Restore it from a copy; or delete it, and ingest or import again what it held.",
                )


def _is_parquet(path: Path) -> bool:
    try:
        pl.read_parquet_schema(path)
    except (OSError, pl.exceptions.PolarsError):
        return False
    return True


def write_text(text: str, path: Path, *, durable: bool = True) -> None:
    """Write a text file in UTF-8, whole or not at all."""
    with replacing(path, durable=durable) as aside:
        aside.write_text(text, encoding="utf-8", newline="\n")


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file's bytes, in hex."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def remove_unfinished(*folders: Path) -> None:
    """Delete what killed runs left beside their places; only for who holds the lock."""
    for folder in folders:
        for inside, _, names in os.walk(folder):
            for name in names:
                if _UNFINISHED.fullmatch(name):
                    Path(inside, name).unlink(missing_ok=True)


@contextmanager
def writing(layout: Layout, *, wait_seconds: float = 10.0) -> Iterator[None]:
    """Hold the data folder's lock, so that two runs at once never write into each other."""
    try:
        layout.root.mkdir(parents=True, exist_ok=True)
        lock = FileLock(layout.lock, timeout=wait_seconds)
        lock.acquire()
    except Timeout:
        raise WorkError(
            f"Another inflows process is writing to {layout.root}.",
            "Wait for it to end, then start this again.",
        ) from None
    except OSError as error:
        raise WorkError(
            f"The data folder {layout.root} cannot be written: {error.strerror or error}.",
            "Give a folder that you may write to, with --data or INFLOWS_DATA.",
        ) from None
    try:
        yield
    except (pl.exceptions.PolarsError, ValueError, OSError):  # pyarrow's are ValueErrors
        refuse_broken(layout.raw, layout.registry)
        raise
    finally:
        lock.release()
