"""`ingest sqd`: what is asked for is checked, and read from a Portal as far as it is not stored yet."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from inflows.errors import UsageError
from inflows.http import HttpClient, Limits, Rate, parse_endpoint
from inflows.layout import Layout
from inflows.progress import Progress, silent
from inflows.sources.sqd.datasets import PORTAL, WITH_WITHDRAWALS, Dataset, dataset_of
from inflows.sources.sqd.dates import bounds
from inflows.sources.sqd.pace import SqdPace
from inflows.sources.sqd.pieces import Wanted
from inflows.sources.sqd.portal import Portal
from inflows.sources.sqd.report import SqdReport
from inflows.sources.sqd.run import Run

_log = logging.getLogger(__name__)
MOST_REQUESTS_A_RANGE: Final = 200
"""With more addresses than these many requests hold, everything is read in less time than they take."""


def ingest_sqd(
    layout: Layout,
    *,
    chain: str,
    from_time: dt.datetime,
    to_time: dt.datetime,
    labelled: Sequence[str] | None,
    traces: bool = True,
    withdrawals: bool = True,
    replace: bool = False,
    portal_url: str = PORTAL,
    portal_headers: Mapping[str, str] | None = None,
    dataset: str | None = None,
    pace: SqdPace | None = None,
    progress: Progress | None = None,
    say: Callable[[str], None] | None = None,
) -> SqdReport:
    """Read the blocks with from_time ≤ time < to_time from a Portal; the caller holds the writing lock.

    labelled: the addresses whose transfers are read (canonical form); None: all transfers. traces: internal
    ones too. withdrawals: of validators, where the chain has them; this reads every block's header.
    replace: let the traces take the place of another source's, day by day.
    portal_headers: sent with every request, and shown in no message. dataset: the Portal's name of the chain.

    Raises UsageError for what cannot be meant, WorkError (NetError among them) where the Portal does not give
    what is needed: what was read before it is stored, and the same call goes on there.
    """
    of = dataset_of(chain, dataset)
    endpoint = parse_endpoint(portal_url, what="--portal", headers=portal_headers)
    pace, say = pace or SqdPace(), say or _log.warning
    if labelled is not None and not labelled:
        raise UsageError(
            f"No address on {chain} is labelled.", "Import labels first, or read all with --all."
        )
    if from_time >= to_time:
        raise UsageError(
            "The range is reversed: --from-date is not before --to-date.", "Give the earlier first."
        )
    addresses = None if labelled is None else tuple(sorted(set(labelled)))
    wanted = Wanted(_kinds(of, traces=traces, withdrawals=withdrawals))
    limits = Limits(connections=pace.workers + 1, silent_seconds=pace.silent_seconds)
    with HttpClient(limits=limits, patience=pace.patience, say=say) as http:
        rate = Rate(pace.requests, pace.seconds)
        portal = Portal(endpoint, of, http, rate, pace.patience, pace.unasked_seconds)
        _refuse_too_many(wanted, portal, addresses)
        run = Run(layout, portal, wanted, addresses, pace, progress or silent(), replace=replace)
        run.read(bounds(portal, from_time, to_time))
        run.report.requests = portal.requests
        return run.report


def _kinds(dataset: Dataset, *, traces: bool, withdrawals: bool) -> frozenset[str]:
    if dataset.is_utxo:
        return frozenset({"utxo"})
    found = {"token", "native"} | ({"trace"} if traces else set())
    return frozenset(found | ({"withdrawal"} if withdrawals and dataset.chain in WITH_WITHDRAWALS else set()))


def _refuse_too_many(wanted: Wanted, portal: Portal, addresses: tuple[str, ...] | None) -> None:
    requests = 1 if addresses is None else len(wanted.queries(addresses))
    if requests > MOST_REQUESTS_A_RANGE and addresses is not None:
        raise UsageError(
            f"{len(addresses):,} labelled addresses of {portal.dataset.chain} need {requests:,} requests for "
            f"every range of blocks; {MOST_REQUESTS_A_RANGE} are the most that are sent.",
            "Nothing was read. Read everything with --all, or keep fewer labels.",
        )
