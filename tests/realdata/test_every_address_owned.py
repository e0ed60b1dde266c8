"""The same two blocks in a world where most addresses are some exchange's, so that every rule is met."""

from __future__ import annotations

import hashlib
from collections import Counter
from pathlib import Path

import pytest
from plain_flows import LEVELS, NOBODY, Moved, book_of, differences, expected_flows, moves_of_the_two_blocks
from real_files import BLOCKS, CLOSES, WETH, Claim, needs, quotes
from real_worlds import ingest, publish, select
from test_real_blocks import DAYS

pytestmark = needs(BLOCKS, CLOSES)
ROLES = ("", "hot", "deposit", "contract", "gas", "issuer")
CONFIDENCES = (10, 20, 50, 100)


def claims_by_lot(moves: list[Moved], lot: str) -> list[Claim]:
    """Claims of one or two sources about most addresses; which, and what they say, is drawn by hash."""
    claims = []
    for address in sorted({side for moved in moves for side in (moved.from_address, moved.to_address)}):
        drawn = hashlib.sha256(f"{lot} {address}".encode()).digest()
        if address in (NOBODY, WETH) or drawn[0] < 64:
            continue
        for source, place in (("one", 1), ("two", 5)):
            if source == "one" or drawn[place] < 96:
                claims.append(
                    Claim(
                        chain=("ethereum", "evm")[drawn[place] % 2],
                        address=address,
                        exchange=f"probe-{drawn[place + 1] % 3}",
                        role=ROLES[drawn[place + 2] % len(ROLES)],
                        confidence=CONFIDENCES[drawn[place + 3] % len(CONFIDENCES)],
                        source=source,
                    )
                )
    return claims


@pytest.mark.parametrize(
    ("lot", "types"),
    [
        (
            "second",
            {
                "inflow": 70,
                "outflow": 63,
                "inter_exchange": 23,
                "internal": 50,
                "mint": 42,
                "burn": 4,
                None: 28,
            },
        ),
        (
            "sixth",
            {
                "inflow": 66,
                "outflow": 56,
                "inter_exchange": 26,
                "internal": 61,
                "mint": 7,
                "burn": 9,
                None: 90,
            },
        ),
    ],
)
def test_every_flow_type_of_every_transfer_is_the_one_that_a_plain_scan_expects(
    tmp_path: Path, lot: str, types: dict[str | None, int]
) -> None:
    moves = moves_of_the_two_blocks()
    claims = claims_by_lot(moves, lot)
    ingest(tmp_path, BLOCKS, input_format="ethereum-etl")
    found = select(publish(tmp_path, claims, quotes(*DAYS)), "select * from fct_flow")
    wanted = expected_flows(moves, book_of(claims), quotes(*DAYS))
    assert differences(found, wanted) == []
    assert Counter(row["flow_type"] for row in found) == types
    assert {row["kind"] for row in found} == {"token", "native", "withdrawal"}


def test_transfers_of_nothing_to_exchanges_are_in_the_blocks_and_are_no_flows() -> None:
    moves = moves_of_the_two_blocks()
    owners = book_of(claims_by_lot(moves, "sixth"))["all"]
    nothing = [moved for moved in moves if moved.amount_raw == 0]
    assert len([moved for moved in nothing if moved.to_address in owners]) == 3
    assert expected_flows(nothing, dict.fromkeys(LEVELS, owners), []) == []
