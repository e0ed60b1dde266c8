"""An exchange of which the registry of jurisdictions says nothing is found by name."""

import datetime as dt

import polars as pl
from support import frame, weights

from inflows.contracts.flows import DailyFacts
from inflows.contracts.names import BASES
from inflows.stages.unattributed import sentence, without_basis


def daily(*flows: tuple[str | None, str | None, str, str, int]) -> pl.LazyFrame:
    """Daily facts: from, to, flow_type, level, transfers."""
    rows = [
        {
            "date": dt.date(2024, 1, day), "chain": "ethereum", "contract": "", "from_exchange": sender,
            "to_exchange": receiver, "flow_type": kind, "level": level, "transfers": transfers,
        }
        for day, (sender, receiver, kind, level, transfers) in enumerate(flows, start=1)
    ]  # fmt: skip
    return frame(DailyFacts, rows).lazy()


def found(flows: pl.LazyFrame, *places: tuple[str, str]) -> list[tuple[str, int]]:
    known = weights(*({"exchange": name, "jurisdiction": "HK", "basis": basis} for name, basis in places))
    rows = without_basis(flows, known).collect()
    assert set(rows["finding"]) <= {"exchange_without_basis"}
    return rows.select("detail", "transfers").rows()


def bases(*without: str) -> str:
    return ", ".join(basis for basis in BASES if basis not in without)


def test_the_bases_that_say_nothing_are_named_with_the_flows_concerned() -> None:
    flows = daily(
        (None, "kraken", "inflow", "all", 3),
        ("kraken", None, "outflow", "all", 4),
        ("kraken", "okx", "inter_exchange", "all", 5),
    )
    assert found(flows, *(("okx", basis) for basis in BASES)) == [(f"kraken: {bases()}", 12)]
    assert found(flows, ("okx", "headquarters"), ("kraken", "licence")) == [
        (f"kraken: {bases('licence')}", 12),
        (f"okx: {bases('headquarters')}", 5),
    ]


def test_flows_count_once_though_they_stand_at_three_levels() -> None:
    flows = daily(*((None, "kraken", "inflow", level, 3) for level in ("strict", "base", "all")))
    assert found(flows) == [(f"kraken: {bases()}", 3)]


def test_an_exchange_that_only_moves_its_own_funds_is_not_missed() -> None:
    flows = daily(("kraken", "kraken", "internal", "all", 3), (None, "okx", "mint", "all", 1))
    assert found(flows) == []


def test_one_row_at_any_time_places_an_exchange_and_several_are_no_other_case() -> None:
    flows = daily((None, "kraken", "inflow", "all", 3))
    assert found(flows, *(("kraken", basis) for basis in (*BASES, BASES[-1]))) == []


def test_the_sentence_names_those_without_any_basis() -> None:
    flows = daily(*((None, name, "inflow", "all", 1) for name in ("a", "b", "c", "d", "e", "f", "g")))
    rows = without_basis(flows, weights({"exchange": "b", "jurisdiction": "HK"})).collect()
    assert sentence(rows) == (
        "7 exchanges with flows: without a row under some basis, and so under ZZ there; under none at all: "
        "a, c, d, e, f and 1 more (table meta_finding)."
    )
    assert sentence(rows.filter(pl.col("detail").str.starts_with("b:"))) == (
        "1 exchange with flows: without a row under some basis, and so under ZZ there (table meta_finding)."
    )
