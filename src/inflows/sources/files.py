"""The one way in for files of transfers: by the name of their format."""

from __future__ import annotations

import dataclasses
import logging
import re
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Final
from uuid import uuid4

from inflows.contracts.names import SLUG_PATTERN
from inflows.errors import UsageError
from inflows.layout import Layout
from inflows.progress import Progress, reporter
from inflows.raw.report import IngestReport
from inflows.raw.store import ingest
from inflows.sources import (
    aws_btc,
    aws_eth_logs,
    aws_eth_token_transfers,
    aws_eth_traces,
    aws_eth_transactions,
    cryo_files,
    etl_files,
    own_files,
)
from inflows.sources.formats import Format, Order

_log = logging.getLogger(__name__)

FORMATS: Final[dict[str, Format]] = {
    source.name: source
    for source in (
        own_files.FORMAT,
        etl_files.FORMAT,
        aws_btc.FORMAT,
        aws_eth_token_transfers.FORMAT,
        aws_eth_logs.FORMAT,
        aws_eth_transactions.FORMAT,
        aws_eth_traces.FORMAT,
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
) -> IngestReport:
    """Read files, folders or globs of a format into the raw store; the caller holds the writing lock.

    chain: the chain of formats whose rows do not tell. blocks: a file of blocks for formats without times.
    replace: let these traces take the place of another source's. Without `progress`, a reporter on stderr is
    used. Raises UsageError where nothing can be read (nothing is stored then), WorkError where nothing can be
    written.
    """
    source = FORMATS.get(input_format)
    if source is None:
        raise UsageError(
            f"'{input_format}' is not an input format.", f"Give one of: {', '.join(sorted(FORMATS))}."
        )
    if chain is not None and not re.fullmatch(SLUG_PATTERN, chain):
        raise UsageError(
            f"'{chain}' is not a chain's name.", "Use lower case letters, digits, '.', '_' and '-'."
        )
    if not paths:
        raise UsageError("No files were named.", "Give files, folders or globs.")
    for leftover in layout.staging.glob(_PREFIX + "*"):  # of runs that were killed: the lock is held
        shutil.rmtree(leftover, ignore_errors=True)
    scratch = layout.staging / f"{_PREFIX}{uuid4().hex[:12]}"
    order = Order(tuple(str(path) for path in paths), chain, None if blocks is None else str(blocks), scratch)
    try:
        if progress is not None:
            return _ingest(layout, source, order, replace, progress)
        with reporter("Reading transfers") as shown:
            return _ingest(layout, source, order, replace, shown)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _ingest(layout: Layout, source: Format, order: Order, replace: bool, progress: Progress) -> IngestReport:
    report = ingest(layout, source.deliver(order), replace=replace, progress=progress)
    for warning in order.warnings:
        _log.warning(warning)  # on stderr, whether or not the caller looks at the report
    return dataclasses.replace(report, files=order.files, warnings=(*order.warnings, *report.warnings))
