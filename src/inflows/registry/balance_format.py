"""The own format of balances: an address, an asset, a time or a block, and an exact amount."""

from __future__ import annotations

from typing import Final

import polars as pl

from inflows.registry.column_checks import Check, Column, address, moment, says, slug, text, words
from inflows.registry.file_format import OwnFormat
from inflows.registry.tables import BALANCES

LARGEST: Final = str(2**256 - 1)
_DIGITS: Final = r"^[0-9]+$"


def balances() -> OwnFormat:
    """Columns chain, address, contract, time or block_number, amount_raw, source; optional known_at."""
    return OwnFormat(
        BALANCES,
        (
            slug("chain", taken="evm", remedy="stands for every EVM chain in labels only; name the chain"),
            address("address"),
            address("contract", filled=False),
            moment("time", present=False, filled=False),
            _block("block_number"),
            _units("amount_raw"),
            words("source", longest=500),
            moment("known_at", present=False, filled=False),
        ),
        (
            Check(
                pl.col("time").is_null() & pl.col("block_number").is_null(),
                says("neither time nor block_number tells when the balance held"),
            ),
        ),
    )


def _block(name: str) -> Column:
    """The number of a block, which may be left out."""
    value = text(name).cast(pl.Int64, strict=False)
    bad = text(name).is_not_null() & (~text(name).str.contains(_DIGITS) | value.is_null())
    return Column(
        name, value, (Check(bad, says(f"{name} '{{}}' is not a block's number", name)),), False, False
    )


def _units(name: str) -> Column:
    """An exact whole number of base units, of up to 256 bits, without leading zeros."""
    plain = text(name).str.strip_chars_start("0")
    value = pl.when(plain == "").then(pl.lit("0")).otherwise(plain)
    size = value.str.len_bytes()
    too_large = (size > len(LARGEST)) | ((size == len(LARGEST)) & (value > LARGEST))
    return Column(
        name,
        value,
        (
            Check(
                ~text(name).str.contains(_DIGITS),
                says(f"{name} '{{}}' is not a whole number of base units, like 1000000", name),
            ),
            Check(too_large, says(f"{name} '{{}}' is above 2^256 - 1", name)),
        ),
    )
