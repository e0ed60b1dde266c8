"""Tables cut nothing off, whatever the width, and stand in line."""

import sys

import pytest

from inflows.cli import show
from inflows.cli.options import Format
from inflows.cli.table import Column, written

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


@pytest.mark.parametrize(("columns", "blocks"), [(80, 2), (120, 1)])
def test_a_terminal_is_filled_and_not_overrun(
    columns: int, blocks: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from decimal import Decimal

    from inflows.cli.totals import TOTALS_TABLE

    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    huge = Decimal("48986779549.22")
    names = ("inflow_usd", "outflow_usd", "net_usd", "inflow_transfers", "priced_share", "strict_share")
    columns_shown = ["period", "jurisdiction", *names, "inflow_ratio_on_year", "coverage_share", "partial"]
    row = ("2024-H1", "ZZ", huge, huge, -huge, 4936, 0.995, 0.9, 82.06, 1.0, True)
    show.show(columns_shown, [row, row], Format.table, title="Totals", headings=TOTALS_TABLE, names=2)
    out = capsys.readouterr().out
    assert max(map(len, out.splitlines())) <= columns
    assert out.count("Period") == blocks
    assert out.count("48,986,779,549.22") == 6
    assert "99.5%" in out
    assert "82.06x" in out
