"""What commands print is what the contract promises: names, types, places, and that it is simulated."""

import csv
import io
import json
import re
from decimal import Decimal

import pytest
from command_line import Line

TOTALS = {
    "period": str, "jurisdiction": str, "basis": str, "scope": str, "level": str, "inflow_usd": str,
    "outflow_usd": str, "net_usd": str, "inflow_transfers": int, "outflow_transfers": int,
    "unlisted_inflow_transfers": int, "priced_share": (float, int, type(None)),
    "inflow_ratio_on_year": (float, int, type(None)), "coverage_share": (float, int, type(None)),
    "chain_days": int, "chain_days_covered": int, "days_covered": int, "coverage": str,
    "partial": bool, "year_before_partial": bool, "previous_partial": bool, "simulated": bool,
    "inflow_change_on_previous_usd": (str, type(None)),
    "inflow_ratio_on_previous": (float, type(None)), "inflow_change_on_year_usd": (str, type(None)),
    "inflow_rank": (int, type(None)), "share_of_world": (float, type(None)),
    "strict_share": (float, type(None)),
}  # fmt: skip
COMPARED = {
    "period": str, "jurisdiction": str, "other": str, "basis": str, "scope": str, "level": str,
    "inflow_usd": str, "other_inflow_usd": str, "ratio": (float, type(None)),
    "inflow_ratio_on_year": (float, type(None)), "other_inflow_ratio_on_year": (float, type(None)),
    "coverage_share": (float, int, type(None)),
    "chain_days": int, "chain_days_covered": int, "days_covered": int, "coverage": str,
    "partial": bool, "year_before_partial": bool, "simulated": bool,
}  # fmt: skip


def _matches(row: dict, types: dict) -> bool:
    return list(row) == list(types) and all(isinstance(row[name], types[name]) for name in types)


def test_totals_have_the_columns_and_types_of_the_contract(published: Line) -> None:
    rows = published.rows("totals")
    assert len(rows) > 3
    assert all(_matches(row, TOTALS) for row in rows)
    assert {(row["basis"], row["scope"], row["level"]) for row in rows} == {("licence", "exchange", "base")}
    for row in rows:
        assert Decimal(row["net_usd"]) == Decimal(row["inflow_usd"]) - Decimal(row["outflow_usd"])
        assert row["simulated"] is True


def test_totals_are_chosen_by_every_option(published: Line) -> None:
    words = ("--period", "2024-H1", "--jurisdiction", "HK", "--jurisdiction", "ZZ", "--basis", "headquarters")
    rows = published.rows("totals", *words, "--scope", "market", "--level", "all")
    assert {row["jurisdiction"] for row in rows} == {"HK", "ZZ"}
    assert {(r["period"], r["basis"], r["scope"], r["level"]) for r in rows} == {
        ("2024-H1", "headquarters", "market", "all")
    }


def test_a_comparison_is_one_row_with_the_columns_and_types_of_the_contract(published: Line) -> None:
    (row,) = published.rows("compare", "HK", "SG", "2024-H1")
    assert _matches(row, COMPARED)
    (hk,), (sg,) = (
        published.rows("totals", "--period", "2024-H1", "--jurisdiction", x) for x in ("HK", "SG")
    )
    assert (row["inflow_usd"], row["other_inflow_usd"]) == (hk["inflow_usd"], sg["inflow_usd"])
    assert row["ratio"] == float(Decimal(hk["inflow_usd"]) / Decimal(sg["inflow_usd"]))


def test_vintages_name_their_inputs(published: Line) -> None:
    (row,) = published.rows("vintages")
    assert list(row) == ["vintage", "published_at", "as_of", "simulated", "inputs"]
    assert row["published_at"].endswith("Z")
    assert {"raw", "labels", "prices", "assets", "jurisdictions"} <= row["inputs"].keys()


def test_the_totals_of_a_vintage_are_those_it_was_published_with(published: Line) -> None:
    (vintage,) = published.rows("vintages")
    assert published.does("totals", "--vintage", vintage["vintage"]) == published.does("totals")


def test_status_counts_what_was_read(published: Line) -> None:
    rows = published.rows("status")
    assert sum(row["rows"] for row in rows) == 500
    assert all(row["simulated"] is True and row["days_missing"] >= 0 for row in rows)
    assert "The newest vintage is 2" in published.says("status").err


@pytest.mark.parametrize("command", [
    ["totals"], ["compare", "HK", "SG", "2024-H1"], ["vintages"], ["status"],
    ["sql", "select 1 a, 'x' b, null c, 2.50::decimal(5,2) d, true e, timestamp '2024-01-01' f"],
])  # fmt: skip
def test_json_and_csv_say_the_same(published: Line, command: list[str]) -> None:
    said = published.says(*command, "--format", "csv")
    of_json = published.rows(*command)
    of_csv = list(csv.DictReader(io.StringIO(said.out)))
    assert [list(row) for row in of_csv] == [list(row) for row in of_json]

    def cell(value: object) -> str:
        if value is None:
            return ""
        return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)

    assert [list(row.values()) for row in of_csv] == [list(map(cell, row.values())) for row in of_json]


@pytest.mark.parametrize("command", [
    ["totals", "--level", "strict", "--period", "2023-H2", "--jurisdiction", "US"],
    ["sql", "select 1 as a where false"],
])  # fmt: skip
def test_no_rows_are_an_empty_array_a_header_and_a_sentence(published: Line, command: list[str]) -> None:
    assert published.does(*command, "--format", "json") == "[]\n"
    assert len(published.does(*command, "--format", "csv").splitlines()) == 1
    assert "No rows." in published.does(*command)


def test_an_empty_data_folder_has_read_and_published_nothing(tmp_path) -> None:
    nothing = Line(tmp_path / "data")
    assert nothing.rows("status") == nothing.rows("vintages") == []
    assert not nothing.data.exists()


def test_tables_of_simulated_data_say_so_in_their_title(published: Line) -> None:
    for command in (["totals"], ["compare", "HK", "SG", "2024-H1"], ["status"]):
        assert "(SIMULATED data)" in published.does(*command).splitlines()[0]
    assert "SIMULATED" in published.says("sql", "select 1").err


def test_an_export_of_simulated_data_says_so(published: Line, tmp_path) -> None:
    said = published.says("export", str(tmp_path / "out"))
    assert (said.code, said.out) == (0, "")
    assert "SIMULATED" in said.err
    assert json.loads((tmp_path / "out" / "export.json").read_text(encoding="utf-8"))["simulated"] is True
    assert "true" in (tmp_path / "out" / "meta_vintage.csv").read_text(encoding="utf-8")


def test_two_columns_of_one_name_are_both_there(published: Line) -> None:
    assert published.rows("sql", "select 1 as a, 2 as a, 3 as a_1") == [{"a": 1, "a_1": 2, "a_1_1": 3}]


def test_json_has_no_words_for_what_is_no_number(published: Line) -> None:
    assert published.rows("sql", "select 'nan'::double as a, 'inf'::double as b") == [{"a": None, "b": None}]


def test_numbers_beyond_64_bits_keep_their_digits(published: Line) -> None:
    query = "select (2::hugeint ** 100)::hugeint as a, 12345678901234567890.123456::decimal(38, 6) as b"
    out = published.does("sql", query, "--format", "json")
    assert str(2**100) in out
    assert '"12345678901234567890.123456"' in out


def test_text_that_a_spreadsheet_would_run_is_defused_in_csv_alone(published: Line) -> None:
    query = "select '=cmd()' as a, '@x' as b, -1 as c, -1.5::decimal(5, 1) as d, 'x=1' as e"
    assert published.does("sql", query, "--format", "csv").splitlines()[1] == "'=cmd(),'@x,-1,-1.5,x=1"
    assert published.rows("sql", query)[0]["a"] == "=cmd()"


def test_text_has_no_power_over_the_terminal(published: Line) -> None:
    out = published.does(
        "sql", "select chr(27) || '[2J' as a, '[red]x[/red]' as b, 'one' || chr(10) || 'two' as c"
    )
    assert out.splitlines()[2] == r"\x1b[2J  [red]x[/red]  one\ntwo"


WHERE = [("HK", "SG"), ("hk", "singapore"), ("Hong Kong", "SGP"), ("hong-kong", "sg")]


@pytest.mark.parametrize("words", WHERE)
def test_periods_and_jurisdictions_are_taken_as_people_write_them(
    published: Line, words: tuple[str, str]
) -> None:
    expected = published.rows("totals", "--period", "2024-H1", "--jurisdiction", "HK", "--jurisdiction", "SG")
    assert published.rows("totals", "--period", "2024-h1", "--jurisdiction", ",".join(words)) == expected
    first, second = words
    assert published.rows("compare", first, second, "2024h1") == published.rows(
        "compare", "HK", "SG", "2024-H1"
    )
    assert published.rows("explain", "2024-h1", first) == published.rows("explain", "2024-H1", "HK")


def test_swapped_words_are_recognised(published: Line) -> None:
    expected = published.rows("compare", "HK", "SG", "2024-H1")
    for words in (("2024-H1", "HK", "SG"), ("HK", "2024-H1", "SG"), ("HK,SG", "2024-H1")):
        assert published.rows("compare", *words) == expected
    assert published.rows("explain", "HK", "2024-H1") == published.rows("explain", "2024-H1", "HK")


@pytest.mark.parametrize("period", ["2024", "2024-Q1", "2024-01", "2024-01-05"])
def test_two_jurisdictions_are_compared_in_a_period_of_any_length(published: Line, period: str) -> None:
    (row,) = published.rows("compare", "HK", "SG", period)
    assert _matches(row, COMPARED)
    (hk,), (sg,) = (published.rows("totals", "--period", period, "--jurisdiction", x) for x in ("HK", "SG"))
    assert (row["inflow_usd"], row["other_inflow_usd"]) == (hk["inflow_usd"], sg["inflow_usd"])
    assert row["period"] == period


def test_a_year_is_its_two_halves(published: Line) -> None:
    halves = published.rows("totals", "--jurisdiction", "HK")
    for year in ("2023", "2024"):
        (whole,) = published.rows("totals", "--period", year, "--jurisdiction", "HK")
        of_year = [row for row in halves if row["period"].startswith(year)]
        assert list(whole) == list(TOTALS)
        for name in ("inflow_usd", "outflow_usd"):
            assert Decimal(whole[name]) == sum(Decimal(row[name]) for row in of_year)


@pytest.mark.parametrize("period", ["2024-H1", "2024"])
def test_a_place_without_flows_has_received_nothing_and_it_is_said_why(published: Line, period: str) -> None:
    said = published.says("compare", "HK", "Iceland", period, "--format", "json")
    (row,) = json.loads(said.out)
    assert said.code == 0
    assert (Decimal(row["other_inflow_usd"]), row["ratio"], row["other_inflow_ratio_on_year"]) == (
        0,
        None,
        None,
    )
    assert f"note: IS received nothing in {period}: no exchange with flows counts there" in said.err
    table = published.says("compare", "HK", "Iceland", period)
    assert table.code == 0
    assert "\nIS " in table.out


def test_a_place_without_totals_is_told_why(published: Line) -> None:
    """HK has totals, by other bases than traffic."""
    asked = ("totals", "--basis", "traffic", "--jurisdiction", "HK,ZZ")
    said = published.says(*asked, "--period", "2024-H1")
    assert said.code == 0
    assert "note: HK received nothing in 2024-H1: no exchange with flows counts there" in said.err
    assert "note: ZZ" not in said.err
    rows = published.says(*asked, "--format", "json")
    assert {row["jurisdiction"] for row in json.loads(rows.out)} == {"ZZ"}
    assert "note: HK received nothing in any period" in rows.err


def test_labels_without_prices_are_told_as_such(market, tmp_path) -> None:
    line = Line(tmp_path / "data")
    for table in ("assets", "labels", "jurisdictions"):
        line.does(table, "import", str(market / f"{table}.csv"))
    line.does("ingest", "files", str(market / "transfers"), "--input-format", "inflows")
    line.does("build")
    table = line.does("totals", "--period", "2024-H1", "--jurisdiction", "HK")
    assert "unpriced: nothing is priced" in table
    assert "0.00" not in table
    said = line.says("compare", "HK", "SG", "2024-H1")
    assert "and nothing is priced" in said.err
    assert "unpriced" in said.out
    explained = line.does("explain", "2024-H1", "HK")
    assert "of which nothing is priced" in explained
    (chains,) = re.findall(r"\nChains\n\n(.*?)\n\n", explained, re.DOTALL)
    assert {row.split()[1] for row in chains.splitlines()[2:]} == {"unpriced"}
    assert line.rows("totals", "--period", "2024-H1")[0]["inflow_usd"] == "0.000000"


def test_a_year_of_two_vintages_is_told_apart_by_its_halves(published: Line) -> None:
    (vintage,) = (row["vintage"] for row in published.rows("vintages"))
    (row,) = published.rows("diff", vintage, vintage, "--period", "2024", "--jurisdiction", "Hong Kong")
    assert (row["period"], Decimal(row["change_usd"])) == ("2024", 0)
    (total,) = published.rows("totals", "--period", "2024", "--jurisdiction", "HK")
    assert Decimal(row["to_usd"]) == Decimal(total["inflow_usd"])
    said = published.says("diff", vintage, vintage, "--period", "2024-Q1")
    assert (said.code, "half-years and years" in said.err) == (2, True)


def test_no_table_of_the_default_width_is_wider_than_80_columns(published: Line) -> None:
    for command in (["totals"], ["compare", "HK", "SG", "2024-H1"], ["explain", "2024-H1", "HK"]):
        assert max(map(len, published.does(*command).splitlines())) <= 80, command
    assert max(map(len, published.does("totals", "--wide").splitlines())) > 80
