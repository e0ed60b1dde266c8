"""What a wallet is for, by words in its label.

The first rule that matches tells. HACK is no role: an address of a hacker is not the exchange's. A wallet
that is a contract or a proxy takes its customers' money like any other, so these words tell nothing. The role
`contract` is for what holds none: a token (`Binance: BNB Token`, `Binance USD (BUSD)`), a sale or swap of
one, a factory of wallets. Whether a ROUTER is one depends on whose it is (see judging).
"""

from __future__ import annotations

import re
from typing import Final

import polars as pl

from inflows.chains import FAMILY, canonical_chain
from inflows.labels.owners import WALLET_WORDS

HACK: Final = "hack"
ROUTER: Final = "router"
CONTRACT: Final = "contract"
_FIRST: Final = (
    (HACK, r"\b(?:hack(?:s|ed|er|ers)?|exploit(?:s|ed|er)?|heist|stolen|thief|phish(?:ing)?|scam(?:mer)?)\b"),
    ("deposit_funder", r"\b(?:deposit|gas)[ -](?:funder|supplier)s?\b|\bfunder\b"),
    ("deployer", r"\bdeployer\b"),
    ("staking", r"\bstak(?:e|es|ed|ing)\b|\beth2\b|\bvalidators?\b|\bdepositor\b|\bvesting\b"),
    (CONTRACT, r"\bfactory\b"),
)
"""Rules that stand above what a token's tag says."""
_THEN: Final = (
    (ROUTER, r"\brouter\b"),
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

_TAG: Final = re.compile(r"(.*?)\s*\(([A-Za-z0-9.$-]{2,10})\)\s*")
_STANDARD: Final = re.compile(r"(?:bep|eip|erc|trc)-?[0-9]+")
_WALLET: Final = re.compile(
    r"\b(?:[0-9]+|accounts?|address(?:es)?|cold|custody|deposits?|hot|wallets?|warm|withdrawals?)\b"
)
_NO_TICKERS: Final = (
    "au", "br", "ca", "cex", "dex", "eu", "evm", "hk", "id", "in", "jp", "kr", "mpc", "nft", "otc", "sg",
    "th", "tr", "uk", "us", "usa",
)  # fmt: skip
"""What is written in capitals like a ticker, and tells the kind or the country of a wallet."""


def told_role(label: pl.Expr, tags: pl.Expr) -> pl.Expr:
    """The role (names.ROLES, HACK or ROUTER) that a label and a list's further words tell; empty: none."""
    lower = pl.concat_str(tags, pl.lit(" "), label).str.to_lowercase().str.replace_all("_", " ", literal=True)
    is_token = label.map_elements(names_a_token, return_dtype=pl.Boolean) | (
        lower.str.contains(r"\btoken\b") & ~label.str.to_lowercase().str.contains(r"\b(?:wallet|account)s?\b")
    )
    told = pl.lit("")
    for role, holds in reversed((*_matches(_FIRST, lower), (CONTRACT, is_token), *_matches(_THEN, lower))):
        told = pl.when(holds).then(pl.lit(role)).otherwise(told)
    return told


def names_a_token(label: str) -> bool:
    """Whether a label ends with the ticker of a token in brackets, as explorers write a token's name.

    A chain (`(ETH)`, `(Solana)`), a standard (`(ERC20)`) or a word on the wallet (`(old)`, `(HOT)`) is none,
    and what is numbered or called a wallet before the brackets holds the coin: `Kraken 5 (USDC)`.
    """
    match = _TAG.fullmatch(label)
    if not match:
        return False
    before, ticker = match.groups()
    small = ticker.lower()
    if sum(letter.isupper() for letter in ticker) < 2 or small in WALLET_WORDS or small in _NO_TICKERS:
        return False
    if _STANDARD.fullmatch(small) or _WALLET.search(before.lower()):
        return False
    named = before.lower().split()[-1:]  # `BNB (BNB)` and `Binance Coin (BNB)` are the coin, not its chain
    return canonical_chain(ticker) not in FAMILY or named in ([small], ["coin"], [f"({small})"])


def _matches(rules: tuple[tuple[str, str], ...], lower: pl.Expr) -> list[tuple[str, pl.Expr]]:
    return [(role, lower.str.contains(pattern)) for role, pattern in rules]
