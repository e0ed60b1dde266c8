"""The one table of chains (reference/chains.csv): what the project knows of each, and every name it goes by.

Columns of the table: chain (our name), family (evm, utxo, tron, solana, ton, xrp; other: nothing is known of
its addresses), chain_id (EIP-155, as eth_chainId serves it; ethereum-lists/chains), symbol and decimals (the
native coin's; empty: not looked up), names (those that others give it), explorers (the names that their
folders have in checkouts of scraped tags), quirks, source.

Names are compared by their letters and digits alone: `Avalanche C-Chain` is `avalanche_c_chain`. An EIP-155
number is a name too (`56`, `eip155:56`). A name stands for one chain. Where others disagree on one, it is
decided here: `bnb` is BNB Smart Chain, as Dune and most files have it; `binance` and `bep2` are the BNB
Beacon Chain, as DefiLlama's lists have it, whose addresses begin with bnb1.

A chain that is not listed is taken as it comes: its addresses are checked for nothing but their presence, and
labels for `evm` hold on it wherever its addresses look like those of an EVM chain.
"""

from __future__ import annotations

import csv
import difflib
import re
from typing import Final, NamedTuple

import polars as pl

from inflows.reference.shipped import reference_file

EVM: Final = "evm"
"""The chain of labels that hold on every EVM chain; no chain that has blocks."""
EVM_ZERO: Final = "0x" + "0" * 40
TRON_ZERO: Final = "T9yD14Nj9j7xAB4dbGeiX9h8unkKHxuWwb"
"""Base58check of the 21 bytes 41 00…00."""
ZERO_ADDRESSES: Final = (EVM_ZERO, TRON_ZERO)
"""Senders of minted and receivers of burnt coins."""

STAKING_CONTRACTS: Final = {"ethereum": ("0x00000000219ab540356cbb839cbe05303d7705fa",)}
"""By chain: what takes coins out of circulation while they are staked, and is nobody's wallet whatever a list
says. Ethereum: the deposit contract of the beacon chain (consensus-specs, deposit-contract.md), whose coins
come back as withdrawals (EIP-4895)."""

NATIVE_LOG_ADDRESS: Final = "0xfffffffffffffffffffffffffffffffffffffffe"
"""The pseudo address whose Transfer logs say again what native transfers say (EIP-7708, SYSTEM_ADDRESS)."""

NO_BLOOMS: Final = "no_blooms"
"""A quirk: its blocks' logsBloom is wrong (Cronos) or holds no value (java-tron writes 256 zero bytes)."""
FOREIGN_LOGS: Final = "foreign_logs"
"""A quirk: its logs may name transactions that are not in the block (Bor's state syncs)."""
CONFIRMATIONS: Final = "confirmations="
"""Begins a quirk: not every node knows the tag `finalized`, and a block with so many confirmations is final
(a Tron block is solid once 19 of the 27 super representatives have built upon it)."""

_FACTS: Final = reference_file("chains.csv")
_ODD: Final = r"[^a-z0-9]+"
_NAME: Final = r"[A-Za-z0-9][A-Za-z0-9 ._:()-]*"
"""What is compared with known names; `../eth` is not a chain."""


class Chain(NamedTuple):
    """A row of the table."""

    name: str
    family: str
    chain_id: int | None
    symbol: str
    decimals: int | None
    names: tuple[str, ...]
    explorers: tuple[str, ...]
    quirks: tuple[str, ...]
    source: str


def _table() -> dict[str, Chain]:
    with _FACTS.open(encoding="utf-8", newline="") as handle:
        return {
            row["chain"]: Chain(
                row["chain"],
                row["family"],
                int(row["chain_id"]) if row["chain_id"] else None,
                row["symbol"],
                int(row["decimals"]) if row["decimals"] else None,
                tuple(row["names"].split()),
                tuple(row["explorers"].split()),
                tuple(row["quirks"].split()),
                row["source"],
            )
            for row in csv.DictReader(handle)
        }


def names_of(chain: Chain) -> list[str]:
    """Every name of a chain: ours, others', and its EIP-155 number."""
    number = [] if chain.chain_id is None else [str(chain.chain_id), f"eip155:{chain.chain_id}"]
    return [chain.name, *chain.names, *number]


def spelling(name: str) -> str:
    """What two spellings of one name have in common: its ASCII letters, in lower case, and digits."""
    return re.sub(_ODD, "", name.lower())


CHAINS: Final = _table()
FAMILY: Final = {chain.name: chain.family for chain in CHAINS.values()}
EVM_CHAINS: Final = tuple(name for name, family in FAMILY.items() if family == "evm")
CHAIN_IDS: Final = {chain.name: chain.chain_id for chain in CHAINS.values() if chain.chain_id is not None}
EXPLORERS: Final = {explorer: chain.name for chain in CHAINS.values() for explorer in chain.explorers}
"""The chain of each explorer, by the name that its folder has in the checkouts of scraped tags."""
_BY_SPELLING: Final = {
    spelling(name): chain.name for chain in CHAINS.values() for name in names_of(chain)
} | {EVM: EVM}


def canonical_chain(name: str) -> str:
    """The project's name of a chain by any of its names; a name that is not known stays as it is."""
    return _BY_SPELLING.get(spelling(name), name) if re.fullmatch(_NAME, name.strip(" ")) else name


def chain_slug(name: str) -> str:
    """As canonical_chain, of lists of others: one that is not known becomes a slug (empty: none is left)."""
    chain = canonical_chain(name)
    if chain in FAMILY or chain == EVM:
        return chain
    return re.sub(r"[^a-z0-9._-]+", "-", chain.lower()).strip("-._")[:64].strip("-._")


def with_canonical_chains(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows whose column `chain` (text) has our names; the same frame where it has them already."""
    chains = rows["chain"].cast(pl.String).unique().drop_nulls().to_list()
    renamed = {chain: ours for chain in chains if (ours := canonical_chain(chain)) != chain}
    if not renamed:
        return rows
    return rows.with_columns(pl.col("chain").cast(pl.String).replace(renamed))


def near_chain(name: str) -> str:
    """Our name of the known chain whose name is most like an unknown one; empty where none is."""
    if name == EVM:
        return ""
    found = difflib.get_close_matches(spelling(name), _BY_SPELLING, n=1, cutoff=0.75)
    return _BY_SPELLING[found[0]] if found else ""


def evm_labels_hold(chain: str) -> bool:
    """Whether labels for chain `evm` are claims about this chain's addresses too."""
    return FAMILY.get(chain, "evm") == "evm"
