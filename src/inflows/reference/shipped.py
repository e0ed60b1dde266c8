"""Where the files that come with the project lie: facts in this folder, registries in data/registry/*.csv.

The registries are below the checkout, or inside the package.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from inflows.errors import WorkError

_PACKAGE: Final = Path(__file__).parents[1]
_FOLDERS: Final = (_PACKAGE / "data" / "registry", _PACKAGE.parents[1] / "data" / "registry")
"""Installed, checkout."""


def reference_file(name: str) -> Path:
    """A file of facts in this folder, by its name: `chains.csv`."""
    return Path(__file__).parent / name


def shipped(name: str) -> Path:
    """The file of a registry table that comes with the project, in the own format of that table."""
    for folder in _FOLDERS:
        path = folder / f"{name}.csv"
        if path.is_file():
            return path
    raise WorkError(
        f"The list of {name} that comes with the program is missing from this installation.",
        "Install inflows again.",
    )
