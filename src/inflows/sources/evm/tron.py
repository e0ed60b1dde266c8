"""Tron's addresses as java-tron's JSON-RPC says them (the 20 bytes alone), and back."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from inflows import base58
from inflows.errors import UsageError


def to_base58(address: str) -> str:
    """The base58check form (T…) of 20 bytes in hex; what is no such address is returned as it is."""
    return base58.tron_address(address)


def to_hex(address: str) -> str:
    """20 bytes in hex (0x…) of a base58check address; UsageError where its checksum or length is wrong."""
    payload = base58.check(address)
    if payload is None or not base58.is_tron(address):
        raise UsageError(
            f"'{address[:60]}' is no Tron address.",
            "It is T and 33 characters of base58, the last ones a checksum.",
        )
    return "0x" + payload[1:].hex()


def as_tron(rows: pl.DataFrame, columns: Sequence[str]) -> pl.DataFrame:
    """The same rows with these columns' addresses in base58check."""
    found = pl.concat([rows[name].drop_nulls().unique() for name in columns]).unique(maintain_order=True)
    mapping = pl.DataFrame({"a": found, "b": [to_base58(address) for address in found]})
    return rows.with_columns(
        pl.col(name).replace_strict(mapping["a"], mapping["b"], return_dtype=pl.String) for name in columns
    )
