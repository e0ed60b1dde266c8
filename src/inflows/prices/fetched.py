"""What fetchers take and give: a span of time, and quotes with the ids that the service knows nothing of."""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

import polars as pl


class Span(NamedTuple):
    """The instants, both included, at which the quotes asked for held."""

    start: dt.datetime
    end: dt.datetime


class Fetched(NamedTuple):
    """Quotes of one service, and the ids for which it had none."""

    quotes: pl.DataFrame
    unknown: tuple[str, ...]
