"""Addresses that exist nowhere: derived from names, valid in form, the same in every run.

EVM: 0x and 40 hex characters. Tron: base58check of 0x41 and 20 bytes, with its checksum.
"""

from __future__ import annotations

import hashlib
from typing import Final

_ALPHABET: Final = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


def _digest(name: str) -> bytes:
    return hashlib.sha256(f"inflows simulated market: {name}".encode()).digest()[:20]


def evm_address(name: str) -> str:
    """The EVM address of a name, in lower case."""
    return "0x" + _digest(name).hex()


def tron_address(name: str) -> str:
    """The Tron address of a name, in base58check."""
    return base58check(b"\x41" + _digest(name))


def base58check(payload: bytes) -> str:
    """Base58 of the payload followed by the first four bytes of its double SHA-256."""
    data = payload + hashlib.sha256(hashlib.sha256(payload).digest()).digest()[:4]
    number, text = int.from_bytes(data, "big"), ""
    while number:
        number, digit = divmod(number, 58)
        text = _ALPHABET[digit] + text
    return "1" * (len(data) - len(data.lstrip(b"\0"))) + text


def mixed_case(address: str) -> str:
    """A hex address with some of its letters in upper case; a base58 address as it is.

    The case is no EIP-55 checksum: it is there to be canonicalised away.
    """
    if not address.startswith("0x"):
        return address
    return "0x" + "".join(c.upper() if i % 3 else c for i, c in enumerate(address[2:]))
