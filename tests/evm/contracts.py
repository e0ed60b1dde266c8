"""Small contracts written by hand in EVM assembly: a token, and ways of moving coins inside transactions."""

from __future__ import annotations

TRANSFER = "ddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"
_CODES = {
    "STOP": 0x00, "ADD": 0x01, "SUB": 0x03, "DIV": 0x04, "LT": 0x10, "EQ": 0x14, "ISZERO": 0x15, "SHR": 0x1C,
    "ADDRESS": 0x30, "CALLER": 0x33, "CALLVALUE": 0x34, "CALLDATALOAD": 0x35, "CALLDATASIZE": 0x36,
    "CALLDATACOPY": 0x37, "POP": 0x50, "MLOAD": 0x51, "MSTORE": 0x52, "SLOAD": 0x54, "SSTORE": 0x55,
    "JUMP": 0x56, "JUMPI": 0x57, "GAS": 0x5A, "JUMPDEST": 0x5B, "DUP1": 0x80, "DUP2": 0x81, "DUP3": 0x82,
    "SWAP1": 0x90, "SWAP2": 0x91, "LOG1": 0xA1, "LOG3": 0xA3, "LOG4": 0xA4, "CREATE": 0xF0, "CALL": 0xF1,
    "CALLCODE": 0xF2, "RETURN": 0xF3, "DELEGATECALL": 0xF4, "REVERT": 0xFD, "SELFDESTRUCT": 0xFF,
}  # fmt: skip


def assemble(source: str) -> str:
    """Bytes in hex of words: opcodes, 0x-numbers (pushed), `label:` and `@label`."""
    out, labels, uses = bytearray(), {}, {}
    for word in source.split():
        if word.endswith(":"):
            labels[word[:-1]] = len(out)
            out.append(_CODES["JUMPDEST"])
        elif word.startswith("@"):
            out.append(0x61)
            uses[len(out)] = word[1:]
            out += b"\0\0"
        elif word.startswith("0x"):
            raw = bytes.fromhex(word[2:])
            out += bytes([0x5F + len(raw)]) + raw
        else:
            out.append(_CODES[word])
    for place, label in uses.items():
        out[place : place + 2] = labels[label].to_bytes(2, "big")
    return "0x" + out.hex()


_DEBIT = "0x24 CALLDATALOAD CALLER SLOAD DUP2 DUP2 LT @fail JUMPI DUP2 SWAP1 SUB CALLER SSTORE"
_CREDIT = "DUP1 SLOAD DUP3 ADD DUP2 SSTORE"
_TRUE = "0x01 0x00 MSTORE 0x20 0x00 RETURN"

TOKEN = assemble(f"""
    0x00 CALLDATALOAD 0xe0 SHR
    DUP1 0xa9059cbb EQ @transfer JUMPI
    DUP1 0x40c10f19 EQ @mint JUMPI
    DUP1 0x42966c68 EQ @burn JUMPI
    fail: 0x00 0x00 REVERT
    transfer: {_DEBIT} 0x04 CALLDATALOAD {_CREDIT}
        SWAP1 0x00 MSTORE CALLER 0x{TRANSFER} 0x20 0x00 LOG3 {_TRUE}
    mint: 0x24 CALLDATALOAD 0x04 CALLDATALOAD {_CREDIT}
        SWAP1 0x00 MSTORE 0x00 0x{TRANSFER} 0x20 0x00 LOG3 {_TRUE}
    burn: 0x04 CALLDATALOAD CALLER SLOAD DUP2 DUP2 LT @fail JUMPI DUP2 SWAP1 SUB CALLER SSTORE
        0x00 MSTORE 0x00 CALLER 0x{TRANSFER} 0x20 0x00 LOG3 {_TRUE}
""")
"""transfer(address,uint256), mint(address,uint256), burn(uint256) of an ERC-20, balances by address."""

NFT = assemble(f"0x07 CALLER 0x00 0x{TRANSFER} 0x00 0x00 LOG4 STOP")
"""Emits the Transfer of token 7, as ERC-721 does: four topics, no data."""

IN_DATA = assemble(f"0x60 0x00 0x00 CALLDATACOPY 0x{TRANSFER} 0x60 0x00 LOG1 STOP")
"""Emits a Transfer with all three arguments in the data: the 96 bytes that it is called with."""

ODD_DATA = assemble(
    f"0x20 0x00 0x00 CALLDATACOPY CALLER CALLER 0x{TRANSFER} 0x00 CALLDATALOAD 0x00 LOG3 STOP"
)
"""Emits a Transfer whose data has as many bytes as it is called with (31, 33)."""

ANY_EVENT = assemble("0x11 0x00 0x00 LOG1 STOP")
"""Emits an event that is no Transfer."""

FORWARD = assemble("0x00 0x00 0x00 0x00 CALLVALUE 0x00 CALLDATALOAD GAS CALL POP STOP")
"""Sends the value that it is called with on to the address in its call; goes on where that fails."""

DELEGATE = assemble(
    "0x20 0x00 0x00 CALLDATACOPY 0x00 0x00 0x20 0x00 0x20 CALLDATALOAD GAS DELEGATECALL POP STOP"
)
"""Runs the code of the contract in its call's second word as its own, with the first word as call data."""

CREATE = assemble("0x00 0x00 CALLVALUE CREATE POP STOP")
"""Creates an empty contract with the value that it is called with."""

DIE = assemble("0x00 CALLDATALOAD SELFDESTRUCT")
"""Leaves all it has to the address in its call."""

FAIL = assemble("0x00 0x00 REVERT")


def word(value: int | str) -> str:
    """32 bytes in hex, without 0x."""
    return (value[2:] if isinstance(value, str) else f"{value:x}").rjust(64, "0")


def call(selector: str, *values: int | str) -> str:
    """Call data."""
    return "0x" + selector + "".join(word(value) for value in values)


def transfer(to: str, amount: int) -> str:
    """Call data of transfer(address,uint256)."""
    return call("a9059cbb", to, amount)


def mint(to: str, amount: int) -> str:
    """Call data of mint(address,uint256)."""
    return call("40c10f19", to, amount)


def burn(amount: int) -> str:
    """Call data of burn(uint256)."""
    return call("42966c68", amount)
