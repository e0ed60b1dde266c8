"""Files of a checkout: those that a list's own layout names, or the one file or folder that a user gives."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from inflows.errors import UsageError

MOST_BYTES: Final = 128 * 2**20
"""Files that are parsed as a whole are no larger than this; no list in those forms comes near."""


def files_in(path: Path, patterns: Sequence[str], suffix: str, what: str) -> list[tuple[Path, str]]:
    """The files to read, each with the name that evidence gives it.

    A file is read as it is; of a folder, what the layout's patterns name, else (a part of a checkout) all
    files of the suffix. `what` names the list in the error of a path that holds none.
    """
    if path.is_file():
        return [(path, path.name)]
    if not path.is_dir():
        raise UsageError(f"There is no file or folder at {path}.", "Give a checkout or a file of the list.")
    for pattern in (*patterns, f"*{suffix}"):
        found = sorted(file for file in path.glob(pattern) if file.is_file())
        if found:
            return [(file, file.relative_to(path).as_posix()) for file in found]
    raise UsageError(
        f"{path} is no checkout of {what}: it holds none of {', '.join(patterns)}.",
        f"Give the folder of the checkout, or one of its {suffix} files.",
    )


def text_of(file: Path) -> str:
    """The text of a file that is parsed as a whole; UsageError where it is none."""
    try:
        if file.stat().st_size > MOST_BYTES:
            raise UsageError(f"{file} is larger than {MOST_BYTES >> 20} MB.", "Give the list itself.")
        text = file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"{file} is not UTF-8 text ({error.reason}).", "Fetch it again.") from None
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror or error}.", "Check the path.") from None
    if not text.strip():
        raise UsageError(f"{file} is empty.", "Fetch it again.")
    return text
