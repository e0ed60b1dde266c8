"""What commands print is what the contract promises: names, types, places, and that it is simulated."""

import csv
import io
import json
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
    assert json.loads((tmp_path / "out" / "export.json").read_text())["simulated"] is True
    assert "true" in (tmp_path / "out" / "meta_vintage.csv").read_text()


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
