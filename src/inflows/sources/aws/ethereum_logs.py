"""`aws-eth-logs`: eth/logs of the AWS public blockchain data. Amounts are decoded from the data, exactly."""

from __future__ import annotations

from typing import Final

import polars as pl

from inflows.sources.aws.ethereum import AwsTable, own_row
from inflows.sources.evm_logs import decode_transfer_logs

SOURCE: Final = "aws-eth-logs"

COLUMNS: Final = {
    "log_index": "integer",
    "transaction_hash": "text",
    "address": "text",
    "data": "text",
    "topics": "texts",
    "block_timestamp": "time",
    "block_number": "integer",
}


def as_own(rows: pl.LazyFrame, chain: str) -> pl.LazyFrame:
    """Token transfers among all logs; other events and NFTs are set aside, malformed ones quarantined."""
    return own_row(
        decode_transfer_logs(rows),
        chain,
        SOURCE,
        tx_hash=pl.col("transaction_hash"),
        position=pl.col("log_index"),
        kind=pl.lit("token"),
        contract=pl.col("contract"),
        amount_raw=pl.col("amount_raw"),
        given=pl.col("reason"),
    )


FORMAT: Final = AwsTable(SOURCE, "logs", COLUMNS, as_own, exact=True).format()
