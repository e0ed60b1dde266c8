"""Published figures stand beside ours, with the ratio and what differs by definition."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from warehouse_inputs import frame, vintage, warehouse_inputs

from inflows.contracts.flows import Totals
from inflows.contracts.licences import Licences, References
from inflows.layout import Layout
from inflows.warehouse import fill_database
from inflows.warehouse.other_publication import compared
from inflows.warehouse.publish import publish
from inflows.warehouse.query import run_sql

CHOSEN = {"basis": "licence", "scope": "exchange", "level": "base"}


def total(period: str, place: str, usd: int, **values: Any) -> dict[str, Any]:
    return {
        "period": period, "jurisdiction": place, "basis": "licence", "scope": "exchange", "level": "base",
        "inflow_usd": Decimal(usd), "outflow_usd": Decimal(0), "net_usd": Decimal(usd),
        "inflow_transfers": 1, "outflow_transfers": 0, "unlisted_inflow_transfers": 0, "priced_share": 1.0,
        "coverage_share": 1.0, "chain_days": 182, "chain_days_covered": 182, "partial": False,
        "simulated": False,
    } | values  # fmt: skip


def figure(name: str, **values: Any) -> dict[str, Any]:
    return {
        "figure": name, "period": "2024-H1", "jurisdiction": "HK", "other": "", "measure": "received",
        "counted": "centralised_exchanges", "licence": "", "basis": "licence", "bound": "rounded",
        "caveats": "", "source": "press",
    } | values  # fmt: skip


RECEIVED = figure("received", published_usd=Decimal(200))
TOTALS = [
    total("2022-H2", "HK", 5),
    total("2023-H1", "HK", 20),
    total("2023-H2", "HK", 30),
    total("2024-H1", "HK", 100),
    total("2024-H1", "SG", 40),
]


@pytest.fixture
def world(tmp_path: Path) -> Any:
    """Makes a warehouse of totals and figures; returns the comparison, by figure."""

    def made(totals: list[dict[str, Any]], *figures: dict[str, Any], **chosen: str) -> dict[str, Any]:
        inputs = warehouse_inputs(
            tmp_path / "facts",
            flow_rows=[],
            totals=frame(Totals, totals),
            references=frame(References, list(figures)),
            licences=frame(Licences, []),
        )
        database = tmp_path / "w.duckdb"
        with fill_database.building(database, tmp_path / "spill", memory="500MB", threads=1) as connection:
            fill_database.fill(connection, inputs, vintage())
        return {row["figure"]: row for row in compared(database, **(CHOSEN | chosen)).to_dicts()}

    return made


def test_dollars_are_held_against_dollars(world: Any) -> None:
    row = world(TOTALS, RECEIVED)["received"]
    assert (row["inflow_usd"], row["ratio_to_published"], row["differs"]) == (Decimal(100), 0.5, "")


def test_growth_and_multiples_are_held_against_ratios(world: Any) -> None:
    rows = world(
        TOTALS,
        figure("growth", measure="growth", published_ratio=Decimal("2.5")),
        figure("multiple", measure="multiple", other="SG", published_ratio=Decimal(2)),
    )
    assert (rows["growth"]["our_ratio"], rows["growth"]["ratio_to_published"]) == (Decimal(5), 2.0)
    assert (rows["multiple"]["our_ratio"], rows["multiple"]["ratio_to_published"]) == (Decimal("2.5"), 1.25)


def test_a_year_from_july_to_june_is_the_sum_of_its_two_half_years(world: Any) -> None:
    year = {"period": "2023-07/2024-06"}
    rows = world(
        TOTALS,
        figure("year", published_usd=Decimal(260), **year),
        figure("growth", measure="growth", published_ratio=Decimal("2.6"), **year),
    )
    assert (rows["year"]["inflow_usd"], rows["year"]["ratio_to_published"]) == (Decimal(130), 0.5)
    assert (rows["growth"]["our_ratio"], rows["growth"]["ratio_to_published"]) == (Decimal("5.2"), 2.0)


def test_half_of_a_year_is_not_held_against_the_year(world: Any) -> None:
    rows = world(
        [total("2024-H1", "HK", 100), total("2023-H1", "HK", 7)],
        figure("year", period="2023-07/2024-06", published_usd=Decimal(260)),
        figure("growth", period="2023-07/2024-06", measure="growth", published_ratio=Decimal(2)),
        figure("month", period="2024-02", published_usd=Decimal(3)),
    )
    for row in rows.values():
        assert (row["inflow_usd"], row["our_ratio"], row["ratio_to_published"]) == (None, None, None)
        assert row["differs"] == "we have no total for this place and period"


def test_growth_without_the_year_before_says_so(world: Any) -> None:
    row = world(
        [total("2024-H1", "HK", 100)], figure("growth", measure="growth", published_ratio=Decimal(2))
    )["growth"]
    assert (row["our_ratio"], row["differs"]) == (None, "we have no total to measure ours against")


@pytest.mark.parametrize(
    ("theirs", "ours", "says"),
    [
        ({"counted": "all_services"}, {}, "theirs counts all services, ours centralised exchanges alone"),
        ({"basis": "traffic"}, {}, "theirs places value by traffic, ours by licence"),
        ({}, {"scope": "market"}, "ours leaves out all transfers between exchanges"),
        ({}, {"scope": "jurisdiction"}, "ours leaves out transfers between exchanges of the same place"),
        ({}, {"chain_days_covered": 46}, "ours holds 46 of 182 chain-days"),
        ({}, {"chain_days": None}, "it is unknown which days ours holds"),
        ({}, {"priced_share": 0.985}, "98.5 percent of our transfers have a price"),
        ({}, {"simulated": True}, "ours is simulated"),
    ],
)
def test_what_differs_by_definition_is_told(
    world: Any, theirs: dict[str, str], ours: dict[str, Any], says: str
) -> None:
    chosen = {"scope": ours["scope"]} if "scope" in ours else {}
    rows = world([total("2024-H1", "HK", 100, **ours)], RECEIVED | theirs, **chosen)
    assert rows["received"]["differs"] == says


def test_a_figure_without_a_total_of_the_chosen_basis_shows_no_other_one(world: Any) -> None:
    row = world(TOTALS, RECEIVED, basis="headquarters")["received"]
    assert (row["basis"], row["inflow_usd"], row["ratio_to_published"]) == (None, None, None)
    assert row["differs"] == "we have no total for this place and period"


def test_a_region_and_a_share_have_none_of_ours(world: Any) -> None:
    rows = world(
        TOTALS,
        figure("region", jurisdiction="Eastern Asia", published_usd=Decimal(9)),
        figure("share", measure="share", published_ratio=Decimal("0.647")),
    )
    assert rows["region"]["inflow_usd"] is None
    assert rows["share"]["ratio_to_published"] is None
    assert "no share of them" in rows["share"]["differs"]


@pytest.mark.parametrize("basis", ["licence", "traffic"])
def test_a_count_of_licences_is_there_under_every_basis(world: Any, basis: str) -> None:
    count = figure("count", measure="licences", counted="granted", licence="vatp", published_count=10)
    row = world(TOTALS, count, basis=basis)["count"]
    assert (row["published_count"], row["our_count"], row["ratio_to_published"]) == (10, 0, 0.0)
    assert row["differs"] == "the registry does not name 10 of them"


def test_no_total_changes_by_a_figure_or_a_licence(tmp_path: Path) -> None:
    totals = []
    for name, changes in (("without", {"references": frame(References, [])}), ("with", {})):
        layout = Layout(tmp_path / name)
        publish(layout, warehouse_inputs(tmp_path / f"{name}-facts", **changes), vintage())
        totals.append((layout.vintages / vintage().name / "totals.parquet").read_bytes())
    assert totals[0] == totals[1]


def test_every_basis_scope_and_level_of_ours_stands_beside_a_figure_once(world: Any, tmp_path: Path) -> None:
    bases = ("licence", "headquarters", "traffic")
    world([total("2024-H1", "HK", 100, basis=basis) for basis in bases], RECEIVED)
    _, rows = run_sql(
        tmp_path / "w.duckdb",
        "select basis, scope, level, count(*) from rpt_reference_comparison group by all order by all",
    )
    assert rows == [(basis, "exchange", "base", 1) for basis in sorted(bases)]
