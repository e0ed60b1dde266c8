"""The short way for rows that are written as they are stored gives what the long way gives."""

import datetime as dt
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from source_files import ROW, TOKEN, A

from inflows.raw.delivery import delivered_columns
from inflows.sources import fast_path
from inflows.sources.own_format import normalise
from inflows.sources.table_files import LINE

NAMES = list(delivered_columns("transfers"))
CASES: dict[str, list[Any]] = {
    "chain": ["bsc", "tron", "bitcoin", "unknown", "Ethereum", "", None],
    "block_number": ["0", "007", " 7", "+7", "-1", "7.0", "9" * 18, "9" * 19, "9" * 20, "", None],
    "block_time": [
        "2024-03-31", "2024-03-31 12:00:00", "2024-02-30T12:00:00Z", "0001-01-01T00:00:00Z",
        "2024-3-31T12:00:00Z", "2024-03-31T24:00:00Z", "2024-03-31T12:00:60Z", "2024-03-31T12:00:00+02:00",
        "x", None,
    ],
    "tx_hash": ["0x" + "A" * 64, "1" * 64, "0x1", "solana", "", " 0x" + "1" * 64, "0x" + "g" * 64, None],
    "position": ["00", "1", "-1", str(2**63 - 1), str(2**63), "x", None],
    "kind": ["native", "trace", "withdrawal", "Token", "", None],
    "contract": ["", "0x" + "D" * 40, A[:-1], TOKEN + "0", None],
    "from_address": ["0X" + "A" * 40, A + " ", A[2:], "T" + "9" * 33, "", None],
    "to_address": ["0x" + "B" * 40, "0x" + "g" * 40, "", None],
    "amount_raw": [
        "0", "00", "007", "-1", "1e3", "1.0", " 5", "9" * 77, str(2**256 - 1), str(2**256), "1" + "0" * 78,
        "", None,
    ],
    "source": ["a-feed", "A feed", "", None],
}  # fmt: skip


def long_way(frame: pl.DataFrame) -> pl.DataFrame:
    judged = normalise.normalise_transfers(frame.lazy(), frame["chain"].unique().to_list()).collect()
    return normalise.with_rows(judged, frame).select(NAMES)


def rows(*changes: dict[str, Any]) -> pl.DataFrame:
    usual_row = {**ROW, "source": "test", LINE: None}
    schema = dict.fromkeys(usual_row, pl.String)
    return pl.DataFrame([{**usual_row, **change} for change in changes], schema=schema)


def same(frame: pl.DataFrame) -> bool:
    order = NAMES  # all of them: rows that differ in one thing alone must not stand in either order
    found = fast_path.normalise_batch(frame, frame, frame["chain"].unique().to_list())
    good, bad = (
        [part.filter(pl.col("reason").is_null()).sort(order) for part in (found, long_way(frame))],
        [
            part.drop_nulls("reason").select("reason", "row").sort("reason", "row")
            for part in (found, long_way(frame))
        ],
    )
    return good[0].equals(good[1]) and bad[0].equals(bad[1])


@pytest.mark.parametrize("column", sorted(CASES))
def test_each_odd_value_alone_is_judged_as_the_long_way_judges_it(column: str) -> None:
    for value in CASES[column]:
        assert same(rows({column: value})), value
        assert same(rows({}, {column: value}, {"position": "3"})), value


@given(
    st.lists(
        st.fixed_dictionaries({}, optional={k: st.sampled_from(v) for k, v in CASES.items()}),
        min_size=1,
        max_size=6,
    )
)
@settings(max_examples=150)
def test_any_mixture_is_judged_as_the_long_way_judges_it(changes: list[dict[str, Any]]) -> None:
    assert same(rows(*changes))


def test_typed_columns_are_judged_as_the_long_way_judges_them() -> None:
    naive = dt.datetime(2024, 3, 31, 12)  # noqa: DTZ001 - Parquet files have such times
    times = (naive, naive.replace(tzinfo=dt.UTC), naive.replace(tzinfo=dt.timezone(dt.timedelta(hours=2))))
    for time in times:
        for kind in (pl.Int64, pl.UInt32, pl.UInt64, pl.Int8):
            frame = rows({}).with_columns(
                pl.lit(pl.Series([time])).alias("block_time"),
                pl.lit(5).cast(kind).alias("position"),
                pl.lit(5).alias("block_number"),
                pl.lit(7).alias("amount_raw"),
            )
            assert same(frame)
    for number in (-1, 2**63):
        assert same(rows({}).with_columns(pl.lit(number, dtype=pl.Int128).alias("block_number")))


def test_usual_rows_do_take_the_short_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(normalise, "normalise_transfers", None)
    frame = rows({}, {"kind": "native", "contract": ""}, {"kind": "trace", "contract": "", "position": "8"})
    assert fast_path.normalise_batch(frame, frame, ["ethereum"])["reason"].null_count() == 3


def test_a_line_that_does_not_fit_and_no_rows_at_all_are_no_special_case() -> None:
    line = rows({**dict.fromkeys(ROW), LINE: "a,b"})
    assert same(line)
    assert fast_path.normalise_batch(line.clear(), line.clear(), []).columns == NAMES
