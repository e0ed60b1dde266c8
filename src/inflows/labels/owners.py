"""The owner that a free label names: `Binance: Hot Wallet 2` and `okx ERC20 reserves` name Binance and okx.

An explorer's tag or a pack's label is a name, then words on the wallet. The name ends at a colon, a bracket,
or where what follows is only such words, tickers and numbers.
"""

from __future__ import annotations

import re
from typing import Final

from inflows.exchanges import Names

WALLET_WORDS: Final = frozenset(
    [
        "account",
        "address",
        "addresses",
        "bep20",
        "bridge",
        "cold",
        "collateral",
        "consolidation",
        "contract",
        "custodian",
        "custody",
        "deployer",
        "deposit",
        "deposits",
        "depositor",
        "erc20",
        "eth2",
        "exchange",
        "funder",
        "funds",
        "gas",
        "hot",
        "main",
        "multisig",
        "new",
        "old",
        "operations",
        "pool",
        "proxy",
        "reserve",
        "reserves",
        "router",
        "safe",
        "spender",
        "staking",
        "token",
        "tokens",
        "treasury",
        "user",
        "users",
        "vault",
        "wallet",
        "wallets",
        "warm",
        "withdraw",
        "withdrawal",
        "withdrawals",
    ]
)
_TICKER: Final = re.compile(r"[A-Z][A-Z0-9]{1,5}|#?\d+")


def owner_in(label: str, names: Names) -> str:
    """The part of a label that names the owner; the longest part that is known, else all but wallet words."""
    head = re.split(r"[:(\[|]", label, maxsplit=1)[0].strip()
    words = head.split()
    for length in range(len(words), 0, -1):
        part = " ".join(words[:length])
        if all(_is_about_the_wallet(word) for word in words[length:]) and names.is_known(part):
            return part
    while len(words) > 1 and _is_about_the_wallet(words[-1]):
        words.pop()
    return " ".join(words)


def _is_about_the_wallet(word: str) -> bool:
    return word.lower().strip("-.,") in WALLET_WORDS or bool(_TICKER.fullmatch(word))
