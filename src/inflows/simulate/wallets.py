"""The wallets of a simulated market and the claims about them, as the label file has them."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass
from typing import Final

import numpy as np

from inflows.chains import EVM_ZERO, TRON_ZERO
from inflows.contracts.names import CUSTODY_ROLES, OTHER_ROLES
from inflows.simulate.addresses import evm_address, tron_address
from inflows.simulate.assets import ASSETS, asset_numbers
from inflows.simulate.market import CHAINS, Market
from inflows.simulate.price_walk import Ints, epoch

ZERO: Final = (0, 0, 1)
"""The wallet numbers of the zero address on each chain: EVM, EVM, Tron."""
_DEPOSIT_CONFIDENCE: Final = (60, 10, 60, 20, None, 60, 20, 60, 10, 50)
"""Of ten deposit wallets in a row: most are known well, some are guessed, one is not known at all."""


@dataclass(frozen=True)
class Claim:
    """One row of the label file. Times in epoch seconds, None: open; chain may be `evm`."""

    wallet: int
    chain: str
    exchange: int
    role: str
    confidence: int
    valid_from: int | None = None
    valid_to: int | None = None


@dataclass(frozen=True)
class Wallets:
    """All addresses by wallet number, the claims, and the pools that behaviours draw from.

    Numbers below `known` may be labelled; users come after. Pools hold wallet numbers by purpose and have
    the axes exchange, chain, member (hot, cold, deposit, gas) or chain, member (odd).
    """

    addresses: tuple[str, ...]
    claims: tuple[Claim, ...]
    known: int
    pools: dict[str, Ints]
    odd: tuple[Ints, ...]
    users: tuple[Ints, ...]
    wrapped: tuple[int, ...]
    """The wrapped-native contract of each chain."""


class _Book:
    """Numbers wallets as they are named, and collects the claims."""

    def __init__(self) -> None:
        self.addresses: list[str] = [EVM_ZERO, TRON_ZERO]
        self.claims: list[Claim] = []
        self.odd: dict[str, list[int]] = defaultdict(list)

    def add(self, name: str, chain: str) -> int:
        """The number of a new wallet whose address fits the chain (`evm`: any EVM chain)."""
        self.addresses.append(tron_address(name) if chain == "tron" else evm_address(name))
        return len(self.addresses) - 1

    def label(
        self,
        wallet: int,
        chain: str,
        exchange: int,
        role: str,
        confidence: int,
        valid_from: int | None = None,
        valid_to: int | None = None,
    ) -> None:
        self.claims.append(Claim(wallet, chain, exchange, role, confidence, valid_from, valid_to))


def make_wallets(market: Market) -> Wallets:
    """Wallets of each exchange on each chain, the odd ones, the contracts and the users."""
    book = _Book()
    wrapped = []
    for chain in CHAINS:
        book.addresses.append(ASSETS[asset_numbers(chain, kind="wrapped_native")[0]].contract)
        wrapped.append(len(book.addresses) - 1)
    pools: dict[str, list[list[list[int]]]] = {"hot": [], "cold": [], "deposit": [], "gas": []}
    for number, exchange in enumerate(market.exchanges):
        for purpose, members in _ordinary(book, number, exchange.slug, market.deposits).items():
            pools[purpose].append(members)
    for number, exchange in enumerate(market.exchanges):
        _odd(book, market, number, exchange.slug)
    known = len(book.addresses)
    users = {
        family: np.array([book.add(f"user {n}", family) for n in range(count)], dtype=np.int64)
        for family, count in (("evm", market.users), ("tron", (market.users + 1) // 2))
    }
    return Wallets(
        addresses=tuple(book.addresses),
        claims=tuple(book.claims),
        known=known,
        pools={purpose: np.array(members, dtype=np.int64) for purpose, members in pools.items()},
        odd=tuple(np.array(book.odd[chain], dtype=np.int64) for chain in CHAINS),
        users=(users["evm"], users["evm"], users["tron"]),
        wrapped=tuple(wrapped),
    )


def _ordinary(book: _Book, exchange: int, slug: str, deposits: int) -> dict[str, list[list[int]]]:
    """Two hot wallets, a cold one, a gas wallet and deposit wallets for each chain."""
    members: dict[str, list[list[int]]] = {"hot": [], "cold": [], "deposit": [], "gas": []}
    shared = book.add(f"{slug} hot", "evm")
    book.label(shared, "evm", exchange, "hot", 90)
    for chain in CHAINS:
        main = shared
        if chain == "tron":
            main = book.add(f"{slug} hot", "tron")
            book.label(main, chain, exchange, "hot", 90)
        second = book.add(f"{slug} {chain} second hot", chain)
        role = CUSTODY_ROLES[(exchange + CHAINS.index(chain)) % len(CUSTODY_ROLES)]
        book.label(second, chain, exchange, role, 20 if chain == "bsc" else 60)
        cold = book.add(f"{slug} {chain} cold", chain)
        book.label(cold, chain, exchange, "cold", 60)
        gas = book.add(f"{slug} {chain} gas", chain)
        book.label(gas, chain, exchange, OTHER_ROLES[exchange % 2], 60)
        boxes = [book.add(f"{slug} {chain} deposit {n}", chain) for n in range(deposits)]
        for number, box in enumerate(boxes):
            confidence = _DEPOSIT_CONFIDENCE[number % len(_DEPOSIT_CONFIDENCE)]
            if confidence is not None:
                book.label(box, chain, exchange, "deposit", confidence)
        for purpose, wallets in (
            ("hot", [main, second]),
            ("cold", [cold]),
            ("gas", [gas]),
            ("deposit", boxes),
        ):
            members[purpose].append(wallets)
    return members


def label_instants(market: Market) -> dict[str, int]:
    """The instants at which odd labels begin, change or end: three midnights, and two times of a day."""
    first, days = epoch(market.start), (market.end - market.start).days
    share = {"moved": 0.72, "late": 0.8, "early": 0.45}
    at = {name: first + int(days * part) * 86_400 for name, part in share.items()}
    at["timed_from"] = first + int(days * 0.3) * 86_400 + 6 * 3600 + 30 * 60
    at["timed_to"] = first + int(days * 0.6) * 86_400 + 18 * 3600
    return at


def _odd(book: _Book, market: Market, exchange: int, slug: str) -> None:
    """Wallets whose label holds for a part of the time, on a part of the chains, at a part of the levels."""
    at, other = label_instants(market), (exchange + 1) % len(market.exchanges)
    for family in ("evm", "tron"):

        def wallet(name: str, family: str = family) -> int:
            number = book.add(f"{slug} odd {name}", family)
            for chain in CHAINS:
                if (chain == "tron") == (family == "tron"):
                    book.odd[chain].append(number)
            return number

        moved = wallet("moved")
        book.label(moved, family, exchange, "deposit", 60, None, at["moved"])
        book.label(moved, family, other, "deposit", 60, at["moved"], None)
        book.label(wallet("late"), family, exchange, "hot", 90, at["late"], None)
        book.label(wallet("early"), family, exchange, "hot", 90, None, at["early"])
        book.label(wallet("timed"), family, exchange, "custody", 60, at["timed_from"], at["timed_to"])
        for confidence in (0, 5, 10, 19, 20, 49, 50, 100):
            book.label(wallet(f"confidence {confidence}"), family, exchange, "", confidence)
        for role in OTHER_ROLES:
            book.label(wallet(role), family, exchange, role, 60)
        book.label(wallet("weak issuer"), family, exchange, "issuer", 10)
    for name, confidence, role in (
        ("both", 60, "hot"),
        ("both weak", 10, "hot"),
        ("both staking", 60, "staking"),
    ):
        both = book.add(f"{slug} odd {name}", "evm")
        book.label(both, "evm", exchange, "hot", 60)
        book.label(both, "bsc", other, role, confidence)
        book.odd["ethereum"].append(both)
        book.odd["bsc"].append(both)
    one_chain = book.add(f"{slug} odd bsc only", "evm")
    book.label(one_chain, "bsc", exchange, "hot", 60)
    book.odd["ethereum"].append(one_chain)
    book.odd["bsc"].append(one_chain)


def known_since(claim: Claim, market: Market) -> dt.date:
    """The day from which a label is said to have been known: guesses come later than what is published."""
    if claim.confidence >= 20:
        return market.start
    return market.start + dt.timedelta(days=claim.wallet * 7 % (market.end - market.start).days)
