"""Our own format, as a pure function: what a row of a transfers or UTXO file means, or why it means nothing.

Each check is a reason with what must hold; the first that does not is the row's reason. The result has the
contract's columns (without the 64-bit keys), `reason`, and for bad rows `row`: the row as delivered.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from decimal import Decimal
from typing import Final

import polars as pl

from inflows import addresses
from inflows.chains import EVM_CHAINS, FAMILY
from inflows.contracts.names import KINDS, SIDES, SLUG_PATTERN
from inflows.contracts.schema import UTC_TIME
from inflows.raw.delivery import delivered_columns
from inflows.sources.table_files import LINE
from inflows.times import instant, may_be_of_a_block

TRANSFERS: Final = (
    "chain", "block_number", "block_time", "tx_hash", "position", "kind", "contract", "from_address",
    "to_address", "amount_raw",
)  # fmt: skip
UTXO: Final = (
    "chain", "block_number", "block_time", "tx_hash", "is_coinbase", "side", "position", "address",
    "amount_raw",
)  # fmt: skip
OPTIONAL: Final = ("source",)
DEFAULT_SOURCE: Final = "inflows"

GIVEN: Final = "_given"
"""A reason that the reader of another format gives before a row is checked; the column may be missing."""

_MAX_AMOUNT: Final = str(2**256 - 1)
_FLOATING: Final = r"^[0-9]+(?:\.0+|(?:\.[0-9]+)?[eE]\+?[0-9]{1,3})$"
"""Whole numbers as spreadsheets and floating point columns print them: 2500000000.0, 2.5E+09."""
_MOST_EXACT: Final = 2**53
"""From here on, neighbouring whole numbers are one and the same double."""
_USUAL_TIME: Final = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$"
_HEX: Final = r"^(?:0[xX][0-9a-fA-F]+|[0-9a-fA-F]{64})$"
_NOT_FAMILIES: Final = ("evm", "unknown")
"""'evm' is the chain of labels that hold on every EVM chain, and no chain that has blocks."""


def normalise_transfers(frame: pl.LazyFrame, chains: Collection[str | None] | None = None) -> pl.LazyFrame:
    """Rows of a transfers file, normalised, with the reason why a row is refused.

    chains: those that occur, if known (fewer forms of addresses are tried then).
    """
    chain, kind = pl.col("chain"), pl.col("kind")
    checks: Mapping[str, pl.Expr] = {
        **_common_checks(),
        "bad_tx_hash": _is_hash("tx_hash") & (kind != "withdrawal")
        | (pl.col("tx_hash") == "") & (kind == "withdrawal"),
        "bad_kind": kind.is_in(KINDS),
        "bad_position": pl.col("position").is_not_null()
        & ((kind != "native") | (pl.col("position") == 0) | ~chain.is_in(EVM_CHAINS)),
        "bad_contract": pl.when(kind == "token")
        .then(_has_form("contract", chains))
        .otherwise(pl.col("contract") == ""),
        "bad_from_address": _has_form("from_address", chains),
        "bad_to_address": _has_form("to_address", chains),
        **_amount_checks(),
        "bad_source": pl.col("source").str.contains(SLUG_PATTERN),
    }
    # A kind that is not known says nothing about the hash: the kind is the reason then.
    checks = {"bad_kind": checks["bad_kind"], **checks}
    return _normalised(frame, "transfers", ("tx_hash",), ("contract", "from_address", "to_address"), checks)


def normalise_utxo(frame: pl.LazyFrame, chains: Collection[str | None] | None = None) -> pl.LazyFrame:
    """Rows of a UTXO file, normalised. `chains` as for transfers."""
    checks: Mapping[str, pl.Expr] = {
        **_common_checks(),
        "bad_tx_hash": _is_hash("tx_hash"),
        "bad_is_coinbase": pl.col("is_coinbase").is_not_null(),
        "bad_side": pl.col("side").is_in(SIDES),
        "bad_position": pl.col("position").is_not_null(),
        "bad_address": (pl.col("address") == "") | _has_form("address", chains),
        **_amount_checks(),
        "bad_source": pl.col("source").str.contains(SLUG_PATTERN),
    }
    return _normalised(frame, "utxo", ("tx_hash",), ("address",), checks)


def canonical_hash(text: pl.Expr) -> pl.Expr:
    """The one spelling of a transaction hash: hex in lower case, everything else as it is."""
    return pl.when(text.str.contains(_HEX)).then(text.str.to_lowercase()).otherwise(text)


def whole_amount(text: pl.Expr) -> pl.Expr:
    """Digits of whole numbers that are written as floating point, where a double is exact (below 2^53)."""
    floating = pl.when(text.str.contains(_FLOATING)).then(text)
    read = floating.map_elements(_whole, return_dtype=pl.String, skip_nulls=True)
    return pl.coalesce(read, text)


def _whole(text: str) -> str:
    number = Decimal(text)
    return str(int(number)) if number < _MOST_EXACT and number == int(number) else text


def with_rows(normalised: pl.DataFrame, delivered: pl.DataFrame) -> pl.DataFrame:
    """Add `row`: the delivered row as JSON where there is a reason (a misfit line: its text)."""
    bad = normalised["reason"].is_not_null()
    if not bad.any():
        return normalised.with_columns(pl.lit(None, dtype=pl.String).alias("row"))
    rows = [_json(row) for row in delivered.filter(bad).iter_rows(named=True)]
    texts = pl.Series("row", rows, dtype=pl.String)
    places = bad.arg_true()
    return normalised.with_columns(
        pl.Series("row", [None], dtype=pl.String).new_from_index(0, normalised.height).scatter(places, texts)
    )


def _json(row: dict[str, object]) -> str:
    line = row.pop(LINE, None)
    return json.dumps({"line": line} if line is not None else row, ensure_ascii=False, default=str)


def _common_checks() -> dict[str, pl.Expr]:
    return {
        "wrong_number_of_fields": pl.col(LINE).is_null(),
        "bad_chain": pl.col("chain").str.contains(SLUG_PATTERN) & ~pl.col("chain").is_in(_NOT_FAMILIES),
        "bad_block_number": pl.col("block_number").is_not_null(),
        "bad_block_time": pl.col("block_time").is_not_null() & may_be_of_a_block(pl.col("block_time")),
    }


def _amount_checks() -> dict[str, pl.Expr]:
    amount = pl.col("amount_raw")
    digits = amount.str.len_bytes()
    return {
        "amount_not_an_integer": amount.str.contains(r"^[0-9]+$"),
        "amount_above_256_bits": (digits < len(_MAX_AMOUNT))
        | (digits == len(_MAX_AMOUNT)) & (amount <= _MAX_AMOUNT),
    }


def _is_hash(name: str) -> pl.Expr:
    return pl.col(name).str.contains(addresses.ANY_FORM)


def _has_form(name: str, chains: Collection[str | None] | None) -> pl.Expr:
    """Whether a canonical address has the form that its chain's addresses have."""
    if chains is None:
        chains = FAMILY
    by_form: dict[str, list[str]] = {}
    for chain in sorted(chain for chain in chains if chain):
        by_form.setdefault(addresses.address_form(chain), []).append(chain)
    by_form.setdefault(addresses.ANY_FORM, [])
    address = pl.col(name)
    holds = addresses.checksum_holds(pl.col("chain"), address) if "tron" in chains else pl.lit(True)
    if len(by_form) == 2 and not by_form[addresses.ANY_FORM]:
        form = next(form for form in by_form if form != addresses.ANY_FORM)
        return address.str.contains(form) & holds
    fits = address.str.contains(addresses.ANY_FORM)
    for form, of_form in by_form.items():
        if form != addresses.ANY_FORM:
            fits = pl.when(pl.col("chain").is_in(of_form)).then(address.str.contains(form)).otherwise(fits)
    return fits & holds


def _normalised(
    frame: pl.LazyFrame,
    dataset: str,
    hashes: Iterable[str],
    address_columns: Iterable[str],
    checks: Mapping[str, pl.Expr],
) -> pl.LazyFrame:
    types = frame.collect_schema()
    text = {
        name: pl.col(name).cast(pl.String).fill_null("").str.strip_chars()
        for name in types
        if not types[name].is_temporal() and name not in (LINE, GIVEN)
    }
    clean = frame.with_columns(**text)
    if "source" not in types:
        clean = clean.with_columns(source=pl.lit(DEFAULT_SOURCE))
    clean = clean.with_columns(
        pl.when(pl.col("source") == "").then(pl.lit(DEFAULT_SOURCE)).otherwise("source").alias("source"),
        pl.col("block_number", "position").str.extract(r"^([0-9]{1,19})$").cast(pl.Int64, strict=False),
        _without_leading_zeros(whole_amount(pl.col("amount_raw"))).alias("amount_raw"),
        *(canonical_hash(pl.col(name)).alias(name) for name in hashes),
        *(addresses.canonical_on(pl.col("chain"), pl.col(name)).alias(name) for name in address_columns),
        exact=pl.lit(True),
    )
    if "is_coinbase" in types:
        said = pl.col("is_coinbase").str.to_lowercase()
        clean = clean.with_columns(
            is_coinbase=pl.when(said.is_in(["true", "1"]))
            .then(True)
            .when(said.is_in(["false", "0"]))
            .then(False)
        )
    clean = _with_times(clean, types["block_time"])
    reason = pl.coalesce(
        pl.when(~holds.fill_null(False)).then(pl.lit(reason)) for reason, holds in _in_order(checks)
    )
    if GIVEN in types:
        reason = pl.coalesce(GIVEN, reason)
    columns = [name for name in delivered_columns(dataset) if name != "row"]
    return clean.with_columns(reason=reason).select(columns)


def _in_order(checks: Mapping[str, pl.Expr]) -> list[tuple[str, pl.Expr]]:
    """A line that does not fit the header has no columns at all: that is said first."""
    return sorted(checks.items(), key=lambda check: check[0] != "wrong_number_of_fields")


def _without_leading_zeros(amount: pl.Expr) -> pl.Expr:
    return (
        pl.when(amount.str.contains(r"^0[0-9]"))
        .then(amount.str.replace(r"^0+([0-9])", "${1}"))
        .otherwise(amount)
    )


def _with_times(frame: pl.LazyFrame, delivered: pl.DataType) -> pl.LazyFrame:
    """Read block_time as UTC: text by our rules, typed times without a zone as UTC."""
    time = pl.col("block_time")
    if isinstance(delivered, pl.Datetime) and delivered.time_zone:
        return frame.with_columns(time.dt.convert_time_zone("UTC").cast(UTC_TIME))
    if delivered.is_temporal():
        return frame.with_columns(time.cast(pl.Datetime("us")).dt.replace_time_zone("UTC"))
    # The commonest spelling is read directly, ten times as fast; every other text is read once.
    usual = pl.when(time.str.contains(_USUAL_TIME)).then(time)
    frame = frame.with_columns(
        _usual=usual.str.to_datetime("%Y-%m-%dT%H:%M:%SZ", time_unit="us", strict=False).dt.replace_time_zone(
            "UTC"
        )
    )
    others = frame.filter(pl.col("_usual").is_null()).select("block_time").unique()
    read = others.with_columns(_read=instant(time))
    return (
        frame.join(read, on="block_time", how="left", validate="m:1", maintain_order="left")
        .with_columns(pl.coalesce("_usual", "_read").cast(UTC_TIME).alias("block_time"))
        .drop("_usual", "_read")
    )
