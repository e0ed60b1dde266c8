"""JSON lines as frames of text, with every integer to its last digit.

Values reach 2^256 - 1 and the common fast readers pass numbers through 64 bits or doubles, so lines are read
with Python's own json, whose integers are exact.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import polars as pl

from inflows.sources import bounds
from inflows.sources.table_files import LINE

_LINES_A_BATCH: Final = 50_000


def json_line_batches(path: Path, columns: Sequence[str]) -> Iterator[pl.DataFrame]:
    """The columns (as text; null where absent) of a JSON lines file, and LINE: what is no JSON object.

    Lists of plain values are joined by commas, other lists and objects are JSON again.
    """
    schema = {**dict.fromkeys(columns, pl.String()), LINE: pl.String()}
    opener = gzip.open if path.name.endswith(".gz") else Path.open
    with opener(path, "rb") as handle:
        for batch in bounds.batches(handle, path, _LINES_A_BATCH):
            rows = [_row(line.decode("utf-8"), columns) for line in batch]
            yield pl.DataFrame(rows, schema=schema, orient="row")


def _row(line: str, columns: Sequence[str]) -> tuple[str | None, ...]:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        return (*(None for _ in columns), line.rstrip("\r\n"))
    return (*(_text(found.get(name)) for name in columns), None)


def _text(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return ",".join(value)
    return json.dumps(value)
