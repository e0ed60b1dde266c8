"""Discovery on the simulated market, whose deposit wallets have lost their labels."""

import datetime as dt
from pathlib import Path

import polars as pl

from inflows import files
from inflows.build import steps
from inflows.discover import discover_deposits
from inflows.discover.deposits import SOURCE
from inflows.registry import effective
from inflows.settings import load_settings
from inflows.simulate import Market, simulate
from inflows.simulate.market import CHAINS
from inflows.simulate.stream import make_scene
from inflows.sources import ingest_files

NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
TRANSFERS, SEED = 9_000, 4


def test_the_simulators_deposit_wallets_are_found_without_their_labels(tmp_path: Path) -> None:
    market = Market.small()
    folder = simulate(tmp_path / "market", transfers=TRANSFERS, seed=SEED, market=market)
    wallets = make_scene(market, TRANSFERS, SEED).wallets
    boxes = {
        wallets.addresses[box]: market.exchanges[exchange].slug
        for exchange, by_chain in enumerate(wallets.pools["deposit"])
        for of_chain in by_chain
        for box in of_chain
    }
    labels = pl.read_csv(folder / "labels.csv", infer_schema_length=0)
    same_case = pl.col("address").str.to_lowercase()
    labels.filter(~same_case.is_in([box.lower() for box in boxes])).write_csv(folder / "labels.csv")
    known = load_settings(tmp_path / "data")
    steps.import_folder(known.layout, folder, NOW)
    with files.writing(known.layout):
        ingest_files(known.layout, [str(folder / "transfers")], "inflows")
        for chain in CHAINS:
            discover_deposits(known.layout, chain, as_of=NOW, known_at=NOW)
    found = effective.labels(known.layout, NOW).filter(pl.col("source") == SOURCE).collect()
    sent = pl.concat(
        [pl.read_csv(path, infer_schema_length=0) for path in sorted((folder / "transfers").glob("*.csv"))]
        or [pl.read_parquet(path) for path in sorted((folder / "transfers").glob("*.parquet"))]
    )
    senders = {sender.lower() for sender in sent["from_address"]}
    swept = {box for box in boxes if box.lower() in senders}
    right = {
        box for box, exchange in found.select("address", "exchange").iter_rows() if boxes.get(box) == exchange
    }
    assert len(swept) > 60
    assert len(right) >= 0.99 * found.height
    assert len(right) >= 0.95 * len(swept)
