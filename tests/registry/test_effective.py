"""What was known at a time, of registries that were written over and over."""

import datetime as dt
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from registry_files import LATER, NOW, SOUND, A, B, load_rows, row

from inflows.contracts.registry import Labels
from inflows.contracts.schema import dtypes
from inflows.layout import Layout
from inflows.registry import effective
from inflows.registry.store import SEQUENCE, append, files_of
from inflows.registry.tables import LABELS, TABLES

FAR = dt.datetime(2030, 1, 1, tzinfo=dt.UTC)
YEARS = [None, *(dt.datetime(year, 1, 1, tzinfo=dt.UTC) for year in (2022, 2023, 2024))]


def prices(
    layout: Layout, as_of: dt.datetime = FAR, order: tuple[str, ...] = ()
) -> list[tuple[str, Decimal]]:
    return effective.prices(layout, as_of, order).select("source", "price_usd").collect().rows()


@pytest.mark.parametrize("table", list(SOUND))
def test_an_empty_registry_reads_as_an_empty_table_of_the_contract(layout: Layout, table: str) -> None:
    read = getattr(effective, table)(layout, FAR).collect()
    assert read.is_empty()
    assert read.schema == dtypes(TABLES[table].schema)
    assert effective.is_simulated(layout, FAR) is False


def test_a_row_is_known_from_its_very_instant_on(layout: Layout) -> None:
    load_rows(layout, "labels", row("labels"), known_at=NOW)
    instant = dt.timedelta(microseconds=1)
    heights = [effective.labels(layout, at).collect().height for at in (NOW - instant, NOW, NOW + instant)]
    assert heights == [0, 1, 1]


def test_as_of_means_the_instant_and_not_the_digits(layout: Layout) -> None:
    load_rows(layout, "labels", row("labels"), known_at=NOW)
    elsewhere = NOW.astimezone(dt.timezone(dt.timedelta(hours=-5)))
    assert effective.labels(layout, elsewhere).collect().height == 1
    with pytest.raises(ValueError, match="no time zone"):
        effective.labels(layout, NOW.replace(tzinfo=None))


def test_of_two_rows_known_since_one_instant_the_later_file_holds(layout: Layout) -> None:
    for exchange in ("okx", "kraken", "bybit"):
        load_rows(layout, "labels", row("labels", exchange=exchange), known_at=NOW)
    assert len(files_of(layout, LABELS)) == 3
    assert effective.labels(layout, NOW).collect()["exchange"].to_list() == ["bybit"]


def test_rows_known_since_ever_are_the_oldest(layout: Layout) -> None:
    load_rows(layout, "assets", row("assets", symbol="OLD"))
    load_rows(layout, "assets", row("assets", symbol="NEW"), known_at=dt.datetime(1970, 1, 1, tzinfo=dt.UTC))
    assert effective.assets(layout, FAR).collect()["symbol"].to_list() == ["NEW"]
    before = dt.datetime(1969, 1, 1, tzinfo=dt.UTC)
    assert effective.assets(layout, before).collect()["symbol"].to_list() == ["OLD"]


def test_keys_with_and_without_a_beginning_are_different_keys(layout: Layout) -> None:
    load_rows(layout, "labels", row("labels", valid_to="2024"), row("labels", valid_from="2024"))
    load_rows(layout, "labels", row("labels", valid_to="2024", confidence="50"), now=LATER)
    held = effective.labels(layout, FAR).sort("valid_from").select("valid_from", "confidence").collect()
    assert held.rows() == [(None, 50), (YEARS[3], 90)]


ROWS = st.lists(
    st.builds(
        lambda **values: {**SOUND["labels"], "valid_to": None, "role": "", **values},
        address=st.sampled_from([A, B]),
        exchange=st.sampled_from(["kraken", "okx", "bybit"]),
        confidence=st.just(90),
        valid_from=st.sampled_from(YEARS[:2]),
        known_at=st.sampled_from(YEARS),
    ),
    max_size=12,
)


@settings(max_examples=60, derandomize=True)
@given(rows=ROWS, as_of=st.sampled_from(YEARS[1:]))
def test_for_each_key_the_row_known_last_holds(rows: list[dict[str, Any]], as_of: dt.datetime) -> None:
    known: dict[tuple[Any, ...], tuple[Any, ...]] = {}
    for place, values in enumerate(rows):
        since = values["known_at"] or dt.datetime.min.replace(tzinfo=dt.UTC)
        if since <= as_of:
            key = tuple(values[name] for name in LABELS.key)
            known[key] = max(known.get(key, (since, place, "")), (since, place, values["exchange"]))
    frame = pl.LazyFrame(rows, schema=dtypes(Labels)).with_row_index(SEQUENCE).reverse()
    held = effective.latest(frame, LABELS, as_of).collect()
    assert {tuple(r[name] for name in LABELS.key): r["exchange"] for r in held.rows(named=True)} == {
        key: exchange for key, (_, _, exchange) in known.items()
    }
    assert held.height == len(known)


def test_of_several_sources_for_one_instant_the_configured_order_decides(layout: Layout) -> None:
    load_rows(
        layout,
        "prices",
        *(row("prices", source=source, price_usd=str(i)) for i, source in enumerate("cabd", start=1)),
        row("prices", source="z", time="2024-01-02", price_usd="9"),
    )
    assert sorted(prices(layout)) == [("a", Decimal(2)), ("z", Decimal(9))]
    assert sorted(prices(layout, order=("d", "c"))) == [("d", Decimal(4)), ("z", Decimal(9))]
    assert sorted(prices(layout, order=("not there", "z", "c", "a"))) == [
        ("c", Decimal(1)),
        ("z", Decimal(9)),
    ]


def test_the_order_of_sources_stands_above_newness_and_a_replaced_quote_is_gone(layout: Layout) -> None:
    load_rows(layout, "prices", row("prices", source="first", price_usd="1"))
    load_rows(layout, "prices", row("prices", source="second", price_usd="2"), known_at=NOW)
    assert prices(layout, order=("first",)) == [("first", Decimal(1))]
    load_rows(layout, "prices", row("prices", source="first", price_usd="3"), known_at=LATER)
    assert prices(layout, NOW, ("first",)) == [("first", Decimal(1))]
    assert prices(layout, LATER, ("first",)) == [("first", Decimal(3))]
    assert prices(layout, LATER, ("second",)) == [("second", Decimal(2))]


def test_of_sources_that_stand_alike_the_quote_known_later_decides_then_the_name(layout: Layout) -> None:
    load_rows(layout, "prices", row("prices", source="a-list", price_usd="3000"))  # known since ever
    load_rows(layout, "prices", row("prices", source="z-correction", price_usd="30"), known_at=NOW)
    later, again = NOW + dt.timedelta(hours=1), NOW + dt.timedelta(hours=2)
    load_rows(layout, "prices", row("prices", source="m-correction", price_usd="31"), known_at=later)
    assert prices(layout, NOW - dt.timedelta(seconds=1)) == [("a-list", Decimal(3000))]
    assert prices(layout, NOW) == [("z-correction", Decimal(30))]
    assert prices(layout, later) == [("m-correction", Decimal(31))]
    both = [row("prices", source=source, price_usd=str(i)) for i, source in enumerate("yx", start=1)]
    load_rows(layout, "prices", *both, known_at=again)
    assert prices(layout) == [("x", Decimal(2))]
    assert prices(layout, order=("m-correction", "x")) == [("m-correction", Decimal(31))]


@pytest.mark.parametrize("table", list(SOUND))
def test_a_fingerprint_is_of_the_rows_and_not_of_the_files_they_came_in(layout: Layout, table: str) -> None:
    key = {"labels": "source", "prices": "source", "assets": "chain", "jurisdictions": "exchange"}[table]
    rows = [row(table, **{key: name}) for name in ("bsc", "base", "polygon")]
    load_rows(layout, table, *rows, known_at=NOW)
    apart = Layout(layout.root.parent / "apart")
    for values in reversed(rows):
        load_rows(apart, table, values, known_at=NOW)
    assert len(files_of(apart, TABLES[table])) == 3
    print_of_one = effective.fingerprint(layout, table, FAR)
    assert effective.fingerprint(apart, table, FAR) == print_of_one
    assert len(print_of_one) == 64


def test_a_fingerprint_changes_with_any_column_and_with_the_time_asked_for(layout: Layout) -> None:
    changes = [
        {}, {"chain": "bsc"}, {"address": B}, {"exchange": "okx"}, {"role": "cold"}, {"role": ""},
        {"confidence": "89"}, {"valid_from": "2024"}, {"valid_to": "2024"}, {"source": "another"},
        {"known_at": "2020"},
    ]  # fmt: skip
    prints = []
    for i, change in enumerate(changes):
        other = Layout(layout.root / str(i))
        load_rows(other, "labels", row("labels", **change))
        prints.append(effective.fingerprint(other, "labels", FAR))
    prints.append(effective.fingerprint(Layout(layout.root / "0"), "labels", NOW - dt.timedelta(1)))
    assert len(set(prints)) == len(changes) + 1


def test_a_fingerprint_keeps_text_that_looks_like_a_separator_apart(layout: Layout) -> None:
    one, other = Layout(layout.root / "1"), Layout(layout.root / "2")
    load_rows(one, "assets", row("assets", symbol='A",6,"x'))
    load_rows(other, "assets", row("assets", symbol='A",6,"y'))
    assert effective.fingerprint(one, "assets", FAR) != effective.fingerprint(other, "assets", FAR)


def test_fingerprints_are_the_same_for_ever(layout: Layout) -> None:
    # Vintages name them: a change here makes every published vintage look as if its inputs had changed.
    for table in SOUND:
        load_rows(layout, table, row(table), known_at=NOW)
    assert {table: effective.fingerprint(layout, table, FAR)[:16] for table in SOUND} == {
        "labels": "4e0c3f1a4677e77a",
        "prices": "cb04363ff3eb6452",
        "assets": "bb1e479dfa76d443",
        "jurisdictions": "1a4cde0dbe2507d8",
    }


@pytest.mark.parametrize("table", ["labels", "prices", "jurisdictions"])
def test_a_registry_with_one_simulated_row_in_effect_is_simulated(layout: Layout, table: str) -> None:
    load_rows(layout, table, row(table), known_at=NOW)
    assert effective.is_simulated(layout, FAR) is False
    other = {"labels": {"address": B}, "prices": {"time": "2024-02-02"}, "jurisdictions": {"exchange": "x"}}
    load_rows(layout, table, row(table, **other[table], source="simulated"), known_at=LATER)
    assert effective.is_simulated(layout, NOW) is False
    assert effective.is_simulated(layout, LATER) is True


def test_rows_of_another_origin_are_appended_by_the_same_rules(layout: Layout) -> None:
    rows = pl.DataFrame(
        [{**SOUND["labels"], "confidence": 50, "valid_from": None, "valid_to": None, "known_at": None}],
        schema=dtypes(Labels),
    )
    first = append(layout, LABELS, rows, known_at=None, now=NOW)
    again = append(layout, LABELS, rows, known_at=None, now=LATER)
    assert (first.added, first.known_at, again.added, again.unchanged) == (1, NOW, 0, 1)
    assert effective.labels(layout, NOW).collect()["confidence"].to_list() == [50]
