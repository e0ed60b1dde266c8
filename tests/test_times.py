import datetime as dt

import polars as pl
import pytest

from inflows.errors import UsageError
from inflows.times import instant, parse_instant


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("2024-01-31T12:00:00Z", "2024-01-31T12:00:00"),
        ("2024-01-31 12:00:00 UTC", "2024-01-31T12:00:00"),
        ("2024-01-31 12:00:00", "2024-01-31T12:00:00"),
        ("2024-01-31T12:00", "2024-01-31T12:00:00"),
        ("2024-01-31T12:00:00.123456Z", "2024-01-31T12:00:00.123456"),
        ("2024-03-31T02:30:00+02:00", "2024-03-31T00:30:00"),
        ("2024-01-31T23:30:00-0130", "2024-02-01T01:00:00"),
        ("2024-02-29", "2024-02-29T00:00:00"),
        ("2024-02", "2024-02-01T00:00:00"),
        ("2024", "2024-01-01T00:00:00"),
        (" 2024 ", "2024-01-01T00:00:00"),
    ],
)
def test_what_users_write_is_read_as_utc(text: str, iso: str) -> None:
    assert parse_instant(text) == dt.datetime.fromisoformat(iso).replace(tzinfo=dt.UTC)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "31.01.2024",
        "2024-02-30",
        "2024-13",
        "1706702400",
        "2024-01-31T25:00:00Z",
        "2024-01-31Z",
        "2024-01-31T12:00:00 CET",
        "2024-1-1",
        "now",
    ],
)
def test_what_is_no_instant_is_refused_and_never_guessed(text: str) -> None:
    with pytest.raises(UsageError, match="is not a time"):
        parse_instant(text)
    assert pl.DataFrame({"t": [text]}).select(instant(pl.col("t"))).item() is None
