"""The own formats of licences and of published figures."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import polars as pl

from inflows.contracts.licences import (
    BOUNDS,
    CERTAINTIES,
    COUNTED,
    DATINGS,
    MEASURES,
    POLICIES,
    STATUSES,
)
from inflows.contracts.names import BASES
from inflows.registry.column_checks import (
    Check,
    Column,
    choice,
    country,
    country_codes,
    day,
    moment,
    number,
    says,
    slug,
    text,
    whole,
    words,
)
from inflows.registry.file_format import OwnFormat, ends_after_it_begins
from inflows.registry.statuses import contradicting_statuses
from inflows.registry.tables import LICENCES, REFERENCES

_MONTH: Final = r"\d{4}-(?:0[1-9]|1[0-2])"
_PERIOD: Final = rf"^(?:\d{{4}}-H[12]|{_MONTH}|{_MONTH}/{_MONTH})$"
_PUBLISHED: Final = {
    "received": "published_usd",
    "growth": "published_ratio",
    "multiple": "published_ratio",
    "share": "published_ratio",
    "licences": "published_count",
}


def licences() -> OwnFormat:
    """Statuses of licences by entity; a file without `dating` says that each began on the day it names."""
    return OwnFormat(
        LICENCES,
        (
            slug("exchange"),
            words("entity", longest=200, filled=False),
            country("jurisdiction"),
            words("regulator", longest=200),
            slug("licence"),
            choice("status", tuple(STATUSES)),
            day("valid_from"),
            day("valid_to"),
            choice("dating", DATINGS, present=False, default="on"),
            choice("certainty", CERTAINTIES),
            choice("policy", POLICIES),
            words("note", longest=500, present=False, filled=False),
            words("source", longest=500),
            moment("known_at", present=False, filled=False),
        ),
        (ends_after_it_begins(),),
        between=contradicting_statuses,
    )


def references() -> OwnFormat:
    """Published figures, one a line: dollars, a ratio or a count, with what was counted and where."""
    licence = slug("licence")
    return OwnFormat(
        REFERENCES,
        (
            slug("figure"),
            _period("period"),
            _place("jurisdiction"),
            _place("other", filled=False),
            choice("measure", MEASURES),
            choice("counted", COUNTED),
            replace(licence, value=licence.value.fill_null(""), present=False, filled=False),
            choice("basis", ("", *BASES), present=False, default=""),
            number("published_usd", places=6, zero=False, present=False, filled=False),
            number("published_ratio", places=6, zero=False, present=False, filled=False),
            replace(whole("published_count", most=999_999), present=False, filled=False),
            choice("bound", BOUNDS, present=False, default="rounded"),
            words("caveats", longest=500, present=False, filled=False),
            words("source", longest=500),
            moment("known_at", present=False, filled=False),
        ),
        tuple(_says_one_thing()),
    )


def _says_one_thing() -> list[Check]:
    """The measure decides which number a row has, and what else it needs."""
    checks = []
    for measure, column in _PUBLISHED.items():
        others = [other for other in dict.fromkeys(_PUBLISHED.values()) if other != column]
        wrong = pl.col(column).is_null() | pl.any_horizontal(pl.col(other).is_not_null() for other in others)
        checks.append(
            Check(
                (pl.col("measure") == measure) & wrong,
                says(f"measure '{measure}' has a number in {column}, and in no other published_ column"),
            )
        )
    of_licences = pl.col("measure") == "licences"
    a_standing = ~pl.col("counted").is_in(("centralised_exchanges", "all_services"))
    return [
        *checks,
        Check(
            of_licences != a_standing,
            says("measure '{}' does not go with counted '{}'", "measure", "counted"),
        ),
        Check(
            of_licences != (pl.col("licence") != ""),
            says("measure '{}' does not go with licence '{}'", "measure", "licence"),
        ),
        Check(
            (pl.col("measure") == "multiple") != (pl.col("other") != ""),
            says("measure '{}' does not go with other '{}'", "measure", "other"),
        ),
    ]


def _period(name: str) -> Column:
    value = text(name)
    first, last = value.str.head(7), value.str.tail(7)
    return Column(
        name,
        value,
        (
            Check(
                ~value.str.contains(_PERIOD),
                says(f"{name} '{{}}' is not a period; write 2024-H1, 2025-02 or 2023-07/2024-06", name),
            ),
            Check(
                value.str.contains("/") & (last < first),
                says(f"{name} '{{}}' ends before it begins", name),
            ),
        ),
    )


def _place(name: str, *, filled: bool = True) -> Column:
    """A country by its code, or a region in words."""
    column = words(name, longest=100, present=filled, filled=filled)
    unknown = text(name).str.contains(r"^[A-Z]{2}$") & ~text(name).is_in(list(country_codes()))
    says_so = says(f"{name} '{{}}' is not a country code of ISO 3166-1 alpha-2, like HK", name)
    return replace(column, checks=(*column.checks, Check(unknown, says_so)))
