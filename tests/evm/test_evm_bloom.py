"""The bits that the Transfer topic sets in a bloom, worked out from keccak256."""

from __future__ import annotations

from inflows.sources.evm.logs import TRANSFER_BLOOM
from inflows.sources.evm_logs import TRANSFER_TOPIC

MASK = (1 << 64) - 1


def rotate(value: int, by: int) -> int:
    return ((value << by) | (value >> (64 - by))) & MASK


def permute(s: list[list[int]]) -> list[list[int]]:
    """Keccak-f[1600] (FIPS 202, 3.3)."""
    register = 1
    for _ in range(24):
        parity = [s[x][0] ^ s[x][1] ^ s[x][2] ^ s[x][3] ^ s[x][4] for x in range(5)]
        mix = [parity[(x - 1) % 5] ^ rotate(parity[(x + 1) % 5], 1) for x in range(5)]
        s = [[s[x][y] ^ mix[x] for y in range(5)] for x in range(5)]
        x, y = 1, 0
        lane = s[x][y]
        for t in range(24):
            x, y = y, (2 * x + 3 * y) % 5
            lane, s[x][y] = s[x][y], rotate(lane, (t + 1) * (t + 2) // 2 % 64)
        for y in range(5):
            row = [s[x][y] for x in range(5)]
            for x in range(5):
                s[x][y] = row[x] ^ (~row[(x + 1) % 5] & row[(x + 2) % 5] & MASK)
        for j in range(7):
            register = ((register << 1) ^ ((register >> 7) * 0x71)) % 256
            if register & 2:
                s[0][0] ^= 1 << ((1 << j) - 1)
    return s


def keccak256(data: bytes) -> bytes:
    rate = 136
    padded = bytearray(data + b"\x01")
    padded += bytes(-len(padded) % rate)
    padded[-1] |= 0x80
    state = [[0] * 5 for _ in range(5)]
    for start in range(0, len(padded), rate):
        for lane in range(rate // 8):
            word = padded[start + 8 * lane : start + 8 * lane + 8]
            state[lane % 5][lane // 5] ^= int.from_bytes(word, "little")
        state = permute(state)
    return b"".join(state[lane % 5][lane // 5].to_bytes(8, "little") for lane in range(4))


def test_the_transfer_topic_and_its_bloom_are_those_of_its_signature():
    topic = keccak256(b"Transfer(address,address,uint256)")
    assert "0x" + topic.hex() == TRANSFER_TOPIC
    digest = keccak256(topic)
    bits = [int.from_bytes(digest[pair : pair + 2], "big") & 2047 for pair in (0, 2, 4)]
    assert sum(1 << bit for bit in bits) == TRANSFER_BLOOM
