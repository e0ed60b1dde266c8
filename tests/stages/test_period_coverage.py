"""What a total may claim: which days are proven, claimed or missing, and what that makes of their period."""

import datetime as dt
from typing import Any

import polars as pl
import pytest
from support import wallet, wallets

from inflows.contracts.schema import dtypes
from inflows.stages.period_coverage import classified_days, for_people, in_words, period_coverage
from inflows.warehouse.inputs import Coverage

LATER = dt.datetime(2025, 1, 1, tzinfo=dt.UTC)
HALF_YEAR = [dt.date(2024, 1, 1) + dt.timedelta(days=n) for n in range(182)]
THEN, SINCE = dt.datetime(2024, 3, 1, tzinfo=dt.UTC), dt.datetime(2024, 3, 5, tzinfo=dt.UTC)


def days(verdicts: dict[dt.date, str], chain: str = "ethereum", blocks: int | None = 7_000) -> pl.DataFrame:
    row: dict[str, Any] = {"chain": chain, "dataset": "transfers", "rows": 5, "blocks": blocks}
    rows = [row | {"date": day, "coverage": verdict} for day, verdict in verdicts.items()]
    return pl.DataFrame(rows, schema=dtypes(Coverage))


def told(read: pl.DataFrame, period: str = "2024-H1", **options: Any) -> dict[str, Any]:
    as_of = options.pop("as_of", LATER)
    return period_coverage([period], read, as_of, **options).collect().row(0, named=True)


ALL_PROVEN = dict.fromkeys(HALF_YEAR, "proven")
ONE = HALF_YEAR[3]


@pytest.mark.parametrize(
    ("read", "share", "covered", "coverage", "partial", "words"),
    [
        (days(ALL_PROVEN), 1.0, 182, "proven", False, "proven"),
        (days(ALL_PROVEN | {ONE: "claimed"}), 181 / 182, 182, "claimed", False, "claimed"),
        (days(ALL_PROVEN | {ONE: "missing"}), 181 / 182, 181, "part", True, "181 of 182 days"),
        (days({ONE: "claimed"}, blocks=None), None, 1, "part", True, "1 of 182 days"),
        (days({ONE: "missing"}, blocks=300), 0.0, 0, "part", True, "0 of 182 days"),
    ],
    ids=["all proven", "a day claimed", "a day missing", "one claimed day, no blocks", "an hour of blocks"],
)
def test_a_period_is_what_its_days_are(
    read: pl.DataFrame, share: float | None, covered: int, coverage: str, partial: bool, words: str
) -> None:
    row = told(read)
    assert (row["coverage_share"], row["chain_days_covered"]) == (share, covered)
    assert (row["chain_days"], row["coverage"], row["partial"]) == (182, coverage, partial)
    assert in_words(row) == words


def test_two_chains_with_other_days_count_by_chain_days() -> None:
    read = pl.concat([days(ALL_PROVEN), days(dict.fromkeys(HALF_YEAR[:12], "claimed"), "bsc", None)])
    row = told(read)
    assert (row["chain_days"], row["chain_days_covered"], row["days_covered"]) == (364, 194, 12)
    assert (row["coverage"], row["partial"]) == ("part", True)
    assert in_words(row) == "194 of 364 chain-days"


def test_days_are_days_where_every_chain_has_the_same_number() -> None:
    twelve = dict.fromkeys(HALF_YEAR[:12], "claimed")
    row = told(pl.concat([days(twelve), days(twelve, "bsc")]))
    assert (row["chain_days"], in_words(row)) == (364, "12 of 182 days")


def test_of_two_chains_one_that_holds_twice_as_much_is_no_average() -> None:
    read = pl.concat([days(dict.fromkeys(HALF_YEAR[:24], "claimed")), days({ONE: "missing"}, "bsc")])
    assert in_words(told(read)) == "24 of 364 chain-days"


def test_the_settings_name_the_chains_that_count() -> None:
    read = pl.concat([days(ALL_PROVEN), days({ONE: "claimed"}, "bsc")])
    assert told(read, chains=["ethereum"])["coverage"] == "proven"
    assert told(read, chains=["ethereum", "tron"])["chain_days"] == 364
    assert told(read, chains=["ethereum", "tron"])["chain_days_covered"] == 182


def test_a_chain_of_which_nothing_was_understood_counts_and_an_unknown_one_does_not() -> None:
    assert told(pl.concat([days(ALL_PROVEN), days({ONE: "missing"}, "tron")]))["partial"]
    assert not told(pl.concat([days(ALL_PROVEN), days({ONE: "missing"}, "unknown")]))["partial"]


def test_a_period_that_is_not_over_is_partial_and_a_day_counts_when_it_is_over() -> None:
    noon_of_third = dt.datetime(2024, 1, 3, 12, tzinfo=dt.UTC)
    row = told(days(ALL_PROVEN), as_of=noon_of_third)
    assert (row["chain_days"], row["chain_days_covered"], row["partial"]) == (182, 2, True)
    assert in_words(row) == "2 of 182 days"


@pytest.mark.parametrize(
    ("period", "first", "last"),
    [
        ("2024-H1", "2023-01-01", "2023-06-30"),
        ("2024-02", "2023-02-01", "2023-02-28"),
        ("2024-02-28", "2023-02-28", "2023-02-28"),
        ("2024-02-29", "2023-02-28", "2023-02-28"),
        ("2024", "2023-01-01", "2023-12-31"),
    ],
)
def test_the_year_before_is_partial_until_it_is_whole(period: str, first: str, last: str) -> None:
    everything = [dt.date(2023, 1, 1) + dt.timedelta(days=n) for n in range(731)]
    whole = dict.fromkeys(everything, "claimed")
    assert told(days(whole), period)["year_before_partial"] is False
    one, two = dt.date.fromisoformat(first), dt.date.fromisoformat(last)
    for day in (one, two):
        row = told(days(whole | {day: "missing"}), period)
        assert (row["partial"], row["year_before_partial"]) == (False, True)
    for beyond in (one - dt.timedelta(days=1), two + dt.timedelta(days=1)):
        assert told(days(whole | {beyond: "missing"}), period)["year_before_partial"] is False


def test_the_period_just_before_is_partial_until_it_is_whole() -> None:
    whole = dict.fromkeys([dt.date(2023, 7, 1) + dt.timedelta(days=n) for n in range(366)], "claimed")
    assert told(days(whole))["previous_partial"] is False
    assert told(days(whole | {dt.date(2023, 12, 31): "missing"}))["previous_partial"] is True
    assert told(days(whole), "2024-03-01")["previous_partial"] is False


def test_people_see_growth_between_whole_periods_alone() -> None:
    row = {
        "period": "2024-H1", "coverage": "claimed", "chain_days": 182, "chain_days_covered": 182,
        "days_covered": 182, "partial": False, "year_before_partial": False, "previous_partial": True,
        "inflow_ratio_on_year": 68.29, "inflow_change_on_year_usd": 7, "inflow_ratio_on_previous": 2.0,
        "inflow_change_on_previous_usd": 5,
    }  # fmt: skip
    shown = for_people(pl.DataFrame([row, row | {"year_before_partial": True}, row | {"partial": True}]))
    assert shown["inflow_ratio_on_year"].to_list() == [68.29, None, None]
    assert shown["inflow_change_on_year_usd"].to_list() == [7, None, None]
    assert shown["inflow_ratio_on_previous"].to_list() == [None, None, None]
    assert shown["inflow_change_on_previous_usd"].to_list() == [None, None, None]
    assert shown["covered"].to_list() == ["claimed"] * 3


def evidence(**changes: Any) -> pl.DataFrame:
    row = {
        "chain": "ethereum", "date": THEN.date(), "unbroken": False, "filtered_sets": "",
        "claimed_whole": False, "claimed_sets": "",
    }  # fmt: skip
    return pl.DataFrame([row | changes], schema_overrides={"date": pl.Date})


ALPHA, BETA = wallet("alpha", "alpha"), wallet("beta", "beta")
GAMMA = wallet("gamma", "beta", valid_from=SINCE)
SETS = {"a": ["alpha"], "b": ["beta"], "ab": ["alpha", "beta"]}


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        ({"unbroken": True}, ("proven", False)),
        ({}, ("missing", False)),
        ({"claimed_whole": True}, ("claimed", False)),
        ({"unbroken": True, "filtered_sets": "ab"}, ("claimed", False)),
        ({"unbroken": True, "filtered_sets": "a,b"}, ("claimed", False)),
        ({"unbroken": True, "filtered_sets": "a;ab"}, ("missing", True)),
        ({"unbroken": False, "filtered_sets": "ab"}, ("missing", False)),
        ({"unbroken": True, "filtered_sets": "a", "claimed_sets": "ab"}, ("claimed", False)),
        ({"unbroken": True, "filtered_sets": "a", "claimed_whole": True}, ("claimed", False)),
        ({"claimed_sets": "a,b"}, ("claimed", False)),
        ({"claimed_sets": "a"}, ("missing", True)),
        ({"claimed_sets": "forgotten"}, ("missing", True)),
        ({"claimed_sets": "ab", "date": SINCE.date()}, ("missing", True)),
        ({"claimed_whole": True, "date": None}, (None, None)),
    ],
)
def test_a_day_read_for_labelled_wallets_counts_while_all_labels_in_force_are_among_them(
    day: dict[str, Any], expected: tuple[str | None, bool | None]
) -> None:
    labelled = wallets(ALPHA, BETA, GAMMA)
    addresses = {row["address"][-10:]: row["address"] for row in labelled.rows(named=True)}
    by_name = dict(zip(("alpha", "beta", "gamma"), addresses.values(), strict=True))
    sets = {name: pl.Series([by_name[one] for one in members]) for name, members in SETS.items()}
    found = classified_days(evidence(**day), lambda _: labelled, sets.get)
    assert found.select("coverage", "read_again").row(0) == expected
    assert found.columns == ["chain", "date", "coverage", "read_again"]
