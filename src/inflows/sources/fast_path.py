"""Rows of EVM chains that are written as they are stored already: only the others need to be normalised.

Nearly all rows of dumps are: lower case hex, plain digits, usual times. What is here is no second meaning of
a row: a row that passes is its own canonical form and passes every check of `own`, which a test holds it
against. Every other row takes the long way through `own`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import polars as pl

from inflows.chains import EVM_CHAINS
from inflows.contracts.schema import UTC_TIME
from inflows.raw.delivery import delivered_columns
from inflows.sources.own_format import normalise
from inflows.sources.own_format.normalise import GIVEN
from inflows.sources.table_files import LINE
from inflows.times import may_be_of_a_block

_ADDRESS: Final = r"^0x[0-9a-f]{40}$"
_HASH: Final = r"^0x[0-9a-f]{64}$"
_AMOUNT: Final = r"^(?:0|[1-9][0-9]{0,76})$"  # 77 digits are below 2^256
_NUMBER: Final = r"^[0-9]{1,18}$"
_TIME: Final = r"^[1-9][0-9]{3}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$"
_SOURCE: Final = r"^[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?$"


def normalise_batch(
    rows: pl.DataFrame, delivered: pl.DataFrame, chains: Sequence[str | None], *, exact: bool = True
) -> pl.DataFrame:
    """Transfers in our own columns (with LINE, perhaps GIVEN) as delivered columns, with reason and row.

    delivered: the same rows as they came, for quarantine. chains: those that occur. exact: of the amounts.
    """
    names = list(delivered_columns("transfers"))
    usual, passes = _usual(rows) if _is_evm(chains) else (None, pl.Series([False]))
    parts = []
    if usual is not None and (passes.any() or rows.is_empty()):
        parts.append(usual if passes.all() else usual.filter(passes))
    if usual is None or not passes.all():
        rest, came = (rows, delivered) if usual is None else (rows.filter(~passes), delivered.filter(~passes))
        normalised = normalise.normalise_transfers(rest.lazy(), chains).collect(engine="in-memory")
        parts.append(normalise.with_rows(normalised, came).select(names))
    found = pl.concat(parts) if len(parts) > 1 else parts[0]
    return found if exact else found.with_columns(pl.lit(False).alias("exact"))


def _is_evm(chains: Sequence[str | None]) -> bool:
    return all(chain in EVM_CHAINS for chain in chains)


def _usual(rows: pl.DataFrame) -> tuple[pl.DataFrame, pl.Series]:
    """The rows as they would be stored, and which of them pass."""
    types = rows.schema
    kind, position = pl.col("kind"), pl.col("position")
    passes = [
        pl.col("chain").is_in(EVM_CHAINS),
        *(pl.col(name) >= 0 for name in ("block_number", "position")),
        pl.col("block_time").is_not_null() & may_be_of_a_block(pl.col("block_time")),
        pl.col("tx_hash").str.contains(_HASH),
        ((kind == "token") & pl.col("contract").str.contains(_ADDRESS))
        | (((kind == "native") & (position == 0) | (kind == "trace")) & (pl.col("contract") == "")),
        *(pl.col(name).str.contains(_ADDRESS) for name in ("from_address", "to_address")),
        pl.col("amount_raw").str.contains(_AMOUNT),
        pl.col("source").str.contains(_SOURCE),
        *(pl.col(name).is_null() for name in (LINE, GIVEN) if name in types),
    ]
    texts = ("chain", "tx_hash", "kind", "contract", "from_address", "to_address", "amount_raw")
    typed = rows.lazy().with_columns(
        *(pl.col(name).cast(pl.String) for name in texts),
        *(_number(name, types[name]) for name in ("block_number", "position")),
        _time(types["block_time"]),
        pl.col("source").cast(pl.String)
        if "source" in types
        else pl.lit(normalise.DEFAULT_SOURCE).alias("source"),
        pl.lit(True).alias("exact"),
        pl.lit(None, dtype=pl.String).alias("reason"),
        pl.lit(None, dtype=pl.String).alias("row"),
    )
    names = list(delivered_columns("transfers"))
    found = typed.select(*names, pl.all_horizontal(passes).fill_null(False).alias("_passes")).collect(
        engine="in-memory"
    )
    return found.select(names), found["_passes"]


def _number(name: str, kind: pl.DataType) -> pl.Expr:
    if kind.is_integer():
        return pl.col(name).cast(pl.Int64, strict=False)
    text = pl.col(name).cast(pl.String)
    return pl.when(text.str.contains(_NUMBER)).then(text).cast(pl.Int64, strict=False)


def _time(kind: pl.DataType) -> pl.Expr:
    """Times as `own` reads them, where that takes no look at other rows."""
    time = pl.col("block_time")
    if isinstance(kind, pl.Datetime) and kind.time_zone is None:
        return time.cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
    if isinstance(kind, pl.Datetime) and kind.time_zone == "UTC":
        return time.cast(UTC_TIME)
    if kind != pl.String:
        return pl.lit(None, dtype=UTC_TIME).alias("block_time")
    usual = pl.when(time.str.contains(_TIME)).then(time)
    read = usual.str.to_datetime("%Y-%m-%dT%H:%M:%SZ", time_unit="us", strict=False)
    return read.dt.replace_time_zone("UTC")
