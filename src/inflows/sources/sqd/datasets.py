"""Which of the Portal's datasets is which chain's.

The names are those of the Portal's own list; `ethereum`, `bsc` and `arbitrum` are none there. A chain that is
not in the table is read with the name that the user gives.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from inflows.chains import CHAIN_IDS, FAMILY, canonical_chain
from inflows.errors import UsageError

PORTAL: Final = "https://portal.sqd.dev"
NAMES: Final = {
    "ethereum": "ethereum-mainnet",
    "bsc": "binance-mainnet",
    "polygon": "polygon-mainnet",
    "arbitrum": "arbitrum-one",
    "optimism": "optimism-mainnet",
    "base": "base-mainnet",
    "avalanche": "avalanche-mainnet",
    "bitcoin": "bitcoin-mainnet",
}
WITH_WITHDRAWALS: Final = ("ethereum", "gnosis")
"""Chains whose blocks have withdrawals of validators (EIP-4895)."""


@dataclass(frozen=True)
class Dataset:
    """One chain as the Portal serves it."""

    chain: str
    name: str
    kind: str
    """The `type` of its queries: evm or bitcoin."""

    @property
    def is_utxo(self) -> bool:
        """Whether its movements are inputs and outputs."""
        return self.kind == "bitcoin"

    @property
    def chain_id(self) -> int | None:
        """EIP-155; None where the chain has none that is known."""
        return CHAIN_IDS.get(self.chain)


def dataset_of(chain: str, name: str | None = None) -> Dataset:
    """The dataset of a chain, by any of its names; `name` where the table has none, or another is meant."""
    chain = canonical_chain(chain)
    family = FAMILY.get(chain)
    if family == "evm":
        kind = "evm"
    elif chain == "bitcoin":
        kind = "bitcoin"
    else:
        raise UsageError(
            f"{chain} is not read from an SQD Portal here.",
            f"Give an EVM chain or bitcoin: {', '.join(NAMES)} are known by name.",
        )
    found = name or NAMES.get(chain)
    if found is None:
        raise UsageError(
            f"The Portal's dataset of {chain} is not known here.",
            "Give its name with --dataset; /datasets of the Portal lists them.",
        )
    return Dataset(chain, found, kind)
