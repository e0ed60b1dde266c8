"""The registry's tables: their contract, and the key under which a later row replaces an earlier one."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Final

from inflows.contracts import columns as c
from inflows.contracts.balances import Balances
from inflows.contracts.licences import Licences, References
from inflows.contracts.registry import Assets, Jurisdictions, Labels, Prices
from inflows.contracts.schema import dtypes


@dataclass(frozen=True)
class Table:
    """One registry table: its contract, its key, and what its rows say of their key (`content`)."""

    name: str
    schema: type[c.Schema]
    key: tuple[str, ...]
    has_baseline: bool
    """Whether the first import into the empty table is known since ever."""
    notes: tuple[str, ...] = ()
    """Columns of text beside what a row says: another note alone is nothing new. Files may lack them."""

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns, in the contract's order."""
        return tuple(dtypes(self.schema))

    @property
    def content(self) -> tuple[str, ...]:
        """What a row says of its key: the columns besides the key, known_at and the notes."""
        return tuple(name for name in self.columns if name not in (*self.key, "known_at", *self.notes))


LABELS: Final = Table(
    "labels",
    Labels,
    ("chain", "address", "source", "valid_from"),
    has_baseline=False,
    notes=("evidence",),
)
PRICES: Final = Table("prices", Prices, ("chain", "contract", "time", "source"), has_baseline=True)
ASSETS: Final = Table("assets", Assets, ("chain", "contract"), has_baseline=True)
JURISDICTIONS: Final = Table(
    "jurisdictions", Jurisdictions, ("exchange", "jurisdiction", "basis", "valid_from"), has_baseline=True
)
LICENCES: Final = Table(
    "licences",
    Licences,
    ("exchange", "entity", "jurisdiction", "licence", "status", "valid_from"),
    has_baseline=True,
)
REFERENCES: Final = Table("references", References, ("figure",), has_baseline=True)
BALANCES: Final = Table(
    "balances",
    Balances,
    ("chain", "address", "contract", "time", "block_number", "source"),
    has_baseline=True,
)
TABLES: Final = {table.name: table for table in (LABELS, PRICES, ASSETS, JURISDICTIONS, LICENCES, REFERENCES)}
"""What builds read, by name. BALANCES is not among them: flows are held against it afterwards."""


def in_utc(moment: dt.datetime) -> dt.datetime:
    """The same instant in UTC; a time without a zone is a mistake of the caller (ValueError)."""
    if moment.tzinfo is None:
        raise ValueError(f"{moment.isoformat()} has no time zone")
    return moment.astimezone(dt.UTC)
