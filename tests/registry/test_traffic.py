"""Shares of web traffic become weights under the basis traffic, month by month."""

import datetime as dt
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
from registry_files import LATER, NOW, load, write_csv

from inflows.errors import UsageError
from inflows.layout import Layout
from inflows.reference.shipped import shipped
from inflows.registry import effective


def visits(path: Path, *rows: tuple[str, str, str, str]) -> Path:
    names = ("exchange", "country", "month", "share")
    path.parent.mkdir(parents=True, exist_ok=True)
    return write_csv(path, [dict(zip(names, row, strict=True)) for row in rows])


def stored(layout: Layout, moment: dt.datetime = LATER) -> list[tuple[object, ...]]:
    frame = effective.jurisdictions(layout, moment).filter(pl.col("basis") == "traffic")
    columns = ("exchange", "jurisdiction", "weight", "valid_from", "valid_to")
    return frame.select(columns).sort(columns).collect().rows()


def test_a_share_holds_from_the_first_of_its_month_to_the_first_of_the_next(
    layout: Layout, tmp_path: Path
) -> None:
    path = visits(tmp_path / "visits.csv", ("okx", "HK", "2024-02", "0.25"), ("okx", "SG", "2024-12", "1"))
    assert load(layout, "traffic", path).added == 2
    assert stored(layout) == [
        ("okx", "HK", Decimal("0.25"), dt.date(2024, 2, 1), dt.date(2024, 3, 1)),
        ("okx", "SG", Decimal(1), dt.date(2024, 12, 1), dt.date(2025, 1, 1)),
    ]


def test_shares_of_a_month_may_sum_to_exactly_one(layout: Layout, tmp_path: Path) -> None:
    path = visits(
        tmp_path / "visits.csv",
        *(("okx", place, "2024-02", share) for place, share in (("HK", "0.1"), ("SG", "0.2"), ("JP", "0.7"))),
    )
    assert load(layout, "traffic", path).added == 3


def test_every_bad_line_is_told_and_nothing_is_stored(layout: Layout, tmp_path: Path) -> None:
    path = visits(
        tmp_path / "visits.csv",
        ("okx", "HK", "2024-02", "0.5"),
        ("okx", "XX", "2024-02", "0.1"),
        ("okx", "ZZ", "2024-02", "0.1"),
        ("okx", "JP", "2024-13", "0.1"),
        ("okx", "JP", "2024-02-01", "0.1"),
        ("okx", "JP", "2024-02", "1.1"),
        ("okx", "JP", "2024-02", "-0.1"),
        ("okx", "JP", "2024-02", "12%"),
        ("No Body", "JP", "2024-02", "0.1"),
        ("okx", "SG", "2024-02", "0.500000001"),
        ("okx", "US", "2024-02", "0.1"),
    )
    with pytest.raises(UsageError) as told:
        load(layout, "traffic", path)
    lines = [line.partition("visits.csv:")[2] for line in str(told.value).splitlines()[1:]]
    assert [int(line.partition(":")[0]) for line in lines] == [3, 4, 5, 6, 7, 8, 9, 10, 11]
    assert "sum to 1.000000001 here" in lines[-1]
    assert not layout.registry.exists()


def test_a_share_given_twice_counts_once_and_two_shares_of_one_country_are_refused(
    layout: Layout, tmp_path: Path
) -> None:
    row = ("okx", "HK", "2024-02", "0.6")
    assert load(layout, "traffic", visits(tmp_path / "visits.csv", row, row)).added == 1
    path = visits(tmp_path / "other.csv", row, ("okx", "HK", "2024-02", "0.3"))
    with pytest.raises(UsageError, match=r"other\.csv:3: has the key"):
        load(layout, "traffic", path)


def test_shares_beside_what_is_stored_may_not_pass_one_either(layout: Layout, tmp_path: Path) -> None:
    load(layout, "traffic", visits(tmp_path / "a.csv", ("okx", "HK", "2024-02", "0.6")))
    with pytest.raises(UsageError, match=r"okx, basis traffic, 2024-02-01: the weights sum to 1\.1"):
        load(layout, "traffic", visits(tmp_path / "b.csv", ("okx", "SG", "2024-02", "0.5")))


def test_a_corrected_share_replaces_the_old_one_from_its_import_on(layout: Layout, tmp_path: Path) -> None:
    load(layout, "traffic", visits(tmp_path / "a.csv", ("okx", "HK", "2024-02", "0.6")))
    done = load(layout, "traffic", visits(tmp_path / "b.csv", ("okx", "HK", "2024-02", "0.4")), now=LATER)
    assert done.replaced == 1
    assert [row[2] for row in stored(layout, NOW)] == [Decimal("0.6")]
    assert [row[2] for row in stored(layout)] == [Decimal("0.4")]


def test_the_weights_of_the_project_say_nothing_under_traffic(layout: Layout) -> None:
    load(layout, "jurisdictions", shipped("jurisdictions"))
    assert stored(layout) == []


def test_each_brand_of_the_project_has_one_headquarters_at_a_time(layout: Layout) -> None:
    load(layout, "jurisdictions", shipped("jurisdictions"))
    places = effective.jurisdictions(layout, NOW).filter(pl.col("basis") == "headquarters").collect()
    assert places["weight"].unique().to_list() == [Decimal(1)]  # and the import lets none sum to 2
    assert "binance" not in places["exchange"]
