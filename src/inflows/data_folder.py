"""For notebooks: one data folder, and what can be asked of it.

    import inflows

    folder = inflows.open("data")
    folder.totals("2024-H1", ["HK", "SG"])

Frames have the columns that the command line prints as JSON, under the same names: dollars are Decimal and
end in `_usd`, instants are in UTC. The options of the commands are keywords. Errors are those of
`inflows.errors`, each with a hint.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from inflows.published import Published

if TYPE_CHECKING:
    from inflows.build.steps import Built
    from inflows.layout import Layout
    from inflows.raw.ingest_report import IngestReport
    from inflows.settings import Settings


def open_data_folder(data: str | Path | None = None) -> DataFolder:
    """What `inflows.open` gives."""
    from inflows.settings import load_settings

    return DataFolder(load_settings(None if data is None else Path(data)))


class DataFolder(Published):
    """One data folder: ask it for totals and what stands behind them, ingest into it, build it.

    basis (licence, headquarters, traffic), scope (exchange, jurisdiction, market) and level (strict, base,
    all) choose a set of totals; docs/totals.md says what they mean. vintage names an earlier publication.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._layout: Layout = settings.layout

    def __repr__(self) -> str:
        return f"<inflows data folder {str(self.path)!r}>"

    @property
    def path(self) -> Path:
        """Where the folder lies."""
        return self._layout.root

    def ingest(
        self,
        paths: str | Sequence[str],
        input_format: str,
        *,
        chain: str | None = None,
        blocks: str | None = None,
        replace: bool = False,
    ) -> IngestReport:
        """Read recorded transfers or UTXO entries from files, as `inflows ingest files` does.

        paths: files, folders, globs or s3:// addresses. input_format: docs/sources.md lists them. Returns the
        counts; `.sentence()` tells them. UsageError (nothing stored) where a file cannot be read, WorkError
        where more than half of its rows lie in quarantine.
        """
        from inflows import files
        from inflows.sources import ingest_files

        with files.writing(self._layout):
            # Paths are not split at commas: a file's name may hold one.
            listed = [paths] if isinstance(paths, str) else list(paths)
            report = ingest_files(
                self._layout, listed, input_format, chain=chain, blocks=blocks, replace=replace
            )
        report.raise_if_misread()
        return report

    def import_labels(self, path: str | Path, input_format: str = "inflows") -> str:
        """Import claims about who owns addresses; returns the closing line.

        input_format: `inflows`, or a public list's (docs/labels.md). UsageError where a row of our own format
        is wrong: nothing is stored then.
        """
        from inflows import files
        from inflows.labels.import_lists import import_labels_of

        if input_format == "inflows":
            return self._import("labels", path)
        now = dt.datetime.now(dt.UTC)
        with files.writing(self._layout):
            return import_labels_of(self._layout, Path(path), input_format, known_at=None, now=now).sentence()

    def import_assets(self, path: str | Path) -> str:
        """Import listed assets; returns the closing line."""
        return self._import("assets", path)

    def import_prices(self, path: str | Path) -> str:
        """Import quotes of the own format; returns the closing line."""
        return self._import("prices", path)

    def import_jurisdictions(self, path: str | Path) -> str:
        """Import weights of exchanges in jurisdictions; returns the closing line."""
        return self._import("jurisdictions", path)

    def build(self, as_of: dt.datetime | None = None) -> Built:
        """Make flows and totals of what is stored, and publish them as a new vintage.

        as_of: as things were known at that instant (with a zone). Returns the vintage's name, its database,
        counts and notes. What has not changed is not computed again.
        """
        from inflows.build import steps
        from inflows.errors import UsageError

        now = dt.datetime.now(dt.UTC)
        if as_of is not None and as_of.tzinfo is None:
            raise UsageError("as_of has no time zone.", "Give it in UTC: datetime(…, tzinfo=UTC).")
        return steps.build(self._settings, as_of=as_of, now=now)

    def _import(self, table: str, path: str | Path) -> str:
        from inflows import files
        from inflows.registry import imports

        with files.writing(self._layout):
            done: imports.Imported = getattr(imports, f"import_{table}")(
                self._layout, Path(path), now=dt.datetime.now(dt.UTC)
            )
        return done.sentence()
