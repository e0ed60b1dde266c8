"""What a reading for labelled wallets lets a total claim, and how a run that was ended goes on."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from evm.fake_chain import FakeChain, person, stored, tree
from sqd.portal_server import Turn, World, portal
from sqd.worlds import QUICK, fake_world

from inflows.errors import WorkError
from inflows.layout import Layout
from inflows.raw.claims import claims, labelled_addresses
from inflows.raw.coverage import coverage
from inflows.raw.readings import ReadRange, joined, ranges_read, whole_days
from inflows.sources.labelled import digest_of
from inflows.sources.sqd import ingest_sqd
from inflows.sources.sqd.plan import PieceSize
from inflows.stages.period_coverage import classified_days

DAY = dt.datetime(2024, 3, 1, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
WALLETS = sorted([person(5), person(6), person(30)])


def hourly(hours: int = 100) -> World:
    """A block an hour from noon of 29 February on."""
    world = fake_world(FakeChain(head=hours))
    for number, block in world.by_number.items():
        block["header"]["timestamp"] = int((DAY + HOUR * (number - 12)).timestamp())
    return world


def ask(layout, server, since, until, labelled, **options):
    options = {"pace": QUICK, "traces": False, "say": lambda _: None} | options
    return ingest_sqd(
        layout,
        chain="ethereum",
        portal_url=server.url,
        from_time=since,
        to_time=until,
        labelled=labelled,
        **options,
    )


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return Layout(tmp_path / "data")


def claimed(layout: Layout) -> list[tuple[int, str]]:
    return [(row["date"].day, row["labelled_set"]) for row in claims(layout).iter_rows(named=True)]


def verdicts(layout: Layout, wallets: list[str]) -> dict[int, str]:
    """The verdict on each day in March, under these labels."""
    in_force = pl.DataFrame(
        {
            "address": wallets,
            "valid_from": [DAY - 900 * HOUR] * len(wallets),
            "valid_to": [DAY + 900 * HOUR] * len(wallets),
        }
    )
    found = classified_days(
        coverage(layout), lambda chain: in_force, lambda digest: labelled_addresses(layout, digest)
    )
    return {row["date"].day: row["coverage"] for row in found.iter_rows(named=True) if row["date"].month == 3}


def test_whole_days_are_claimed_for_the_wallets_that_were_asked_about(layout):
    with portal(hourly()) as server:
        ask(layout, server, DAY - 6 * HOUR, DAY + 60 * HOUR, WALLETS)
    assert claimed(layout) == [(1, digest_of(WALLETS)), (2, digest_of(WALLETS))]
    assert verdicts(layout, WALLETS) == {1: "claimed", 2: "claimed"}  # of the third, noon was the end
    assert verdicts(layout, WALLETS[:2])[1] == "claimed"
    assert verdicts(layout, [*WALLETS, person(77)])[1] == "missing"


def test_a_quiet_day_is_claimed_as_well(layout):
    with portal(hourly()) as server:
        ask(layout, server, DAY, DAY + 48 * HOUR, [person(5_000)])
    assert stored(layout) == []
    assert verdicts(layout, [person(5_000)]) == {1: "claimed", 2: "claimed"}


def test_two_halves_of_a_day_make_one_that_is_claimed(layout):
    with portal(hourly()) as server:
        ask(layout, server, DAY, DAY + 13 * HOUR, WALLETS)
        assert claimed(layout) == []
        ask(layout, server, DAY + 13 * HOUR, DAY + 24 * HOUR, WALLETS)
    assert verdicts(layout, WALLETS) == {1: "claimed"}


def test_everything_is_proven_and_its_first_and_last_day_are_claimed(layout):
    with portal(hourly()) as server:
        ask(layout, server, DAY, DAY + 72 * HOUR, None)
    assert verdicts(layout, WALLETS) == {1: "claimed", 2: "proven", 3: "claimed"}


def test_a_day_that_broke_off_is_claimed_only_once_it_is_whole(layout, tmp_path):
    pace = replace(QUICK, workers=1, piece_rows=10, commit_rows=1)
    with portal(hourly()) as server:
        server.turn = lambda n, query: (
            Turn(status=500)
            if query["fromBlock"] >= 40 and query.get("logs")
            else (Turn(stop_after=3) if query.get("logs") else None)
        )
        with pytest.raises(WorkError):
            ask(layout, server, DAY, DAY + 72 * HOUR, WALLETS, pace=pace, withdrawals=False)
        assert claimed(layout) == [(1, digest_of(WALLETS))]
        (before,) = ranges_read(layout, "ethereum")
        assert before.first == 12
        assert 36 <= before.last < 60
        server.turn = lambda n, query: None
        asked = len(server.queries)
        ask(layout, server, DAY, DAY + 72 * HOUR, WALLETS, withdrawals=False)
        assert (
            min(query["fromBlock"] for query in server.queries[asked:] if query.get("logs"))
            == before.last + 1
        )
        other = Layout(tmp_path / "other")
        ask(other, server, DAY, DAY + 72 * HOUR, WALLETS, withdrawals=False)
    assert tree(layout.raw) == tree(other.raw)


def reading(first: int, last: int, **changes) -> ReadRange:
    """Blocks of an hour each."""
    found = ReadRange(
        "sqd", first, last, DAY + HOUR * first, DAY + HOUR * last, "native,token", "native,token", "a"
    )
    return replace(found, **changes)


def test_ranges_that_adjoin_become_one_if_they_were_read_alike():
    assert joined([reading(5, 9), reading(0, 4)]) == [reading(0, 9)]
    assert joined([reading(0, 4), reading(6, 9)]) == [reading(0, 4), reading(6, 9)]
    assert len(joined([reading(0, 4), reading(5, 9, labelled_set="b")])) == 2
    assert joined([reading(0, 9), reading(3, 4)]) == [reading(0, 9)]


@pytest.mark.parametrize(
    ("ranges", "days"),
    [
        ([reading(0, 24)], [1]),
        ([reading(0, 23)], []),
        ([reading(1, 48)], [2]),
        ([reading(0, 10), reading(11, 24, kinds="token")], [1]),
        ([reading(0, 10), reading(12, 24)], []),
        ([reading(0, 10), reading(11, 24, labelled_set="b")], []),
        ([reading(-30, 72)], [1, 2, 3]),
    ],
)
def test_a_day_is_whole_where_one_run_of_blocks_has_all_of_it(ranges, days):
    assert [day.day for day in whole_days(ranges, "a") if day.month == 3] == days


@pytest.mark.parametrize(
    ("fullness", "seconds", "blocks"),
    [(0.5, 1.0, 100), (1.0, 1.0, 50), (0.0, 1.0, 400), (0.25, 1.0, 200), (0.25, 120.0, 50), (1e3, 1.0, 1)],
)
def test_pieces_grow_and_shrink_with_what_was_in_them_and_how_long_they_took(fullness, seconds, blocks):
    size = PieceSize(100, seconds=60.0)
    size.learned(100, fullness, seconds)
    assert size.blocks == blocks
