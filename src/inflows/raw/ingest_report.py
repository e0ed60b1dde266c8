"""What an ingestion did, in numbers and in one sentence."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass, field
from typing import Final

from inflows.errors import WorkError

_NAMED: Final = 5


@dataclass(frozen=True)
class IngestReport:
    """Counts of one ingestion; every row read is new, already there, quarantined or set aside.

    Blocks are counted apart; a block in quarantine counts under its reason all the same.
    """

    files: int = 0
    rows_read: int = 0
    blocks_read: int = 0
    rows_new: int = 0
    rows_already_there: int = 0
    quarantined: Counter[str] = field(default_factory=Counter)
    """Rows of this delivery that lie in quarantine, by reason."""
    set_aside: Counter[str] = field(default_factory=Counter)
    """Rows that are understood and are no transfers of coins (NFTs, failed, of no value), by reason."""
    rows_released: int = 0
    """Rows that came out of quarantine because what they lacked was delivered."""
    partitions_changed: int = 0
    chains: tuple[str, ...] = ()
    days: int = 0
    """Different days among the partitions that this delivery touched."""
    rows_misread: int = 0
    """Of rows_read, those in quarantine."""
    days_misread: tuple[dt.date, ...] = ()
    """Days of a dump's partitions of which more than half of the rows lie in quarantine."""
    understood: frozenset[tuple[str, dt.date]] = frozenset()
    """Chain and day of the rows that were understood, whether stored or set aside."""
    warnings: tuple[str, ...] = ()

    def and_then(self, later: IngestReport) -> IngestReport:
        """The counts of this ingestion and of another one after it, of other days."""
        return IngestReport(
            files=self.files + later.files,
            rows_read=self.rows_read + later.rows_read,
            blocks_read=self.blocks_read + later.blocks_read,
            rows_new=self.rows_new + later.rows_new,
            rows_already_there=self.rows_already_there + later.rows_already_there,
            quarantined=self.quarantined + later.quarantined,
            set_aside=self.set_aside + later.set_aside,
            rows_released=self.rows_released + later.rows_released,
            partitions_changed=self.partitions_changed + later.partitions_changed,
            chains=tuple(sorted({*self.chains, *later.chains})),
            days=self.days + later.days,
            rows_misread=self.rows_misread + later.rows_misread,
            days_misread=tuple(sorted({*self.days_misread, *later.days_misread})),
            understood=self.understood | later.understood,
            warnings=(*self.warnings, *later.warnings),
        )

    @property
    def is_misread(self) -> bool:
        """Whether more than half of the rows lie in quarantine."""
        return 2 * self.rows_misread > self.rows_read

    def raise_if_misread(self) -> None:
        """WorkError where more than half of the delivery, or of a day of the dump, lies in quarantine."""
        if not self.is_misread and not self.days_misread:
            return
        reasons = ", ".join(reason for reason, _ in self.quarantined.most_common(2))
        if self.is_misread:
            problem = (
                f"{self.rows_misread:,} of {_counted(self.rows_read, 'row')}, more than half, lie in "
                f"quarantine ({reasons}): no day counts as read by this delivery."
            )
        else:
            named = ", ".join(map(str, self.days_misread[:_NAMED]))
            more = len(self.days_misread) - _NAMED
            named += f" and {more:,} more days" if more > 0 else ""
            problem = (
                f"More than half of the rows of {named} lie in "
                f"quarantine ({reasons}): they do not count as read by this delivery."
            )
        raise WorkError(
            problem,
            "Look at the rows in raw/quarantine; check the format, and the chain with --chain.",
        )

    def sentence(self) -> str:
        """The closing line: what was read, and where it went."""
        where = f" on {', '.join(self.chains)}" if self.chains else ""
        source = f" from {_counted(self.files, 'file')}" if self.files else ""
        parts = [
            f"{self.rows_new:,} new",
            f"{self.rows_already_there:,} already there",
            f"{self.quarantined.total():,} quarantined{_by_reason(self.quarantined)}",
        ]
        if self.set_aside:
            parts.append(f"{self.set_aside.total():,} set aside{_by_reason(self.set_aside)}")
        if self.rows_released:
            parts.append(f"{self.rows_released:,} released from quarantine")
        days = _counted(self.days, "day")
        return (
            f"{_counted(self.rows_read, 'row')} read{source}{where}, {days}: {', '.join(parts)}; "
            f"{_counted(self.partitions_changed, 'partition')} changed."
        )


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _by_reason(counts: Counter[str]) -> str:
    listed = ", ".join(f"{reason} {count:,}" for reason, count in sorted(counts.items()) if count)
    return f" ({listed})" if listed else ""
