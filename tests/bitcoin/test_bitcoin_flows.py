"""From a node's answers to published totals: UTXO chains go the way of all others from the netting on."""

import csv
import datetime as dt
import json
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
from bitcoin_node import SHARED, block, output, real_block, serving, spending, tx_id
from support import wallet, wallets

from inflows import files
from inflows.addresses import address_key
from inflows.build import steps
from inflows.contracts.raw import UtxoEntries
from inflows.contracts.schema import conform
from inflows.discover import discover
from inflows.errors import UsageError
from inflows.http import HttpClient
from inflows.settings import Settings, load_settings
from inflows.sources.bitcoin import ingest_bitcoin
from inflows.sources.bitcoin.blocks import decode_block, with_block_columns
from inflows.stages.utxo_netting import net_transactions
from inflows.warehouse.query import run_sql

NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
HOT, COLD = "1111111111111111111KnownHotWa11et", "1111111111111111111KnownCo1dWa11et"


def write(path: Path, *rows: dict[str, str]) -> None:
    with path.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.DictWriter(handle, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


@pytest.fixture
def market(tmp_path: Path) -> Settings:
    """A data folder whose registries know bitcoin at 60,000 dollars, and two wallets of one exchange."""
    label = {
        "chain": "bitcoin",
        "exchange": "alpha",
        "confidence": "90",
        "known_at": "2020",
        "source": "test",
    }
    write(
        tmp_path / "labels.csv",
        {**label, "address": HOT, "role": "hot", "valid_from": "", "valid_to": ""},
        {**label, "address": COLD, "role": "cold", "valid_from": "", "valid_to": ""},
    )
    asset = {"contract": "", "symbol": "BTC", "decimals": "8", "kind": "native", "trusted": "true"}
    write(
        tmp_path / "assets.csv",
        {"chain": "bitcoin", **asset},
        {"chain": "ethereum", **asset, "symbol": "ETH", "decimals": "18"},
    )
    days = [f"2024-03-{day:02}T00:00:00Z" for day in range(8, 12)]
    write(
        tmp_path / "prices.csv",
        *(
            {"chain": "bitcoin", "contract": "", "time": day, "price_usd": "60000", "source": "test"}
            for day in days
        ),
    )
    write(
        tmp_path / "jurisdictions.csv",
        {
            "exchange": "alpha",
            "jurisdiction": "HK",
            "basis": "licence",
            "weight": "1",
            "valid_from": "",
            "valid_to": "",
            "source": "test",
        },
    )
    settings = load_settings(tmp_path / "data")
    steps.import_folder(settings.layout, tmp_path, NOW)
    return settings


def test_a_nodes_blocks_become_totals(market: Settings) -> None:
    """Deposit of 1 coin; 100 spent with 90 of change; a move into cold storage."""
    transactions = [
        ([(tx_id(1), 2.0, "1User")], [(1.0, HOT), (0.9999, "1User")]),
        ([(tx_id(2), 100.0, HOT)], [(9.9999, "1Shop"), (90.0, HOT)]),
        ([(tx_id(3), 5.0, HOT)], [(4.9999, COLD)]),
    ]
    paid = [
        {
            "txid": tx_id(900, n),
            "vin": [spending(spent, 0, value, address) for spent, value, address in ins],
            "vout": [output(value, n, address) for n, (value, address) in enumerate(outs)],
        }
        for n, (ins, outs) in enumerate(transactions, 1)
    ]
    with serving([block(0, *paid)]) as node, files.writing(market.layout), HttpClient() as http:
        node.height = 10
        ingest_bitcoin(
            market.layout, chain="bitcoin", rpc_urls=[node.url], from_block=0, to_block=0, http=http
        )
    built = steps.build(market, as_of=None, now=NOW)
    assert not [note for note in built.notes if "UTXO" in note]
    _, flows = run_sql(
        built.database,
        "select kind, position, flow_type, from_address, to_address, amount_raw from fct_flow order by all",
    )
    assert flows == [
        ("utxo", 0, "fee", HOT, "", "10000"),
        ("utxo", 0, "inflow", "1User", HOT, "100000000"),
        ("utxo", 0, "outflow", HOT, "1Shop", "999990000"),
        ("utxo", 1, "fee", HOT, "", "10000"),
    ]
    _, totals = run_sql(
        built.database,
        "select inflow_usd, outflow_usd from agg_jurisdiction_half_year where jurisdiction = 'HK' and "
        "basis = 'licence' and scope = 'exchange' and level = 'base' and period = '2024-H1'",
    )
    assert totals == [(Decimal("60000.000000"), Decimal("599994.000000"))]
    assert steps.build(market, as_of=None, now=NOW + dt.timedelta(days=1)).computed == 0


def test_the_recorded_block_touches_exchanges_where_it_is_known_to() -> None:
    path = SHARED.parent / "reference" / "labels" / "graphsense-tagpacks.csv"
    if not path.exists():
        pytest.skip("the GraphSense labels are not at hand (reference/labels)")
    found = decode_block(json.dumps({"result": real_block()}).encode())
    entries = with_block_columns(found, "bitcoin").with_columns(
        address_key=address_key(pl.col("address")), source=pl.lit("test"), exact=pl.lit(True)
    )
    labels = (
        pl.read_csv(path, infer_schema=False)
        .filter(pl.col("chain") == "bitcoin", pl.col("address_ok") != "false")
        .unique("address", keep="first", maintain_order=True)
    )
    known = wallets(
        *(
            wallet("x", exchange.lower(), "", chain="bitcoin", address=address)
            for address, exchange in labels.select("address", "exchange").iter_rows()
        )
    )
    touching = entries.join(known.select("address", "exchange_all"), on="address")
    assert touching["side"].value_counts(sort=True).rows() == [("out", 3), ("in", 1)]
    flows = net_transactions(conform(entries.lazy(), UtxoEntries), known).collect()
    for exchange in touching["exchange_all"].unique():
        own = touching.filter(exchange_all=exchange).with_columns(pl.col("amount_raw").cast(pl.Int64))
        difference = own.filter(side="out")["amount_raw"].sum() - own.filter(side="in")["amount_raw"].sum()
        amounts = flows.with_columns(pl.col("amount_raw").cast(pl.Int64))
        moved = (
            amounts.filter(to_exchange_base=exchange)["amount_raw"].sum()
            - amounts.filter(from_exchange_base=exchange)["amount_raw"].sum()
        )
        assert difference == moved
    # The exchange that spends gets its change back in the same transaction: its difference is what it paid.
    assert dict(flows["flow_type_base"].value_counts().iter_rows()) == {"fee": 1, "inflow": 2, "outflow": 1}


def test_what_a_discovery_finds_counts_at_level_all_from_the_next_build_on(market: Settings) -> None:
    """A deposit address is spent together with the hot wallet; before, a user had paid into it."""
    deposit = "1111111111111111111NewDeposit111"
    together = {
        "txid": tx_id(900, 1),
        "vin": [spending(tx_id(1), 0, 3.0, HOT), spending(tx_id(2), 0, 1.0, deposit)],
        "vout": [output(4.0, 0, COLD)],
    }
    paid_in = {
        "txid": tx_id(900, 2),
        "vin": [spending(tx_id(3), 0, 1.0, "1User")],
        "vout": [output(1.0, 0, deposit)],
    }
    with serving([block(0, together, paid_in)]) as node, files.writing(market.layout), HttpClient() as http:
        node.height = 10
        ingest_bitcoin(
            market.layout, chain="bitcoin", rpc_urls=[node.url], from_block=0, to_block=0, http=http
        )
        later = NOW + dt.timedelta(hours=1)
        found = discover(market.layout, "bitcoin", later, later)
        again = discover(market.layout, "bitcoin", later, later)
    assert found.sentence() == (
        "bitcoin: 1 address was spent together with labelled ones (1 added, 0 replaced, 0 unchanged)."
    )
    assert (again.labels.added, again.labels.unchanged) == (0, 1)
    built = steps.build(market, as_of=None, now=NOW + dt.timedelta(days=1))
    _, rows = run_sql(
        built.database,
        "select flow_type, flow_type_all, to_address from fct_flow where amount_raw = '100000000' "
        "order by all",
    )
    assert rows == [("inflow", None, COLD), (None, "inflow", deposit)]
    with pytest.raises(UsageError, match="no UTXO entries of 'litecoin'"):
        discover(market.layout, "litecoin", NOW, NOW)
