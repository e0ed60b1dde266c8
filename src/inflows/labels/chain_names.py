"""What lists of others call the chains that this project knows by another name."""

from __future__ import annotations

import re
from typing import Final

OTHER_NAMES: Final = {
    "avalanche_c": "avalanche", "avax": "avalanche", "avaxc": "avalanche", "arb": "arbitrum",
    "arbinova": "arbitrum_nova", "bch": "bitcoincash", "bitcoin_cash": "bitcoincash", "bep20": "bsc",
    "bnb": "bsc",
    "bep2": "bnb_beacon", "binance": "bnb_beacon", "btc": "bitcoin", "doge": "dogecoin", "era": "zksync",
    "zksyncera": "zksync", "eth": "ethereum", "erc20": "ethereum", "ftm": "fantom", "kavaevm": "kava",
    "klay": "klaytn", "litcoin": "litecoin", "ltc": "litecoin", "matic": "polygon", "op": "optimism",
    "op_bnb": "opbnb", "ripple": "xrp", "sol": "solana", "trc20": "tron", "trx": "tron", "xdai": "gnosis",
    "zkevm": "polygon_zkevm", "hyperevm": "hyperliquid",
}  # fmt: skip
EXPLORERS: Final = {
    "arbiscan": "arbitrum", "avalanche": "avalanche", "basescan": "base", "bscscan": "bsc", "celo": "celo",
    "celoscan": "celo", "etherscan": "ethereum", "ftmscan": "fantom", "gnosis": "gnosis",
    "gnosisscan": "gnosis",
    "optimism": "optimism", "polygonscan": "polygon", "snowtrace": "avalanche",
}  # fmt: skip
"""The chain of each explorer, by the name that its folder has in the checkouts of scraped tags."""
CHAIN_IDS: Final = {
    "1": "ethereum", "10": "optimism", "56": "bsc", "100": "gnosis", "137": "polygon", "250": "fantom",
    "8453": "base", "42161": "arbitrum", "42220": "celo", "43114": "avalanche", "59144": "linea",
}  # fmt: skip

_ODD: Final = re.compile(r"[^a-z0-9._-]+")


def canonical_chain(name: str) -> str:
    """The project's name of a chain; one that is not known becomes a slug as it is (empty: none is left)."""
    slug = _ODD.sub("-", name.strip().lower()).strip("-._")[:64].strip("-._")
    return OTHER_NAMES.get(slug, slug)
