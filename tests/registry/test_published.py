"""Figures that others published are always there; a user may add some and correct them."""

import datetime as dt
from decimal import Decimal

import polars as pl
import pytest
from registry_files import LATER, NOW, load_rows

from inflows.build.registry_snapshot import Registries
from inflows.errors import UsageError
from inflows.layout import Layout
from inflows.registry.published_figures import references

SOUND = {
    "figure": "mine", "period": "2024-H1", "jurisdiction": "HK", "other": "", "measure": "received",
    "counted": "centralised_exchanges", "published_usd": "1e9", "source": "a report",
}  # fmt: skip
DOMAIN = {
    ("2024-H1", "HK", "received", 26_600_000_000),
    ("2024-H1", "SG", "received", 13_500_000_000),
    ("2025-02", "HK", "licences", 10),
    ("2025-02", "HK", "licences", 8),
    ("2025-02", "HK", "licences", 13),
    ("2025-02", "SG", "licences", 30),
    ("2022-07/2023-06", "HK", "received", 64_000_000_000),
    ("2023-07/2024-06", "HK", "growth", Decimal("1.856")),
    ("2023-07/2024-06", "Eastern Asia", "received", 400_000_000_000),
    ("2023-07/2024-06", "Eastern Asia", "share", Decimal("0.647")),
    ("2023-07/2024-06", "Central and Southern Asia and Oceania", "received", 750_000_000_000),
}


def published(layout: Layout, moment: dt.datetime = NOW) -> pl.DataFrame:
    return references(layout, moment).collect()


def test_the_figures_of_the_project_are_there_in_an_empty_data_folder(layout: Layout) -> None:
    rows = published(layout).to_dicts()
    numbers = {
        (
            row["period"], row["jurisdiction"], row["measure"],
            row["published_usd"] or row["published_ratio"] or row["published_count"],
        )
        for row in rows
    }  # fmt: skip
    assert numbers >= DOMAIN
    assert all(row["source"] and row["caveats"] and row["known_at"] is None for row in rows)
    assert not layout.root.exists()


def test_an_imported_figure_stands_beside_them_from_its_known_at_on(layout: Layout) -> None:
    load_rows(layout, "references", SOUND, known_at=LATER)
    assert "mine" not in published(layout)["figure"]
    added = published(layout, LATER)
    assert added.height == published(layout).height + 1
    assert added.filter(pl.col("figure") == "mine")["published_usd"].item() == 1_000_000_000


def test_an_imported_figure_of_the_same_name_replaces_that_of_the_project(layout: Layout) -> None:
    own = {**SOUND, "figure": "afp-hk-received-2024h1", "published_usd": "26.7e9"}
    load_rows(layout, "references", own, known_at=LATER)
    before, after = (
        published(layout, moment).filter(pl.col("figure") == own["figure"]) for moment in (NOW, LATER)
    )
    assert before["published_usd"].to_list() == [26_600_000_000]
    assert after["published_usd"].to_list() == [26_700_000_000]


def test_the_fingerprint_changes_with_an_imported_figure_and_not_without(layout: Layout) -> None:
    first = Registries(layout, NOW).fingerprints["references"]
    assert Registries(layout, LATER).fingerprints["references"] == first
    load_rows(layout, "references", SOUND)
    assert Registries(layout, NOW).fingerprints["references"] != first


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"published_usd": ""}, "measure 'received' has a number in published_usd"),
        ({"published_count": "3"}, "measure 'received' has a number in published_usd, and in no other"),
        ({"published_usd": "-5"}, "published_usd '-5' is not a number above 0"),
        ({"measure": "growth"}, "measure 'growth' has a number in published_ratio"),
        ({"counted": "granted"}, "measure 'received' does not go with counted 'granted'"),
        ({"other": "SG"}, "measure 'received' does not go with other 'SG'"),
        ({"licence": "vatp"}, "measure 'received' does not go with licence 'vatp'"),
        ({"period": "2024"}, "period '2024' is not a period"),
        ({"period": "2024-H3"}, "period '2024-H3' is not a period"),
        ({"period": "2024-07/2024-06"}, "period '2024-07/2024-06' ends before it begins"),
        ({"jurisdiction": "XX"}, "jurisdiction 'XX' is not a country code"),
        ({"basis": "volume"}, "basis 'volume' is unknown"),
        ({"figure": "My Figure"}, "write 'my-figure'"),
    ],
)
def test_a_figure_that_does_not_say_one_thing_is_refused_by_its_line(
    layout: Layout, wrong: dict[str, str], words: str
) -> None:
    sound = {**SOUND, "figure": "other", "published_count": "", "licence": "", "basis": ""}
    with pytest.raises(UsageError) as told:
        load_rows(layout, "references", sound, {**sound, "figure": "mine", **wrong})
    assert "references.csv:3: " in str(told.value)
    assert words in str(told.value)
    assert not layout.registry.exists()


def test_a_region_is_named_in_words(layout: Layout) -> None:
    load_rows(layout, "references", {**SOUND, "jurisdiction": "South-eastern Asia"})
