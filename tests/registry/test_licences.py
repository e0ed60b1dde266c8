"""Licences are imported whole or not at all, and those that come with the project say what they know."""

import csv
import datetime as dt
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from registry_files import LATER, NOW, load, load_rows, write_csv

from inflows.contracts.licences import STATUSES, UNDER_WAY
from inflows.errors import UsageError
from inflows.layout import Layout
from inflows.reference.shipped import shipped
from inflows.registry import effective
from inflows.registry.imports import import_licences
from inflows.stages.licence_weights import weights_of_licences

REFERENCE = Path(__file__).parents[3] / "shared" / "reference"
SOUND = {
    "exchange": "osl-hk", "entity": "OSL Digital Securities Limited", "jurisdiction": "HK",
    "regulator": "SFC", "licence": "vatp", "status": "granted", "valid_from": "2020-12-15", "valid_to": "",
    "certainty": "register", "policy": "own_wallets", "source": "the register",
}  # fmt: skip


def licence(**values: str) -> dict[str, str]:
    return {**SOUND, **values}


def refusal(layout: Layout, *rows: dict[str, str]) -> str:
    with pytest.raises(UsageError) as told:
        load_rows(layout, "licences", *rows)
    assert not layout.registry.exists()
    return str(told.value)


def test_a_file_without_dating_note_and_entity_is_stored_with_their_defaults(layout: Layout) -> None:
    done = load_rows(layout, "licences", licence(entity=""))
    assert done.sentence().startswith("licences: 1 rows read, 1 added")
    (row,) = effective.licences(layout, NOW).collect().to_dicts()
    assert (row["dating"], row["note"], row["entity"]) == ("on", "", "")
    assert (row["valid_from"], row["valid_to"], row["known_at"]) == (dt.date(2020, 12, 15), None, None)


@pytest.mark.parametrize(("text", "day"), [("2024", (2024, 1, 1)), ("2024-05", (2024, 5, 1))])
def test_a_year_or_month_means_its_first_day(layout: Layout, text: str, day: tuple[int, int, int]) -> None:
    load_rows(layout, "licences", licence(valid_from=text, dating="in"))
    assert effective.licences(layout, NOW).collect()["valid_from"].to_list() == [dt.date(*day)]


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"valid_to": "2020-12-15"}, "valid_to '2020-12-15' is not after valid_from '2020-12-15'"),
        ({"valid_to": "2019"}, "valid_to '2019' is not after valid_from '2020-12-15'"),
        ({"jurisdiction": "XX"}, "jurisdiction 'XX' is not a country code"),
        ({"jurisdiction": "hk"}, "write 'HK'"),
        ({"jurisdiction": "ZZ"}, "leave the row out"),
        ({"status": "active"}, "status 'active' is unknown; it is one of granted, deemed"),
        ({"certainty": "sure"}, "certainty 'sure' is unknown"),
        ({"policy": "guess"}, "policy 'guess' is unknown"),
        ({"dating": "about"}, "dating 'about' is unknown"),
        ({"exchange": "Nobody Knows"}, "write 'nobody-knows'"),
        ({"licence": "../x"}, "licence '../x' is not a name"),
        ({"valid_from": "15.12.2020"}, "valid_from '15.12.2020' is not a time"),
        ({"valid_from": "2020-12-15T12:00"}, "is not a whole UTC day"),
        ({"source": ""}, "source is empty"),
        ({"regulator": ""}, "regulator is empty"),
    ],
)
def test_a_bad_row_is_told_by_its_line_and_nothing_is_stored(
    layout: Layout, wrong: dict[str, str], words: str
) -> None:
    told = refusal(layout, licence(exchange="other"), licence(**wrong))
    assert "licences.csv:3: " in told
    assert words in told


def test_one_entity_is_not_pending_and_granted_at_once(layout: Layout) -> None:
    told = refusal(
        layout,
        licence(),
        licence(status="pending", valid_from="2020-01-01", valid_to="2020-12-16"),
    )
    assert "'osl-hk' is granted here and pending in" in told
    assert "licences.csv:2: " in told


def test_an_application_that_ends_on_the_day_of_the_grant_is_no_contradiction(layout: Layout) -> None:
    load_rows(
        layout, "licences", licence(), licence(status="pending", valid_from="2020", valid_to="2020-12-15")
    )


@pytest.mark.parametrize("status", sorted(set(STATUSES) - set(UNDER_WAY)))
def test_what_was_withdrawn_or_refused_stays_on_record_beside_a_later_grant(
    layout: Layout, status: str
) -> None:
    load_rows(layout, "licences", licence(), licence(status=status, valid_from="2019-01-01"))


@given(
    st.lists(
        st.tuples(st.integers(0, 20), st.integers(1, 9), st.sampled_from(UNDER_WAY)),
        min_size=1, max_size=5, unique_by=lambda span: (span[0], span[2]),
    )
)  # fmt: skip
def test_statuses_are_refused_exactly_where_two_of_them_share_a_day(
    tmp_path_factory: pytest.TempPathFactory, spans: list[tuple[int, int, str]]
) -> None:
    start = dt.date(2024, 1, 1)
    days = [range(begin, begin + length) for begin, length, _ in spans]
    rows = [
        licence(
            status=status,
            valid_from=str(start + dt.timedelta(begin)),
            valid_to=str(start + dt.timedelta(begin + length)),
        )
        for begin, length, status in spans
    ]
    overlap = any(set(a) & set(b) for i, a in enumerate(days) for b in days[i + 1 :])
    folder = tmp_path_factory.mktemp("statuses")
    path = write_csv(folder / "licences.csv", rows)
    if overlap:
        with pytest.raises(UsageError, match="at the same time"):
            import_licences(Layout(folder / "data"), path, now=NOW)
    else:
        assert import_licences(Layout(folder / "data"), path, now=NOW).added == len(rows)


def test_an_ended_licence_is_known_from_its_second_import_on(layout: Layout) -> None:
    load_rows(layout, "licences", licence())
    done = load_rows(layout, "licences", licence(valid_to="2025-01-01"), now=LATER)
    assert (done.added, done.replaced) == (0, 1)
    before, after = (effective.licences(layout, moment).collect() for moment in (NOW, LATER))
    assert before["valid_to"].to_list() == [None]
    assert after["valid_to"].to_list() == [dt.date(2025, 1, 1)]


@pytest.fixture
def core(layout: Layout) -> pl.DataFrame:
    load(layout, "licences", shipped("licences"))
    return effective.licences(layout, NOW).collect()


def test_the_licences_of_the_project_import_whole_and_each_names_a_source(core: pl.DataFrame) -> None:
    with shipped("licences").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert core.height == len(rows)
    assert core["valid_from"].null_count() == 0
    unread = core.filter(pl.col("source").str.contains("://|graphsense").not_())
    assert unread["certainty"].unique().to_list() == ["unverified"]
    assert core.filter(pl.col("certainty") == "unverified", pl.col("source").str.contains("://")).is_empty()


def test_the_weights_of_the_project_under_licence_are_those_that_its_policies_give(
    layout: Layout, core: pl.DataFrame
) -> None:
    load(layout, "jurisdictions", shipped("jurisdictions"))
    order = ["exchange", "jurisdiction", "valid_from"]
    shipped_weights = effective.jurisdictions(layout, NOW).filter(pl.col("basis") == "licence")
    derived = weights_of_licences(core.lazy())
    assert shipped_weights.sort(order).collect().to_dicts() == derived.sort(order).collect().to_dicts()


def test_no_brand_with_licences_in_several_places_is_attributed_by_them(core: pl.DataFrame) -> None:
    held = core.filter(pl.col("status").is_in(("granted", "deemed")))
    several = held.group_by("exchange").agg(pl.col("jurisdiction").n_unique()).filter(
        pl.col("jurisdiction") > 1
    )  # fmt: skip
    assert {"okx", "crypto-com", "coinbase"} <= set(several["exchange"])
    assert set(held.join(several, on="exchange", how="semi")["policy"]) == {"unattributed"}


@pytest.mark.skipif(not REFERENCE.is_dir(), reason="the reference data ../shared/reference is not here")
def test_days_of_grants_agree_with_the_reference_list(core: pl.DataFrame) -> None:
    with (REFERENCE / "jurisdictions.csv").open(encoding="utf-8", newline="") as file:
        theirs = {
            (row["exchange"].replace(" ", "-").replace(".", "-"), row["jurisdiction"]): row["valid_from"]
            for row in csv.DictReader(file)
            if row["basis"] == "licence" and len(row["valid_from"]) == 10
        }
    granted = core.filter(pl.col("status") == "granted", pl.col("dating") == "on")
    ours = {
        (exchange, place): str(day)
        for exchange, place, day in granted.select("exchange", "jurisdiction", "valid_from").iter_rows()
    }
    both = ours.keys() & theirs.keys()
    assert len(both) >= 12
    assert {key: ours[key] for key in both} == {key: theirs[key] for key in both}
