"""What the totals say of how much was read."""

import datetime as dt
from typing import Any

import polars as pl
import pytest

from inflows.contracts.schema import dtypes
from inflows.stages.coverage import period_coverage
from inflows.warehouse.inputs import Coverage

LATER = dt.datetime(2025, 1, 1, tzinfo=dt.UTC)
HALF_YEAR = [dt.date(2024, 1, 1) + dt.timedelta(days=n) for n in range(182)]


def days(*, only_labelled: set[dt.date] = frozenset(), missing: set[dt.date] = frozenset()) -> pl.DataFrame:
    row: dict[str, Any] = {"chain": "ethereum", "dataset": "transfers", "rows": 5, "blocks": 7_000}
    rows = [
        row | {"date": day, "only_labelled": day in only_labelled} for day in HALF_YEAR if day not in missing
    ]
    return pl.DataFrame(rows, schema=dtypes(Coverage))


@pytest.mark.parametrize(
    ("read", "share", "partial"),
    [
        (days(), 1.0, False),
        (days(missing={HALF_YEAR[3]}), 181 / 182, True),
        (days(only_labelled={HALF_YEAR[3]}), 1.0, True),
    ],
    ids=["all", "a day missing", "a day of labelled wallets alone"],
)
def test_a_day_read_for_labelled_wallets_alone_has_data_and_makes_its_period_partial(
    read: pl.DataFrame, share: float, partial: bool
) -> None:
    assert period_coverage(["2024-H1"], read, LATER).collect().row(0) == ("2024-H1", share, partial)
