"""An address that two exchanges are named for counts for none, and the value that hangs on it is told."""

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from support import USDT, ZERO, address

from inflows.build import chain_flows, steps
from inflows.contracts.flows import DailyFacts
from inflows.contracts.schema import dtypes
from inflows.files import writing
from inflows.registry import imports
from inflows.settings import load_settings
from inflows.sources import ingest_files
from inflows.warehouse.query import run_sql

MIDDAY = dt.datetime(2024, 3, 1, 12)  # noqa: DTZ001 (as DuckDB gives it)
NOW = dt.datetime(2025, 1, 1, tzinfo=dt.UTC)
TORN, OTHER, OURS, USER = (address(name) for name in ("torn", "other", "ours", "user"))
COINS = {"torn": "1BoatSLRHtKNngkdXEeobR76b53LETtpyT", "user": "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa"}


class World:
    """A data folder into which files are imported from rows."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.settings, self.files = folder, load_settings(folder / "data"), 0
        native = {"chain": "bitcoin", "contract": ""}
        asset = {"chain": "ethereum", "contract": USDT, "symbol": "USDT", "decimals": 6, "trusted": "true"}
        coin = asset | native | {"symbol": "BTC", "decimals": 8, "kind": "native"}
        self.take("assets", asset | {"kind": "stablecoin"}, coin)
        price = {"chain": "ethereum", "contract": USDT, "time": "2024-03-01", "price_usd": "1", "source": "x"}
        self.take("prices", price, price | native | {"price_usd": "60000"})
        place = {"exchange": "alpha", "jurisdiction": "HK", "basis": "licence", "weight": "1", "source": "x"}
        self.take("jurisdictions", place)

    def _file(self, rows: tuple[dict[str, Any], ...]) -> Path:
        self.files += 1
        path = self.folder / f"{self.files}.csv"
        pl.DataFrame(list(rows)).write_csv(path)
        return path

    def take(self, table: str, *rows: dict[str, Any]) -> None:
        with writing(self.settings.layout):
            getattr(imports, f"import_{table}")(self.settings.layout, self._file(rows), now=NOW)

    def label(self, exchange: str, wallet: str, source: str, confidence: int = 50, **more: Any) -> None:
        row = {"chain": "ethereum", "address": wallet, "exchange": exchange, "confidence": confidence,
               "source": source}  # fmt: skip
        self.take("labels", row | more)

    def move(self, *rows: dict[str, Any]) -> None:
        with writing(self.settings.layout):
            ingest_files(self.settings.layout, [str(self._file(rows))], "inflows")

    def build(self, **options: Any) -> steps.Built:
        return steps.build(self.settings, as_of=None, now=options.pop("now", NOW), **options)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        return run_sql(self.settings.layout.published, query)[1]


def transfer(number: int, sender: str, receiver: str, dollars: int, **more: Any) -> dict[str, Any]:
    return {"chain": "ethereum", "block_number": 19_000_000 + number, "block_time": "2024-03-01T12:00:00Z",
            "tx_hash": f"0x{number:064x}", "position": 0, "kind": "token", "contract": USDT,
            "from_address": sender, "to_address": receiver, "amount_raw": dollars * 10**6} | more  # fmt: skip


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_what_hangs_on_a_contested_address_is_told_and_counts_for_nobody(world: World) -> None:
    world.label("alpha", TORN, "x")
    world.label("beta", TORN, "y")
    world.label("alpha", OURS, "x")
    world.move(
        transfer(1, USER, TORN, 100),  # would be an inflow
        transfer(2, OURS, TORN, 30),  # counts as alpha's outflow now, and would be internal or between two
        transfer(3, TORN, USER, 7),
        transfer(4, TORN, TORN, 1_000),
        transfer(5, ZERO, TORN, 500),  # a mint whoever owns it
        transfer(6, USER, OURS, 11),
        transfer(7, USER, TORN, 5, contract="0x" + "9" * 40),  # not listed
        transfer(8, USER, TORN, 3, block_time="2024-03-04T12:00:00Z", block_number=19_100_000),  # no price
    )
    built = world.build()
    query = "select level, exchanges, claims, inflow_usd, outflow_usd, inflow_transfers, priced_transfers"
    assert world.rows(f"{query} from rpt_contested order by level") == [
        (level, "alpha; beta", "alpha (50: x); beta (50: y)", Decimal(130), Decimal(7), 3, 3)
        for level in ("all", "base", "strict")
    ]
    assert (
        "1 contested address counts for no exchange, and received $130 (table rpt_contested)." in built.notes
    )
    inflow = "select sum(usd) from agg_flow_daily where flow_type = 'inflow' and level = 'base'"
    assert world.rows(inflow) == [(Decimal(11),)]


def test_settling_it_makes_flows_of_what_hung_on_it(world: World) -> None:
    world.label("alpha", TORN, "x")
    world.label("beta", TORN, "y")
    world.move(transfer(1, USER, TORN, 100), transfer(2, TORN, USER, 7))
    world.build()
    ((hung,),) = world.rows("select inflow_usd from rpt_contested where level = 'base'")
    world.label("alpha", TORN, "z")
    assert world.build(now=NOW + dt.timedelta(hours=1)).computed == 1
    assert world.rows("select count(*) from rpt_contested") == [(0,)]
    assert world.rows("select count(*) from agg_contested_daily") == [(0,)]
    inflow = "select sum(usd) from agg_flow_daily where flow_type = 'inflow' and level = 'base'"
    assert world.rows(inflow) == [(hung,)]


def test_who_claims_it_may_change_without_anything_being_settled_at_a_level(world: World) -> None:
    """Contested at base and above where a claim of 20 leaves strict open: the wallets alone do not tell."""
    for exchange, source in (("alpha", "x"), ("beta", "y")):
        world.label(exchange, TORN, source, 20)
    world.move(transfer(1, USER, TORN, 100))
    world.build()
    levels = "select level from agg_contested_daily order by level"
    assert world.rows(levels) == [("all",), ("base",)]
    for exchange, source in (("alpha", "x"), ("beta", "y")):
        world.label(exchange, TORN, source, 50)
    world.build(now=NOW + dt.timedelta(hours=1))
    assert world.rows(levels) == [("all",), ("base",), ("strict",)]


def test_it_hangs_only_while_it_is_contested(world: World) -> None:
    world.label("alpha", TORN, "x", valid_to="2024-03-01T12:00:00Z")
    world.label("beta", TORN, "y")
    world.move(
        transfer(1, USER, TORN, 100, block_time="2024-03-01T11:59:59Z"),
        transfer(2, USER, TORN, 7),
    )
    world.build()
    query = "select inflow_usd, inflow_transfers from rpt_contested where level = 'base'"
    assert world.rows(query) == [(Decimal(100), 1)]
    query = "select valid_from, valid_to from dim_contested where level = 'base'"
    assert world.rows(query) == [(None, MIDDAY)]


def test_movements_between_contested_addresses_count_for_both(world: World) -> None:
    for wallet in (TORN, OTHER):
        world.label("alpha", wallet, "x")
        world.label("beta", wallet, "y")
    world.move(transfer(1, TORN, OTHER, 9))
    world.build()
    query = "select address, inflow_usd, outflow_usd from rpt_contested where level = 'base' order by 2"
    assert world.rows(query) == [(TORN, Decimal(0), Decimal(9)), (OTHER, Decimal(9), Decimal(0))]


def test_on_utxo_chains_it_is_netted_like_an_exchange(world: World) -> None:
    for exchange, source in (("alpha", "x"), ("beta", "y")):
        world.label(exchange, COINS["torn"], source, chain="bitcoin")
    entry = {"chain": "bitcoin", "block_number": 833_000, "block_time": "2024-03-01T12:00:00Z",
             "tx_hash": "ab" * 32, "is_coinbase": "false"}  # fmt: skip
    sides = [("in", 0, "torn", 100), ("out", 0, "user", 9), ("out", 1, "torn", 90)]
    world.move(
        *(
            entry | {"side": side, "position": n, "address": COINS[who], "amount_raw": coins * 10**8}
            for side, n, who, coins in sides
        )
    )
    world.build()
    query = "select inflow_usd, outflow_usd, outflow_transfers from rpt_contested where level = 'base'"
    assert world.rows(query) == [(Decimal(0), Decimal(9 * 60_000), 1)]


def test_without_contested_addresses_daily_facts_hold_nothing_of_them(world: World) -> None:
    world.label("alpha", OURS, "x")
    world.move(transfer(1, USER, OURS, 9))
    world.build()
    (path,) = world.settings.layout.warehouse.glob("agg_flow_daily/*/*/part.parquet")
    assert "inflows.contested" not in pl.read_parquet_metadata(path)
    assert set(pl.read_parquet_schema(path)) == set(dtypes(DailyFacts))


def test_looking_up_the_wallets_that_are_there_alone_gives_the_same_flows(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.label("alpha", TORN, "x")
    world.label("beta", TORN, "y")
    world.label("alpha", OURS, "x")
    world.label("beta", OTHER, "y")
    world.label("alpha", COINS["torn"], "x", chain="bitcoin")
    world.move(transfer(1, USER, OURS, 9), transfer(2, OURS, OTHER, 4), transfer(3, TORN, OURS, 2))
    looked_up: list[int] = []
    whole = chain_flows.label_transfers

    def counting(transfers: pl.LazyFrame, wallets: pl.DataFrame) -> pl.LazyFrame:
        looked_up.append(wallets.height)
        return whole(transfers, wallets)

    monkeypatch.setattr(chain_flows, "label_transfers", counting)
    flows = "select from_exchange, to_exchange, flow_type, usd from fct_flow order by position, block_number"
    world.build()
    before = world.rows(flows)
    world.label("alpha", address("idle"), "x")
    monkeypatch.setattr(chain_flows, "MANY_WALLETS", 0)
    assert world.build(now=NOW + dt.timedelta(hours=1)).computed == 1
    assert world.rows(flows) == before
    assert len(before) == 3
    assert looked_up[0] == looked_up[2] == 3  # the idle wallet is not among them


def test_a_label_added_later_leaves_every_byte_of_the_old_vintage(world: World) -> None:
    world.label("alpha", OURS, "x")
    world.move(transfer(1, USER, OURS, 9), transfer(2, USER, TORN, 5))
    first = world.build().vintage
    home = world.settings.layout.vintages / first

    def content() -> dict[str, bytes]:
        return {str(path.relative_to(home)): path.read_bytes() for path in home.rglob("*") if path.is_file()}

    before = content()
    assert {"inflows.duckdb", "manifest.json", "totals.parquet"} <= set(before)
    world.label("beta", TORN, "y")
    second = world.build(now=NOW + dt.timedelta(hours=1)).vintage
    assert second != first
    assert content() == before
    inflow = "select sum(usd) from agg_flow_daily where flow_type = 'inflow' and level = 'base'"
    assert world.rows(inflow) == [(Decimal(14),)]
