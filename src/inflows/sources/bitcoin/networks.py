"""Which chain and network a node is of: held against what was asked for before anything is read.

Sources of the first blocks: chainparams.cpp of Bitcoin Core, Litecoin Core and Dogecoin Core
(hashGenesisBlock); of the names: getblockchaininfo of Bitcoin Core.
"""

from __future__ import annotations

from typing import Final

from inflows.errors import NetError, UsageError
from inflows.http import Patience
from inflows.sources.bitcoin.rpc import Node

NETWORKS: Final = ("main", "test", "signet", "regtest")
_SAME: Final = {
    "mainnet": "main",
    "testnet": "test",
    "testnet3": "test",
    "testnet4": "test",
    "reg": "regtest",
}
"""Names that nodes use for a network beside the usual one."""
_BITCOIN: Final = ("bitcoin", "bitcoincash")
GENESIS: Final = {
    "000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f": (_BITCOIN, "main"),
    "000000000933ea01ad0ee984209779baaec3ced90fa3f408719526f8d77f4943": (_BITCOIN, "test"),
    "00000000da84f2bafbbc53dee25a72ae507ff4914b867c565be350b0da8bf043": (("bitcoin",), "test"),
    "00000008819873e925422c1ff0f99f7cc9bbb232af63a077a480a3633bee1ef6": (("bitcoin",), "signet"),
    "0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206": (_BITCOIN, "regtest"),
    "12a765e31ffd4059bada1e25190f6e98c99d9714d334efa41a195a7e7e04bfe2": (("litecoin",), "main"),
    "1a91e3dace36e2be3bf030a65679fe821aa1d6ef92e7c9902eb318182c355691": (("dogecoin",), "main"),
}
"""First blocks: the chains that begin with them, and their network."""
_KNOWN: Final = frozenset(chain for chains, _ in GENESIS.values() for chain in chains)


def check_network(node: Node, chain: str, network: str) -> None:
    """Raise UsageError where a node is of another chain or network; what nobody tells is let pass.

    The first block tells both, where it is known here; else the node's own word tells the network.
    """
    begins = GENESIS.get(_first_block(node))
    told = node.network() if begins is None else None
    known = begins[1] if begins is not None else _SAME.get(told or "", told)
    chains = begins[0] if begins is not None else ()
    if chains and chain in _KNOWN and chain not in chains:
        raise UsageError(
            f"{node.endpoint} is a node of {chains[0]}, not of {chain}.", "Check --rpc and --chain."
        )
    if known in NETWORKS and known != network:
        raise UsageError(
            f"{node.endpoint} is a node of the network {known}, whose coins are not those of {network}.",
            f"Check --rpc, or say --network {known} (for tests: into a data folder of its own).",
        )


def _first_block(node: Node) -> str:
    try:
        return node.block_hash(0, patience=Patience(attempts=1))
    except NetError:
        return ""  # not every service knows the first block
