"""Licences, published figures and traffic shares on the command line."""

import json
from pathlib import Path

import pytest
from command_line import Line

from inflows.reference.shipped import shipped


@pytest.fixture
def line(tmp_path: Path) -> Line:
    return Line(tmp_path / "data")


@pytest.fixture(scope="module")
def core(tmp_path_factory: pytest.TempPathFactory) -> Line:
    """A data folder with the licences that come with the project, and nothing built."""
    line = Line(tmp_path_factory.mktemp("core") / "data")
    line.does("licences", "import", "--core")
    return line


def test_the_licences_of_a_place_and_day_are_shown_by_name(core: Line) -> None:
    rows = core.rows("licences", "show", "--jurisdiction", "HK", "--at", "2024-06-30")
    granted = {row["exchange"] for row in rows if row["status"] == "granted"}
    assert granted == {"osl-hk", "hashkey-exchange"}
    assert {row["jurisdiction"] for row in rows} == {"HK"}
    assert {"entity", "source", "certainty", "policy", "valid_from"} <= set(rows[0])


def test_a_group_alone_means_show(core: Line) -> None:
    words = ("--jurisdiction", "SG", "--at", "2025-02-28")
    assert core.does("licences", *words) == core.does("licences", "show", *words)


def test_the_counts_of_a_day_are_those_of_its_names(core: Line) -> None:
    (count,) = core.rows("licences", "count", "--jurisdiction", "HK", "--at", "2025-02-28")
    names = core.rows("licences", "show", "--jurisdiction", "HK", "--at", "2025-02-28")
    for status in ("granted", "deemed", "pending", "withdrawn", "returned"):
        assert count[status] == sum(row["status"] == status for row in names)
    assert count["granted"] == 10


def test_published_counts_stand_beside_those_known_by_name(core: Line) -> None:
    rows = core.rows("licences", "compare", "--jurisdiction", "SG")
    assert [(row["published_count"], row["named_count"], row["unnamed_count"]) for row in rows] == [
        (30, 22, 8)
    ]
    assert "Hako Technology Pte. Ltd." in rows[0]["names"]
    table = core.does("licences", "compare")
    assert "Not named" in table
    assert "licences compare" not in table


@pytest.mark.parametrize("command", ["show", "count", "compare"])
def test_without_licences_each_says_how_to_get_some(line: Line, command: str) -> None:
    said = line.says("licences", command)
    assert (said.code, said.out) == (2, "")
    assert "The registry holds no licences." in said.err
    assert "inflows licences import --core" in said.err


def test_a_place_without_licences_is_named_with_those_that_have_some(core: Line) -> None:
    said = core.says("licences", "show", "--jurisdiction", "FR")
    assert said.code == 2
    assert "There is nothing for jurisdiction 'FR' then." in said.err
    assert "HK" in said.err


@pytest.mark.parametrize("group", ["licences", "jurisdictions"])
def test_either_a_path_or_the_projects_own_list_is_imported(line: Line, group: str) -> None:
    for words in ((), ("--core", str(shipped(group)))):
        said = line.says(group, "import", *words)
        assert (said.code, "Give either a PATH or --core." in said.err) == (2, True)
    assert not line.data.exists()


def test_the_projects_own_weights_and_licences_say_nothing_new_twice(line: Line) -> None:
    for group in ("licences", "jurisdictions"):
        assert " 0 unchanged" in line.says(group, "import", "--core").err
        assert "0 added, 0 replaced" in line.says(group, "import", "--core").err


def test_traffic_shares_are_imported_beside_the_other_bases(line: Line, tmp_path: Path) -> None:
    visits = tmp_path / "visits.csv"
    visits.write_text(
        "exchange,country,month,share\nokx,HK,2024-05,0.3\nokx,SG,2024-05,0.2\n", encoding="utf-8"
    )
    line.does("jurisdictions", "import", "--core")
    said = line.says("jurisdictions", "import", str(visits), "--input-format", "traffic")
    assert said.err.startswith("jurisdictions: 2 rows read, 2 added")


def test_an_unknown_format_is_told_with_those_there_are(line: Line, tmp_path: Path) -> None:
    said = line.says("jurisdictions", "import", str(tmp_path), "--input-format", "visits")
    assert said.code == 2
    assert "traffic" in said.err


def test_published_figures_stand_beside_ours(published: Line) -> None:
    rows = {row["figure"]: row for row in published.rows("references", "show")}
    hong_kong = rows["afp-hk-received-2024h1"]
    assert hong_kong["published_usd"] == "26600000000.000000"
    assert hong_kong["simulated"] is True
    assert "theirs places value by traffic, ours by licence" in hong_kong["differs"]
    assert float(hong_kong["inflow_usd"]) / 26.6e9 == pytest.approx(hong_kong["ratio_to_published"])
    assert rows["chainalysis-east-asia-received-2023-24"]["inflow_usd"] is None
    assert json.dumps(rows) == json.dumps({row["figure"]: row for row in published.rows("references")})


def test_the_table_of_figures_says_that_ours_are_simulated(published: Line) -> None:
    table = published.does("references", "show", "--basis", "headquarters")
    assert "basis headquarters, scope exchange, level base (SIMULATED data)" in table
    assert "US$ 26,600,000,000" in table
    assert "> US$ 400,000,000,000" in table


def test_without_a_publication_references_say_what_to_do(line: Line) -> None:
    said = line.says("references")
    assert said.code == 2
    assert "inflows build" in said.err


def test_a_build_names_the_exchanges_that_no_basis_places(market: Path, line: Line, tmp_path: Path) -> None:
    line.brings_in(market)
    line.does("build")
    (lost, transfers) = line.rows(
        "sql",
        "select to_exchange as name, count(*) as flows from fct_flow where flow_type_all = 'inflow' "
        "group by 1 order by 2 desc, 1 limit 1",
    )[0].values()
    places = (market / "jurisdictions.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    fewer = tmp_path / "jurisdictions.csv"
    fewer.write_text("".join(place for place in places if not place.startswith(f"{lost},")), encoding="utf-8")
    other = Line(tmp_path / "other")
    for table in ("assets", "prices", "labels"):
        other.does(table, "import", str(market / f"{table}.csv"))
    other.does("jurisdictions", "import", str(fewer))
    other.does("ingest", "files", str(market / "transfers"), "--input-format", "inflows")
    assert f"under none at all: {lost} (table meta_finding)" in other.says("build").err
    rows = other.rows(
        "sql", "select detail, transfers from meta_finding where finding = 'exchange_without_basis'"
    )
    found = {row["detail"]: row["transfers"] for row in rows}
    assert found[f"{lost}: licence, headquarters, traffic"] >= transfers


def test_licences_change_the_inputs_of_a_vintage_and_no_total(market: Path, line: Line) -> None:
    line.brings_in(market)
    line.does("build")
    line.does("licences", "import", "--core")
    line.does("build")
    new, old = line.rows("vintages")
    assert {name for name in old["inputs"] if old["inputs"][name] != new["inputs"][name]} == {"licences"}
    assert len(set(line.totals_of_vintages())) == 1
    (count,) = line.rows("sql", "select count(*) as licences from dim_licence")
    assert count["licences"] > 100
