"""The files of this machine that a user means by paths, folders and globs."""

from __future__ import annotations

import glob
from collections.abc import Iterable
from pathlib import Path

from inflows.errors import UsageError


def expand(paths: Iterable[str | Path], suffixes: tuple[str, ...]) -> list[Path]:
    """Files, files of folders (all levels down) and of globs, each once, sorted.

    In folders and globs only files with one of the `suffixes` count, and hidden ones do not; a file that is
    named itself counts whatever its name. Raises UsageError where a path leads to nothing.
    """
    found: set[Path] = set()
    for path in paths:
        here = _expand_one(Path(path), suffixes)
        if not here:
            raise UsageError(
                f"'{path}' leads to no file ({', '.join(suffixes)}).",
                "Give files, folders or globs; put quotation marks around a glob.",
            )
        found.update(here)
    return sorted(found)


def is_remote(path: str | Path) -> bool:
    """Whether a path lies in an object store."""
    return str(path).startswith("s3://")


def name_of(path: Path) -> str:
    """The file's name, as quarantine and errors cite it."""
    return path.name


def _expand_one(path: Path, suffixes: tuple[str, ...]) -> list[Path]:
    if path.is_file():
        return [path]
    if path.is_dir():
        matches: Iterable[Path] = path.rglob("*")
    elif glob.has_magic(str(path)):
        matches = (Path(match) for match in glob.glob(str(path), recursive=True))  # noqa: PTH207
    else:
        return []
    return [
        file
        for file in matches
        if file.is_file() and file.name.endswith(suffixes) and not file.name.startswith((".", "_"))
    ]
