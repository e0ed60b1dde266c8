"""The registry's tables: their contract, and the key under which a later row replaces an earlier one."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Final

from inflows.contracts import columns as c
from inflows.contracts.registry import Assets, Jurisdictions, Labels, Prices
from inflows.contracts.schema import dtypes


@dataclass(frozen=True)
class Table:
    """One registry table. `content` is what a row says of its key: all other columns but known_at."""

    name: str
    schema: type[c.Schema]
    key: tuple[str, ...]
    has_baseline: bool
    """Whether the first import into the empty table is known since ever."""

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns, in the contract's order."""
        return tuple(dtypes(self.schema))

    @property
    def content(self) -> tuple[str, ...]:
        """The columns in which two rows of one key may differ, known_at apart."""
        return tuple(name for name in self.columns if name not in (*self.key, "known_at"))


LABELS: Final = Table("labels", Labels, ("chain", "address", "source", "valid_from"), has_baseline=False)
PRICES: Final = Table("prices", Prices, ("chain", "contract", "time", "source"), has_baseline=True)
ASSETS: Final = Table("assets", Assets, ("chain", "contract"), has_baseline=True)
JURISDICTIONS: Final = Table(
    "jurisdictions", Jurisdictions, ("exchange", "jurisdiction", "basis", "valid_from"), has_baseline=True
)
TABLES: Final = {table.name: table for table in (LABELS, PRICES, ASSETS, JURISDICTIONS)}


def in_utc(moment: dt.datetime) -> dt.datetime:
    """The same instant in UTC; a time without a zone is a mistake of the caller (ValueError)."""
    if moment.tzinfo is None:
        raise ValueError(f"{moment.isoformat()} has no time zone")
    return moment.astimezone(dt.UTC)
