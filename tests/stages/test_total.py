import datetime as dt
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import frame, weights

from inflows.contracts.flows import DailyFacts
from inflows.contracts.names import BASES
from inflows.stages.attribute import daily_weights
from inflows.stages.total import period_totals

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
    found = period_totals(frame(DailyFacts, facts).lazy(), places).collect()
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
@settings(max_examples=60)
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
    assert sums.height == 2 * len(BASES)
    assert sums["weight"].unique().to_list() == [Decimal(1)]


def test_changes_and_ratios_are_to_the_period_before_and_to_the_year_before() -> None:
    days = [dt.date(2023, 1, 1), dt.date(2023, 12, 31), dt.date(2024, 6, 30), dt.date(2024, 7, 1)]
    amounts = [Decimal(10), Decimal(4), Decimal(29), Decimal("7.25")]
    rows = totals([fact(date=day, usd=usd) for day, usd in zip(days, amounts, strict=True)], HK)
    assert [
        (
            row["period"],
            row["inflow_change_on_previous_usd"],
            row["inflow_ratio_on_previous"],
            row["inflow_change_on_year_usd"],
            row["inflow_ratio_on_year"],
        )
        for row in rows
    ] == [
        ("2023-H1", None, None, None, None),
        ("2023-H2", Decimal(-6), 0.4, None, None),
        ("2024-H1", Decimal(25), 7.25, Decimal(19), 2.9),
        ("2024-H2", Decimal("-21.75"), 0.25, Decimal("3.25"), 1.8125),
    ]


def test_a_jurisdiction_that_received_nothing_before_changes_by_the_whole_and_has_no_ratio() -> None:
    places = weights({"exchange": "alpha", "jurisdiction": "HK"}, {"exchange": "bravo", "jurisdiction": "SG"})
    rows = totals([fact(to_exchange="bravo", date=dt.date(2023, 12, 1)), fact()], places)
    (hk,) = (row for row in rows if row["jurisdiction"] == "HK")
    assert (hk["inflow_change_on_previous_usd"], hk["inflow_ratio_on_previous"]) == (Decimal(10), None)
    assert (hk["inflow_change_on_year_usd"], hk["inflow_ratio_on_year"]) == (None, None)


def test_ranks_are_of_jurisdictions_and_the_world_holds_what_is_unattributed_too() -> None:
    places = weights(
        *({"exchange": x, "jurisdiction": j} for x, j in (("a", "HK"), ("b", "SG"), ("c", "US")))
    )
    received = {"a": 10, "b": 30, "c": 10, "nowhere": 50}
    rows = totals([fact(to_exchange=name, usd=Decimal(usd)) for name, usd in received.items()], places)
    assert {row["jurisdiction"]: (row["inflow_rank"], row["share_of_world"]) for row in rows} == {
        "SG": (1, 0.3),
        "HK": (2, 0.1),
        "US": (2, 0.1),
        "ZZ": (None, 0.5),
    }


def test_the_strict_share_is_what_the_surest_labels_alone_would_count() -> None:
    facts = [fact(), fact(level="strict", usd=Decimal(4)), fact(level="all", usd=Decimal(16))]
    shares = {level: totals(facts, HK, level=level)[0]["strict_share"] for level in ("strict", "base", "all")}
    assert shares == {"strict": 1.0, "base": 0.4, "all": 0.25}
    assert totals([fact()], HK)[0]["strict_share"] == 0.0


@pytest.mark.parametrize(
    ("grain", "periods"),
    [
        ("year", ["2023", "2024"]),
        ("half", ["2023-H2", "2024-H1", "2024-H2"]),
        ("quarter", ["2023-Q4", "2024-Q1", "2024-Q2", "2024-Q3"]),
        ("month", ["2023-12", "2024-01", "2024-02", "2024-03", "2024-06", "2024-07"]),
        ("day", ["2023-12-31", "2024-01-01", "2024-02-29", "2024-03-31", "2024-06-30", "2024-07-01"]),
    ],
)
def test_periods_of_every_length_begin_and_end_with_their_days(grain: str, periods: list[str]) -> None:
    days = ["2023-12-31", "2024-01-01", "2024-02-29", "2024-03-31", "2024-06-30", "2024-07-01"]
    facts = frame(DailyFacts, [fact(date=dt.date.fromisoformat(day)) for day in days]).lazy()
    found = period_totals(facts, HK, grain).collect().filter(basis="licence", scope="exchange")
    assert found["period"].to_list() == periods
    assert found["inflow_usd"].sum() == 60


def test_slices_add_up_to_the_total_they_slice_and_grow_by_themselves() -> None:
    facts = [
        fact(size_band="under_10k"),
        fact(size_band="1m_to_10m", usd=Decimal(100)),
        fact(size_band=None, priced_transfers=0, usd=Decimal(0)),
        fact(size_band="under_10k", date=dt.date(2023, 3, 1), usd=Decimal(5)),
        fact(flow_type="inter_exchange", from_exchange="bravo", size_band="under_10k", usd=Decimal(1)),
    ]
    rows = frame(DailyFacts, facts).lazy()
    only = {"basis": "licence", "scope": "exchange", "level": "base", "period": "2024-H1"}
    found = period_totals(rows, HK, by=("exchange", "size_band")).collect().filter(**only)
    assert [
        (r["jurisdiction"], r["exchange"], r["size_band"], r["inflow_usd"], r["outflow_usd"])
        for r in found.rows(named=True)
    ] == [
        ("HK", "alpha", "1m_to_10m", 100, 0),
        ("HK", "alpha", "under_10k", 11, 0),
        ("HK", "alpha", None, 0, 0),
        ("ZZ", "bravo", "under_10k", 0, 1),
    ]
    (small,) = found.filter(jurisdiction="HK", size_band="under_10k").rows(named=True)
    assert (small["inflow_ratio_on_year"], small["inflow_change_on_year_usd"]) == (2.2, Decimal(6))
    (whole,) = period_totals(rows, HK).collect().filter(**only, jurisdiction="HK").rows(named=True)
    for column in ("inflow_usd", "outflow_usd", "inflow_transfers"):
        assert found.filter(jurisdiction="HK")[column].sum() == whole[column]
