"""What is said of chains that no table knows, or of which no asset is listed: nothing there is valued."""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

from inflows.chains import CHAINS, canonical_chain, near_chain
from inflows.layout import Layout
from inflows.registry import effective
from inflows.times import END


def chain_warnings(layout: Layout, chains: Iterable[str]) -> list[str]:
    """A sentence on each of the chains that is not known, or has no listed asset at any time."""
    assets = effective.assets(layout, END)
    listed = set(assets.select(pl.col("chain").unique()).collect()["chain"])
    # Where nothing is listed yet, the build says so once, and not of each chain.
    warnings = [chain_warning(chain, chain in listed or not listed) for chain in sorted(chains)]
    return [sentence for sentence in warnings if sentence]


def chain_warning(chain: str, has_assets: bool, transfers: str = "its transfers") -> str:
    """The sentence on one chain, with the remedy; empty where all is well."""
    if canonical_chain(chain) != chain:
        return (
            f"'{chain}' is another name of {canonical_chain(chain)}, stored by an earlier release: "
            "ingest its files again, and they are stored under that name."
        )
    unlisted = f"no asset of it is listed, so {transfers} are kept and not valued"
    if chain not in CHAINS:
        near = near_chain(chain)
        meant = f"write '{near}' if that is meant" if near else "see docs/sources.md for those that are"
        return f"'{chain}' is no chain that is known here ({meant})" + (
            "." if has_assets else f"; {unlisted}: import its assets, prices and labels under this name."
        )
    return "" if has_assets else f"Of {chain}, {unlisted}: inflows assets import --core, or a file of yours."
