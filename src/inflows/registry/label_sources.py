"""What is known of the sources of labels: which list each copies, how sure it is, under which licence.

The facts stand in reference/label_sources.csv. Sources that copy one list are one lineage, so that their
agreement is one vote where claims disagree (stages.wallets). A source that is not listed is a lineage of its
own.
"""

from __future__ import annotations

import csv
from functools import cache
from types import MappingProxyType
from typing import Final, NamedTuple

from inflows.reference.shipped import reference_file

_FACTS: Final = reference_file("label_sources.csv")


class LabelSource(NamedTuple):
    """A source of labels: its name in the column `source`, and what holds for its claims by default."""

    source: str
    lineage: str
    confidence: int  # 0 to 100, of claims that do not say it themselves
    licence: str
    licence_url: str
    note: str


@cache
def label_sources() -> MappingProxyType[str, LabelSource]:
    """The sources that are listed, by name."""
    with _FACTS.open(encoding="utf-8", newline="") as handle:
        rows = [
            LabelSource(**{**row, "confidence": int(row["confidence"])})  # type: ignore[arg-type]
            for row in csv.DictReader(handle)
        ]
    return MappingProxyType({row.source: row for row in rows})


@cache
def lineages() -> MappingProxyType[str, str]:
    """The lineage of each listed source, as stages.wallets.resolve_wallets takes it."""
    return MappingProxyType({name: row.lineage for name, row in label_sources().items()})
