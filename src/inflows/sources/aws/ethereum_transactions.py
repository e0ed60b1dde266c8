"""`aws-eth-transactions`: eth/transactions of the AWS public blockchain data, as native transfers."""

from __future__ import annotations

from typing import Final

import polars as pl

from inflows.sources.aws.ethereum import AwsTable, own_row, whole_number

SOURCE: Final = "aws-eth-transactions"

COLUMNS: Final = {
    "hash": "text",
    "from_address": "text",
    "to_address": "text",
    "value": "double",
    "receipt_contract_address": "text",
    "receipt_status": "integer",
    "block_timestamp": "time",
    "block_number": "integer",
}


def as_own(rows: pl.LazyFrame, chain: str) -> pl.LazyFrame:
    """Native transfers: a transaction of no value is a call, a failed one moves nothing (EIP-658).

    The value of a creation goes to the created contract. A row without a status is quarantined.
    """
    to = pl.col("to_address").fill_null("").str.strip_chars()
    status = pl.col("receipt_status")
    return own_row(
        rows.with_columns(to_address=pl.when(to == "").then("receipt_contract_address").otherwise(to)),
        chain,
        SOURCE,
        tx_hash=pl.col("hash"),
        position=pl.lit(0),
        kind=pl.lit("native"),
        contract=pl.lit(""),
        amount_raw=whole_number(pl.col("value")),
        given=pl.when(pl.col("value") == 0)
        .then(pl.lit("zero_value"))
        .when(status == 0)
        .then(pl.lit("failed"))
        .when((status != 1).fill_null(True))
        .then(pl.lit("status_unknown")),
    )


FORMAT: Final = AwsTable(SOURCE, "transactions", COLUMNS, as_own, exact=False).format()
