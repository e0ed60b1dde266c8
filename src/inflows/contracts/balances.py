"""Balances of wallets, and what the check of them against the flows says."""

from __future__ import annotations

from typing import Final

from inflows.contracts import columns as c

PARTS: Final = {
    "inflow": 1,
    "outflow": -1,
    "inter_exchange_in": 1,
    "inter_exchange_out": -1,
    "mint": 1,
    "burn": -1,
    "wrap_in": 1,
    "wrap_out": -1,
    "fee": -1,
    "uncovered_internal": 1,
    "no_flow": 1,
}
"""The parts of a change of balance, with the sign that they have in it. The last two are net and may be
negative: transfers with wallets of the same exchange whose balances are not given, and transfers that are no
flow of the exchange."""


class Balances(c.Schema):
    """Balances that were told by somebody. Key: chain, address, contract, time, block_number, source.

    A balance holds after the block that is named, or after the last block at or before the time.
    """

    chain = c.string()
    address = c.string()
    contract = c.string()  # empty: native
    time = c.utc_time(nullable=True)  # null: the block alone tells
    block_number = c.int64(nullable=True)  # null: the time alone tells
    amount_raw = c.string()  # decimal digits without leading zeros, at most 2^256 - 1
    source = c.string()
    known_at = c.utc_time(nullable=True)
