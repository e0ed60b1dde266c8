"""Discovery against markets that know who is who."""

import datetime as dt
import tempfile
from pathlib import Path

import polars as pl
import pytest
from hidden_market import DECOYS, HiddenMarket, address, write_market
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from inflows import files
from inflows.build import steps
from inflows.discover import discover_deposits
from inflows.discover.deposits import SOURCE
from inflows.registry import effective
from inflows.settings import Settings, load_settings
from inflows.sources import ingest_files
from inflows.warehouse.query import run_sql

NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


def stored(market: HiddenMarket, folder: Path) -> Settings:
    """A data folder with the market in it."""
    known = load_settings(folder / "data")
    given = write_market(market, folder / "market")
    steps.import_folder(known.layout, given, NOW - dt.timedelta(days=1))
    with files.writing(known.layout):
        ingest_files(known.layout, [str(given / "transfers.csv")], "inflows")
    return known


def found(known: Settings, now: dt.datetime = NOW) -> dict[str, str]:
    """Discover, and what is labelled then."""
    with files.writing(known.layout):
        discover_deposits(known.layout, "ethereum", as_of=now, known_at=now)
    labels = effective.labels(known.layout, now).filter(
        pl.col("source") == SOURCE, pl.col("valid_to").is_null()
    )
    return dict(labels.select("address", "exchange").collect().iter_rows())


def inflows_at(database: Path, level: str) -> dict[str, float]:
    """What each exchange received, at a level."""
    _, rows = run_sql(
        database,
        "select to_exchange, sum(usd)::double from agg_flow_daily"
        f" where level = '{level}' and flow_type in ('inflow', 'inter_exchange') group by 1",
    )
    return dict(rows)


@settings(max_examples=6, derandomize=True, suppress_health_check=list(HealthCheck))
@given(
    seed=st.integers(0, 2**32),
    exchanges=st.integers(2, 4),
    deposits=st.integers(3, 7),
    decoys=st.integers(1, 6),
    days=st.integers(30, 60),
)
@example(seed=3750, exchanges=2, deposits=7, decoys=4, days=52)  # parts that look like late wholes
def test_hidden_deposit_addresses_are_found_and_their_doubles_are_not(
    seed: int, exchanges: int, deposits: int, decoys: int, days: int
) -> None:
    market = HiddenMarket(seed, exchanges, deposits, decoys, days)
    with tempfile.TemporaryDirectory() as folder:
        known = stored(market, Path(folder))
        labels = found(known)
        right = {box for box, exchange in labels.items() if market.swept.get(box) == exchange}
        assert len(right) >= 0.99 * len(labels), _names(market, set(labels) - right)
        assert len(right) >= 0.95 * len(market.swept)
        database = steps.build(known, as_of=None, now=NOW).database
        received = inflows_at(database, "all")
        for exchange, true in market.received_usd.items():
            assert received[exchange] == pytest.approx(true, rel=0.005)
            # Less here, since sweeps of what waited or came straight from another exchange count otherwise.
        _, twice = run_sql(
            database,
            "select count(*) from fct_flow sweep join fct_flow paid on paid.to_address = sweep.from_address"
            " where sweep.flow_type_all = 'inflow' and paid.flow_type_all = 'inflow'"
            " and paid.to_exchange = sweep.to_exchange",
        )
        assert twice == [(0,)]


def _names(market: HiddenMarket, wrong: set[str]) -> list[str]:
    """What those are that were mistaken for deposit addresses."""
    return [
        f"{exchange} {decoy.__name__} {number}"
        for exchange in market.names
        for decoy in DECOYS
        for number in range(market.decoys)
        if address(f"{exchange} {decoy.__name__} {number}") in wrong
    ]
