"""What an import of a list did, in numbers and in sentences."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Final

from inflows.registry.store import Imported

_SHOWN: Final = 5


@dataclass(frozen=True)
class LabelsReport:
    """Counts of one import: every claim read is stored, said before, quarantined or skipped."""

    input_format: str
    lists: int
    claims: int
    imported: Imported
    """Rows of the registry."""
    repeated: int = 0
    """Claims that say what another one of the same source says."""
    untested: int = 0
    """Stored addresses whose chain's form cannot be tested."""
    quarantined: Counter[str] = field(default_factory=Counter)
    """By reason; they lie in registry/quarantine."""
    skipped: Counter[str] = field(default_factory=Counter)
    """By reason: understood, and no wallets of an exchange."""
    unknown: tuple[str, ...] = ()
    """Exchanges that the project did not know, imported under their own slug."""
    worthless: tuple[str, ...] = ()
    """Lists of which every claim failed, with the count."""
    gone: tuple[str, ...] = ()
    """Claims of an earlier import that the list does not make any more: chain, address, exchange."""
    ended: bool = False
    """Whether these were withdrawn."""
    licence: str = ""

    def sentence(self) -> str:
        """The closing lines."""
        parts = [
            f"{self.imported.read:,} stored or known ({self.untested:,} on chains whose form is not tested)"
        ]
        if self.repeated:
            parts.append(f"{self.repeated:,} said twice")
        parts.append(f"{self.quarantined.total():,} quarantined{_listed(self.quarantined)}")
        parts.append(f"{self.skipped.total():,} skipped{_listed(self.skipped)}")
        lists = "1 list" if self.lists == 1 else f"{self.lists:,} lists"
        lines = [
            f"{self.input_format}: {self.claims:,} claims read from {lists}: {', '.join(parts)}.",
            self.imported.sentence(),
        ]
        lines += [f"Every claim failed: {place}. None of them is used." for place in self.worthless]
        if self.unknown:
            more = len(self.unknown) - _SHOWN
            names = ", ".join(self.unknown[:_SHOWN]) + (f", and {more:,} more" if more > 0 else "")
            lines.append(
                f"{len(self.unknown):,} exchanges under their own slug, as nobody listed them: {names}."
            )
        if self.gone:
            lines.append(self._said_of_gone())
        if self.licence:
            lines.append(f"Licence: {self.licence}.")
        return "\n".join(lines)

    def _said_of_gone(self) -> str:
        """How many claims are gone, the first of them by name, and what became or can become of them."""
        count = len(self.gone)
        claims, are, they, hold, them = (
            ("1 claim", "is", "it", "holds", "it") if count == 1
            else (f"{count:,} claims", "are", "they", "hold", "them")
        )  # fmt: skip
        more = count - _SHOWN
        named = ", ".join(self.gone[:_SHOWN]) + (f", and {more:,} more" if more > 0 else "")
        became = (
            "withdrawn"
            if self.ended
            else f"{they} still {hold} (--replaces ends {them}, `inflows labels check` lists all)"
        )
        return f"{claims} of an earlier import {are} not in this list any more: {named}; {became}."


def _listed(counts: Counter[str]) -> str:
    listed = ", ".join(f"{reason} {count:,}" for reason, count in sorted(counts.items()) if count)
    return f" ({listed})" if listed else ""
