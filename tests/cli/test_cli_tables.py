"""Tables cut nothing off, whatever the width, and stand in line."""

import sys
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from inflows.cli import show
from inflows.cli.amounts import short
from inflows.cli.table import Column, written
from inflows.cli.totals_table import covered, totals_table

PEOPLE = [
    Column("Period", ["2023-H2", "2024-H1"]),
    Column("Inflow US$", ["9.50", "12,345.00"], is_number=True),
    Column("Who", ["Börse", "取引所"]),
]


def test_numbers_stand_to_the_right_and_text_to_the_left() -> None:
    assert written(PEOPLE).splitlines() == [
        "Period   Inflow US$  Who",
        "-------  ----------  ------",
        "2023-H2        9.50  Börse",
        "2024-H1   12,345.00  取引所",
    ]


def test_a_narrow_terminal_gets_blocks_that_begin_with_what_names_the_row() -> None:
    assert written(PEOPLE, fit=20).splitlines() == [
        "Period   Inflow US$",
        "-------  ----------",
        "2023-H2        9.50",
        "2024-H1   12,345.00",
        "",
        "Period   Who",
        "-------  ------",
        "2023-H2  Börse",
        "2024-H1  取引所",
    ]


@pytest.mark.parametrize("fit", [1, 10, 40, 80, 120, None])
def test_nothing_is_cut_off_at_any_width(fit: int | None) -> None:
    columns = [Column(f"column {n}", [f"value {n} " + "x" * n, "short"]) for n in range(12)]
    out = written(columns, fit=fit)
    assert all(cell.strip() in out for column in columns for cell in (column.heading, *column.cells))
    if fit and fit >= 60:
        assert max(map(len, out.splitlines())) <= fit


def test_a_heading_of_several_lines_stands_above_its_column() -> None:
    columns = [Column("Period", ["2024-H1"]), Column("Inflow\nUS$", ["26.6bn"], is_number=True)]
    assert written(columns).splitlines() == [
        "         Inflow",
        "Period      US$",
        "-------  ------",
        "2024-H1  26.6bn",
    ]


def total(**given: Any) -> dict[str, Any]:
    """A row of totals as they are read."""
    return {
        "period": "2024-H1", "jurisdiction": "HK", "basis": "licence", "scope": "exchange", "level": "base",
        "inflow_usd": Decimal("26599999999.988638"), "outflow_usd": Decimal("20574912925.140976"),
        "net_usd": Decimal("6025087074.847662"), "inflow_transfers": 159, "outflow_transfers": 107,
        "unlisted_inflow_transfers": 3, "priced_share": 1.0, "inflow_ratio_on_year": 2.9,
        "coverage_share": 1.0, "coverage": "claimed", "chain_days": 182, "chain_days_covered": 182,
        "days_covered": 182,
        "partial": False, "year_before_partial": False, "simulated": False, "inflow_rank": 1,
        "share_of_world": 0.25,
    } | given  # fmt: skip


def at_levels(strict: str, base: str, every: str, **given: Any) -> list[dict[str, Any]]:
    """A total at its three levels."""
    amounts = {"strict": strict, "base": base, "all": every}
    return [total(level=level, inflow_usd=Decimal(usd), **given) for level, usd in amounts.items()]


def test_a_total_is_written_as_people_write_it_with_what_other_labels_give() -> None:
    table = totals_table(pl.DataFrame(at_levels("22e9", "26599999999.988638", "246e9")), "base")
    assert written(table.columns, names=table.names).splitlines() == [
        "                Inflow               at     at     On",
        "Period   Where     US$  Covered  strict    all   year  Priced",
        "-------  -----  ------  -------  ------  -----  -----  ------",
        "2024-H1  HK     26.6bn  claimed  22.0bn  246bn  2.90x  100.0%",
    ]
    assert table.legend == [
        "at strict, at all: the inflow by other labels (strict 50, base 20, all 0)",
        "claimed: a source says that it holds every day; not every block is known",
    ]


@pytest.mark.parametrize("level", ["strict", "all"])
def test_the_levels_beside_are_those_that_were_not_asked_for(level: str) -> None:
    table = totals_table(pl.DataFrame(at_levels("1e9", "2e9", "3e9")), level)
    shown = {column.heading: column.cells for column in table.columns}
    assert shown["Inflow\nUS$"] == [{"strict": "1.00bn", "all": "3.00bn"}[level]]
    assert shown["at\nbase"] == ["2.00bn"]
    assert f"at\n{level}" not in shown


PART = {"coverage": "part", "chain_days": 182, "chain_days_covered": 12, "days_covered": 12, "partial": True}


def test_a_part_is_told_in_words_and_has_no_growth() -> None:
    table = totals_table(pl.DataFrame(at_levels("1", "1", "1", **PART)), "base")
    shown = {column.heading: column.cells for column in table.columns}
    assert shown["Covered"] == ["12 of 182 days"]
    assert "On\nyear" not in shown
    assert "12 of 182 days: only these were read; it is no total of the period" in table.legend
    assert "On year: left out unless this period and the one a year before are whole" in table.legend


def test_growth_on_a_part_of_a_year_is_not_shown() -> None:
    rows = at_levels("1", "1", "1", year_before_partial=True) + at_levels("1", "2", "3", jurisdiction="SG")
    table = totals_table(pl.DataFrame(rows), "base")
    assert next(column.cells for column in table.columns if column.heading == "On\nyear") == ["", "2.90x"]


def test_days_of_several_chains_are_told_as_such() -> None:
    assert covered(total(**PART | {"chain_days": 546})) == "12 of 546 chain-days"
    assert covered(total(**PART | {"chain_days": 546, "chain_days_covered": 36})) == "12 of 182 days"
    assert covered(total(coverage=None, chain_days=None, partial=True)) == "part"


def test_what_has_no_price_is_not_nothing() -> None:
    rows = at_levels("0", "0", "0", priced_share=0.0, outflow_usd=Decimal(0), net_usd=Decimal(0))
    for wide in (False, True):
        table = totals_table(pl.DataFrame(rows), "base", wide=wide)
        shown = {column.heading: column.cells for column in table.columns}
        assert shown["Inflow\nUS$"] == shown["at\nstrict"] == ["unpriced"]
        assert shown.get("Net\nUS$", ["unpriced"]) == shown.get("Outflow\nUS$", ["unpriced"]) == ["unpriced"]
        assert any(line.startswith("unpriced: nothing is priced") for line in table.legend)
    none = totals_table(pl.DataFrame(at_levels("0", "0", "0", inflow_transfers=0, priced_share=None)), "base")
    assert next(column.cells for column in none.columns if column.heading == "Inflow\nUS$") == ["0"]


def test_what_is_not_plain_is_explained_only_where_it_occurs() -> None:
    plain = totals_table(pl.DataFrame(at_levels("1", "1", "1")), "base").legend
    rows = at_levels("1", "1", "1", jurisdiction="ZZ", priced_share=0.985)
    more = totals_table(pl.DataFrame(rows), "base").legend
    assert not any(line.startswith(("ZZ", "Priced")) for line in plain)
    assert [line.split(":")[0] for line in more if line not in plain] == ["ZZ", "Priced"]
    assert all(len(line) <= 80 for line in more)


def test_a_wide_table_has_every_amount_to_the_cent() -> None:
    table = totals_table(pl.DataFrame(at_levels("22e9", "26599999999.988638", "28e9")), "base", wide=True)
    cells = {column.heading.replace("\n", " "): column.cells[0] for column in table.columns}
    assert cells["Inflow US$"] == "26,599,999,999.99"
    assert cells["Outflow US$"] == "20,574,912,925.14"
    assert (cells["Net US$"], cells["Inflow transfers"]) == ("6,025,087,074.85", "159")


@pytest.mark.parametrize(
    ("exact", "written_short"),
    [
        ("0", "0"), ("0.000001", "<0.01"), ("-0.004", "-<0.01"), ("0.125", "0.12"), ("0.135", "0.14"),
        ("999.994", "999.99"), ("999.996", "1.00k"), ("1000", "1.00k"), ("12345", "12.3k"),
        ("12350", "12.4k"), ("12450", "12.4k"), ("999499", "999k"), ("999500", "1.00m"),
        ("26599999999.988638", "26.6bn"),
        ("-3078612221.9", "-3.08bn"), ("950000000", "950m"), ("2360000000000", "2.36tn"),
        ("1234567890123456", "1,230tn"),
    ],
)  # fmt: skip
def test_dollars_are_written_short_and_rounded_half_to_even(exact: str, written_short: str) -> None:
    assert short(Decimal(exact)) == written_short


def test_dollars_to_the_cent_are_rounded_half_to_even_and_exact_beyond_doubles() -> None:
    assert [show.dollars(Decimal(text)) for text in ("0.125", "0.135", "2.675")] == ["0.12", "0.14", "2.68"]
    assert show.dollars(Decimal("99999999999999999999999999999999.115")) == (
        "99,999,999,999,999,999,999,999,999,999,999.12"
    )


def test_less_than_the_whole_never_reads_as_the_whole() -> None:
    assert [show.percent(share) for share in (1.0, 0.99999, 0.9994, 0.0, None)] == [
        "100.0%", ">99.9%", "99.9%", "0.0%", "",
    ]  # fmt: skip


@pytest.mark.parametrize("columns", [40, 80])
def test_a_terminal_is_not_overrun(
    columns: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    rows = at_levels("-123e9", "-123e9", "999e9", **PART | {"chain_days": 2000, "chain_days_covered": 1071})
    rows += at_levels("1", "1e9", "2", jurisdiction="ZZ", priced_share=0.9999)
    table = totals_table(pl.DataFrame(rows), "base")
    show.print_columns(table.columns, "Exchange inflows by half-year", table.names, table.legend)
    out = capsys.readouterr().out
    assert max(map(len, out.splitlines())) <= columns
    assert "1071 of 2000 chain-days" in out
    assert out.count("Period") == (1 if columns == 80 else 4)
