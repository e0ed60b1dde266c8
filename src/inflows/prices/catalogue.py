"""Which asset a service's name stands for, and under which licence each service gives its quotes.

Both are data: reference/price_ids.csv (source, source_id, chain, contract, quote, valid_from, valid_to) and
reference/price_sources.csv (source, service, licence, licence_url, data_url). An id stands for an asset from
valid_from until valid_to (exclusive; empty: always), because coins are renamed: polygon's native coin was
MATIC, and has been POL since 2024-09-04.
"""

from __future__ import annotations

import csv
import difflib
import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

import polars as pl

from inflows.addresses import address_form, canonical_on
from inflows.chains import canonical_chain, with_canonical_chains
from inflows.contracts.names import SLUG_PATTERN
from inflows.contracts.schema import UTC_TIME
from inflows.errors import UsageError
from inflows.reference.shipped import reference_file
from inflows.times import BEGINNING, END, instant

_COLUMNS: Final = ("source", "source_id", "chain", "contract", "quote", "valid_from", "valid_to")
QUOTE_CURRENCIES: Final = ("USD", "USDT")


class Licence(NamedTuple):
    """Under which terms a source of quotes gives them."""

    source: str
    service: str
    licence: str
    licence_url: str
    data_url: str


@cache
def licences() -> dict[str, Licence]:
    """The licence of every source that this project knows, by the source's name in the registry."""
    with reference_file("price_sources.csv").open(encoding="utf-8", newline="") as handle:
        return {row["source"]: Licence(**row) for row in csv.DictReader(handle)}


def price_ids(extra: Path | None = None) -> pl.DataFrame:
    """The project's ids and those of a file of the user; UsageError where the file cannot be used.

    Columns: source, source_id, chain, contract (empty: native), quote, valid_from, valid_to (instants).
    """
    paths = [reference_file("price_ids.csv"), *([extra] if extra else [])]
    ids = pl.concat([_read(path) for path in paths]).unique(maintain_order=True)
    _refuse_overlaps(ids, paths[-1])
    return ids


def _read(path: Path) -> pl.DataFrame:
    columns = ", ".join(_COLUMNS)
    try:
        raw = pl.read_csv(path, infer_schema=False).with_columns(pl.all().fill_null(""))
    except FileNotFoundError:
        raise UsageError(f"There is no file at {path}.", "Check the path.") from None
    except (pl.exceptions.PolarsError, OSError):
        raise UsageError(f"{path} cannot be read as CSV.", f"Its columns are {columns}.") from None
    for name in _COLUMNS[:5]:
        if name not in raw.columns:
            raise UsageError(f"{path} lacks the column '{name}'.", f"The columns are {columns}.")
    missing = [pl.lit("").alias(name) for name in _COLUMNS if name not in raw.columns]
    ids = raw.with_columns(missing).select(pl.col(name).str.strip_chars(" ") for name in _COLUMNS)
    parsed = with_canonical_chains(ids).with_columns(
        canonical_on(pl.col("chain"), pl.col("contract")),
        _bound("valid_from", BEGINNING),
        _bound("valid_to", END),
    )
    for line, row in enumerate(parsed.iter_rows(named=True), start=2):
        problem = _problem(row)
        if problem:
            raise UsageError(f"{path}:{line}: {problem}.", "Correct the line.")
    return parsed


def _bound(name: str, otherwise: object) -> pl.Expr:
    empty = pl.col(name) == ""
    return pl.when(empty).then(pl.lit(otherwise, dtype=UTC_TIME)).otherwise(instant(pl.col(name))).alias(name)


def _problem(row: dict[str, object]) -> str:
    chain, contract = str(row["chain"]), str(row["contract"])
    if not re.fullmatch(SLUG_PATTERN, chain) or chain == "evm":
        return f"'{chain[:60]}' is not the name of a chain"
    if contract and not re.fullmatch(address_form(chain), contract):
        return f"contract '{contract[:60]}' is not an address on '{chain}'"
    if row["quote"] not in QUOTE_CURRENCIES:
        return f"quote '{str(row['quote'])[:60]}' is unknown; it is one of {', '.join(QUOTE_CURRENCIES)}"
    if not row["source_id"]:
        return "source_id is empty"
    if row["valid_from"] is None or row["valid_to"] is None:
        return "valid_from or valid_to is not a time; write 2024-09-04"
    return ""


def _refuse_overlaps(ids: pl.DataFrame, path: Path) -> None:
    """Of one source, an asset has one id at a time: two would give it two prices at an instant."""
    key = ["source", "chain", "contract"]
    ordered = ids.sort(*key, "valid_from", "valid_to", "source_id")
    until = pl.col("valid_to").shift(1).over(key)
    wrong = ordered.with_columns(_before=pl.col("source_id").shift(1).over(key)).filter(
        until > pl.col("valid_from")
    )
    for row in wrong.iter_rows(named=True):
        raise UsageError(
            f"{path}: the ids '{row['_before']}' and '{row['source_id']}' of {row['source']} stand for the "
            f"same asset ({row['chain']}, {row['contract'] or 'native'}) at the same time.",
            "End one with valid_to before the other begins, or leave one out.",
        )


def of_source(ids: pl.DataFrame, source: str) -> pl.DataFrame:
    """The ids of one source."""
    return ids.filter(pl.col("source") == source)


def ids_asked(ids: pl.DataFrame, source: str, asked: Sequence[str]) -> list[str]:
    """The source's ids for what a user asked: ids, CHAIN:CONTRACT, symbols of core assets; else all."""
    known = of_source(ids, source)
    every = known["source_id"].unique().sort().to_list()
    if not asked:
        return every
    core = pl.read_csv(reference_file("core_assets.csv"), infer_schema=False).select(
        "chain", pl.col("contract").fill_null(""), "symbol"
    )
    named = known.join(core, on=["chain", "contract"], how="left", validate="m:1")
    found: list[str] = []
    for name in asked:
        asset = pl.concat_str("chain", pl.lit(":"), "contract")
        lowered = name.lower()
        matches = named.filter(pl.col("source_id").str.to_lowercase() == lowered)
        if matches.is_empty():
            chain, colon, contract = name.partition(":")
            meant = f"{canonical_chain(chain)}{colon}{contract}".lower()
            matches = named.filter(asset.str.to_lowercase() == meant)
        if matches.is_empty():
            matches = named.filter(pl.col("symbol").str.to_lowercase() == lowered)
        if matches.is_empty():
            near = difflib.get_close_matches(name, [*every, *named["symbol"].drop_nulls().unique()], n=1)
            raise UsageError(
                f"'{name}' is no asset that {source} has an id for here.",
                (f"Did you mean '{near[0]}'? " if near else "")
                + "Give a symbol of a core asset, an id of the source, or CHAIN:CONTRACT; see --ids.",
            )
        found += matches["source_id"].unique().sort().to_list()
    return list(dict.fromkeys(found))
