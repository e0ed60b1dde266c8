"""What single exchanges received, with changes, ranks and shares, against a plain sum of the daily facts."""

import random
from collections import defaultdict
from decimal import Decimal
from typing import Any

import duckdb
import pytest

from inflows.warehouse import fill_database, sqlfiles
from inflows.warehouse.inputs import closed_names

Key = tuple[str, str, str]
HALVES = ("2022-H2", "2023-H1", "2023-H2", "2024-H1", "2025-H1")  # one is missing


def halves(year: int, half: int) -> str:
    return f"{year}-H{half}"


def facts() -> list[tuple[str, str, str, str | None, str | None, Decimal]]:
    """Days with level, flow type, both exchanges and dollars."""
    draw = random.Random(5)
    rows: list[tuple[str, str, str, str | None, str | None, Decimal]] = []
    for period in HALVES:
        day = f"{period[:4]}-{'06-30' if period[-1] == '1' else '07-01'}"
        for level in ("strict", "base", "all"):
            for exchange in ("a", "b", "c", "d"):
                usd = Decimal(draw.randint(1, 10**9)).scaleb(-6)
                if exchange == "d" and period != "2024-H1":
                    continue  # comes and goes
                rows.append((day, level, "inflow", None, exchange, usd))
                rows.append((day, level, "outflow", exchange, None, usd / 2))
            rows.append((day, level, "inter_exchange", "a", "b", Decimal(7)))
            rows.append((day, level, "internal", "a", "a", Decimal(1000)))
    return rows


@pytest.fixture(scope="module")
def view() -> dict[Key, dict[str, Any]]:
    with duckdb.connect() as connection:
        for name in ("agg_flow_daily", "agg_jurisdiction_half_year", "dim_name", "rpt_exchange_half_year"):
            connection.execute(sqlfiles.read(name))
        fill_database.insert_frame(connection, "dim_name", closed_names())
        connection.executemany(
            "insert into agg_flow_daily (date, level, flow_type, from_exchange, to_exchange, usd, symbol,"
            " transfers, priced_transfers) values (?, ?, ?, ?, ?, ?, 'X', 2, 1)",
            facts(),
        )
        connection.execute(
            "insert into agg_jurisdiction_half_year (period, jurisdiction, coverage_share, partial)"
            " values ('2024-H1', 'HK', 0.5, true), ('2024-H1', 'SG', 0.5, true)"
        )
        found = connection.execute("select * from rpt_exchange_half_year")
        names = [column[0] for column in found.description]
        rows = [dict(zip(names, row, strict=True)) for row in found.fetchall()]
    return {(row["period"], row["exchange"], row["level"]): row for row in rows}


@pytest.fixture(scope="module")
def received() -> dict[Key, Decimal]:
    """Inflow by half-year, exchange and level, of exchanges that received or sent anything then."""
    sums: dict[Key, Decimal] = defaultdict(Decimal)
    for day, level, flow_type, sender, receiver, usd in facts():
        if flow_type == "internal":
            continue
        period = halves(int(day[:4]), 1 if int(day[5:7]) <= 6 else 2)
        if receiver:
            sums[period, receiver, level] += usd
        if sender:
            sums[period, sender, level] += 0
    return dict(sums)


def test_the_inflow_of_each_exchange_is_the_sum_of_its_days(
    view: dict[Key, dict[str, Any]], received: dict[Key, Decimal]
) -> None:
    assert {key: Decimal(row["inflow_usd"]) for key, row in view.items()} == received
    assert len(view) == 3 * (3 * len(HALVES) + 1)


def test_changes_are_to_the_half_before_and_to_the_same_half_a_year_before(
    view: dict[Key, dict[str, Any]], received: dict[Key, Decimal]
) -> None:
    periods = {period for period, _, _ in received}
    for (period, exchange, level), row in view.items():
        year, half = int(period[:4]), int(period[-1])
        for name, before in (
            ("previous", halves(year, 1) if half == 2 else halves(year - 1, 2)),
            ("year", halves(year - 1, half)),
        ):
            change, ratio = row[f"inflow_change_on_{name}_usd"], row[f"inflow_ratio_on_{name}"]
            if before not in periods:
                assert (change, ratio) == (None, None)
                continue
            then = received.get((before, exchange, level), Decimal(0))
            assert Decimal(change) == Decimal(row["inflow_usd"]) - then
            wanted = float(Decimal(row["inflow_usd"]) / then) if then else None
            assert ratio == (None if wanted is None else pytest.approx(wanted))


def test_ranks_and_shares_are_among_the_exchanges_of_a_period_and_level(
    view: dict[Key, dict[str, Any]], received: dict[Key, Decimal]
) -> None:
    for (period, exchange, level), row in view.items():
        mine = received[period, exchange, level]
        others = [usd for (p, _, lev), usd in received.items() if (p, lev) == (period, level)]
        assert row["inflow_rank"] == 1 + sum(usd > mine for usd in others)
        assert row["share_of_world"] == pytest.approx(float(mine / sum(others)))
        strict = received.get((period, exchange, "strict"), Decimal(0))
        assert row["strict_share"] == (pytest.approx(float(strict / mine)) if mine else None)


def test_shares_of_priced_transfers_and_the_coverage_of_the_period_stand_beside_them(
    view: dict[Key, dict[str, Any]],
) -> None:
    assert {row["priced_share"] for row in view.values()} == {0.5}
    assert {(row["period"] == "2024-H1", row["coverage_share"], row["partial"]) for row in view.values()} == {
        (True, 0.5, True),
        (False, None, None),
    }
