"""Licences are counted by day, and published counts are held against those known by name."""

import datetime as dt
import random
from typing import Any

import polars as pl
import pytest
from warehouse_inputs import frame

from inflows.contracts.licences import STATUSES, Licences, References
from inflows.reference.shipped import shipped
from inflows.registry.imports import read_sound
from inflows.registry.own_formats import own_format
from inflows.registry.tables import LICENCES, REFERENCES
from inflows.warehouse.licensing import counted_on, held_on, relation

START = dt.date(2024, 1, 1)
NO_FIGURES = frame(References, [])


def licence(number: int = 0, **values: Any) -> dict[str, Any]:
    return {
        "exchange": f"exchange-{number}", "entity": f"Entity {number}", "jurisdiction": "HK",
        "regulator": "SFC", "licence": "vatp", "status": "granted", "valid_from": START, "dating": "on",
        "certainty": "press", "policy": "unattributed", "note": "", "source": "page",
    } | values  # fmt: skip


def figure(count: int, **values: Any) -> dict[str, Any]:
    return {
        "figure": "counted", "period": "2025-02", "jurisdiction": "HK", "other": "", "measure": "licences",
        "counted": "granted", "licence": "vatp", "basis": "", "published_count": count, "bound": "rounded",
        "caveats": "", "source": "press",
    } | values  # fmt: skip


def test_the_counts_of_every_day_are_those_of_a_plain_loop() -> None:
    dice = random.Random(1)
    rows = []
    for number in range(60):
        begin = START + dt.timedelta(dice.randrange(30))
        ends = dice.choice([None, begin + dt.timedelta(dice.randrange(1, 20))])
        rows.append(
            licence(
                number,
                valid_from=dice.choice([None, begin]),
                valid_to=ends,
                status=dice.choice(list(STATUSES)),
                jurisdiction=dice.choice(["HK", "SG"]),
                licence=dice.choice(["a", "b"]),
            )
        )
    counts = relation("rpt_licence_count", frame(Licences, rows), NO_FIGURES)
    for day in (START + dt.timedelta(days) for days in range(-1, 52)):
        expected: dict[tuple[str, str], dict[str, int]] = {}
        for row in rows:
            place = expected.setdefault((row["jurisdiction"], row["licence"]), dict.fromkeys(STATUSES, 0))
            begun = row["valid_from"] is None or row["valid_from"] <= day
            if begun and (row["valid_to"] is None or day < row["valid_to"]):
                place[row["status"]] += 1
        shown = {
            (row["jurisdiction"], row["licence"]): {status: row[status] for status in STATUSES}
            for row in counted_on(counts, day).to_dicts()
        }
        assert shown == expected


def test_applicants_and_removals_are_sums_of_their_statuses() -> None:
    rows = [licence(number, status=status) for number, status in enumerate(STATUSES)]
    (row,) = relation("rpt_licence_count", frame(Licences, rows), NO_FIGURES).to_dicts()
    assert (row["granted"], row["applicants"], row["removed"], row["lapsed"]) == (1, 3, 3, 1)


def test_a_day_shows_what_holds_on_it_the_last_day_excluded() -> None:
    end = dt.date(2024, 2, 1)
    rows = frame(
        Licences, [licence(1, valid_to=end), licence(2, valid_from=None), licence(3, valid_from=end)]
    )
    table = relation("dim_licence", rows, NO_FIGURES)
    days = {day: held_on(table, day)["exchange"].to_list() for day in (START, end - dt.timedelta(1), end)}
    assert days == {
        START: ["exchange-2", "exchange-1"],
        end - dt.timedelta(1): ["exchange-2", "exchange-1"],
        end: ["exchange-2", "exchange-3"],
    }


def test_a_published_count_is_held_against_the_last_day_of_its_month() -> None:
    rows = [
        licence(1, valid_from=dt.date(2025, 2, 28)),
        licence(2, valid_from=dt.date(2025, 3, 1)),
        licence(3, valid_to=dt.date(2025, 2, 28)),
        licence(4, status="deemed"),
        licence(5, jurisdiction="SG"),
        licence(6, licence="other"),
        licence(7, entity="", certainty="unverified", valid_from=None),
    ]
    (row,) = relation(
        "rpt_licence_comparison", frame(Licences, rows), frame(References, [figure(5)])
    ).to_dicts()
    assert row["counted_on"] == dt.date(2025, 2, 28)
    assert (row["published_count"], row["named_count"], row["unnamed_count"]) == (5, 2, 3)
    assert row["unverified_count"] == 1
    assert row["names"] == "exchange-7; Entity 1 (2025-02-28)"


def test_more_names_than_published_are_told_as_such() -> None:
    rows = frame(Licences, [licence(1), licence(2)])
    (row,) = relation("rpt_licence_comparison", rows, frame(References, [figure(1)])).to_dicts()
    assert row["unnamed_count"] == -1


def test_two_applications_of_one_company_are_two_removals() -> None:
    rows = [licence(1, status="withdrawn", valid_from=START + dt.timedelta(days)) for days in (0, 9)]
    removed = frame(References, [figure(2, counted="removed")])
    (row,) = relation("rpt_licence_comparison", frame(Licences, rows), removed).to_dicts()
    assert (row["named_count"], row["unnamed_count"]) == (2, 0)


@pytest.fixture(scope="module")
def core() -> dict[str, pl.DataFrame]:
    return {
        table.name: read_sound(own_format(table), shipped(table.name), None)
        for table in (LICENCES, REFERENCES)
    }


def test_the_counts_of_february_2025_are_held_against_the_names_of_the_registry(
    core: dict[str, pl.DataFrame],
) -> None:
    rows = relation("rpt_licence_comparison", core["licences"], core["references"]).to_dicts()
    shown = {
        (row["jurisdiction"], row["standing"]): (row["published_count"], row["named_count"]) for row in rows
    }
    assert shown == {
        ("HK", "granted"): (10, 10),
        ("HK", "applicant"): (8, 8),
        ("HK", "removed"): (13, 13),
        ("SG", "granted"): (30, 22),
    }


def test_in_the_first_half_of_2024_hong_kong_had_two_granted_licences(core: dict[str, pl.DataFrame]) -> None:
    counts = relation("rpt_licence_count", core["licences"], core["references"])
    for day in (dt.date(2024, 1, 1), dt.date(2024, 6, 30)):
        row = counted_on(counts, day).filter(pl.col("jurisdiction") == "HK").to_dicts()[0]
        assert row["granted"] == 2
    assert row["deemed"] == 11
