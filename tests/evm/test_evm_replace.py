"""Traces that take another source's place: block by block, and no block says that it has what it lost."""

from __future__ import annotations

import datetime as dt

import polars as pl
import pytest
from evm.fake_chain import QUICK, START, FakeChain, person
from network.playing import playing

from inflows.errors import UsageError
from inflows.layout import Layout
from inflows.raw import Delivery, ingest
from inflows.sources.evm import ingest_evm

FIRST_OF_JULY = 10  # the first block of the second day


class Tracing(FakeChain):
    """Each transaction calls another wallet with 5 wei; `silent` blocks have no internal transfers."""

    silent: frozenset[int] = frozenset()

    def answer(self, method, params):
        if method != "trace_block":
            return super().answer(method, params)
        self.calls.append((method, params))
        number = int(params[0], 16)
        return [
            {
                "type": "call",
                "blockHash": self.hash_of(number),
                "transactionHash": tx["hash"],
                "traceAddress": path,
                "action": {"callType": "call", "from": person(1), "to": person(2), "value": value},
            }
            for tx in self.transactions(number)
            for path, value in [([], tx["value"]), ([0], "0x0" if number in self.silent else "0x5")]
        ]


def read(layout, chain, first, last, **options):
    with playing(chain) as stage:
        return ingest_evm(layout, chain="ethereum", rpc_urls=[stage.url], from_block=first, to_block=last,
                          pace=QUICK, traces=True, **options)  # fmt: skip


def traces(layout) -> dict[int, set[str]]:
    """Sources of the stored traces, by block."""
    paths = sorted((layout.raw / "transfers").rglob("*.parquet"))
    rows = pl.concat([pl.read_parquet(p, hive_partitioning=False) for p in paths]).filter(kind="trace")
    return {n: set(part["source"]) for (n,), part in rows.partition_by("block_number", as_dict=True).items()}


def traced_blocks(layout) -> list[int]:
    paths = sorted((layout.raw / "blocks").rglob("*.parquet"))
    rows = pl.concat([pl.read_parquet(p, hive_partitioning=False) for p in paths])
    return sorted(rows.filter("has_trace")["block_number"])


@pytest.fixture
def layout(tmp_path) -> Layout:
    """Blocks 1 to 20 of two days with traces of another source."""
    layout = Layout(tmp_path / "data")
    read(layout, Tracing(), 1, 20)
    paths = sorted((layout.raw / "transfers").rglob("*.parquet"))
    for path in paths:
        rows = pl.read_parquet(path, hive_partitioning=False)
        source = pl.when(pl.col("kind") == "trace").then(pl.lit("cryo")).otherwise("source")
        rows.with_columns(source=source).write_parquet(path)
    return layout


def test_traces_of_another_source_are_refused_without_replace_and_nothing_changes(layout):
    chain = Tracing()
    with pytest.raises(UsageError, match="come from cryo and from evm-rpc-trace-block") as caught:
        read(layout, chain, 1, 25)
    assert "--replace" in caught.value.hint
    assert traces(layout) == {n: {"cryo"} for n in range(1, 21)}


def test_a_day_that_is_read_in_part_loses_the_others_traces_and_says_so(layout):
    report = read(layout, Tracing(), 12, 15, replace=True)
    assert traces(layout) == {n: {"cryo"} for n in range(1, 10)} | {
        n: {"evm-rpc-trace-block"} for n in range(12, 16)
    }
    assert traced_blocks(layout) == [*range(1, 10), *range(12, 16)]
    assert any("7 blocks of the days whose traces were replaced have none now" in w for w in report.warnings)


def test_read_whole_a_day_has_the_new_sources_traces_alone(layout):
    chain = Tracing()
    report = read(layout, chain, 1, 20, replace=True)
    assert traces(layout) == {n: {"evm-rpc-trace-block"} for n in range(1, 21)}
    assert traced_blocks(layout) == list(range(1, 21))
    assert report.warnings == []
    assert not [m for m, _ in chain.calls if m == "eth_getLogs"]  # only what was to be replaced is read
    chain.calls.clear()
    assert read(layout, chain, 1, 20, replace=True).blocks_there == 20
    assert len([m for m, _ in chain.calls if m == "trace_block"]) == 1  # to see whether it is offered


def test_blocks_without_internal_transfers_take_the_others_away_too(layout):
    chain = Tracing()
    chain.silent = frozenset(range(30))
    read(layout, chain, 12, 15, replace=True)
    assert traces(layout) == {n: {"cryo"} for n in range(1, FIRST_OF_JULY)}
    assert traced_blocks(layout) == [*range(1, 10), *range(12, 16)]


def test_traces_in_quarantine_for_their_conflicts_give_way_as_well(layout):
    day = dt.datetime.fromtimestamp(START, dt.UTC) + dt.timedelta(minutes=12)
    path = layout.raw_partition("transfers", "ethereum", "2024-07-01")
    rival = pl.read_parquet(path, hive_partitioning=False)
    rival = rival.filter(kind="trace", block_number=12).with_columns(amount_raw=pl.lit("6"))
    assert rival["block_time"].unique().to_list() == [day]
    ingest(layout, [Delivery("transfers", rival.drop("from_key", "to_key").lazy(), "rival.csv")])
    assert 12 not in traces(layout)
    read(layout, Tracing(), 10, 20, replace=True)
    assert traces(layout)[12] == {"evm-rpc-trace-block"}


def test_replace_is_about_traces(layout):
    with playing(Tracing()) as stage, pytest.raises(UsageError, match="about traces"):
        ingest_evm(layout, chain="ethereum", rpc_urls=[stage.url], from_block=1, to_block=2, replace=True)
