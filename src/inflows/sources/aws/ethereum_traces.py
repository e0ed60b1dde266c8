"""`aws-eth-traces`: eth/traces of the AWS public blockchain data: what transactions and calls move."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import polars as pl

from inflows.sources.aws.ethereum import AwsTable, whole_number
from inflows.sources.evm_traces import failed_calls, traces_as_own
from inflows.sources.table_files import Table

SOURCE: Final = "aws-eth-traces"

COLUMNS: Final = {
    "transaction_hash": "text",
    "from_address": "text",
    "to_address": "text",
    "value": "double",
    "trace_type": "text",
    "call_type": "text",
    "trace_address": "text",
    "error": "text",
    "status": "integer",
    "block_timestamp": "time",
    "block_number": "integer",
}


def as_own(rows: pl.LazyFrame, chain: str, failed: pl.DataFrame | None = None) -> pl.LazyFrame:
    """Native transfers and internal ones; see evm_traces."""
    value = pl.col("value")
    return traces_as_own(
        rows, chain, SOURCE, failed, amount=whole_number(value), is_zero=value.fill_null(0) == 0
    )


def _prepare(tables: list[Table]) -> Callable[[pl.LazyFrame, str], pl.LazyFrame]:
    failed = failed_calls(table.frame for table in tables)
    return lambda rows, chain: as_own(rows, chain, failed)


FORMAT: Final = AwsTable(SOURCE, "traces", COLUMNS, as_own, exact=False, prepare=_prepare).format()
