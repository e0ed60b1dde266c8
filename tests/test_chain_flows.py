"""A chain's transfers through the stages together."""

import datetime as dt

import polars as pl
import pytest
from support import NOON, USDT, asset, assets, prices, transfer, transfers, wallet, wallets

from inflows.build.chain_flows import classified_flows
from inflows.build.registry_snapshot import ChainRegistries

HOUR = dt.timedelta(hours=1)


@pytest.mark.parametrize("order", [[0, 1, 2], [2, 0, 1], [1, 2, 0]])
def test_each_transfer_gets_the_quote_of_its_time_whatever_the_order_of_rows(order: list[int]) -> None:
    quotes = prices(*((USDT, NOON + hour * HOUR, str(hour + 1)) for hour in range(3)))
    chain = ChainRegistries(
        "ethereum", wallets(wallet("theirs", "kraken")), assets(asset()), quotes.collect()
    )
    rows = [
        transfer(hour, to_address=wallet("theirs", "kraken")["address"], block_time=NOON + hour * HOUR)
        for hour in range(3)
    ]
    given = transfers(*(rows[place] for place in order)).lazy()
    found = classified_flows(chain, quotes, given, None, dt.timedelta(hours=48)).collect()
    worth = dict(found.select(pl.col("block_time"), pl.col("usd") / pl.col("amount")).iter_rows())
    assert {time: float(price) for time, price in worth.items()} == {
        NOON + hour * HOUR: hour + 1 for hour in range(3)
    }
