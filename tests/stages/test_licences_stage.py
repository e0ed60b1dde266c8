"""What the status of a licence stands for, the weights that follow from it, and the days of a period."""

import datetime as dt
from decimal import Decimal

import polars as pl
import pytest
from support import frame

from inflows.contracts.licences import Licences, References
from inflows.periods import bounds
from inflows.stages.licence_weights import weights_of_licences, with_days, with_standing


def licences(*rows: dict[str, object]) -> pl.LazyFrame:
    default = {
        "exchange": "local", "entity": "Local Limited", "jurisdiction": "HK", "licence": "vatp",
        "status": "granted", "valid_from": dt.date(2024, 6, 1), "policy": "own_wallets", "source": "page",
    }  # fmt: skip
    return frame(Licences, [default | row for row in rows]).lazy()


def weights(*rows: dict[str, object]) -> list[tuple[object, ...]]:
    columns = ("exchange", "jurisdiction", "basis", "weight", "valid_from", "valid_to", "source")
    return weights_of_licences(licences(*rows)).select(columns).collect().rows()


def test_an_entity_with_wallets_of_its_own_counts_whole_while_it_is_licensed() -> None:
    end = dt.date(2025, 1, 1)
    assert weights({"valid_to": end}) == [
        ("local", "HK", "licence", Decimal(1), dt.date(2024, 6, 1), end, "page")
    ]


@pytest.mark.parametrize(
    ("status", "counts"),
    [
        ("granted", True), ("deemed", True), ("in_principle", False), ("pending", False),
        ("withdrawn", False), ("returned", False), ("refused", False), ("lapsed", False),
    ],
)  # fmt: skip
def test_only_a_licence_that_is_granted_or_deemed_counts(status: str, counts: bool) -> None:
    assert bool(weights({"status": status})) is counts


@pytest.mark.parametrize("policy", ["share", "unattributed"])
def test_a_brand_that_shares_its_wallets_gets_no_weight_by_itself(policy: str) -> None:
    assert weights({"policy": policy}) == []


def test_a_register_counts_those_that_may_operate_meanwhile_as_applicants() -> None:
    counted = {"status": ["granted", "deemed", "in_principle", "pending", "withdrawn", "returned", "lapsed"]}
    found = pl.LazyFrame(counted).pipe(with_standing).collect()
    assert found["standing"].to_list() == [
        "granted", "applicant", "applicant", "applicant", "removed", "removed", "ended",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("period", "first", "after"),
    [
        ("2024-H1", "2024-01-01", "2024-07-01"),
        ("2024-H2", "2024-07-01", "2025-01-01"),
        ("2025-02", "2025-02-01", "2025-03-01"),
        ("2024-12", "2024-12-01", "2025-01-01"),
        ("2023-07/2024-06", "2023-07-01", "2024-07-01"),
        ("2024-02/2024-02", "2024-02-01", "2024-03-01"),
    ],
)
def test_a_period_covers_whole_months(period: str, first: str, after: str) -> None:
    (row,) = frame(References, [{"period": period}]).lazy().pipe(with_days).collect().to_dicts()
    assert (str(row["period_from"]), str(row["period_to"])) == (first, after)


@pytest.mark.parametrize("period", ["2024-H1", "2023-H2"])
def test_half_years_have_the_bounds_that_totals_have(period: str) -> None:
    (row,) = frame(References, [{"period": period}]).lazy().pipe(with_days).collect().to_dicts()
    assert (row["period_from"], row["period_to"]) == bounds(period)
