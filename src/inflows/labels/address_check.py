"""Whether a listed address can be one of its chain, and its one canonical spelling.

Tested are: EVM (length; EIP-55 by `keeps_eip55`), Bitcoin, Litecoin and Dogecoin (base58check, bech32,
bech32m), Tron (base58check; its hex forms become base58), Solana (32 bytes), XRP (base58check), TON (CRC-16;
all forms of one account become the bounceable one). Addresses of other chains are kept as they are, untested.
"""

from __future__ import annotations

import binascii
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from typing import Final, NamedTuple

from inflows import base58
from inflows.addresses import ANY_FORM
from inflows.chains import FAMILY

WRONG_FORM: Final = "not_an_address"
WRONG_CHECKSUM: Final = "bad_checksum"

_HEX_40: Final = re.compile(r"0x[0-9a-fA-F]{40}")
_HEX: Final = re.compile(r"0[xX][0-9a-fA-F]+")
_TON_RAW: Final = re.compile(r"(-1|0):([0-9a-fA-F]{64})")
_ANY: Final = re.compile(ANY_FORM)
_BOUNCEABLE: Final = 0x11
_BASE58_VERSIONS: Final[dict[str, tuple[int, ...]]] = {
    "bitcoin": (0x00, 0x05),
    "litecoin": (0x30, 0x32, 0x05),
    "dogecoin": (0x1E, 0x16),
}
_SEGWIT_PREFIXES: Final = {"bitcoin": "bc", "litecoin": "ltc"}


class Verdict(NamedTuple):
    """The canonical spelling, and the reason why it is no address; `tested` is false where nothing told."""

    address: str
    reason: str = ""
    tested: bool = True


def validate_address(chain: str, address: str) -> Verdict:
    """Validate an address as listed for a chain (canonical names of chains, and `evm`)."""
    family = "evm" if chain == "evm" else FAMILY.get(chain, "")
    test = _TESTS.get(family)
    if test is not None:
        return test(chain, address)
    if not _ANY.fullmatch(address):
        return Verdict(address, WRONG_FORM)
    return Verdict(address.lower() if _HEX.fullmatch(address) else address, tested=False)


def keeps_eip55(address: str) -> bool:
    """Whether the case of a 0x address is the checksum of EIP-55."""
    from Crypto.Hash import keccak

    digits = address[2:].lower()
    nibbles = keccak.new(digest_bits=256, data=digits.encode()).hexdigest()
    return address[2:] == "".join(
        digit.upper() if int(nibble, 16) >= 8 else digit
        for digit, nibble in zip(digits, nibbles, strict=False)
    )


def _evm(chain: str, address: str) -> Verdict:
    return Verdict(address.lower(), "" if _HEX_40.fullmatch(address) else WRONG_FORM)


def _utxo(chain: str, address: str) -> Verdict:
    prefix = _SEGWIT_PREFIXES.get(chain)
    if prefix and address.lower().startswith(prefix + "1"):
        # Mixed case is no bech32; capitals are (BIP 173).
        spelled = address.lower() if address.upper() == address else address
        return Verdict(spelled, "" if base58.is_segwit(spelled, prefix) else WRONG_CHECKSUM)
    versions = _BASE58_VERSIONS.get(chain)
    if versions is None:
        return Verdict(address, "" if _ANY.fullmatch(address) else WRONG_FORM, tested=False)
    payload = base58.check(address)
    if payload is None:
        return Verdict(address, WRONG_CHECKSUM)
    return Verdict(address, "" if len(payload) == 21 and payload[0] in versions else WRONG_FORM)


def _tron(chain: str, address: str) -> Verdict:
    spelled = base58.tron_address(address)
    if base58.check(spelled) is None:
        return Verdict(spelled, WRONG_CHECKSUM)
    return Verdict(spelled, "" if base58.is_tron(spelled) else WRONG_FORM)


def _solana(chain: str, address: str) -> Verdict:
    raw = base58.decode(address)
    return Verdict(address, "" if raw is not None and len(raw) == 32 else WRONG_FORM)


def _xrp(chain: str, address: str) -> Verdict:
    payload = base58.check(address, base58.RIPPLE)
    if payload is None:
        return Verdict(address, WRONG_CHECKSUM)
    return Verdict(address, "" if len(payload) == 21 and payload[0] == 0 else WRONG_FORM)


def _ton(chain: str, address: str) -> Verdict:
    if match := _TON_RAW.fullmatch(address):
        return Verdict(_ton_friendly(int(match[1]), bytes.fromhex(match[2])))
    try:
        raw = urlsafe_b64decode(address.replace("+", "-").replace("/", "_"))
    except (ValueError, binascii.Error):
        return Verdict(address, WRONG_FORM)
    if len(address) != 48 or len(raw) != 36 or raw[0] & 0x7F not in (_BOUNCEABLE, 0x51):
        return Verdict(address, WRONG_FORM)
    if binascii.crc_hqx(raw[:34], 0) != int.from_bytes(raw[34:], "big"):
        return Verdict(address, WRONG_CHECKSUM)
    return Verdict(_ton_friendly(int.from_bytes(raw[1:2], "big", signed=True), raw[2:34]))


def _ton_friendly(workchain: int, account: bytes) -> str:
    body = bytes([_BOUNCEABLE]) + workchain.to_bytes(1, "big", signed=True) + account
    return urlsafe_b64encode(body + binascii.crc_hqx(body, 0).to_bytes(2, "big")).decode()


_TESTS: Final[dict[str, Callable[[str, str], Verdict]]] = {
    "evm": _evm,
    "utxo": _utxo,
    "tron": _tron,
    "solana": _solana,
    "xrp": _xrp,
    "ton": _ton,
}
