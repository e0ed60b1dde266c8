"""What a discovery does the second time, and what it lets stand of the past."""

import csv
import datetime as dt
import os
from pathlib import Path

import polars as pl
import pytest
from hidden_market import HOUR, USDT, HiddenMarket, address, write_market

from inflows import files
from inflows.build import steps
from inflows.discover import DiscoveredDeposits, discover_deposits
from inflows.discover.deposits import SOURCE
from inflows.errors import UsageError
from inflows.registry import effective
from inflows.settings import Settings, load_settings
from inflows.sources import ingest_files
from inflows.warehouse.query import run_sql

IMPORTED = dt.datetime(2025, 1, 1, tzinfo=dt.UTC)
FIRST, LATER = dt.datetime(2025, 6, 1, tzinfo=dt.UTC), dt.datetime(2025, 9, 1, tzinfo=dt.UTC)
MARKET = HiddenMarket(1, exchanges=2, deposits=1, decoys=1, days=30)


@pytest.fixture
def known(tmp_path: Path) -> Settings:
    known = load_settings(tmp_path / "data")
    given = write_market(MARKET, tmp_path / "market")
    steps.import_folder(known.layout, given, IMPORTED)
    ingest(known, given / "transfers.csv")
    return known


def ingest(known: Settings, path: Path) -> None:
    with files.writing(known.layout):
        ingest_files(known.layout, [str(path)], "inflows")


def discover(known: Settings, at: dt.datetime, **options: object) -> DiscoveredDeposits:
    given = {"as_of": at, "known_at": at} | options
    with files.writing(known.layout):
        return discover_deposits(known.layout, "ethereum", **given)  # type: ignore[arg-type]


def labelled(known: Settings, at: dt.datetime) -> set[str]:
    wallets = steps.Registries(known.layout, at).of_chain("ethereum").wallets
    return set(wallets.filter(pl.col("sources") == SOURCE)["address"])


def more_transfers(folder: Path, *rows: tuple[str, str, int]) -> Path:
    """A file of payments of 7 million raw units on 10 March: from, to, second of the day."""
    path = folder / "more.csv"
    header = "chain,block_number,block_time,tx_hash,kind,position,contract,from_address,to_address,amount_raw"
    day = dt.datetime(2024, 3, 10, tzinfo=dt.UTC)
    with path.open("w", newline="", encoding="utf-8") as handle:
        csv.writer(handle).writerows(
            [
                header.split(","),
                *(
                    ("ethereum", 20_000_000 + n, (day + dt.timedelta(seconds=at)).isoformat(), f"0x{n:064x}",
                     "token", n, USDT, sender, receiver, 7_000_000)
                    for n, (sender, receiver, at) in enumerate(rows)
                ),
            ]
        )  # fmt: skip
    return path


def test_found_again_a_label_is_unchanged_and_no_day_is_read_again(known: Settings) -> None:
    once = discover(known, FIRST)
    assert once.labels.added == once.labels.found > 0
    assert once.days_read == once.days
    again = discover(known, LATER)
    assert (again.labels.unchanged, again.labels.added) == (once.labels.found, 0)
    assert again.days_read == 0
    assert again.outcomes.equals(once.outcomes)


def test_the_order_in_which_days_arrive_changes_nothing(known: Settings, tmp_path: Path) -> None:
    box, hot = address("new box"), address("exchange-0 hot")
    more = more_transfers(tmp_path, (address("somebody"), box, 0), (box, hot, HOUR))
    discover(known, FIRST)
    ingest(known, more)
    in_steps = discover(known, LATER)
    assert box in labelled(known, LATER)
    at_once = load_settings(tmp_path / "other")
    given = tmp_path / "market"
    steps.import_folder(at_once.layout, given, IMPORTED)
    ingest(at_once, more)
    ingest(at_once, given / "transfers.csv")
    assert discover(at_once, LATER).outcomes.equals(in_steps.outcomes)
    assert labelled(at_once, LATER) == labelled(known, LATER)
    events = [
        {p.parent.name: pl.read_parquet(p, hive_partitioning=False) for p in _events(one)}
        for one in (known, at_once)
    ]
    assert events[0].keys() == events[1].keys()
    for day, frame in events[0].items():
        order = ["key", "block_number", "position", "is_out"]
        kept = frame.join(events[1][day].select("key").unique(), on="key", how="semi")
        assert kept.sort(order).equals(events[1][day].sort(order))


def _events(known: Settings) -> list[Path]:
    return sorted((known.layout.warehouse / "discovery_events").rglob("*.parquet"))


def test_partials_that_are_lost_or_of_another_history_are_made_again(known: Settings) -> None:
    once = discover(known, FIRST)
    (known.layout.warehouse / "discovery" / "chain=ethereum" / "candidates.parquet").unlink()
    os.remove(_events(known)[0])  # noqa: PTH107
    assert discover(known, LATER).outcomes.equals(once.outcomes)


def test_who_later_pays_a_second_exchange_is_withdrawn_and_the_past_still_sees_the_label(
    known: Settings, tmp_path: Path
) -> None:
    discover(known, FIRST)
    box = next(iter(sorted(MARKET.swept)))
    assert box in labelled(known, FIRST)
    second = {"exchange-0": "exchange-1", "exchange-1": "exchange-0"}[MARKET.swept[box]]
    ingest(
        known, more_transfers(tmp_path, (address("somebody"), box, 0), (box, address(f"{second} hot"), HOUR))
    )
    again = discover(known, LATER)
    assert again.labels.withdrawn == 1
    assert box not in labelled(known, LATER)
    assert box in labelled(known, FIRST)
    assert discover(known, LATER).labels.withdrawn == 0


def test_a_withdrawn_label_that_is_found_again_holds_again(known: Settings, tmp_path: Path) -> None:
    everything = discover(known, FIRST).labels.found
    before = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
    assert (
        discover(known, LATER, as_of=dt.datetime(2025, 1, 2, tzinfo=dt.UTC), withdraw=False).labels.withdrawn
        == 0
    )
    box = sorted(MARKET.swept)[0]
    rows = effective.labels(known.layout, FIRST).filter(pl.col("address") == box).collect()
    from inflows.discover.recording import record

    with files.writing(known.layout):
        record(known.layout, "ethereum", SOURCE, rows.clear(), known_at=LATER, withdraw=True)
    assert labelled(known, LATER) == set()
    now = LATER + dt.timedelta(days=1)
    assert discover(known, now).labels.replaced == everything
    assert box in labelled(known, now)
    assert labelled(known, before) == set()


def test_a_build_as_of_the_past_does_not_see_what_was_discovered_since(known: Settings) -> None:
    def published(now: dt.datetime, as_of: dt.datetime | None) -> list[tuple[object, ...]]:
        database = steps.build(known, as_of=as_of, now=now).database
        return run_sql(
            database, "select flow_type_all, count(*), sum(usd) from fct_flow group by 1 order by 1"
        )[1]

    before = published(FIRST, None)
    discover(known, LATER)
    assert published(LATER, FIRST) == before
    assert published(LATER, None) != before


def test_only_transfers_before_as_of_are_looked_at(known: Settings) -> None:
    # The whole window is before FIRST; the labels too are taken as they were at as_of.
    nothing = dt.datetime(2024, 2, 1, 0, 0, 1, tzinfo=dt.UTC)
    with pytest.raises(UsageError, match="No wallet"):
        discover(known, FIRST, as_of=dt.datetime(2010, 1, 1, tzinfo=dt.UTC))
    assert discover(known, FIRST, as_of=nothing).labels.found == 0


def test_each_label_names_its_sweeps(known: Settings) -> None:
    discover(known, FIRST)
    labels = effective.labels(known.layout, FIRST).filter(pl.col("source") == SOURCE).collect()
    paid = {(row[7], row[3]) for row in MARKET.rows}
    for box, evidence in labels.select("address", "evidence").iter_rows():
        sweeps = evidence.split("; ")
        assert 1 <= len(sweeps) <= 3
        assert all((box, tx) in paid for tx in sweeps)
    assert set(labels["confidence"]) == {10}
    assert set(labels["role"]) == {"deposit"}
    assert labels["known_at"].unique().to_list() == [FIRST]
