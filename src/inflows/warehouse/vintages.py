"""Publications: what each was made of, and which there are."""

from __future__ import annotations

import datetime as dt
import json
import re
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from inflows.contracts.names import SLUG_PATTERN
from inflows.errors import UsageError, WorkError
from inflows.layout import Layout

MANIFEST = "manifest.json"
DATABASE = "inflows.duckdb"
TOTALS = "totals.parquet"


@dataclass(frozen=True)
class Vintage:
    """One publication, immutable once made. Times are in UTC; as_of is None where no limit was given.

    number counts the publications of a data folder, whatever its clock said; 0: an older program made it.
    """

    name: str
    published_at: dt.datetime
    as_of: dt.datetime | None
    simulated: bool
    code_version: str
    rules_version: str
    inputs: dict[str, str]
    number: int = field(default=0, compare=False)

    def __post_init__(self) -> None:
        if not re.fullmatch(SLUG_PATTERN, self.name):
            raise UsageError(
                f"'{self.name}' cannot name a vintage.",
                "Use lower-case letters, digits, '.', '_' and '-', at most 64 characters.",
            )

    def to_json(self) -> str:
        """The manifest: keys sorted, times in ISO 8601 with Z."""
        fields = asdict(self) | {"published_at": _text(self.published_at), "as_of": _text(self.as_of)}
        return json.dumps(fields, indent=2, sort_keys=True, ensure_ascii=False) + "\n"

    def inputs_json(self) -> str:
        """The fingerprints as one JSON object, keys sorted."""
        return json.dumps(self.inputs, sort_keys=True, ensure_ascii=False)


def read_manifests(layout: Layout) -> list[Vintage]:
    """All vintages, newest first; ones of which only totals are kept too."""
    vintages = [_read(path) for path in layout.vintages.glob(f"*/{MANIFEST}")]
    return sorted(vintages, key=_order, reverse=True)


def next_number(layout: Layout) -> int:
    """The number of the publication that comes next."""
    return 1 + max((vintage.number for vintage in read_manifests(layout)), default=0)


def find_vintage(layout: Layout, name: str) -> Vintage:
    """The manifest of one vintage; an unknown name is an error that names the newest ones."""
    vintages = read_manifests(layout)
    for vintage in vintages:
        if vintage.name == name:
            return vintage
    known = ", ".join(vintage.name for vintage in vintages[:5])
    raise UsageError(
        f"There is no vintage '{name}'.",
        f"The newest are: {known}." if known else "Nothing has been published yet: run `inflows build`.",
    )


def totals_path(layout: Layout, name: str) -> Path:
    """Where the totals of a vintage lie; they are kept for all vintages."""
    return layout.vintages / find_vintage(layout, name).name / TOTALS


def database_path(layout: Layout, name: str) -> Path:
    """The database of a vintage; they are kept for the newest ones only (setting keep_databases)."""
    path = layout.vintages / find_vintage(layout, name).name / DATABASE
    if not path.is_file():
        raise UsageError(
            f"The database of vintage {name} is not kept any more, only its half-year totals.",
            f"Make it again from its inputs: inflows rebuild {name}",
        )
    return path


def _order(vintage: Vintage) -> tuple[int, dt.datetime, str]:
    return vintage.number, vintage.published_at, vintage.name


def _read(path: Path) -> Vintage:
    try:
        fields: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        for name in ("published_at", "as_of"):
            if fields[name] is not None:
                fields[name] = dt.datetime.fromisoformat(fields[name])
        return Vintage(**fields)
    except (ValueError, KeyError, TypeError, OSError) as error:
        raise WorkError(
            f"The manifest {path} cannot be read: {error}.", "Delete its folder, then run `inflows build`."
        ) from None


def _text(time: dt.datetime | None) -> str | None:
    return None if time is None else time.astimezone(dt.UTC).isoformat().replace("+00:00", "Z")
