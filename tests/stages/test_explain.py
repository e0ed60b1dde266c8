from decimal import Decimal

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from inflows.stages.breakdown import PARTS, dollars, parts

EXACT = pl.Decimal(38, 24)
PIECE = {
    "period": pl.String, "exchange": pl.String, "chain": pl.String, "contract": pl.String,
    "symbol": pl.String, "size_band": pl.String, "inflow_usd": EXACT, "inflow_transfers": pl.Int64,
}  # fmt: skip


def pieces(*rows: tuple[str, str, str | None, str, int]) -> pl.DataFrame:
    """Pieces as (day, exchange, size band, dollars, transfers)."""
    return pl.DataFrame(
        [
            (day, exchange, "ethereum", "", "ETH", band, Decimal(usd), n)
            for day, exchange, band, usd, n in rows
        ],
        schema=PIECE,
        orient="row",
    )


def test_rounded_rows_add_up_to_the_total_and_the_largest_bears_the_rest() -> None:
    third = "0.333333333333333333333333"
    found = pieces(("2024-01-01", "a", None, third, 1), ("2024-01-02", "b", None, third, 1),
                   ("2024-01-03", "c", None, "0.333333333333333333333334", 1))  # fmt: skip
    rows = parts(found, dollars(found["inflow_usd"])).filter(part="day")
    assert rows["inflow_usd"].to_list() == [Decimal("0.333334"), Decimal("0.333333"), Decimal("0.333333")]
    assert rows["inflow_usd"].sum() == Decimal(1)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["2024-01-01", "2024-01-02", "2024-06-30"]),
            st.sampled_from("abc"),
            st.sampled_from(["under_10k", "from_10m", None]),
            st.decimals(0, 10**9, places=24).map(str),
            st.integers(1, 5),
        ),
        max_size=30,
    )
)
@settings(max_examples=60)
def test_every_part_adds_up_to_the_total_in_dollars_and_transfers(rows: list[tuple]) -> None:
    found = pieces(*rows)
    total = dollars(found["inflow_usd"])
    made = parts(found, total)
    for part in PARTS if rows else ():
        of_part = made.filter(part=part)
        assert of_part["inflow_usd"].sum() == total
        assert of_part["transfers"].sum() == found["inflow_transfers"].sum()
        assert of_part["key"].is_unique().all()
        assert of_part["key"].null_count() == 0


def test_assets_are_told_apart_by_chain_and_contract_whatever_they_call_themselves() -> None:
    rows = [("ethereum", "0x1", "USDT", "1"), ("ethereum", "0x2", "USDT", "2"), ("bsc", "", "BNB", "3")]
    found = pl.DataFrame(
        [
            ("2024-01-01", "a", chain, contract, symbol, None, Decimal(usd), 1)
            for chain, contract, symbol, usd in rows
        ],
        schema=PIECE,
        orient="row",
    )
    made = parts(found, Decimal(6)).filter(part="asset").select("key", "name").rows()
    assert made == [("bsc:native", "BNB"), ("ethereum:0x2", "USDT"), ("ethereum:0x1", "USDT")]


def test_nothing_is_made_of_nothing() -> None:
    assert parts(pieces(), Decimal(0)).is_empty()
    assert dollars(pieces()["inflow_usd"]) == 0
