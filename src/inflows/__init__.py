"""Inflows: what centralised exchanges received on chain, by jurisdiction and half-year.

The data's way: sources -> transfers (raw) -> labelled -> priced -> classified flows -> daily facts
-> attributed -> half-year totals -> published warehouse.

For notebooks: `inflows.open("data")` is one data folder, with what the commands do as methods. What
`__all__` names is public; everything else may change without notice.
"""

from __future__ import annotations

import logging as _logging
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inflows.errors import InflowsError, UsageError, WorkError

if TYPE_CHECKING:
    from inflows.data_folder import DataFolder

__all__ = ["DataFolder", "InflowsError", "UsageError", "WorkError", "__version__", "open"]

__version__ = version("inflows")

_logging.getLogger(__name__).addHandler(_logging.NullHandler())  # the library alone prints nothing


def open(data: str | Path | None = None) -> DataFolder:
    """The data folder at a path; without one that of `INFLOWS_DATA`, of inflows.toml, or `data`.

    Nothing is read yet: the folder may be empty, or not there. UsageError where the path is a file's or the
    settings are wrong.

    >>> import inflows
    >>> inflows.open(market).path == market
    True
    """
    from inflows.data_folder import open_data_folder

    return open_data_folder(data)


def __getattr__(name: str) -> Any:
    """DataFolder, which is imported when it is first asked for: a notebook should not wait for Polars."""
    if name == "DataFolder":
        from inflows.data_folder import DataFolder

        return DataFolder
    raise AttributeError(f"module 'inflows' has no attribute '{name}'")
