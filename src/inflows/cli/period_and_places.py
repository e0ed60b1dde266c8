"""Periods and jurisdictions among the words of a command, whichever comes first."""

from __future__ import annotations

from collections.abc import Sequence

from inflows.errors import UsageError


def period_and_places(words: Sequence[str], places: int, usage: str) -> tuple[str, tuple[str, ...]]:
    """The one period and the codes of so many jurisdictions among words in any order; UsageError says how."""
    from inflows.jurisdictions import jurisdiction_codes
    from inflows.periods import looks_like_period, period_named

    periods = [word for word in words if looks_like_period(word)]
    codes = jurisdiction_codes([word for word in words if word not in periods], each_once=False)
    number = "one jurisdiction" if places == 1 else f"{_NUMBERS[places]} jurisdictions"
    if len(periods) == 1 and len(codes) == places:
        return period_named(periods[0]), codes
    if not periods:
        wrong = "PERIOD is missing"
    elif len(periods) > 1:
        wrong = f"{', '.join(periods)} are {len(periods)} periods"
    else:
        wrong = f"Given: {', '.join(codes) or 'none'}"
    raise UsageError(f"This takes {number} and one period. {wrong}.", f"Write `inflows {usage}`.")


_NUMBERS = ("no", "one", "two", "three")
