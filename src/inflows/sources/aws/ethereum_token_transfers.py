"""`aws-eth-token-transfers`: eth/token_transfers of the AWS public blockchain data. Amounts are doubles."""

from __future__ import annotations

from typing import Final

import polars as pl

from inflows.sources.aws.ethereum import AwsTable, own_row, whole_number

SOURCE: Final = "aws-eth-token-transfers"

COLUMNS: Final = {
    "token_address": "text",
    "from_address": "text",
    "to_address": "text",
    "value": "double",
    "transaction_hash": "text",
    "log_index": "integer",
    "block_timestamp": "time",
    "block_number": "integer",
}


def as_own(rows: pl.LazyFrame, chain: str) -> pl.LazyFrame:
    """Token transfers; NFTs, which the table does not tell from coins, stay in: no registry lists them."""
    return own_row(
        rows,
        chain,
        SOURCE,
        tx_hash=pl.col("transaction_hash"),
        position=pl.col("log_index"),
        kind=pl.lit("token"),
        contract=pl.col("token_address"),
        amount_raw=whole_number(pl.col("value")),
        given=pl.lit(None),
    )


FORMAT: Final = AwsTable(SOURCE, "token_transfers", COLUMNS, as_own, exact=False).format()
