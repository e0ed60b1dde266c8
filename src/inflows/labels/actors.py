"""Actor packs of GraphSense: where an exchange is at home, as far as one place is named.

Source: graphsense/graphsense-tagpacks, actors/*.yaml. An actor has an id, categories, and a list of
jurisdictions without dates or weights. Where an exchange has just one, that is a weight of 1 under the basis
headquarters, since ever. Several are several homes, and how its value is split between them nobody says: such
rows are kept in registry/quarantine/jurisdictions.parquet and never guessed at.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Final, NamedTuple

import polars as pl

from inflows.contracts.registry import Jurisdictions
from inflows.contracts.schema import dtypes
from inflows.errors import UsageError
from inflows.exchanges import EXCHANGE, UNKNOWN_KIND, Names
from inflows.files import write_parquet
from inflows.labels.checkouts import files_in
from inflows.labels.yaml_stream import YamlFile
from inflows.layout import Layout
from inflows.registry import effective
from inflows.registry.store import Imported, append
from inflows.registry.tables import JURISDICTIONS
from inflows.times import END

SOURCE: Final = "tagpack-actors"
BASIS: Final = "headquarters"
SEVERAL: Final = "several_jurisdictions"
NO_COUNTRY: Final = "not_a_country"
HELD_OTHERWISE: Final = "registry_says_otherwise"


class Actor(NamedTuple):
    """An exchange of a pack, and why it is not imported (empty: it is)."""

    list: str
    entry: str
    actor: str
    exchange: str
    jurisdictions: str
    reason: str


@dataclass(frozen=True)
class ActorsReport:
    """Counts of one import: every actor is imported, quarantined or skipped."""

    actors: int
    skipped: int
    """No exchanges, or exchanges without a jurisdiction."""
    quarantined: Counter[str]
    imported: Imported

    def sentence(self) -> str:
        """The closing lines."""
        reasons = ", ".join(f"{reason} {count:,}" for reason, count in sorted(self.quarantined.items()))
        aside = f"{self.quarantined.total():,} quarantined" + (f" ({reasons})" if reasons else "")
        return (
            f"{SOURCE}: {self.actors:,} actors read: {self.imported.read:,} exchanges of one place, "
            f"{aside}, {self.skipped:,} skipped (no exchange, or of no place).\n{self.imported.sentence()}"
        )


def import_actors(
    layout: Layout, path: Path, *, known_at: dt.datetime | None = None, now: dt.datetime
) -> ActorsReport:
    """Import a checkout, a folder of packs or one pack; UsageError where a file cannot be read.

    The caller holds files.writing(layout).
    """
    read = list(_actors(path, Names()))
    if not read:
        raise UsageError(f"{path} holds no actors.", "Give a checkout of TagPacks, or an actor pack.")
    held = effective.jurisdictions(layout, END).filter(pl.col("basis") == BASIS, pl.col("weight") > 0)
    settled = _settle([actor for actor in read if actor.exchange and actor.jurisdictions], held.collect())
    _keep(layout, settled)
    alone = sorted({(actor.exchange, actor.jurisdictions) for actor in settled if not actor.reason})
    rows = pl.DataFrame(
        [
            {
                "exchange": exchange,
                "jurisdiction": place,
                "basis": BASIS,
                "weight": Decimal(1),
                "source": SOURCE,
            }
            | {"valid_from": None, "valid_to": None, "known_at": None}
            for exchange, place in alone
        ],
        schema=dtypes(Jurisdictions),
    )
    imported = append(layout, JURISDICTIONS, rows, known_at=known_at, now=now)
    quarantined = Counter(actor.reason for actor in settled if actor.reason)
    return ActorsReport(len(read), len(read) - len(settled), quarantined, imported)


def _actors(path: Path, names: Names) -> Iterator[Actor]:
    """The actors of all packs; those that are no exchanges have an empty exchange."""
    layout = ("actors/*.yaml", "**/*actorpack.yaml")
    for file, name in files_in(path, layout, ".yaml", "actor packs"):
        pack = YamlFile(file)
        for line, key, value in pack.items("actors"):
            if key != "actors":
                continue
            if not isinstance(value, dict) or not isinstance(value.get("id"), str):
                raise pack.error(line, "the actor has no id", "Give an actor pack.")
            told, categories = value.get("jurisdictions") or [], value.get("categories") or []
            places = [str(place) for place in told] if isinstance(told, list) else [str(told)]
            owner = names.owner(value["id"])
            if owner.kind == UNKNOWN_KIND and isinstance(value.get("label"), str):
                owner = names.owner(value["label"]) if names.is_known(value["label"]) else owner
            counts = EXCHANGE in categories and "defi_dex" not in categories
            counts = counts and owner.kind in (EXCHANGE, UNKNOWN_KIND)
            yield Actor(
                list=name,
                entry=str(line),
                actor=value["id"],
                exchange=owner.exchange if counts else "",
                jurisdictions=" ".join(sorted(set(places))),
                reason="",
            )


def _settle(actors: list[Actor], held: pl.DataFrame) -> list[Actor]:
    """The actors with the reason why each is not imported."""
    import pycountry  # late: it reads its lists from disk

    homes: dict[str, set[str]] = {}
    for actor in actors:
        homes.setdefault(actor.exchange, set()).update(actor.jurisdictions.split())
    known: dict[str, set[str]] = {}
    for exchange, place in held.select("exchange", "jurisdiction").iter_rows():
        known.setdefault(exchange, set()).add(place)

    def reason(actor: Actor) -> str:
        places = homes[actor.exchange]
        if len(places) > 1:
            return SEVERAL
        if pycountry.countries.get(alpha_2=actor.jurisdictions) is None:
            return NO_COUNTRY
        return "" if known.get(actor.exchange, places) == places else HELD_OTHERWISE

    return [actor._replace(reason=reason(actor)) for actor in actors]


def _keep(layout: Layout, settled: list[Actor]) -> None:
    rows = sorted(actor for actor in settled if actor.reason)
    frame = pl.DataFrame(rows, schema=dict.fromkeys(Actor._fields, pl.String), orient="row")
    if rows or _path(layout).exists():
        write_parquet(frame, _path(layout))


def _path(layout: Layout) -> Path:
    return layout.registry / "quarantine" / "jurisdictions.parquet"
