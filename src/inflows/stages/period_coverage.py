"""What a total may claim: which days of its period, on which chains, are proven, claimed or missing.

A chain-day is *proven* where its blocks are known without a hole, from the block before its first to the
block after its last; *claimed* where a source says that it holds the day; *missing* otherwise. A day of which
only the transfers of labelled wallets were read counts while the labels in force on it are among those that
it was read for, and is never more than claimed.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import Any, Final

import polars as pl

from inflows.periods import bounds

PROVEN: Final = "proven"
CLAIMED: Final = "claimed"
MISSING: Final = "missing"
PART: Final = "part"
"""Of a period: some of its chain-days are missing."""

EVIDENCE: Final = ("unbroken", "filtered_sets", "claimed_whole", "claimed_sets")
"""The columns of raw.coverage that decide on a day, and that `classified_days` replaces by its verdict."""

_PERIODS: Final = {
    "period": pl.String(),
    "coverage_share": pl.Float64(),
    "chain_days": pl.Int64(),
    "chain_days_covered": pl.Int64(),
    "days_covered": pl.Int64(),
    "coverage": pl.String(),
    "partial": pl.Boolean(),
    "year_before_partial": pl.Boolean(),
    "previous_partial": pl.Boolean(),
}


def classified_days(
    read: pl.DataFrame,
    wallets_of: Callable[[str], pl.DataFrame],
    addresses_of: Callable[[str], pl.Series | None],
) -> pl.DataFrame:
    """The verdict on each day: EVIDENCE becomes coverage (proven, claimed, missing) and read_again.

    read: as raw.store.coverage makes it. wallets_of: a chain's wallets (contract Wallets), asked only where
    something was read for labelled wallets alone. addresses_of: the addresses of a set by its digest; None
    where it is not known any more, and then nothing was read for anybody. read_again: the day is missing only
    because labels were added since it was read. Both are null where the day is not known.
    """

    @cache
    def lacking(chain: str, digests: str) -> list[tuple[dt.datetime, dt.datetime]]:
        """When wallets are labelled that none of the sets has."""
        sets = [found for digest in digests.split(",") if (found := addresses_of(digest)) is not None]
        known = pl.concat(sets) if sets else pl.Series([], dtype=pl.String)
        wallets = wallets_of(chain)
        return (
            wallets.filter(~pl.col("address").is_in(known.implode()))
            .select("valid_from", "valid_to")
            .unique()
            .rows()
        )

    def verdict(row: Mapping[str, Any]) -> tuple[str | None, bool | None]:
        if row["date"] is None:
            return None, None
        if row["unbroken"] and not row["filtered_sets"]:
            return PROVEN, False
        if row["claimed_whole"]:
            return CLAIMED, False
        # Of blocks, each must have been read for all of the wallets; what files kept adds up.
        of_blocks = row["filtered_sets"].split(";") if row["unbroken"] else []
        asked = [of_blocks] * bool(of_blocks) + [[row["claimed_sets"]]] * bool(row["claimed_sets"])
        start = dt.datetime.combine(row["date"], dt.time(), dt.UTC)
        end = start + dt.timedelta(days=1)
        for sets in asked:
            spans = [span for digests in sets for span in lacking(row["chain"], digests)]
            if not any(valid_from < end and valid_to > start for valid_from, valid_to in spans):
                return CLAIMED, False
        return MISSING, bool(asked)

    verdicts = [verdict(row) for row in read.select("chain", "date", *EVIDENCE).iter_rows(named=True)]
    return read.drop(EVIDENCE).with_columns(
        pl.Series("coverage", [found for found, _ in verdicts], dtype=pl.String),
        pl.Series("read_again", [again for _, again in verdicts], dtype=pl.Boolean),
    )


def store_chains(coverage: pl.DataFrame) -> list[str]:
    """The chains of which anything was delivered, good or not."""
    return coverage.filter(pl.col("chain") != "unknown")["chain"].unique().sort().to_list()


def period_coverage(
    periods: Iterable[str], coverage: pl.DataFrame, as_of: dt.datetime, chains: Sequence[str] = ()
) -> pl.LazyFrame:
    """What is held of each period, one row a period; only days that were over at as_of count as covered.

    coverage: columns chain, date, coverage, blocks (of rpt_coverage). chains: those that count, by default
    all of the store. Columns: period; coverage_share (proven chain-days / chain_days; null where no blocks of
    the period are known); chain_days (days of the period × chains); chain_days_covered (proven or claimed);
    days_covered (days that are covered on every chain); coverage (proven, claimed, part); partial (the period
    is not over, or part); year_before_partial, previous_partial: the same of the same period a year before,
    and of the period just before, of which nothing at all may be known.
    """
    chains = sorted(set(chains)) or store_chains(coverage)
    last = (as_of - dt.timedelta(days=1)).date()
    days = coverage.filter(pl.col("chain").is_in(chains), pl.col("date") <= last).select(
        "chain", "date", "coverage", read=pl.col("blocks").fill_null(0) > 0
    )
    verdicts = dict(days.select("chain", "date", "coverage").unique().group_by("date").agg("coverage").rows())
    held: dict[dt.date, Counter[str]] = {date: Counter(found) for date, found in verdicts.items()}
    with_blocks = set(days.filter("read")["date"])
    nothing: Counter[str] = Counter()

    def told(start: dt.date, end: dt.date) -> tuple[float | None, int, int, int, str, bool]:
        dates = [start + dt.timedelta(days=number) for number in range((end - start).days)]
        of_days = [held.get(date, nothing) for date in dates]
        proven = sum(found[PROVEN] for found in of_days)
        covered = [found[PROVEN] + found[CLAIMED] for found in of_days]
        chain_days = len(dates) * len(chains)
        whole = bool(chain_days) and sum(covered) == chain_days
        kind = PART if not whole else PROVEN if proven == chain_days else CLAIMED
        share = proven / chain_days if chain_days and not with_blocks.isdisjoint(dates) else None
        over = dt.datetime.combine(end, dt.time(), dt.UTC) <= as_of
        every = sum(number == len(chains) for number in covered) if chains else 0
        return share, chain_days, sum(covered), every, kind, not over or not whole

    rows = []
    for period in periods:
        start, end = bounds(period)
        before = [told(*span)[-1] for span in (_year_before(start, end), _previous(start, end))]
        rows.append((period, *told(start, end), *before))
    return pl.LazyFrame(rows, schema=_PERIODS, orient="row")


def in_words(told: Mapping[str, Any]) -> str:
    """How much of a period is held: `proven`, `claimed`, `12 of 184 days`, or `47 of 552 chain-days`.

    told: a row with the columns of period_coverage. Days where every chain has the same number of them; empty
    where a vintage of an older program does not tell.
    """
    if told["coverage"] is None:
        return ""
    if told["coverage"] != PART:
        return str(told["coverage"])
    start, end = bounds(told["period"])
    days = (end - start).days
    if told["chain_days_covered"] * days == told["days_covered"] * told["chain_days"]:
        return f"{told['days_covered']:,} of {days:,} days"
    return f"{told['chain_days_covered']:,} of {told['chain_days']:,} chain-days"


def for_people(totals: pl.DataFrame) -> pl.DataFrame:
    """Totals as people should see them: with `covered` in words, and growth between whole periods alone.

    totals: rows with the columns of period_coverage, such as those of contract Totals. Everything on the year
    (or on the period before) is null where the row's period or that one is partial.
    """
    words = [in_words(row) for row in totals.iter_rows(named=True)]
    hidden = {
        name: pl.col("partial") | pl.col(before).fill_null(False)
        for ending, before in (("_on_year", "year_before_partial"), ("_on_previous", "previous_partial"))
        for name in totals.columns
        if name.removesuffix("_usd").endswith(ending)
    }
    return totals.with_columns(
        pl.Series("covered", words, dtype=pl.String),
        *(pl.when(~hide).then(name).alias(name) for name, hide in hidden.items()),
    )


def partial_periods(totals: pl.DataFrame) -> dict[str, str]:
    """The periods that are partial, with how much is held of each, in words."""
    rows = totals.filter("partial").unique("period").sort("period").iter_rows(named=True)
    return {row["period"]: in_words(row) or "not whole" for row in rows}


def _year_before(start: dt.date, end: dt.date) -> tuple[dt.date, dt.date]:
    """The same period a year before; of 29 February, the 28th."""
    first = _a_year_less(start)
    return first, first + dt.timedelta(days=1) if (end - start).days == 1 else _a_year_less(end)


def _a_year_less(day: dt.date) -> dt.date:
    return day.replace(year=day.year - 1, day=28 if (day.month, day.day) == (2, 29) else day.day)


def _previous(start: dt.date, end: dt.date) -> tuple[dt.date, dt.date]:
    """The period of the same grain just before."""
    if (end - start).days == 1:
        return start - dt.timedelta(days=1), start
    months = (end.year - start.year) * 12 + end.month - start.month
    month = start.year * 12 + start.month - 1 - months
    return dt.date(month // 12, month % 12 + 1, 1), start
