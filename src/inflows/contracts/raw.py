"""The raw store's tables: what the chains say, as they say it."""

from __future__ import annotations

import dataframely as dy

from inflows.contracts.schema import utc_time


class Transfers(dy.Schema):
    """Account-model transfers, deduplicated. Key: chain, block_number, tx_hash, kind, position."""

    chain = dy.String(nullable=False, primary_key=True)
    block_number = dy.Int64(nullable=False, primary_key=True)
    block_time = utc_time()
    tx_hash = dy.String(nullable=False, primary_key=True)  # empty for withdrawals
    kind = dy.String(nullable=False, primary_key=True)
    position = dy.Int64(nullable=False, primary_key=True)
    contract = dy.String(nullable=False)  # empty: the chain's native coin
    from_address = dy.String(nullable=False)
    to_address = dy.String(nullable=False)
    amount_raw = dy.String(nullable=False)  # decimal digits without leading zeros, at most 2^256 - 1
    from_key = dy.UInt64(nullable=False)  # keys.address_key of from_address
    to_key = dy.UInt64(nullable=False)
    source = dy.String(nullable=False)  # slug of the format or feed that delivered the row
    exact = dy.Bool(nullable=False)  # False: the amount came through a double


class UtxoEntries(dy.Schema):
    """Inputs and outputs of UTXO transactions. Key: chain, block_number, tx_hash, side, position."""

    chain = dy.String(nullable=False, primary_key=True)
    block_number = dy.Int64(nullable=False, primary_key=True)
    block_time = utc_time()
    tx_hash = dy.String(nullable=False, primary_key=True)
    is_coinbase = dy.Bool(nullable=False)
    side = dy.String(nullable=False, primary_key=True)
    position = dy.Int64(nullable=False, primary_key=True)
    address = dy.String(nullable=False)  # empty: the script names none
    amount_raw = dy.String(nullable=False)
    address_key = dy.UInt64(nullable=False)
    source = dy.String(nullable=False)
    exact = dy.Bool(nullable=False)


class Blocks(dy.Schema):
    """Blocks that were read, and for which kinds of movement. Key: chain, block_number."""

    chain = dy.String(nullable=False, primary_key=True)
    block_number = dy.Int64(nullable=False, primary_key=True)
    block_time = utc_time()
    block_hash = dy.String(nullable=False)
    parent_hash = dy.String(nullable=False)
    has_token = dy.Bool(nullable=False)  # token transfers of this block were read
    has_native = dy.Bool(nullable=False)
    has_trace = dy.Bool(nullable=False)
    has_withdrawal = dy.Bool(nullable=False)
    has_utxo = dy.Bool(nullable=False)


class Quarantine(dy.Schema):
    """Rows that could not be understood or trusted. Key: dataset, chain, date, reason, row."""

    dataset = dy.String(nullable=False, primary_key=True)
    chain = dy.String(nullable=False, primary_key=True)  # 'unknown' where the row does not tell
    date = dy.String(nullable=False, primary_key=True)  # UTC day, or 'unknown'
    reason = dy.String(nullable=False, primary_key=True)
    row = dy.String(nullable=False, primary_key=True)  # the row as delivered, as JSON
    origin = dy.String(nullable=False)  # name of the file (the first by name, where several delivered it)
