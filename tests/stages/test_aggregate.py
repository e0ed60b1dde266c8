import datetime as dt
from decimal import Decimal

import polars as pl
import pytest
from support import NOON, address, asset, assets, prices, transfer, transfers, wallet, wallets

from inflows.contracts.names import SIZE_BANDS
from inflows.stages.aggregate import daily_facts, size_band
from inflows.stages.classify import classify_transfers
from inflows.stages.label import label_transfers
from inflows.stages.price import price_transfers

KEY = [
    "date", "chain", "contract", "from_exchange", "to_exchange", "flow_type", "level", "size_band",
]  # fmt: skip
USDC = "0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48"


@pytest.mark.parametrize(
    ("usd", "band"),
    [
        ("0", "under_10k"),
        ("9999.999999", "under_10k"),
        ("10000", "10k_to_1m"),
        ("999999.999999", "10k_to_1m"),
        ("1000000", "1m_to_10m"),
        ("9999999.999999", "1m_to_10m"),
        ("10000000", "from_10m"),
        ("9999999999999.999999", "from_10m"),
        (None, None),
    ],
)
def test_a_transfer_on_the_border_of_two_bands_is_in_the_upper_one(usd: str | None, band: str | None) -> None:
    value = pl.Series([None if usd is None else Decimal(usd)], dtype=pl.Decimal(38, 6))
    found = pl.select(size_band(pl.lit(value))).to_series().to_list()
    assert found == [band]
    assert {band} <= {*SIZE_BANDS, None}


def classified(*rows: dict[str, object]) -> pl.LazyFrame:
    quotes = prices(("", NOON - dt.timedelta(days=9), "1"), (asset()["contract"], NOON, "1"))
    return (
        transfers(*rows)
        .lazy()
        .pipe(label_transfers, wallets(wallet("hot", "alpha"), wallet("heuristic", "alpha", **SURE_AT_ALL)))
        .pipe(price_transfers, assets(asset(), asset(USDC, "USDC")), quotes)
        .pipe(classify_transfers, [])
    )


SURE_AT_ALL = {
    "exchange_strict": None,
    "exchange_base": None,
    "role_strict": None,
    "role_base": None,
    "confidence_all": 10,
}


def test_each_level_holds_each_transfer_once_in_the_band_of_its_own_size() -> None:
    sizes = ["5000000", "9999999999", "10000000000", "2000000000000"]  # in millionths of a dollar
    rows = [
        transfer(n, to_address=address("hot"), amount_raw=size, block_time=NOON + dt.timedelta(minutes=n))
        for n, size in enumerate(sizes)
    ]
    rows.append(transfer(9, to_address=address("hot"), contract=USDC))  # listed, and without a quote
    found = daily_facts(classified(*rows)).collect()
    assert found.select(KEY).is_duplicated().sum() == 0
    for level in ("strict", "base", "all"):
        by_band = {
            row["size_band"]: (row["transfers"], row["priced_transfers"], row["usd"])
            for row in found.filter(level=level).rows(named=True)
        }
        assert by_band == {
            "under_10k": (2, 2, Decimal("10004.999999")),
            "10k_to_1m": (1, 1, Decimal(10_000)),
            "1m_to_10m": (1, 1, Decimal(2_000_000)),
            None: (1, 0, Decimal(0)),
        }


def test_a_label_of_low_confidence_makes_a_flow_at_its_own_level_alone() -> None:
    found = daily_facts(classified(transfer(1, to_address=address("heuristic")))).collect()
    assert found.select("level", "flow_type", "to_exchange").rows() == [("all", "inflow", "alpha")]
