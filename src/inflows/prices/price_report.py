"""What an import of quotes did, in numbers and in sentences."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Final

from inflows.prices.catalogue import Licence
from inflows.prices.klines import Gap
from inflows.registry.store import Imported

_SHOWN: Final = 5


@dataclass(frozen=True)
class PricesReport:
    """Counts of one import or fetch: each quote is stored, quarantined, set aside, or of an unknown id."""

    licence: Licence
    quotes_read: int
    quotes_stored: int
    imported: Imported
    """Rows of the registry: a quote is one for each asset that its id stands for."""
    quarantined: Counter[str] = field(default_factory=Counter)
    """By reason; they lie in raw/quarantine/dataset=prices."""
    set_aside: Counter[str] = field(default_factory=Counter)
    unknown_ids: Counter[str] = field(default_factory=Counter)
    """Quotes whose id stands for no asset here, by id."""
    gaps: tuple[Gap, ...] = ()
    in_tether: int = 0
    """Quotes in USDT that were multiplied by the dollar price of USDT."""
    at_par: int = 0
    """Quotes in USDT that were taken for dollars, as the registry knew no price of USDT."""
    without_checksum: int = 0
    """Archives that had no .CHECKSUM beside them."""
    nothing_known_of: tuple[str, ...] = ()
    """Ids that were asked for and of which the service had no quote."""
    incomplete: bool = False
    """Whether something that the user named could not be fetched."""

    @property
    def missing(self) -> int:
        """How many klines are missing."""
        return sum(gap.missing for gap in self.gaps)

    def sentence(self) -> str:
        """The closing lines: what was read, where it went, what is missing, and under which licence."""
        kept = f"{self.quotes_stored:,} stored"
        parts = [kept, f"{self.quarantined.total():,} quarantined{_listed(self.quarantined)}"]
        if self.set_aside:
            parts.append(f"{self.set_aside.total():,} set aside{_listed(self.set_aside)}")
        if self.unknown_ids:
            names = _first(sorted(self.unknown_ids))
            parts.append(f"{self.unknown_ids.total():,} of ids that stand for no asset here ({names})")
        lines = [
            f"{self.licence.source}: {self.quotes_read:,} quotes read: {', '.join(parts)}.",
            self.imported.sentence(),
        ]
        if self.gaps:
            where = _first([str(gap) for gap in self.gaps])
            lines.append(f"{_counted(self.missing, 'kline')} missing: {where}.")
        if self.in_tether or self.at_par:
            lines.append(
                f"In USDT: {self.in_tether:,} multiplied by the price of USDT, {self.at_par:,} taken as "
                f"dollars (source usdt-{self.licence.source})."
            )
        if self.without_checksum:
            lines.append(f"{_counted(self.without_checksum, 'archive')} had no .CHECKSUM to be checked by.")
        if self.nothing_known_of:
            lines.append(f"{self.licence.service} had no quote of {_first(list(self.nothing_known_of))}.")
        lines.append(f"Licence: {self.licence.licence} ({self.licence.licence_url}).")
        return "\n".join(lines)


def _listed(counts: Counter[str]) -> str:
    listed = ", ".join(f"{reason} {count:,}" for reason, count in sorted(counts.items()) if count)
    return f" ({listed})" if listed else ""


def _first(names: list[str]) -> str:
    more = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (f", and {more:,} more" if more > 0 else "")


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
