"""Whatever a file holds, a reader makes quotes of it or refuses it in a sentence."""

from __future__ import annotations

import datetime as dt
import json
from contextlib import suppress
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inflows.contracts.schema import PRICE, UTC_TIME
from inflows.errors import UsageError
from inflows.prices.import_files import FORMATS
from inflows.prices.quotes import QUARANTINED, QUOTES, SET_ASIDE
from inflows.prices.validate import validate_quotes

NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
NAMES = {"binance-klines": "ETHUSDT-1h.json"}
NOTHING = pl.LazyFrame(schema={"source_id": pl.String, "time": UTC_TIME, "value": PRICE})

anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(categories=None), max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
number = (
    st.sampled_from([1709251200, 1709251200000, 1709251200000000, 0, -1, 61198.38, "61198.38"]) | anything
)
point = st.dictionaries(
    st.sampled_from(["timestamp", "price", "time", "asset", "PriceUSD", "prices"]), number, max_size=5
)
pair = st.lists(number, min_size=2, max_size=2)
answers = st.fixed_dictionaries(
    {},
    optional={
        "prices": st.lists(pair | anything, max_size=4) | anything,
        "coins": st.dictionaries(st.text(max_size=5), point | anything, max_size=3) | anything,
        "data": st.lists(point | anything, max_size=4) | anything,
        "error": anything,
        "status": anything,
    },
) | st.lists(st.lists(number, min_size=12, max_size=12), max_size=3)


def check(form: str, body: bytes) -> None:
    with suppress(UsageError):
        quotes = FORMATS[form].read(body, NAMES.get(form, "bitcoin.json"))
        assert quotes.schema == QUOTES
        judged = validate_quotes(quotes.lazy(), NOTHING, NOW).collect()
        assert judged.height == quotes.height
        assert set(judged["fault"].drop_nulls()) <= {*QUARANTINED, *SET_ASIDE}
        believed = judged.filter(pl.col("fault").is_null())
        assert (believed["value"] > 0).all()


@pytest.mark.parametrize("form", sorted(FORMATS))
@settings(max_examples=120)
@given(answer=answers)
def test_any_json_is_read_or_refused(form: str, answer: Any) -> None:
    check(form, json.dumps(answer).encode())


@pytest.mark.parametrize("form", sorted(FORMATS))
@settings(max_examples=60)
@given(body=st.binary(max_size=60) | st.text(max_size=60).map(lambda text: text.encode(errors="replace")))
def test_any_bytes_are_read_or_refused(form: str, body: bytes) -> None:
    check(form, body)


@pytest.mark.parametrize("form", ["binance-klines", "coingecko", "coinmetrics"])
@settings(max_examples=80)
@given(
    rows=st.lists(
        st.lists(
            st.sampled_from(["", "1", "2024-03-01", "1709251200000", "NaN", '"', "x", "é"]), max_size=13
        ),
        max_size=5,
    )
)
def test_any_csv_is_read_or_refused(form: str, rows: list[list[str]]) -> None:
    header = {"coingecko": "snapped_at,price", "coinmetrics": "time,PriceUSD,asset"}.get(form, "open_time")
    check(form, "\n".join([header, *(",".join(row) for row in rows)]).encode())
