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

STAKING_CONTRACTS: Final = {"ethereum": ("0x00000000219ab540356cbb839cbe05303d7705fa",)}
"""By chain: what takes coins out of circulation while they are staked, and is nobody's wallet whatever a list
says. Ethereum: the deposit contract of the beacon chain (consensus-specs, deposit-contract.md), whose coins
come back as withdrawals (EIP-4895)."""

NATIVE_LOG_ADDRESS: Final = "0xfffffffffffffffffffffffffffffffffffffffe"
"""The pseudo address whose Transfer logs say again what native transfers say (EIP-7708, SYSTEM_ADDRESS)."""


def evm_labels_hold(chain: str) -> bool:
    """Whether labels for chain `evm` are claims about this chain's addresses too."""
    return FAMILY.get(chain, "evm") == "evm"
