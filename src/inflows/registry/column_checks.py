"""The kinds of columns that own formats are made of: how text becomes a value, and what is wrong with it.

A column's text is found under `text(name)` (blanks stripped, null where empty), its value under `name`. Each
check names one thing that can be wrong; of one column the first that applies is told.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Final

import polars as pl

from inflows.addresses import ANY_FORM, address_form, canonical_on, checksum_holds
from inflows.chains import FAMILY
from inflows.contracts.names import SLUG_PATTERN, UNATTRIBUTED
from inflows.contracts.schema import UTC_TIME
from inflows.times import BEGINNING, END, instant

_NUMBER: Final = r"^\+?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)$"
_EXPONENT: Final = r"^\+?[0-9]*\.?[0-9]*[eE][+-]?[0-9]{1,2}$"
_UNPRINTABLE: Final = r"[\p{C}\p{Zl}\p{Zp}]"
_FORMS_IN_WORDS: Final = {
    "ethereum": "0x and 40 hex digits",
    "tron": "T and 33 base58 characters",
    "solana": "32 to 44 base58 characters",
    "bitcoin": "base58 or bech32",
}


@dataclass(frozen=True)
class Check:
    """Where `bad` is true, the row cannot be stored for the reason that `says` gives."""

    bad: pl.Expr
    says: pl.Expr


@dataclass(frozen=True)
class Column:
    """A column of an own format. `present`: the file must have it; `filled`: every row must have a value."""

    name: str
    value: pl.Expr
    checks: tuple[Check, ...] = ()
    present: bool = True
    filled: bool = True


def text(name: str) -> pl.Expr:
    """The text of a column as it was read."""
    return pl.col(f"text:{name}")


def shown(name: str) -> pl.Expr:
    """The text of a column as an error shows it: on one line, and not too long."""
    clean = text(name).fill_null("").str.replace_all(_UNPRINTABLE, "?")
    return pl.when(clean.str.len_chars() > 60).then(clean.str.head(57) + "...").otherwise(clean)


def says(template: str, *names: str) -> pl.Expr:
    """An error's words: each {} is the text of the next column named."""
    return pl.format(template, *(shown(name) for name in names)) if names else pl.lit(template)


def slug(name: str, *, taken: str = "", remedy: str = "") -> Column:
    """A name that may become a folder: see names.SLUG_PATTERN. `taken` is one that is not allowed here."""
    value = text(name)
    better = (
        value.str.to_lowercase()
        .str.replace_all(r"[^a-z0-9._-]+", "-")
        .str.strip_chars("-._")
        .str.head(64)
        .str.strip_chars("-._")
    )
    hint = pl.when(better.str.len_bytes() > 0).then(pl.format("; write '{}'", better)).otherwise(pl.lit(""))
    rule = " is not a name of lower-case letters, digits, '.', '_' and '-'"
    checks = [
        Check(~value.str.contains(SLUG_PATTERN), pl.concat_str(says(f"{name} '{{}}'{rule}", name), hint))
    ]
    if taken:
        checks.append(Check(value == taken, says(f"{name} '{taken}' {remedy}")))
    return Column(name, value, tuple(checks))


def words(name: str, *, longest: int, present: bool = True, filled: bool = True) -> Column:
    """Free text on one line: printable, and no longer than it may be; empty text where it may be missing."""
    value = text(name)
    return Column(
        name,
        value if filled else value.fill_null(""),
        (
            Check(
                value.str.contains(_UNPRINTABLE),
                says(f"{name} '{{}}' has characters that do not print", name),
            ),
            Check(value.str.len_chars() > longest, says(f"{name} '{{}}' is longer than {longest}", name)),
        ),
        present=present,
        filled=filled,
    )


def address(name: str, *, filled: bool = True) -> Column:
    """An address on the row's chain, in canonical form; empty text where it may be missing."""
    value = canonical_on(text("chain"), text(name))
    chain, read, is_there = text("chain"), pl.col(name), text(name).is_not_null()
    checks = [
        Check(
            is_there & chain.is_in(_chains_like(example)) & ~read.str.contains(address_form(example)),
            says(f"{name} '{{}}' is not an address on '{{}}' ({words})", name, "chain"),
        )
        for example, words in _FORMS_IN_WORDS.items()
    ]
    checks.append(
        Check(
            is_there & ~checksum_holds(chain, read),
            says(f"{name} '{{}}' has a wrong checksum for an address on '{{}}'", name, "chain"),
        )
    )
    checks.append(
        Check(
            is_there & ~read.str.contains(ANY_FORM), says(f"{name} '{{}}' has blanks or odd characters", name)
        )
    )
    return Column(name, value if filled else value.fill_null(""), tuple(checks), filled=filled)


def _chains_like(example: str) -> list[str]:
    """The known chains whose addresses have the form of this chain's."""
    return [chain for chain in ("evm", *FAMILY) if address_form(chain) == address_form(example)]


def choice(name: str, options: Sequence[str], *, present: bool = True, default: str | None = None) -> Column:
    """One of a closed set of words; `default` where it may be left empty."""
    listed = ", ".join(option for option in options if option)
    value = text(name)
    return Column(
        name,
        value if default is None else value.fill_null(default),
        (Check(~value.is_in(list(options)), says(f"{name} '{{}}' is unknown; it is one of {listed}", name)),),
        present=present,
        filled=default is None,
    )


def yes_or_no(name: str) -> Column:
    """`true` or `false`."""
    value = text(name).str.to_lowercase()
    return Column(
        name,
        value == "true",
        (Check(~value.is_in(["true", "false"]), says(f"{name} '{{}}' is neither true nor false", name)),),
    )


def whole(name: str, *, most: int) -> Column:
    """A whole number from 0 to `most`."""
    value = text(name).cast(pl.Int64, strict=False)
    bad = ~text(name).str.contains(r"^[0-9]{1,6}$") | (value > most)
    return Column(
        name, value, (Check(bad, says(f"{name} '{{}}' is not a whole number from 0 to {most}", name)),)
    )


def number(
    name: str, *, places: int, zero: bool, most: int | None = None, present: bool = True, filled: bool = True
) -> Column:
    """An exact decimal number above 0 (or from 0 on, with `zero`), with at most so many decimal places."""
    plain = _without_exponent(text(name))
    value = plain.cast(pl.Decimal(38, places), strict=False)
    fraction = plain.str.extract(r"\.([0-9]*)$").fill_null("").str.strip_chars_end("0")
    below = "from 0" if zero else "above 0"
    upto = "" if most is None else f" to {most}"
    read, has_none = pl.col(name), pl.col(name).is_null() & text(name).is_not_null()
    wrong = ~plain.str.contains(_NUMBER) | ((read < 0) if zero else (read <= 0))
    if most is not None:
        wrong = wrong | (read > most) | has_none
    return Column(
        name,
        value,
        (
            Check(
                fraction.str.len_bytes() > places,
                says(f"{name} '{{}}' has more than {places} decimals", name),
            ),
            Check(wrong, says(f"{name} '{{}}' is not a number {below}{upto}", name)),
            Check(
                has_none,
                says(f"{name} '{{}}' is too large: at most {38 - places} digits before the point", name),
            ),
        ),
        present=present,
        filled=filled,
    )


def _without_exponent(value: pl.Expr) -> pl.Expr:
    """Numbers like 1e-7, as floats print, written out exactly; in Python, as they are few."""
    few = pl.when(value.str.contains(_EXPONENT)).then(value).otherwise(None)
    return pl.coalesce(few.map_elements(_written_out, return_dtype=pl.String, skip_nulls=True), value)


def _written_out(value: str) -> str:
    try:
        return format(Decimal(value), "f")
    except InvalidOperation:
        return value


def moment(name: str, *, present: bool = True, filled: bool = True) -> Column:
    """An instant in UTC (inflows.times)."""
    return Column(
        name, instant(text(name)), (_not_a_time(name, pl.col(name)),), present=present, filled=filled
    )


def day(name: str) -> Column:
    """A whole UTC day, which may be left out: an instant at 00:00 UTC."""
    value = instant(text(name))
    return Column(
        name,
        value.dt.date(),
        (
            _not_a_time(name, value),
            Check(value.dt.time() != pl.time(0), says(f"{name} '{{}}' is not a whole UTC day (00:00)", name)),
        ),
        present=False,
        filled=False,
    )


def _not_a_time(name: str, value: pl.Expr) -> Check:
    within = value.is_between(pl.lit(BEGINNING, dtype=UTC_TIME), pl.lit(END, dtype=UTC_TIME))
    return Check(
        text(name).is_not_null() & ~within.fill_null(False),
        says(f"{name} '{{}}' is not a time; write 2024-06-30 or 2024-06-30T12:00:00Z (UTC)", name),
    )


def country(name: str) -> Column:
    """A country of ISO 3166-1, by its two capital letters."""
    value = text(name)
    capitals = value.str.to_uppercase()
    codes = list(country_codes())
    return Column(
        name,
        value,
        (
            Check(
                value == UNATTRIBUTED,
                says(f"{name} '{UNATTRIBUTED}' is what no row attributes; leave the row out"),
            ),
            Check(
                capitals.is_in(codes) & (value != capitals),
                pl.concat_str(
                    says(f"{name} '{{}}' is not in capitals; write '", name), capitals, pl.lit("'")
                ),
            ),
            Check(
                ~value.is_in(codes),
                says(f"{name} '{{}}' is not a country code of ISO 3166-1 alpha-2, like HK", name),
            ),
        ),
    )


@cache
def country_codes() -> tuple[str, ...]:
    """All codes of ISO 3166-1 alpha-2."""
    # Imported late: it reads its lists from disk.
    import pycountry

    return tuple(sorted(country.alpha_2 for country in pycountry.countries))
