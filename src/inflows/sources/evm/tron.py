"""Tron's addresses: base58check of 21 bytes (0x41 and the 20 bytes of the virtual machine), and back.

Source: TRON developer documentation, "Account" (address format); java-tron's JSON-RPC speaks of the 20 bytes
alone.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import polars as pl

from inflows.errors import UsageError

_DIGITS: Final = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_PREFIX: Final = b"\x41"
_HEX: Final = re.compile(r"0x(?:41)?([0-9a-fA-F]{40})")


@lru_cache(maxsize=1 << 16)
def to_base58(address: str) -> str:
    """The base58check form (T…) of 20 bytes in hex; what is no such address is returned as it is."""
    match = _HEX.fullmatch(address)
    if not match:
        return address
    payload = _PREFIX + bytes.fromhex(match[1])
    number = int.from_bytes(payload + _checksum(payload), "big")
    text = ""
    while number:
        number, digit = divmod(number, 58)
        text = _DIGITS[digit] + text
    return text


def to_hex(address: str) -> str:
    """20 bytes in hex (0x…) of a base58check address; UsageError where its checksum or length is wrong."""
    number = 0
    for character in address:
        digit = _DIGITS.find(character)
        if digit < 0:
            raise UsageError(f"'{address[:60]}' is no Tron address.", "It is T and 33 characters of base58.")
        number = number * 58 + digit
    raw = number.to_bytes(max(25, (number.bit_length() + 7) // 8), "big")
    if len(raw) != 25 or raw[:1] != _PREFIX or _checksum(raw[:21]) != raw[21:]:
        raise UsageError(f"'{address[:60]}' is no Tron address.", "Its checksum or its length is wrong.")
    return "0x" + raw[1:21].hex()


def as_tron(rows: pl.DataFrame, columns: Sequence[str]) -> pl.DataFrame:
    """The same rows with these columns' addresses in base58check."""
    found = pl.concat([rows[name].drop_nulls().unique() for name in columns]).unique(maintain_order=True)
    mapping = pl.DataFrame({"a": found, "b": [to_base58(address) for address in found]})
    return rows.with_columns(
        pl.col(name).replace_strict(mapping["a"], mapping["b"], return_dtype=pl.String) for name in columns
    )


def _checksum(payload: bytes) -> bytes:
    return hashlib.sha256(hashlib.sha256(payload).digest()).digest()[:4]
