"""Leave of a simulated market what its transfers need: labels of their addresses, quotes of two days."""

import sys
from pathlib import Path

import polars as pl

market = Path(sys.argv[1])
moved = pl.concat(
    [pl.read_parquet(path) for path in sorted((market / "transfers").iterdir())], how="diagonal_relaxed"
).select("chain", "from_address", "to_address", pl.col("contract").fill_null(""), moved="block_time")

labels = pl.read_csv(market / "labels.csv", infer_schema=False)
addresses = pl.concat([moved["from_address"], moved["to_address"]]).str.to_lowercase().unique()
labels.filter(pl.col("address").str.to_lowercase().is_in(addresses.implode())).write_csv(
    market / "labels.csv"
)

quotes = pl.read_csv(market / "prices.csv", infer_schema=False).with_row_index()
day_only = pl.col("time").str.len_chars() == 10
near = (
    quotes.with_columns(
        at=pl.when(day_only)
        .then(pl.col("time") + "T00:00:00Z")
        .otherwise("time")
        .str.to_datetime("%Y-%m-%dT%H:%M:%SZ", time_zone="UTC"),
        contract=pl.col("contract").fill_null(""),
    )
    .join(moved, on=["chain", "contract"])
    .filter(pl.col("moved").is_between(pl.col("at"), pl.col("at") + pl.duration(days=2)))
)
kept = quotes.filter(pl.col("index").is_in(near["index"].unique().implode())).drop("index")
kept.write_csv(market / "prices.csv")
