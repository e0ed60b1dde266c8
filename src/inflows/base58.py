"""Base58 and bech32, the spellings of addresses that carry a checksum, and Tron's many forms of one address.

Sources: Bitcoin's base58check; BIP 173 (bech32) and BIP 350 (bech32m); TRON developer documentation,
"Account" (base58check of 0x41 and the 20 bytes of the virtual machine).
"""

from __future__ import annotations

import re
from functools import lru_cache, reduce
from hashlib import sha256
from operator import xor
from typing import Final

BITCOIN: Final = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
RIPPLE: Final = "rpshnaf39wBUDNEGHJKLM4PQRST7VWXYZ2bcdeCg65jkm8oFqi1tuvAxyz"
_BECH32: Final = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_BECH32_VALUE: Final = {letter: value for value, letter in enumerate(_BECH32)}
_GENERATOR: Final = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
_CARRIES: Final = tuple(
    reduce(xor, (g for i, g in enumerate(_GENERATOR) if top >> i & 1), 0) for top in range(32)
)
_BECH32M: Final = 0x2BC830A3
_VALUES: Final = {
    alphabet: {
        **{letter: value for value, letter in enumerate(alphabet)},
        **{a + b: 58 * i + j for i, a in enumerate(alphabet) for j, b in enumerate(alphabet)},
    }
    for alphabet in (BITCOIN, RIPPLE)
}
"""The values of letters, and of two letters together: lists have hundreds of thousands of addresses."""
_TRON_VERSION: Final = 0x41
_TRON_HEX: Final = re.compile(r"(?:0[xX](?:41)?|41)([0-9a-fA-F]{40})")
"""20 bytes after 0x, 41 or 0x41: java-tron's JSON-RPC, its own HTTP interface, and mixtures of both."""


def decode(text: str, alphabet: str = BITCOIN) -> bytes | None:
    """The bytes of base58 text; None where a letter is not of the alphabet."""
    values = _VALUES[alphabet]
    number = 0
    try:
        for at in range(0, len(text) - 1, 2):
            number = number * 3364 + values[text[at : at + 2]]
        if len(text) % 2:
            number = number * 58 + values[text[-1]]
    except KeyError:
        return None
    zeros = len(text) - len(text.lstrip(alphabet[0]))
    return bytes(zeros) + number.to_bytes((number.bit_length() + 7) // 8, "big")


def check(text: str, alphabet: str = BITCOIN) -> bytes | None:
    """The payload (version and hash) of base58check text; None where its checksum is wrong."""
    raw = decode(text, alphabet)
    if raw is None or len(raw) < 5:
        return None
    payload = raw[:-4]
    return payload if sha256(sha256(payload).digest()).digest()[:4] == raw[-4:] else None


def encode_check(payload: bytes) -> str:
    """Base58check text of a payload."""
    raw = payload + sha256(sha256(payload).digest()).digest()[:4]
    number, text = int.from_bytes(raw, "big"), ""
    while number:
        number, digit = divmod(number, 58)
        text = BITCOIN[digit] + text
    return BITCOIN[0] * (len(raw) - len(raw.lstrip(b"\0"))) + text


@lru_cache(maxsize=1 << 16)
def tron_address(text: str) -> str:
    """The base58check form (T…) of a Tron address in hex; what is no such hex is returned as it is."""
    match = _TRON_HEX.fullmatch(text)
    return encode_check(bytes([_TRON_VERSION]) + bytes.fromhex(match[1])) if match else text


@lru_cache(maxsize=1 << 16)
def is_tron(text: str) -> bool:
    """Whether text is a Tron address in base58check, by its checksum, version and length."""
    payload = check(text)
    return payload is not None and len(payload) == 21 and payload[0] == _TRON_VERSION


def is_segwit(text: str, prefix: str) -> bool:
    """Whether lower-case text is a segregated-witness address with this human-readable part."""
    part, _, data = text.rpartition("1")
    values = [_BECH32_VALUE.get(letter, -1) for letter in data]
    if part != prefix or len(text) > 90 or len(values) < 8 or -1 in values:
        return False
    expanded = [ord(letter) >> 5 for letter in part] + [0] + [ord(letter) & 31 for letter in part]
    if _polymod(expanded + values) != (_BECH32M if values[0] else 1):
        return False
    bits = (len(values) - 7) * 5
    return (
        values[0] <= 16 and 2 <= bits // 8 <= 40 and bits % 8 < 5 and (values[0] > 0 or bits // 8 in (20, 32))
    )


def _polymod(values: list[int]) -> int:
    checksum = 1
    for value in values:
        checksum = (checksum & 0x1FFFFFF) << 5 ^ value ^ _CARRIES[checksum >> 25]
    return checksum
