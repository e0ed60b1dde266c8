"""What a wallet is for, by words in its label.

The first rule that matches tells. HACK is no role: an address of a hacker is not the exchange's.
"""

from __future__ import annotations

from typing import Final

import polars as pl

HACK: Final = "hack"
_RULES: Final = (
    (HACK, r"\b(?:hack(?:s|ed|er|ers)?|exploit(?:s|ed|er)?|heist|stolen|thief|phish(?:ing)?|scam(?:mer)?)\b"),
    ("deposit_funder", r"\b(?:deposit|gas)[ -](?:funder|supplier)s?\b|\bfunder\b"),
    ("deployer", r"\bdeployer\b"),
    ("staking", r"\bstak(?:e|es|ed|ing)\b|\beth2\b|\bvalidators?\b|\bdepositor\b|\bvesting\b"),
    ("contract", r"\bcontract\b|\btoken\b|\bproxy\b|\brouter\b|\([a-z0-9.$]{2,10}\)$"),
    ("gas", r"\bgas\b"),
    ("withdrawal", r"\bwithdraw(?:al|als|s)?\b"),
    ("deposit", r"\bdeposits?\b"),
    ("consolidation", r"\bconsolidat\w*|\bsweep(?:er|s)?\b|\bcollector\b"),
    ("cold", r"\bcold\b"),
    ("hot", r"\bhot\b"),
    ("custody", r"\bcustod(?:y|ian|ial)\b|\bwarm\b"),
    ("reserve", r"\breserves?\b"),
    ("treasury", r"\btreasury\b"),
)


def told_role(text: pl.Expr) -> pl.Expr:
    """The role (names.ROLES, or HACK) that a label tells; empty where it tells none."""
    lower = text.str.to_lowercase().str.replace_all("_", " ", literal=True)
    told = pl.lit("")
    for role, pattern in reversed(_RULES):
        told = pl.when(lower.str.contains(pattern)).then(pl.lit(role)).otherwise(told)
    return told
