"""Totals as a table that fits 80 columns: amounts as people write them, coverage in words, a short legend."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from inflows.cli.amounts import UNPRICED, short
from inflows.cli.show import count, dollars, percent, times
from inflows.cli.table import Column
from inflows.contracts.names import LEVELS, UNATTRIBUTED

if TYPE_CHECKING:
    import polars as pl

Row = Mapping[str, Any]
SLICES: Final = ("chain", "symbol", "contract", "exchange", "size_band", "asset_kind")
"""Columns that slices add, in the order in which they are shown."""


@dataclass(frozen=True)
class Table:
    """Columns, how many of the first name a row, and the lines below that say what is not plain."""

    columns: list[Column]
    names: int
    legend: list[str]


def totals_table(totals: pl.DataFrame, level: str, *, wide: bool = False, period: bool = True) -> Table:
    """The rows of one level, with the inflow of the other levels beside; totals: those of all levels.

    wide: every column, dollars to the cent. period: whether the rows say theirs.
    """
    slices = [name for name in SLICES if name in totals.columns and not (name == "contract" and not wide)]
    key = ["period", "jurisdiction", *(name for name in SLICES if name in totals.columns)]
    every = list(totals.iter_rows(named=True))
    rows = [row for row in every if row["level"] == level]
    at: dict[str, dict[tuple[Any, ...], Row]] = {name: {} for name in LEVELS}
    for row in every:
        at[row["level"]][tuple(row[name] for name in key)] = row
    others = [name for name in LEVELS if name != level]
    write = dollars if wide else short

    def beside(other: str) -> Callable[[Row], str]:
        def cell(row: Row) -> str:
            found = at[other].get(tuple(row[name] for name in key))
            return "0" if found is None else dollars_in(found, write)

        return cell

    named = [
        *([_text("Period", rows, "period")] if period else []),
        _text("Where", rows, "jurisdiction"),
        *(_text(name.replace("_", " ").capitalize(), rows, name) for name in slices),
    ]
    inflow = [
        _number("Inflow\nUS$", rows, lambda row: dollars_in(row, write)),
        # Beside the inflow even where a terminal is too narrow for one block.
        Column("Covered", [covered(row) for row in rows]),
        *(_number(f"at\n{other}", rows, beside(other)) for other in others),
    ]
    if wide:
        inflow += [
            _number("Outflow\nUS$", rows, lambda row: dollars_out(row, write)),
            _number("Net\nUS$", rows, lambda row: net(row, write)),
            _number("Inflow\ntransfers", rows, lambda row: count(row["inflow_transfers"])),
            _number("Outflow\ntransfers", rows, lambda row: count(row["outflow_transfers"])),
            _number("Unlisted\ntransfers", rows, lambda row: count(row["unlisted_inflow_transfers"])),
            _number("Rank", rows, lambda row: count(row["inflow_rank"])),
            _number("Of the\nworld", rows, lambda row: percent(row["share_of_world"])),
        ]
    rest = [
        _number("On\nyear", rows, lambda row: times(growth(row))),
        _number("Priced", rows, lambda row: percent(row["priced_share"])),
    ]
    shown = [column for column in [*inflow, *rest] if not rows or any(column.cells)]
    return Table([*named, *shown], len(named), legend(rows, others))


def dollars_in(row: Row, write: Callable[[Any], str] = short) -> str:
    """The inflow of a total; a word where transfers came and nothing is priced."""
    return UNPRICED if nothing_priced(row) else write(row["inflow_usd"])


def dollars_out(row: Row, write: Callable[[Any], str] = short) -> str:
    """The outflow of a total, alike: a total that has no price for what came has none for what went."""
    silent = nothing_priced(row) and not row["outflow_usd"] and row["outflow_transfers"]
    return UNPRICED if silent else write(row["outflow_usd"])


def net(row: Row, write: Callable[[Any], str] = short) -> str:
    """Received less sent."""
    return UNPRICED if nothing_priced(row) else write(row["net_usd"])


def nothing_priced(row: Row) -> bool:
    """Whether transfers of listed assets came, and none of them has a price."""
    return bool(row["inflow_transfers"]) and not row["inflow_usd"] and not row["priced_share"]


def growth(row: Row) -> float | None:
    """The ratio on the year before where both periods are whole; else none that is worth printing."""
    whole = not row["partial"] and not row.get("year_before_partial")
    return row["inflow_ratio_on_year"] if whole else None


def covered(row: Row) -> str:
    """How much of its period a total stands on, in words: `12 of 184 days`, or the word for the whole."""
    from inflows.stages.period_coverage import in_words

    if row.get("coverage") is None:  # of a vintage that does not tell
        return "part" if row["partial"] else ""
    return in_words(row).replace(",", "")


def legend(rows: Sequence[Row], others: Sequence[str]) -> list[str]:
    """One line for each thing that is not plain, where it occurs."""
    partial = [row for row in rows if row["partial"]]
    hidden = [row for row in rows if row["inflow_ratio_on_year"] is not None and growth(row) is None]
    said = {word: any(row.get("coverage") == word and not row["partial"] for row in rows) for word in _WHOLE}
    lines = [
        ("at " + ", at ".join(others) + ": the inflow by other labels (strict 50, base 20, all 0)", rows),
        (f"{UNATTRIBUTED}: exchanges that no row of this basis places in a jurisdiction", _of(rows)),
        (f"{_part_example(partial)}: only these were read; it is no total of the period", partial),
        ("On year: left out unless this period and the one a year before are whole", hidden),
        *((f"{word}: {meaning}", said[word]) for word, meaning in _WHOLE.items()),
        ("Priced: the part of the transfers with a price; the others have no dollars", _unpriced(rows)),
        (f"{UNPRICED}: nothing is priced; `inflows prices fetch` brings prices", _silent(rows)),
    ]
    return [line for line, occurs in lines if occurs]


_WHOLE: Final = {
    "proven": "the blocks of every day are known without a hole",
    "claimed": "a source says that it holds every day; not every block is known",
}


def _part_example(partial: Sequence[Row]) -> str:
    return covered(partial[0]) if partial else ""


def _of(rows: Sequence[Row]) -> bool:
    return any(row["jurisdiction"] == UNATTRIBUTED for row in rows)


def _unpriced(rows: Sequence[Row]) -> bool:
    return any(row["priced_share"] is not None and row["priced_share"] < 1 for row in rows)


def _silent(rows: Sequence[Row]) -> bool:
    return any(nothing_priced(row) for row in rows)


def _text(heading: str, rows: Sequence[Row], name: str) -> Column:
    return Column(heading, [row[name] or "" for row in rows])


def _number(heading: str, rows: Sequence[Row], write: Callable[[Row], str]) -> Column:
    return Column(heading, [write(row) for row in rows], is_number=True)
