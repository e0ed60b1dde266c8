"""The raw store's tables: what the chains say, as they say it."""

from __future__ import annotations

from typing import Final

from inflows.contracts import columns as c


class Transfers(c.Schema):
    """Account-model transfers, deduplicated. Key: chain, block_number, tx_hash, kind, position."""

    chain = c.string(primary_key=True)
    block_number = c.int64(primary_key=True)
    block_time = c.utc_time()
    tx_hash = c.string(primary_key=True)  # empty for withdrawals
    kind = c.string(primary_key=True)
    position = c.int64(primary_key=True)
    contract = c.string()  # empty: the chain's native coin
    from_address = c.string()
    to_address = c.string()
    amount_raw = c.string()  # decimal digits without leading zeros, at most 2^256 - 1
    from_key = c.uint64()  # addresses.address_key of from_address
    to_key = c.uint64()
    source = c.string()  # slug of the format or feed that delivered the row
    exact = c.boolean()  # False: the amount came through a double


class UtxoEntries(c.Schema):
    """Inputs and outputs of UTXO transactions. Key: chain, block_number, tx_hash, side, position."""

    chain = c.string(primary_key=True)
    block_number = c.int64(primary_key=True)
    block_time = c.utc_time()
    tx_hash = c.string(primary_key=True)
    is_coinbase = c.boolean()
    side = c.string(primary_key=True)
    position = c.int64(primary_key=True)
    address = c.string()  # empty: the script names none
    amount_raw = c.string()
    address_key = c.uint64()
    source = c.string()
    exact = c.boolean()


class Blocks(c.Schema):
    """Blocks that were read, and for which kinds of movement. Key: chain, block_number."""

    chain = c.string(primary_key=True)
    block_number = c.int64(primary_key=True)
    block_time = c.utc_time()
    block_hash = c.string()
    parent_hash = c.string()
    has_token = c.boolean()  # token transfers of this block were read
    has_native = c.boolean()
    has_trace = c.boolean()
    has_withdrawal = c.boolean()
    has_utxo = c.boolean()
    has_labelled = c.boolean(default=False)  # token transfers of labelled wallets were read, of this block
    labelled_set = c.string(default="")  # digests of the sets of addresses that it was read for, with commas


WHOLE_KINDS: Final = ("has_token", "has_native", "has_trace", "has_withdrawal", "has_utxo")
"""The columns of Blocks that say that a kind of movement was read whole, not of labelled wallets alone."""


class Quarantine(c.Schema):
    """Rows that could not be understood or trusted. Key: dataset, chain, date, reason, row."""

    dataset = c.string(primary_key=True)
    chain = c.string(primary_key=True)  # 'unknown' where the row does not tell
    date = c.string(primary_key=True)  # UTC day, or 'unknown'
    reason = c.string(primary_key=True)
    row = c.string(primary_key=True)  # the row as delivered, as JSON
    origin = c.string()  # name of the file (the first by name, where several delivered it)
