"""Token transfers in the logs of EVM chains.

ERC-20 and ERC-721 share one topic0. Three topics and 32 bytes of data are a token transfer, and so are one
topic and 96 bytes (contracts of before `indexed` was settled). Four topics are an NFT: its last topic is an
identifier and no amount. Every other shape is malformed.
"""

from __future__ import annotations

from typing import Final

import polars as pl

TRANSFER_TOPIC: Final = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"
"""keccak256("Transfer(address,address,uint256)")."""

_WORD: Final = 64  # hex digits in 32 bytes
_HALF: Final = 15  # hex digits in 60 bits
_ADDRESS_WORD: Final = r"^0{24}[0-9a-f]{40}$"


def decode_transfer_logs(logs: pl.LazyFrame) -> pl.LazyFrame:
    """What each log says of a token transfer.

    Columns needed: address, topics (list of text), data (text, 0x-hex); all others are passed through.
    Columns added: contract, from_address, to_address, amount_raw (text), and reason: null for a transfer,
    `no_transfer` for other events, `nft`, or `malformed_transfer_log`.
    """
    topics, count = pl.col("_topics"), pl.col("_topics").list.len()
    data, size = pl.col("_data"), pl.col("_data").str.len_bytes()
    indexed = (count == 3) & (size == _WORD)
    in_data = (count == 1) & (size == 3 * _WORD)
    words = {
        "_from": pl.when(in_data).then(data.str.slice(0, _WORD)).otherwise(_word(topics, 1)),
        "_to": pl.when(in_data).then(data.str.slice(_WORD, _WORD)).otherwise(_word(topics, 2)),
        "_amount": pl.when(in_data).then(data.str.slice(2 * _WORD, _WORD)).otherwise(data),
    }
    whole = (
        (indexed | in_data)
        & pl.col("_from", "_to").str.contains(_ADDRESS_WORD).fill_null(False)
        & pl.col("_amount").str.contains(r"^[0-9a-f]{64}$").fill_null(False)
    )
    names = logs.collect_schema().names()
    kept = [name for name in names if name not in ("contract", "from_address", "to_address", "amount_raw")]
    return (
        logs.with_columns(
            _topics=pl.col("topics").list.eval(pl.element().str.to_lowercase()),
            _data=pl.col("data").str.to_lowercase().str.strip_prefix("0x"),
        )
        .with_columns(**words)
        .with_columns(_whole=pl.all_horizontal(whole))
        .select(
            *kept,
            pl.col("address").alias("contract"),
            pl.concat_str(pl.lit("0x"), pl.col("_from").str.tail(40)).alias("from_address"),
            pl.concat_str(pl.lit("0x"), pl.col("_to").str.tail(40)).alias("to_address"),
            pl.when("_whole").then(hex_to_digits(pl.col("_amount"))).alias("amount_raw"),
            pl.when((topics.list.get(0, null_on_oob=True) == TRANSFER_TOPIC).fill_null(False).not_())
            .then(pl.lit("no_transfer"))
            .when(count == 4)
            .then(pl.lit("nft"))
            .when(~pl.col("_whole"))
            .then(pl.lit("malformed_transfer_log"))
            .alias("reason"),
        )
    )


def hex_to_digits(word: pl.Expr) -> pl.Expr:
    """Hex of up to 256 bits (no 0x) as decimal digits, exactly.

    In halves of 60 bits, which 64-bit integers hold for sure; what is longer than both is rare.
    """
    short = word.str.strip_chars_start("0")
    length = short.str.len_bytes()
    small, middle = length <= _HALF, length <= 2 * _HALF
    low = pl.when(middle & (short != "")).then(short.str.tail(_HALF)).str.to_integer(base=16, strict=False)
    high = pl.when(middle & ~small).then(short.str.slice(0, length - _HALF)).str.to_integer(
        base=16, strict=False
    ).cast(pl.Int128) * 2**60 + low.cast(pl.Int128)
    long = (
        pl.when(~middle)
        .then(short)
        .map_elements(lambda digits: str(int(digits, 16)), return_dtype=pl.String, skip_nulls=True)
    )
    return (
        pl.when(short == "")
        .then(pl.lit("0"))
        .when(small)
        .then(low.cast(pl.String))
        .when(middle)
        .then(high.cast(pl.String))
        .otherwise(long)
    )


def _word(topics: pl.Expr, place: int) -> pl.Expr:
    return topics.list.get(place, null_on_oob=True).str.strip_prefix("0x")
