"""Logs, transactions, withdrawals and traces as rows of the raw store; no network here.

Rows are normalised by the rules of our own format, so that a transfer means the same whatever it came by. A
row that cannot be understood keeps its reason and what the node said of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import polars as pl

from inflows.chains import EVM_ZERO
from inflows.contracts.schema import UTC_TIME
from inflows.raw.delivery import delivered_columns
from inflows.sources.evm.blocks import Block, Header, valued
from inflows.sources.evm.traces import Move
from inflows.sources.evm.tron import as_tron
from inflows.sources.evm.tron_types import MOVES_TRX
from inflows.sources.evm_logs import decode_transfer_logs
from inflows.sources.own_format import normalise
from inflows.sources.table_files import LINE

SOURCE: Final = "evm-rpc"
_GWEI: Final = "000000000"
_TIME: Final = pl.from_epoch("seconds", time_unit="s").dt.replace_time_zone("UTC").cast(UTC_TIME)
_IS_PLAIN: Final = (
    pl.col("given").is_null()
    & pl.col("tx_hash").str.contains(r"^0x[0-9a-f]{64}$")
    & pl.col("contract").str.contains(r"^0x[0-9a-f]{40}$")
)
"""Decoded token transfers that are in canonical form: the decoder writes sides and amounts in it."""
_COLUMNS: Final = (
    "block_number", "seconds", "tx_hash", "position", "kind", "contract", "from_address", "to_address",
    "amount_raw", "source", "given",
)  # fmt: skip
Row = tuple[int, int, str, int, str, str, str | None, str | None, str | None, str, str | None]


def tokens(chain: str, logs: pl.DataFrame, headers: Mapping[int, Header]) -> pl.DataFrame:
    """Token transfers of Transfer logs (`fetch_logs`) that fit their blocks (`check_logs`)."""
    times = pl.DataFrame(
        {"number": list(headers), "seconds": [header.time for header in headers.values()]},
        schema={"number": pl.Int64, "seconds": pl.Int64},
    )
    rows = logs.lazy().join(times.lazy(), on="number", how="left", validate="m:1", maintain_order="left")
    frame = rows.select(
        pl.col("number").alias("block_number"),
        "seconds",
        pl.col("transactionHash").alias("tx_hash"),
        pl.col("index").alias("position"),
        "address",
        "topics",
        "data",
    ).collect()
    return token_rows(chain, frame, SOURCE)


def token_rows(chain: str, frame: pl.DataFrame, source: str) -> pl.DataFrame:
    """Token transfers of Transfer logs, whatever they came by.

    Columns needed: block_number, seconds (the block's time), tx_hash, position, address, topics, data.
    """
    decoded = decode_transfer_logs(frame.lazy()).rename({"reason": "given"})
    found = decoded.with_columns(kind=pl.lit("token"), source=pl.lit(source)).collect()
    # Nearly all rows are in canonical form already: normalising would leave them as they are.
    plain = found.select((_IS_PLAIN & (chain != "tron")).fill_null(False)).to_series()
    if plain.all():
        return as_delivered(chain, found)
    odd = normalise_rows(chain, found.filter(~plain), frame.drop("seconds").filter(~plain))
    return pl.concat([as_delivered(chain, found.filter(plain)), odd])


def natives(
    chain: str,
    blocks: Iterable[tuple[Header, Block]],
    receipts: Mapping[str, Mapping[str, Any]],
    outcomes: Mapping[str, bool],
    types: Mapping[str, str] | None = None,
) -> pl.DataFrame:
    """Native transfers of transactions with a value; a creation's goes to the created contract.

    `receipts` tell whether a transaction failed; where they do not (before Byzantium, EIP-658), `outcomes`
    of the traces do; else the row's reason is `status_unknown`. `types` are Tron's contract types by hash,
    where they are known: the value of a vote or of a TRC-10 transfer is no TRX.
    """
    rows: list[Row] = []
    for header, block in blocks:
        for tx in valued(block):
            receipt = receipts.get(tx["hash"], {})
            status = receipt.get("status")
            good = int(status, 16) == 1 if isinstance(status, str) else outcomes.get(tx["hash"])
            given = None if good else "status_unknown" if good is None else "failed"
            to = tx.get("to") or receipt.get("contractAddress")
            if chain == "tron" and (not to or (types is not None and types.get(tx["hash"]) not in MOVES_TRX)):
                given = "no_transfer"
            rows.append(
                (header.number, header.time, tx["hash"], 0, "native", "", tx.get("from"), to,
                 _digits(tx["value"]), SOURCE, given)
            )  # fmt: skip
    return _of_rows(chain, rows)


def withdrawals(chain: str, blocks: Iterable[tuple[Header, Block]]) -> pl.DataFrame:
    """Beacon chain withdrawals (EIP-4895): out of nothing, from Gwei to wei, by their global index."""
    rows: list[Row] = []
    for header, block in blocks:
        for item in block.get("withdrawals") or ():
            amount = _digits(item.get("amount"))
            index = _digits(item.get("index"))
            rows.append(
                (header.number, header.time, "", int(index or -1), "withdrawal", "", EVM_ZERO,
                 item.get("address"), None if amount is None else _in_wei(amount), SOURCE,
                 "bad_withdrawals" if index is None else None)
            )  # fmt: skip
    return _of_rows(chain, rows)


def internals(chain: str, moves: Iterable[tuple[Header, Move]], source: str) -> pl.DataFrame:
    """Internal transfers of native coin; `source` names the method, since each numbers in its own way."""
    rows: list[Row] = [
        (header.number, header.time, move.tx_hash, move.position, "trace", "", move.sender, move.receiver,
         None if move.amount is None else str(move.amount), source,
         None if move.amount is not None and move.receiver else "trace_incomplete")
        for header, move in moves
    ]  # fmt: skip
    return _of_rows(chain, rows)


def blocks_frame(
    chain: str,
    headers: Sequence[Header],
    *,
    basic: bool = False,
    traces: bool = False,
    unknown: frozenset[int] = frozenset(),
    labelled_set: str = "",
) -> pl.DataFrame:
    """Rows of the blocks dataset; `unknown` are blocks with native transfers whose success is not known.

    labelled_set: the digest of the addresses whose token transfers alone were read; empty: not so.
    """
    return pl.DataFrame(
        {
            "chain": pl.Series([chain] * len(headers), dtype=pl.String),
            "block_number": pl.Series([header.number for header in headers], dtype=pl.Int64),
            "block_time": _times([header.time for header in headers]),
            "block_hash": pl.Series([header.hash for header in headers], dtype=pl.String),
            "parent_hash": pl.Series([header.parent for header in headers], dtype=pl.String),
        }
    ).with_columns(
        has_token=pl.lit(basic),
        has_native=pl.lit(basic) & ~pl.col("block_number").is_in(sorted(unknown)),
        has_trace=pl.lit(traces),
        has_withdrawal=pl.lit(basic),
        has_utxo=pl.lit(False),
        has_labelled=pl.lit(bool(labelled_set)),
        labelled_set=pl.lit(labelled_set),
    )


def as_delivered(chain: str, rows: pl.DataFrame) -> pl.DataFrame:
    """Rows in canonical form as the store wants them; what `own.normalise_transfers` makes of them too."""
    return rows.select(
        pl.lit(chain).alias("chain"),
        "block_number",
        _TIME.alias("block_time"),
        "tx_hash",
        "kind",
        "position",
        "contract",
        "from_address",
        "to_address",
        "amount_raw",
        "source",
        pl.lit(True).alias("exact"),
        pl.lit(None, dtype=pl.String).alias("reason"),
        pl.lit(None, dtype=pl.String).alias("row"),
    ).select(pl.col(name).cast(kind) for name, kind in delivered_columns("transfers").items())


def _of_rows(chain: str, rows: Sequence[Row]) -> pl.DataFrame:
    if not rows:
        return pl.DataFrame(schema=delivered_columns("transfers"))
    schema = {
        name: pl.Int64 if name in ("block_number", "seconds", "position") else pl.String for name in _COLUMNS
    }
    frame = pl.DataFrame(rows, schema=schema, orient="row")
    return normalise_rows(chain, frame, frame.drop("seconds", "given"))


def normalise_rows(chain: str, rows: pl.DataFrame, delivered: pl.DataFrame) -> pl.DataFrame:
    """Rows (the columns of _COLUMNS) by the rules of our own format; `delivered` is what quarantine keeps."""
    if chain == "tron":
        rows = as_tron(rows, ("contract", "from_address", "to_address"))
    frame = rows.lazy().select(
        pl.lit(chain).alias("chain"),
        "block_number",
        pl.from_epoch("seconds", time_unit="s")
        .dt.replace_time_zone("UTC")
        .cast(UTC_TIME)
        .alias("block_time"),
        "tx_hash",
        "position",
        "kind",
        "contract",
        "from_address",
        "to_address",
        "amount_raw",
        "source",
        pl.lit(None, dtype=pl.String).alias(LINE),
        pl.col("given").alias(normalise.GIVEN),
    )
    normalised = normalise.normalise_transfers(frame, [chain]).collect()
    return normalise.with_rows(normalised, delivered)


def _times(seconds: Sequence[int]) -> pl.Series:
    return (
        pl.DataFrame({"s": pl.Series(seconds, dtype=pl.Int64)})
        .select(pl.from_epoch("s", time_unit="s").dt.replace_time_zone("UTC").cast(UTC_TIME))
        .to_series()
    )


def _digits(text: Any) -> str | None:
    try:
        return str(int(text, 16))
    except (TypeError, ValueError):
        return None


def _in_wei(gwei: str) -> str:
    return "0" if gwei == "0" else gwei + _GWEI
