"""A chain as a JSON-RPC reader needs it: its id, and where its nodes' answers differ from Ethereum's."""

from __future__ import annotations

from dataclasses import dataclass

from inflows.chains import CHAIN_IDS, CHAINS, CONFIRMATIONS, FOREIGN_LOGS, NO_BLOOMS, canonical_chain
from inflows.errors import UsageError


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
    """A chain by any of its names; one that is not in the table needs its `chain_id`."""
    name = canonical_chain(name)
    known = CHAIN_IDS.get(name)
    if known is None and chain_id is None:
        raise UsageError(
            f"--chain {name} is no chain that is known here.",
            f"Give one of {', '.join(sorted(CHAIN_IDS))}; or say its id with --chain-id.",
        )
    if known is not None and chain_id not in (None, known):
        raise UsageError(f"The chain id of {name} is {known}, not {chain_id}.", "Leave --chain-id out.")
    quirks = CHAINS[name].quirks if name in CHAINS else ()
    waits = [int(quirk.removeprefix(CONFIRMATIONS)) for quirk in quirks if quirk.startswith(CONFIRMATIONS)]
    return Chain(
        name,
        known if known is not None else int(chain_id or 0),
        has_blooms=NO_BLOOMS not in quirks if has_blooms is None else has_blooms,
        logs_only_of_own_transactions=FOREIGN_LOGS not in quirks,
        confirmations=waits[0] if waits else None,
    )
