"""Whose name a list gives: one slug for an exchange, however it is spelled, and what kind of business it is.

The facts stand in reference/exchanges.csv (exchange, name, kind, source) and reference/exchange_aliases.csv
(alias, exchange, source). Names are compared by their letters and digits alone, so Gate.io, gate-io and
GATEIO are one spelling. Sister companies (OKX and OKCoin, Binance and Binance US, HashKey and HashKey
Exchange) are exchanges of their own.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

from inflows.contracts.names import SLUG_PATTERN
from inflows.errors import UsageError
from inflows.reference.shipped import reference_file

EXCHANGE: Final = "exchange"
"""The one kind whose wallets count; others (payment, casino, dex, …) are skipped and counted."""
UNKNOWN_KIND: Final = ""
"""The kind of a name that nobody listed: imported under its own slug, and listed by the checks."""

_ENDINGS: Final = ("cex", "exchange", "com", "io", "global", "net", "pro", "org")
_ODD: Final = re.compile(r"[^a-z0-9]+")
_NAME: Final = r"[A-Za-z0-9][A-Za-z0-9 ._:()&'-]*"
"""What own formats compare with known names; `../okx` is no exchange."""


class Exchange(NamedTuple):
    """An entity that the project knows by name."""

    exchange: str
    name: str
    kind: str
    source: str


class Owner(NamedTuple):
    """Who a name stands for: a slug (empty: the name has no letters), and the kind."""

    exchange: str
    kind: str


@cache
def known_exchanges() -> dict[str, Exchange]:
    """The entities in reference/exchanges.csv, by slug."""
    with reference_file("exchanges.csv").open(encoding="utf-8", newline="") as handle:
        return {row["exchange"]: Exchange(**row) for row in csv.DictReader(handle)}


class Names:
    """Looks up owners by name: the project's facts, then a user's own aliases, which win."""

    def __init__(self, aliases: Path | None = None) -> None:
        self._kinds = {slug: entity.kind for slug, entity in known_exchanges().items()}
        self._slugs = {
            spelling(name): slug for slug, entity in known_exchanges().items() for name in (entity.name, slug)
        }
        own = read_aliases(aliases) if aliases else {}
        for alias, target in {**read_aliases(reference_file("exchange_aliases.csv")), **own}.items():
            self._slugs[spelling(alias)] = target
        self._follow(own, aliases)

    def owner(self, name: str) -> Owner:
        """Who a name stands for."""
        key = spelling(name)
        slug = self._slugs.get(key) or self._without_ending(key) or slug_of(name)
        return Owner(slug, self._kinds.get(slug, UNKNOWN_KIND))

    def canonical_exchange(self, name: str) -> str:
        """The slug of a name that the facts or aliases have, however spelled; else the name as it is."""
        return self._slugs.get(spelling(name), name) if re.fullmatch(_NAME, name) else name

    def is_known(self, name: str) -> bool:
        """Whether the facts or the aliases know the name."""
        key = spelling(name)
        return bool(self._slugs.get(key) or self._without_ending(key))

    def _without_ending(self, key: str) -> str:
        """The slug of `bitkub-cex` or `kraken.com`, where the rest of the name is known."""
        for ending in _ENDINGS:
            if key.endswith(ending) and (found := self._slugs.get(key.removesuffix(ending))):
                return found
        return ""

    def _follow(self, own: dict[str, str], file: Path | None) -> None:
        """Let each of the user's aliases stand for what its target stands for; UsageError for a cycle."""
        aliases = {spelling(alias): (alias, target) for alias, target in own.items()}
        for alias in own:
            names, target = [alias], own[alias]
            while (key := spelling(target)) in aliases and key != spelling(names[-1]):
                if key in [spelling(name) for name in names]:
                    cycle = " -> ".join([*names[[spelling(name) for name in names].index(key) :], target])
                    raise UsageError(
                        f"{file}: the aliases {cycle} go round in a circle.", "Take one of them out."
                    )
                names.append(target)
                target = aliases[key][1]
            known = self._slugs.get(spelling(target)) if spelling(target) not in aliases else ""
            self._slugs[spelling(alias)] = known or slug_of(target)


@cache
def known_names() -> Names:
    """The names of the project's facts alone."""
    return Names()


def one_spelling(slugs: Iterable[str], held: Iterable[str]) -> dict[str, str]:
    """Slugs that differ from another in punctuation alone, each with the one that stands for all.

    That is the one held already, else the first of them by alphabet: whichever is read first, they are one.
    """
    alike: dict[str, list[str]] = {}
    for slug in [*sorted(set(held)), *sorted(set(slugs))]:
        alike.setdefault(spelling(slug) or slug, []).append(slug)
    chosen = {slug: alike[spelling(slug) or slug][0] for slug in slugs}
    return {slug: one for slug, one in chosen.items() if one != slug}


def read_aliases(file: Path) -> dict[str, str]:
    """The aliases of a file (columns alias, exchange; further ones are notes), in the order of its lines."""
    try:
        with file.open(encoding="utf-8-sig", newline="") as handle:
            rows = csv.DictReader(handle, strict=True)
            for name in ("alias", "exchange"):
                if name not in (rows.fieldnames or ()):
                    raise UsageError(f"{file} lacks the column '{name}'.", "Its columns are alias, exchange.")
            found: dict[str, str] = {}
            for row in rows:
                alias, target = (row["alias"] or "").strip(), (row["exchange"] or "").strip()
                if not spelling(alias) or not re.fullmatch(SLUG_PATTERN, slug_of(target)):
                    raise UsageError(f"{file}:{rows.line_num}: alias or exchange is empty.", "Fill it in.")
                if found.get(alias, target) != target:
                    raise UsageError(
                        f"{file}:{rows.line_num}: the alias '{alias[:60]}' stands for two exchanges.",
                        "Keep one of the lines.",
                    )
                found[alias] = target
            return found
    except FileNotFoundError:
        raise UsageError(f"There is no file at {file}.", "Check the path.") from None
    except (OSError, UnicodeDecodeError, csv.Error):
        raise UsageError(f"{file} cannot be read as CSV.", "Its columns are alias, exchange.") from None


def spelling(name: str) -> str:
    """What two spellings of one name have in common: its ASCII letters, in lower case, and digits."""
    return _ODD.sub("", name.lower())


def slug_of(name: str) -> str:
    """A name as a slug (names.SLUG_PATTERN); empty where nothing of it can be one."""
    return _ODD.sub("-", name.lower()).strip("-")[:64].strip("-")
