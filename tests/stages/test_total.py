import datetime as dt
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import frame, weights

from inflows.contracts.flows import DailyFacts
from inflows.stages.attribute import daily_weights
from inflows.stages.total import half_year_totals

DAY = dt.date(2024, 3, 1)


def fact(**changes: object) -> dict[str, object]:
    return {
        "date": DAY,
        "chain": "ethereum",
        "contract": "0x1",
        "symbol": "USDT",
        "from_exchange": None,
        "to_exchange": "alpha",
        "flow_type": "inflow",
        "level": "base",
        "transfers": 1,
        "priced_transfers": 1,
        "amount": Decimal(10),
        "usd": Decimal(10),
    } | changes


def totals(facts: list[dict[str, object]], places: pl.LazyFrame, **only: str) -> list[dict[str, object]]:
    chosen = {"basis": "licence", "scope": "exchange", "level": "base"} | only
    found = half_year_totals(frame(DailyFacts, facts).lazy(), places).collect()
    return found.filter(**chosen).rows(named=True)


HK = weights({"exchange": "alpha", "jurisdiction": "HK"})


def test_inflow_outflow_and_net_by_half_year() -> None:
    rows = totals(
        [
            fact(),
            fact(date=dt.date(2024, 6, 30), usd=Decimal("0.000001")),
            fact(date=dt.date(2024, 7, 1)),
            fact(flow_type="outflow", from_exchange="alpha", to_exchange=None, usd=Decimal(4)),
            fact(flow_type="internal", from_exchange="alpha"),
            fact(flow_type="mint"),
        ],
        HK,
    )
    assert [
        (r["period"], r["inflow_usd"], r["outflow_usd"], r["net_usd"], r["inflow_transfers"]) for r in rows
    ] == [
        ("2024-H1", Decimal("10.000001"), Decimal(4), Decimal("6.000001"), 2),
        ("2024-H2", Decimal(10), Decimal(0), Decimal(10), 1),
    ]


def test_counts_are_of_listed_assets_and_the_priced_share_is_of_them() -> None:
    rows = totals(
        [
            fact(transfers=3, priced_transfers=2),
            fact(symbol=None, contract="0xfa4e", transfers=100, priced_transfers=0, usd=Decimal(0)),
        ],
        HK,
    )
    assert (rows[0]["inflow_transfers"], rows[0]["unlisted_inflow_transfers"]) == (3, 100)
    assert rows[0]["priced_share"] == pytest.approx(2 / 3)
    unlisted_only = totals([fact(symbol=None, priced_transfers=0, usd=Decimal(0))], HK)
    assert unlisted_only[0]["priced_share"] is None


def test_what_no_row_attributes_goes_to_zz_on_the_days_it_is_so() -> None:
    places = weights(
        {
            "exchange": "alpha",
            "jurisdiction": "HK",
            "weight": Decimal("0.25"),
            "valid_from": DAY,
            "valid_to": dt.date(2024, 3, 2),
        }
    )
    rows = totals([fact(), fact(date=dt.date(2024, 3, 2)), fact(date=dt.date(2024, 2, 29))], places)
    assert {r["jurisdiction"]: (r["inflow_usd"], r["inflow_transfers"]) for r in rows} == {
        "HK": (Decimal("2.5"), 1),
        "ZZ": (Decimal("27.5"), 3),
    }


def test_the_three_scopes_of_a_transfer_between_exchanges() -> None:
    places = weights(
        {"exchange": "alpha", "jurisdiction": "HK", "weight": Decimal("0.4")},
        {"exchange": "alpha", "jurisdiction": "SG", "weight": Decimal("0.6")},
        {"exchange": "bravo", "jurisdiction": "HK", "weight": Decimal("0.5")},
    )
    moved = [fact(flow_type="inter_exchange", from_exchange="bravo")]
    by_scope = {
        scope: {
            r["jurisdiction"]: (
                r["inflow_usd"],
                r["outflow_usd"],
                r["inflow_transfers"],
                r["outflow_transfers"],
            )
            for r in totals(moved, places, scope=scope)
        }
        for scope in ("exchange", "jurisdiction", "market")
    }
    assert by_scope == {
        "exchange": {"HK": (4, 5, 1, 1), "SG": (6, 0, 1, 0), "ZZ": (0, 5, 0, 1)},
        "jurisdiction": {"HK": (2, 3, 1, 1), "SG": (6, 0, 1, 0), "ZZ": (0, 5, 0, 1)},
        "market": {},
    }


def test_a_transfer_inside_one_whole_jurisdiction_does_not_count_there_under_scope_jurisdiction() -> None:
    places = weights({"exchange": "alpha", "jurisdiction": "HK"}, {"exchange": "bravo", "jurisdiction": "HK"})
    assert (
        totals([fact(flow_type="inter_exchange", from_exchange="bravo")], places, scope="jurisdiction") == []
    )


def test_the_ratio_on_the_year_is_to_the_same_half_and_null_without_one() -> None:
    rows = totals([fact(date=dt.date(2023, 2, 1)), fact(date=dt.date(2023, 8, 1)), fact(usd=Decimal(29))], HK)
    assert [r["inflow_ratio_on_year"] for r in rows] == [None, None, 2.9]


def test_sums_beyond_the_exact_range_are_an_error_and_never_wrap() -> None:
    facts = [fact(contract=f"0x{n}", usd=Decimal(9 * 10**13)) for n in range(3)]
    with pytest.raises(pl.exceptions.PolarsError):
        totals(facts, HK)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["alpha", "bravo", "charlie", None]),
            st.sampled_from(["alpha", "bravo", "charlie", None]),
            st.decimals(Decimal(0), Decimal(10**12), places=6),
        ),
        min_size=1,
        max_size=12,
    ),
    st.lists(st.decimals(Decimal(0), Decimal("0.5"), places=9), min_size=4, max_size=4),
)
@settings(max_examples=60, deadline=None)
def test_every_basis_sums_to_the_same_world_whatever_the_weights(
    moves: list[tuple[str | None, str | None, Decimal]], parts: list[Decimal]
) -> None:
    places = weights(
        {"exchange": "alpha", "jurisdiction": "HK", "weight": parts[0]},
        {"exchange": "alpha", "jurisdiction": "SG", "weight": parts[1]},
        {"exchange": "bravo", "jurisdiction": "HK", "weight": parts[2], "basis": "traffic"},
        {"exchange": "bravo", "jurisdiction": "SG", "weight": parts[3], "basis": "traffic"},
    )
    facts = []
    for sender, receiver, usd in moves:
        if sender == receiver:
            continue
        flow = "inter_exchange" if sender and receiver else "inflow" if receiver else "outflow"
        facts.append(fact(from_exchange=sender, to_exchange=receiver, flow_type=flow, usd=usd))
    world = sum((f["usd"] for f in facts if f["to_exchange"]), Decimal(0))  # type: ignore[misc]
    for basis in ("licence", "headquarters", "traffic"):
        found = totals(facts, places, basis=basis)
        # Each printed total is rounded once; the exact parts add up, so the printed ones do within that.
        assert abs(sum((r["inflow_usd"] for r in found), Decimal(0)) - world) <= Decimal("0.0000005") * len(
            found
        )  # type: ignore[misc]


def test_weights_of_a_day_sum_to_one() -> None:
    owners = pl.LazyFrame({"exchange": ["alpha", "bravo"], "date": [DAY, DAY]})
    found = daily_weights(
        owners, weights({"exchange": "alpha", "jurisdiction": "HK", "weight": Decimal("0.123456789")})
    )
    sums = found.group_by("exchange", "basis").agg(pl.col("weight").sum()).collect()
    assert sums.height == 6
    assert sums["weight"].unique().to_list() == [Decimal(1)]
