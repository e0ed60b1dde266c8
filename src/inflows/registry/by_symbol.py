"""Prices that name a symbol in place of chain and contract: a row for every listed, trusted asset of it.

Anyone can name a token USDT; so only the assets of the registry count, and of those only the trusted ones.
Case does not matter. A row may name the chain beside the symbol: then it is for that chain's assets.
"""

from __future__ import annotations

import dataclasses
from typing import Final

import polars as pl

from inflows.registry.column_checks import words
from inflows.registry.file_format import OwnFormat
from inflows.registry.problems import PLACE

SYMBOL: Final = "symbol"
STANDS_FOR: Final = ("chain", "contract")


def with_symbols(form: OwnFormat, assets: pl.DataFrame) -> OwnFormat:
    """The format of prices whose rows may have a symbol. assets: chain, contract, symbol, trusted."""
    trusted = assets.filter("trusted").select(
        pl.col("symbol").str.to_lowercase().alias("_symbol"),
        pl.col("chain").alias("_chain"),
        pl.col("contract").alias("_contract"),
    )
    return dataclasses.replace(
        form,
        columns=(*form.columns, words(SYMBOL, longest=64, present=False, filled=False)),
        instead={SYMBOL: STANDS_FOR},
        before=lambda raw: _laid_on_assets(raw, trusted),
    )


def _laid_on_assets(raw: pl.DataFrame, trusted: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Rows of text with chain and contract filled in, and the problems of those that name no asset."""
    named = raw.filter(pl.col(SYMBOL).is_not_null())
    if named.is_empty():
        return raw, _problems(named, pl.lit(""))
    both = named.filter(pl.col("contract").is_not_null())
    alone = named.filter(pl.col("contract").is_null())
    laid = (
        alone.with_columns(_symbol=pl.col(SYMBOL).str.to_lowercase())
        .join(trusted, on="_symbol", how="left", maintain_order="left_right")
        .filter(pl.col("chain").is_null() | (pl.col("chain") == pl.col("_chain")))
    )
    found = laid.filter(pl.col("_chain").is_not_null())
    lost = alone.join(found, on=list(PLACE), how="anti")
    rows = found.with_columns(
        pl.col("_chain").alias("chain"), pl.col("_contract").replace("", None).alias("contract")
    ).select(raw.columns)
    nobody = pl.format(
        "symbol '{}' is of no listed, trusted asset; list it first (inflows assets import --core)",
        pl.col(SYMBOL).str.head(40),
    )
    problems = [
        _problems(both, pl.lit("names both a symbol and a contract; leave one of them empty")),
        _problems(lost, nobody),
    ]
    return pl.concat([raw.filter(pl.col(SYMBOL).is_null()), rows]), pl.concat(problems)


def _problems(rows: pl.DataFrame, says: pl.Expr) -> pl.DataFrame:
    return rows.select(*PLACE, says.cast(pl.String).alias("problem"))
