"""The one way in for files of transfers, here or in an object store: by the name of their format."""

from __future__ import annotations

import dataclasses
import datetime as dt
import functools
import logging
import re
import shutil
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final
from uuid import uuid4

from inflows.chains import canonical_chain
from inflows.contracts.names import SLUG_PATTERN
from inflows.errors import InflowsError, UsageError
from inflows.layout import Layout
from inflows.progress import Progress, reporter
from inflows.raw.claims import Claiming, add_claims, between
from inflows.raw.ingest_report import IngestReport
from inflows.raw.staging import end_run
from inflows.raw.store import ingest
from inflows.sources import batches, cryo_files, dumps, recognise
from inflows.sources.aws import bitcoin as aws_bitcoin
from inflows.sources.aws import (
    ethereum_logs,
    ethereum_token_transfers,
    ethereum_traces,
    ethereum_transactions,
)
from inflows.sources.etl import bitcoin as etl_bitcoin
from inflows.sources.etl import ethereum_files
from inflows.sources.formats import InputFormat, ReadRequest
from inflows.sources.labelled import digest_of, only_labelled
from inflows.sources.listed import chain_warnings
from inflows.sources.own_format import read as own_format
from inflows.sources.paths import expand, is_remote

_log = logging.getLogger(__name__)

FORMATS: Final[dict[str, InputFormat]] = {
    source.name: source
    for source in (
        own_format.FORMAT,
        ethereum_files.FORMAT,
        etl_bitcoin.FORMAT,
        aws_bitcoin.FORMAT,
        ethereum_token_transfers.FORMAT,
        ethereum_logs.FORMAT,
        ethereum_transactions.FORMAT,
        ethereum_traces.FORMAT,
        cryo_files.FORMAT,
    )
}
"""Every input format by its name."""

_PREFIX: Final = "decoded-"


def ingest_files(
    layout: Layout,
    paths: Sequence[str | Path],
    input_format: str,
    chain: str | None = None,
    blocks: str | Path | None = None,
    replace: bool = False,
    progress: Progress | None = None,
    *,
    from_date: dt.date | None = None,
    to_date: dt.date | None = None,
    labelled: Sequence[str] | None = None,
    covers: tuple[dt.date, dt.date] | None = None,
) -> IngestReport:
    """Read files, folders, globs or s3:// addresses into the raw store; the caller holds the writing lock.

    chain: the chain of formats whose rows do not tell. blocks: a file of blocks for formats without times.
    replace: let these traces take the place of another source's. from_date, to_date: read only partitions
    `date=…` of these days (from_date ≤ day < to_date). labelled: addresses; only transfers that touch one of
    them are kept, and their days are marked so. covers: the days (from the first up to but not including the
    second) that the files hold, of each chain in them; else a dump holds the days of its partitions, and our
    own format every day of a chain from its first row to its last. Without `progress`, a reporter on stderr
    is used.
    Raises UsageError where nothing can be read (nothing is stored then), WorkError where nothing can be
    written or an object store does not answer. A dump that is stored day by day keeps the days that are done.
    """
    source = FORMATS.get(input_format)
    if source is None:
        raise UsageError(
            f"'{input_format}' is not an input format.", f"Give one of: {', '.join(sorted(FORMATS))}."
        )
    chain = None if chain is None else canonical_chain(chain)
    if chain is not None and not re.fullmatch(SLUG_PATTERN, chain):
        raise UsageError(
            f"'{chain}' is not a chain's name.", "Use lower case letters, digits, '.', '_' and '-'."
        )
    if not paths:
        raise UsageError("No files were named.", "Give files, folders or globs.")
    for leftover in layout.staging.glob(_PREFIX + "*"):  # of runs that were killed: the lock is held
        shutil.rmtree(leftover, ignore_errors=True)
    scratch = layout.staging / f"{_PREFIX}{uuid4().hex[:12]}"
    if labelled is not None and not labelled:
        raise UsageError("No address is labelled.", "Import labels first, or leave --only-labelled out.")
    request = ReadRequest(
        tuple(str(path) for path in paths), chain, None if blocks is None else str(blocks), scratch
    )
    if covers is not None and covers[1] <= covers[0]:
        raise UsageError(
            f"No day is from {covers[0]} on and before {covers[1]}.",
            "--covers A/B means the days from A up to but not including B: give a later B.",
        )
    job = _Job(layout, source, request, replace, (from_date, to_date), labelled, covers)
    try:
        if progress is not None:
            return job.run(progress)
        with reporter("Reading transfers") as shown:
            return job.run(shown)
    except InflowsError as error:
        raise dumps.shown_error(error, scratch) from None
    finally:
        end_run(scratch)


class _Job:
    """One request on its way into the raw store."""

    def __init__(
        self,
        layout: Layout,
        source: InputFormat,
        request: ReadRequest,
        replace: bool,
        days: tuple[dt.date | None, dt.date | None],
        labelled: Sequence[str] | None,
        covers: tuple[dt.date, dt.date] | None,
    ) -> None:
        self.layout, self.source, self.request, self.replace = layout, source, request, replace
        self.days, self.labelled, self.covers = days, labelled, covers
        self.claiming = Claiming(
            source.name,
            partitions=covers is None,
            spans=covers is None and source.spans,
            labelled=tuple(labelled or ()),
            labelled_set="" if labelled is None else digest_of(labelled),
        )
        self.store = functools.cache(dumps.open_store)

    def run(self, progress: Progress) -> IngestReport:
        report = self._by_day(progress) if self.source.by_day else self._at_once(progress)
        self._claim_covered(report)
        self.request.warnings += chain_warnings(self.layout, report.chains)
        for warning in self.request.warnings:
            _log.warning(warning)  # on stderr, whether or not the caller looks at the report
        return dataclasses.replace(
            report, files=self.request.files, warnings=(*self.request.warnings, *report.warnings)
        )

    def _at_once(self, progress: Progress) -> IngestReport:
        """All files together: they are looked up in each other, or few."""
        request = self.request
        remote = [path for path in request.paths if is_remote(path)]
        if remote or is_remote(request.blocks or "") or self.days != (None, None):
            items = self._found(request.paths)
            request.paths = tuple(map(str, self._here(items)))
            if request.blocks and is_remote(request.blocks):
                [blocks] = self._here(dumps.find([request.blocks], self.source.suffixes, self.store))
                request.blocks = str(blocks)
            report = self._ingested(request, progress)
            self._look_again(remote, items)
            return report
        return self._ingested(request, progress)

    def _by_day(self, progress: Progress) -> IngestReport:
        """Whole days together; what is stored stays stored when the run ends early."""
        request = self.request
        items = self._found(request.paths)
        ledger = batches.Ledger(
            self.layout,
            [self.source.name, request.chain, request.paths, self.days, self.replace, self.labelled],
        )
        empty = frozenset(item.date for item in items if item.date is not None and not item.size)
        self.claiming = dataclasses.replace(self.claiming, lacking=empty)
        left = [item for item in items if item not in ledger]
        if len(left) < len(items):
            request.warnings.append(
                f"{len(items) - len(left):,} of {len(items):,} files were stored by a run that ended early, "
                "and are not read again."
            )
        report = IngestReport()
        groups = list(
            batches.together(batches.looked_at(left, self.source, self.store, request.warnings))
            if left
            else ()
        )
        for number, group in enumerate(groups):
            try:
                here = batches.without_copies(self._here(group), [i.name for i in group], request.warnings)
                part = ReadRequest(tuple(map(str, here)), request.chain, request.blocks, request.scratch)
                report = report.and_then(self._ingested(part, progress))
            except UsageError as error:
                if number == 0:
                    raise
                raise UsageError(
                    error.problem,
                    "The days before it are stored, nothing of its own. Start this again later.",
                ) from error
            request.counted(part.files)
            request.warnings += [dumps.shown(warning, request.scratch) for warning in part.warnings]
            shutil.rmtree(request.scratch, ignore_errors=True)
            if number + 1 < len(groups):
                ledger.add(group)
        ledger.close()
        self._look_again([path for path in request.paths if is_remote(path)], items)
        return report

    def _ingested(self, request: ReadRequest, progress: Progress) -> IngestReport:
        try:
            deliveries = self.source.deliver(request)
            if self.labelled is not None:
                deliveries = only_labelled(deliveries, self.labelled)
            return ingest(
                self.layout, deliveries, replace=self.replace, claiming=self.claiming, progress=progress
            )
        except UsageError as error:
            raise self._as_it_is(error, request) or error from None

    def _as_it_is(self, error: UsageError, request: ReadRequest) -> UsageError | None:
        """The error that says what a file is, where one that the error names is of another format."""
        with suppress(UsageError):
            for path in expand(request.paths, self.source.suffixes):
                if path.name in error.problem:
                    head = recognise.head_of(path)
                    other = recognise.other_format(str(path), head, self.source.name, self.source.forms)
                    if other is not None:
                        return other
        return None

    def _claim_covered(self, report: IngestReport) -> None:
        """Claim the days that the user says the files hold, once all of them are stored."""
        if self.covers is None or report.is_misread:
            return
        chains = sorted({chain for chain, _ in report.understood}) or [self.request.chain or ""]
        if chains == [""]:
            self.request.warnings.append(
                "The files hold no row, so no chain is named, and --covers claims no day: give --chain."
            )
            return
        days = [day for day in between(*self.covers) if day not in report.days_misread]
        add_claims(self.layout, self.claiming.of((chain, day) for chain in chains for day in days))

    def _found(self, paths: Sequence[str]) -> list[dumps.Item]:
        return dumps.of_days(dumps.find(paths, self.source.suffixes, self.store), *self.days)

    def _here(self, items: Sequence[dumps.Item]) -> list[Path]:
        return dumps.fetch(items, self.request.scratch, self.source.columns, self.store)

    def _look_again(self, remote: Sequence[str], items: Sequence[dumps.Item]) -> None:
        """Notice what appeared, changed or went in an object store while it was read."""
        if not remote:
            return
        before = [item for item in items if item.remote is not None]
        after = dumps.of_days(dumps.find(remote, self.source.suffixes, self.store), *self.days)
        found = dumps.changes(before, after)
        if found:
            self.request.warnings.append(
                f"The listing of {', '.join(remote)} changed while it was read ({found}): "
                "start this again to read what it holds now."
            )
