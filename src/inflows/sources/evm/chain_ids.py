"""Facts about chains that a JSON-RPC reader needs: their ids, and where their answers differ from Ethereum's.

Chain ids: ethereum-lists/chains, as served by eth_chainId (EIP-695, EIP-155).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from inflows.errors import UsageError

CHAIN_IDS: Final[dict[str, int]] = {
    "ethereum": 1, "bsc": 56, "polygon": 137, "arbitrum": 42161, "optimism": 10, "base": 8453,
    "avalanche": 43114, "fantom": 250, "gnosis": 100, "celo": 42220, "linea": 59144, "scroll": 534352,
    "zksync": 324, "mantle": 5000, "blast": 81457, "cronos": 25, "moonbeam": 1284, "moonriver": 1285,
    "opbnb": 204, "sonic": 146, "kava": 2222, "aurora": 1313161554, "metis": 1088, "boba": 288,
    "zora": 7777777, "mode": 34443, "manta": 169, "taiko": 167000, "unichain": 130, "berachain": 80094,
    "tron": 728126428,
}  # fmt: skip

_NO_BLOOMS: Final = ("cronos", "tron", "zksync")
"""Their blocks' logsBloom is wrong (Cronos) or holds no value (java-tron writes 256 zero bytes)."""
_FOREIGN_LOGS: Final = ("polygon",)
"""Their logs may name transactions that are not in the block (Bor's state syncs)."""
_NO_FINALIZED: Final = {"tron": 20}
"""Where not every service knows the tag `finalized`: blocks from the head after which a block is taken for
final. A Tron block is solid once 19 of the 27 super representatives have built upon it."""


@dataclass(frozen=True)
class Chain:
    """One chain as its nodes serve it."""

    name: str
    chain_id: int
    has_blooms: bool = True
    logs_only_of_own_transactions: bool = True
    confirmations: int | None = None
    """Used where a node does not know the tag `finalized`; None: the user must say."""

    @property
    def is_tron(self) -> bool:
        """Whether addresses are base58check outside and 20 bytes inside."""
        return self.name == "tron"


def known_chain(name: str, *, chain_id: int | None = None, has_blooms: bool | None = None) -> Chain:
    """A chain by name; one that is not in the table needs its `chain_id`."""
    known = CHAIN_IDS.get(name)
    if known is None and chain_id is None:
        raise UsageError(
            f"--chain {name} is no chain that is known here.",
            f"Give one of {', '.join(sorted(CHAIN_IDS))}; or say its id with --chain-id.",
        )
    if known is not None and chain_id not in (None, known):
        raise UsageError(f"The chain id of {name} is {known}, not {chain_id}.", "Leave --chain-id out.")
    return Chain(
        name,
        known if known is not None else int(chain_id or 0),
        has_blooms=name not in _NO_BLOOMS if has_blooms is None else has_blooms,
        logs_only_of_own_transactions=name not in _FOREIGN_LOGS,
        confirmations=_NO_FINALIZED.get(name),
    )
