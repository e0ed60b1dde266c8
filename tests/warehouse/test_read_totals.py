"""The table that answers the question, and two jurisdictions side by side."""

from decimal import Decimal

import pytest
from warehouse_inputs import totals, vintage

from inflows.errors import UsageError
from inflows.layout import Layout
from inflows.warehouse.pairs import compare
from inflows.warehouse.totals import read_totals
from inflows.warehouse.vintages import find_vintage, totals_path


def test_totals_stand_by_period_then_size_then_name(published: Layout):
    rows = read_totals(published).select("period", "jurisdiction", "inflow_usd").rows()
    assert rows == [
        ("2024-H1", "HK", Decimal("100.5")),
        ("2024-H2", "SG", Decimal(5)),
        ("2024-H2", "ZZ", Decimal(5)),
        ("2024-H2", "HK", Decimal("0.000001")),
    ]


def test_the_defaults_are_licence_exchange_base(published: Layout):
    selections = read_totals(published).select("basis", "scope", "level").unique().rows()
    assert selections == [("licence", "exchange", "base")]


@pytest.mark.parametrize("basis", ["licence", "headquarters", "traffic"])
@pytest.mark.parametrize("scope", ["exchange", "jurisdiction", "market"])
@pytest.mark.parametrize("level", ["strict", "base", "all"])
def test_every_selection_gives_back_what_was_published(published: Layout, basis, scope, level):
    read = read_totals(published, basis=basis, scope=scope, level=level)
    given = totals().remove(
        ~((totals()["basis"] == basis) & (totals()["scope"] == scope) & (totals()["level"] == level))
    )
    assert read.height == given.height > 0
    assert read.sort("period", "jurisdiction").equals(given.sort("period", "jurisdiction"))


def test_period_and_jurisdictions_filter(published: Layout):
    rows = read_totals(published, "2024-H2", ("HK", "SG")).select("period", "jurisdiction").rows()
    assert rows == [("2024-H2", "SG"), ("2024-H2", "HK")]


def test_the_totals_of_a_kept_vintage_read_the_same_as_the_database(published: Layout):
    stored = totals_path(published, vintage().name)
    assert read_totals(stored).equals(read_totals(published))
    assert read_totals(str(published.published)).equals(read_totals(published))


@pytest.mark.parametrize(
    ("wrong", "choices"),
    [
        ({"basis": "license"}, "licence, headquarters, traffic"),
        ({"scope": "world"}, "exchange, jurisdiction, market"),
        ({"level": "low"}, "strict, base, all"),
        ({"period": "2019-H1"}, "2024-H1, 2024-H2"),
        ({"jurisdictions": ("HK", "XX")}, "Write a code (HK)"),
        ({"period": "2024"}, "2024-H1"),
        ({"jurisdictions": ("Honk Kong",)}, "Did you mean Hong Kong (HK)?"),
    ],
)
def test_an_unknown_name_is_answered_with_the_choices(published: Layout, wrong, choices):
    with pytest.raises(UsageError) as error:
        read_totals(published, **wrong)
    assert choices in error.value.hint


def test_a_jurisdiction_without_flows_has_no_row(published: Layout):
    assert read_totals(published, jurisdictions=("jp",)).is_empty()
    assert set(read_totals(published, jurisdictions=("HK,jp",))["jurisdiction"]) == {"HK"}


def test_an_unknown_vintage_is_answered_with_the_newest(published: Layout):
    with pytest.raises(UsageError, match="no vintage 'yesterday'") as error:
        find_vintage(published, "yesterday")
    assert vintage().name in error.value.hint


def test_two_jurisdictions_are_compared_in_one_row(published: Layout):
    assert compare(published, "HK", "SG", "2024-H2").to_dicts() == [
        {
            "period": "2024-H2",
            "jurisdiction": "HK",
            "other": "SG",
            "basis": "licence",
            "scope": "exchange",
            "level": "base",
            "inflow_usd": Decimal("0.000001"),
            "other_inflow_usd": Decimal("5.000000"),
            "ratio": 2e-07,
            "inflow_ratio_on_year": None,
            "other_inflow_ratio_on_year": None,
            "coverage_share": 0.5,
            "chain_days": 184,
            "chain_days_covered": 12,
            "days_covered": 12,
            "coverage": "part",
            "partial": True,
            "year_before_partial": True,
            "simulated": True,
        }
    ]


def test_the_ratio_to_nothing_is_null(published: Layout):
    row = compare(published, "HK", "SG", "2024-H1").row(0, named=True)
    assert (row["inflow_usd"], row["other_inflow_usd"], row["ratio"]) == (Decimal("100.5"), Decimal(0), None)
    assert compare(published, "SG", "HK", "2024-H1")["ratio"].to_list() == [0.0]
    assert compare(published, "HK", "HK", "2024-H1")["ratio"].to_list() == [1.0]
