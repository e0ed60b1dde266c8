"""Addresses: their one canonical spelling, and the 64-bit key by which they are looked up.

The key is stored in raw files and must stay the same for ever. It is made of the last 16 characters of the
canonical address, padded on the left with '0', read as two little-endian 64-bit integers a and b:

    key = (a * 0x9E3779B97F4A7C15 mod 2^64) xor b

The tail is used because vanity addresses share prefixes. Two addresses may share a key; a look-up by key is
always verified on the full address. Measured in docs/decisions/0002-address-keys.md.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import polars as pl

from inflows import base58
from inflows.chains import EVM_CHAINS, FAMILY

_MULTIPLIER: Final = 0x9E3779B97F4A7C15  # 2^64 / golden ratio
_CASELESS: Final = r"^(?:0[xX][0-9a-fA-F]*|(?:BC|LTC)1[0-9A-Z]*)$"
"""Hex, and bech32 in capitals. Mixed case is no bech32 (BIP 173): such text is base58 and stays as it is."""
_TRON_HEX: Final = r"^(?:0x(?:41)?|41)[0-9a-fA-F]{40}$"
_HASH_DIGITS: Final = r"^[0-9a-f]{64}$"
_FORMS: Final = {
    "evm": r"^0x[0-9a-f]{40}$",
    "tron": r"^T[1-9A-HJ-NP-Za-km-z]{33}$",
    "solana": r"^[1-9A-HJ-NP-Za-km-z]{32,44}$",
    "utxo": (
        r"^(?:[1-9A-HJ-NP-Za-km-z]{25,35}"  # base58check
        r"|[a-z]{2,12}1[02-9ac-hj-np-z]{6,87}"  # bech32, bech32m
        r"|(?:bitcoincash:)?[qp][02-9ac-hj-np-z]{41})$"  # CashAddr
    ),
}
_BARE_HASHES: Final = tuple(chain for chain, family in FAMILY.items() if family in ("tron", "utxo"))
"""Chains whose transactions are named without 0x, as their own nodes and explorers do."""
ANY_FORM: Final = r"^[!-~]{1,128}$"
"""Printable ASCII without spaces: all that is asked of the addresses of a chain that is not known."""


def canonical_address(address: pl.Expr) -> pl.Expr:
    """The one spelling of an address: hex and bech32 in lower case, everything else (base58) as it is."""
    address = address.str.strip_chars()
    return pl.when(address.str.contains(_CASELESS)).then(address.str.to_lowercase()).otherwise(address)


def canonical_on(chain: pl.Expr, address: pl.Expr) -> pl.Expr:
    """The one spelling of an address on the row's chain: on Tron, every hex form becomes base58check."""
    plain = canonical_address(address)
    of_tron = pl.when((chain == "tron") & plain.str.contains(_TRON_HEX)).then(plain)
    return pl.coalesce(_each(of_tron, base58.tron_address, pl.String()), plain)


def hash_on(chain: pl.Expr, tx_hash: pl.Expr) -> pl.Expr:
    """The one spelling of a transaction's hash of 32 bytes (hex in lower case) on the row's chain.

    EVM chains have 0x before it. Tron has not, though its JSON-RPC and what reads that writes it.
    """
    size = tx_hash.str.len_bytes()
    lacks = (size == 64) & chain.is_in(EVM_CHAINS) & tx_hash.str.contains(_HASH_DIGITS)
    exceeds = (size == 66) & chain.is_in(_BARE_HASHES) & tx_hash.str.starts_with("0x")
    return (
        pl.when(lacks)
        .then(pl.lit("0x") + tx_hash)
        .when(exceeds)
        .then(tx_hash.str.slice(2))
        .otherwise(tx_hash)
    )


def checksum_holds(chain: pl.Expr, address: pl.Expr) -> pl.Expr:
    """Whether a canonical address on the row's chain has no wrong checksum; tested is Tron's base58check."""
    of_tron = pl.when(chain == "tron").then(address)
    return _each(of_tron, base58.is_tron, pl.Boolean()).fill_null(True)


def _each(text: pl.Expr, look: Callable[[str], Any], kind: pl.DataType) -> pl.Expr:
    """Look at each different text once."""

    def mapped(texts: pl.Series) -> pl.Series:
        known = texts.drop_nulls().unique()
        if known.is_empty():
            return pl.Series(texts.name, [None], dtype=kind).new_from_index(0, len(texts))
        found = pl.Series([look(one) for one in known], dtype=kind)
        return texts.replace_strict(known, found, default=None, return_dtype=kind)

    return text.map_batches(mapped, return_dtype=kind, is_elementwise=True)


def address_form(chain: str) -> str:
    """The regular expression that canonical addresses of a chain match (`evm` and unknown chains too)."""
    return _FORMS.get("evm" if chain == "evm" else FAMILY.get(chain, ""), ANY_FORM)


def address_key(address: pl.Expr) -> pl.Expr:
    """The 64-bit look-up key (UInt64) of a canonical address; the same for ever, see the module's text."""
    tail = address.str.pad_start(16, "0").str.tail(16)
    a, b = (
        half.cast(pl.Binary).bin.reinterpret(dtype=pl.UInt64, endianness="little")
        for half in (tail.str.head(8), tail.str.tail(8))
    )
    return (a * pl.lit(_MULTIPLIER, dtype=pl.UInt64)).xor(b)
