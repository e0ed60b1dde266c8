import datetime as dt
import decimal
from decimal import ROUND_HALF_EVEN, Decimal

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import NOON, USDT, asset, assets, prices, transfer, transfers

from inflows.stages.price import price_transfers, whole_coins

DAY = dt.timedelta(days=1)


def priced(row: dict[str, object], listed: pl.DataFrame, quotes: pl.LazyFrame) -> dict[str, object]:
    return price_transfers(transfers(row).lazy(), listed, quotes).collect().row(0, named=True)


def test_the_latest_quote_at_or_before_the_block_counts() -> None:
    quotes = prices(
        (USDT, NOON - DAY, "1.5"),
        (USDT, NOON, "2"),
        (USDT, NOON + dt.timedelta(seconds=1), "3"),
        ("", NOON, "9"),
    )
    assert priced(transfer(), assets(asset()), quotes)["usd"] == Decimal("10.000000")


@pytest.mark.parametrize(
    ("age", "usd"), [(dt.timedelta(hours=48), Decimal(5)), (dt.timedelta(hours=48, microseconds=1), None)]
)
def test_a_quote_of_exactly_48_hours_counts_and_an_older_one_is_missing(
    age: dt.timedelta, usd: Decimal | None
) -> None:
    found = priced(transfer(), assets(asset()), prices((USDT, NOON - age, "1")))
    assert found["usd"] == usd
    assert found["amount"] == 5


def test_an_asset_that_is_not_listed_is_not_valued_even_with_a_quote() -> None:
    found = priced(
        transfer(contract="0x" + "fa4e" * 10), assets(asset()), prices(("0x" + "fa4e" * 10, NOON, "1"))
    )
    assert (found["symbol"], found["amount"], found["usd"], found["finding"]) == (None, None, None, None)


@pytest.mark.parametrize(
    ("trusted", "amount", "usd", "finding"),
    [
        (True, 10**9, Decimal(10**9), None),
        (False, 10**9, None, "untrusted_above_1bn"),
        (False, 10**9 - 1, Decimal(10**9 - 1), None),
        (True, 10**13, None, "beyond_exact_range"),
        (True, 2**256 // 10**6, None, "beyond_exact_range"),
    ],
)
def test_values_that_cannot_be_true_are_null_with_a_finding(
    trusted: bool, amount: int, usd: Decimal | None, finding: str | None
) -> None:
    found = priced(
        transfer(amount_raw=str(amount * 10**6)), assets(asset(trusted=trusted)), prices((USDT, NOON, "1"))
    )
    assert (found["usd"], found["finding"]) == (usd, finding)


@pytest.mark.parametrize(("trusted", "units"), [(False, 10**15 - 1), (True, 10**19 - 1)])
def test_the_limits_of_what_is_believed_are_compared_to_the_last_digit(trusted: bool, units: int) -> None:
    found = priced(transfer(amount_raw=str(units)), assets(asset(trusted=trusted)), prices((USDT, NOON, "1")))
    assert (found["usd"], found["finding"]) == (Decimal(units) / 10**6, None)


def test_a_price_40_000_times_too_high_gives_an_untrusted_asset_of_a_billion_no_value_and_a_finding() -> None:
    """Dune's spellbook, pull request 9683: 29,750 dollars became one row of 1.19 billion."""
    row = transfer(amount_raw="29750000000")
    quoted = {price: prices((USDT, NOON, price)) for price in ("1", "40000")}
    found = {price: priced(row, assets(asset(trusted=False)), quoted[price]) for price in quoted}
    assert (found["1"]["usd"], found["1"]["finding"]) == (Decimal(29_750), None)
    assert (found["40000"]["usd"], found["40000"]["finding"]) == (None, "untrusted_above_1bn")
    assert found["40000"]["amount"] == 29_750


def test_the_greatest_amount_a_contract_can_move_does_not_break_the_others() -> None:
    rows = transfers(
        transfer(1, amount_raw=str(2**256 - 1)), transfer(2), transfer(3, amount_raw=str(2**127))
    )
    found = (
        price_transfers(rows.lazy(), assets(asset()), prices((USDT, NOON, "1"))).collect().sort("position")
    )
    assert found["usd"].to_list() == [None, Decimal(5), None]
    assert found["amount_raw"].to_list()[0] == str(2**256 - 1)


def test_more_than_the_greatest_supply_is_found() -> None:
    listed = assets(asset(max_supply=Decimal(4)))
    assert priced(transfer(), listed, prices((USDT, NOON, "1")))["finding"] == "above_max_supply"
    assert priced(transfer(amount_raw="4000000"), listed, prices((USDT, NOON, "1")))["finding"] is None


@given(raw=st.integers(0, 2**256 - 1), decimals=st.integers(0, 36))
@settings(max_examples=300)
def test_whole_coins_are_exact_to_18_decimals_or_null(raw: int, decimals: int) -> None:
    cells = pl.DataFrame({"raw": [str(raw)], "d": [decimals]}, schema_overrides={"d": pl.Int64})
    found = cells.select(whole_coins(pl.col("raw"), pl.col("d"))).item()
    assert found == cells.select(whole_coins(pl.col("raw"), pl.col("d"), at_most=decimals)).item()
    scaled, rest = divmod(raw * 10**18, 10**decimals)
    scaled += 2 * rest > 10**decimals or (2 * rest == 10**decimals and scaled % 2)
    with decimal.localcontext(prec=100):
        assert found == (Decimal(scaled).scaleb(-18) if scaled < 10**38 else None)


@given(
    raw=st.integers(1, 10**24),
    decimals=st.sampled_from([0, 2, 6, 8, 18]),
    price=st.decimals(Decimal("1e-18"), Decimal(10**5), places=18),
)
@settings(max_examples=300)
def test_dollars_are_exact_to_the_sixth_decimal(raw: int, decimals: int, price: Decimal) -> None:
    with decimal.localcontext(prec=100):
        true = (Decimal(raw).scaleb(-decimals) * price).quantize(Decimal("0.000001"), ROUND_HALF_EVEN)
    found = priced(
        transfer(amount_raw=str(raw)), assets(asset(decimals=decimals)), prices((USDT, NOON, str(price)))
    )
    in_range = true < 10**13 and raw < 10 ** (20 + decimals)
    assert found["usd"] == (true if in_range else None)
