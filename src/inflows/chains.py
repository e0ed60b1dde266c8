"""What the project knows of each chain: its address family and its zero address.

A chain that is not listed is taken as it comes: its addresses are checked for nothing but their presence,
and labels for `evm` hold on it wherever its addresses look like those of an EVM chain.
"""

from __future__ import annotations

from typing import Final

EVM_ZERO: Final = "0x" + "0" * 40
TRON_ZERO: Final = "T9yD14Nj9j7xAB4dbGeiX9h8unkKHxuWwb"
"""Base58check of the 21 bytes 41 00…00."""

EVM_CHAINS: Final = (
    "ethereum", "bsc", "polygon", "arbitrum", "optimism", "base", "avalanche", "fantom", "gnosis", "celo",
    "linea", "scroll", "zksync", "mantle", "blast", "cronos", "moonbeam", "moonriver", "opbnb", "sonic",
    "kava", "aurora", "metis", "boba", "zora", "mode", "manta", "taiko", "unichain", "berachain",
)  # fmt: skip
UTXO_CHAINS: Final = ("bitcoin", "litecoin", "dogecoin", "bitcoincash")
FAMILY: Final[dict[str, str]] = {
    **dict.fromkeys(EVM_CHAINS, "evm"),
    **dict.fromkeys(UTXO_CHAINS, "utxo"),
    "tron": "tron",
    "solana": "solana",
    "ton": "ton",
    "xrp": "xrp",
}
ZERO_ADDRESSES: Final = (EVM_ZERO, TRON_ZERO)
"""Senders of minted and receivers of burnt coins."""


def evm_labels_hold(chain: str) -> bool:
    """Whether labels for chain `evm` are claims about this chain's addresses too."""
    return FAMILY.get(chain, "evm") == "evm"
