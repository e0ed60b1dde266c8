"""A market whose deposit addresses nobody has labelled, among others that look like them.

It knows what everybody is, and keeps the books of what each exchange received. It shares no code with the
discovery, and its people are made to be mistaken for each other: each behaviour below is one of them.
"""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import random
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

START = dt.datetime(2024, 2, 1, tzinfo=dt.UTC)
MINUTE, HOUR, DAY = 60, 3600, 86_400
USDT, LINK, SPAM, ETH = "0x" + "d1" * 20, "0x" + "e2" * 20, "0x" + "f3" * 20, ""
DOLLARS = {USDT: 1, LINK: 20, ETH: 2000}
DECIMALS = {USDT: 6, LINK: 18, ETH: 18, SPAM: 6}
GAS = 2 * 10**15


def address(name: str) -> str:
    """A stable address for a name."""
    return "0x" + hashlib.sha256(name.encode()).hexdigest()[:40]


@dataclass
class HiddenMarket:
    """A market drawn from a seed; `deposits` and `decoys` are how many of each behaviour there are."""

    seed: int
    exchanges: int = 3
    deposits: int = 6
    decoys: int = 4
    days: int = 40
    rows: list[tuple[object, ...]] = field(default_factory=list)
    labels: list[tuple[str, str, str, int]] = field(default_factory=list)
    swept: dict[str, str] = field(default_factory=dict)
    received_usd: dict[str, float] = field(default_factory=lambda: defaultdict(float))

    def __post_init__(self) -> None:
        self.rng = random.Random(self.seed)
        self.names = [f"exchange-{n}" for n in range(self.exchanges)]
        self.number = 0
        for name in self.names:
            for role, confidence in (("hot", 60), ("second hot", 20), ("cold", 90), ("gas", 60)):
                self.labels.append((address(f"{name} {role}"), name, role.split()[-1], confidence))
            for number in range(3):
                self.labels.append((address(f"{name} known {number}"), name, "deposit", 60))
        for name in self.names:
            for behaviour in DEPOSITS:
                for number in range(self.deposits):
                    box = address(f"{name} {behaviour.__name__} {number}")
                    behaviour(self, name, box)
            for behaviour in DECOYS:
                for number in range(self.decoys):
                    behaviour(self, name, address(f"{name} {behaviour.__name__} {number}"))

    # What the behaviours are made of.

    def when(self, room: float = 3) -> int:
        """A second of the window with some days left after it."""
        return self.rng.randrange(0, int((self.days - room) * DAY))

    def amount(self, asset: str) -> int:
        """A raw amount worth some dollars to many."""
        dollars = max(5.0, self.rng.lognormvariate(6, 1.2))
        return (
            int(dollars / DOLLARS[asset] * 10**9)
            * 10 ** (DECIMALS[asset] - 9 if DECIMALS[asset] > 9 else 0)
            // (1 if DECIMALS[asset] > 9 else 10 ** (9 - DECIMALS[asset]))
        )

    def user(self) -> str:
        """Somebody."""
        return address(f"user {self.rng.randrange(10**9)}")

    def hot(self, exchange: str) -> str:
        """A wallet where an exchange gathers."""
        return address(f"{exchange} {self.rng.choice(['hot', 'hot', 'second hot', 'cold'])}")

    def other(self, exchange: str) -> str:
        """Another exchange."""
        return self.rng.choice([name for name in self.names if name != exchange])

    def asset(self) -> str:
        """A listed asset."""
        return self.rng.choice([USDT, USDT, LINK, ETH])

    def pay(
        self, at: int, asset: str, sender: str, receiver: str, raw: int, *, tx: str = "", kind: str = ""
    ) -> str:
        """A transfer; its transaction."""
        self.number += 1
        tx = tx or "0x" + hashlib.sha256(f"{self.seed} {self.number}".encode()).hexdigest()
        kind = kind or ("native" if asset == ETH else "token")
        at -= at % 12
        time = (START + dt.timedelta(seconds=at)).isoformat()
        position = 0 if kind == "native" else self.number
        self.rows.append(
            ("ethereum", 19_000_000 + at // 12, time, tx, kind, position, asset, sender, receiver, raw)
        )
        return tx

    def book(self, exchange: str, asset: str, raw: int) -> None:
        """Count what an exchange received."""
        self.received_usd[exchange] += raw / 10 ** DECIMALS[asset] * DOLLARS[asset]

    def deposit(self, at: int, exchange: str, box: str, asset: str, *, sender: str = "", raw: int = 0) -> int:
        """A customer's deposit: the amount."""
        raw = raw or self.amount(asset)
        self.pay(at, asset, sender or self.user(), box, raw)
        self.book(exchange, asset, raw)
        return raw

    def sweep(self, at: int, exchange: str, box: str, asset: str, raw: int) -> None:
        """What arrived goes on to the exchange."""
        fee = min(self.rng.randrange(10**14, 5 * 10**15), raw // 20) if asset == ETH else 0
        self.pay(at, asset, box, self.hot(exchange), raw - fee)
        self.swept[box] = exchange

    def direct(self, at: int, exchange: str, sender: str, asset: str, raw: int) -> None:
        """A payment to the exchange's own wallet."""
        self.pay(at, asset, sender, self.hot(exchange), raw)
        self.book(exchange, asset, raw)


Behaviour = Callable[[HiddenMarket, str, str], None]


def one_by_one(market: HiddenMarket, exchange: str, box: str) -> None:
    """Each deposit is swept by itself, within hours, out of order."""
    for _ in range(market.rng.randint(1, 6)):
        at, asset = market.when(), market.asset()
        raw = market.deposit(at, exchange, box, asset)
        market.sweep(at + market.rng.randint(5 * MINUTE, 20 * HOUR), exchange, box, asset, raw)


def in_batches(market: HiddenMarket, exchange: str, box: str) -> None:
    """Several deposits of a day go on together."""
    for start in range(market.rng.randint(1, 3)):
        asset, at = market.asset(), start * 10 * DAY + market.rng.randrange(5 * DAY)
        raws = [market.deposit(at + n * HOUR, exchange, box, asset) for n in range(market.rng.randint(2, 6))]
        market.sweep(at + 9 * HOUR, exchange, box, asset, sum(raws))


def forwards_at_once(market: HiddenMarket, exchange: str, box: str) -> None:
    """A contract that passes native coin on in the very transaction."""
    for _ in range(market.rng.randint(1, 4)):
        at, raw = market.when(), market.amount(ETH)
        tx = market.pay(at, ETH, market.user(), box, raw)
        market.pay(at, ETH, box, market.hot(exchange), raw, tx=tx, kind="trace")
        market.book(exchange, ETH, raw)
        market.swept[box] = exchange


def needs_gas(market: HiddenMarket, exchange: str, box: str) -> None:
    """Tokens are swept with gas that the exchange sends, and what is left of it goes back."""
    funder = address(f"{exchange} {market.rng.choice(['gas', 'unlabelled gas'])}")
    for number in range(market.rng.randint(1, 3)):
        at = number * 8 * DAY + market.rng.randrange(4 * DAY)
        asset = market.rng.choice([USDT, LINK])
        raw = market.deposit(at, exchange, box, asset)
        market.pay(at + HOUR, ETH, funder, box, GAS)
        market.sweep(at + 2 * HOUR, exchange, box, asset, raw)
        market.pay(at + 3 * HOUR, ETH, box, funder, GAS // 2)


def pestered(market: HiddenMarket, exchange: str, box: str) -> None:
    """Dust days before, tokens of forgers in its name, transfers of nothing to other exchanges."""
    other = market.other(exchange)
    for number in range(2):
        at = 6 * DAY + number * 10 * DAY + market.rng.randrange(3 * DAY)
        market.pay(at - 5 * DAY, USDT, market.user(), box, market.rng.randint(1, 9))
        raw = market.deposit(at, exchange, box, USDT)
        market.sweep(at + HOUR, exchange, box, USDT, raw)
        market.pay(at + 2 * HOUR, SPAM, box, market.hot(other), 10**12)
        market.pay(at + 2 * HOUR, SPAM, market.user(), box, 10**12)
        market.pay(at + 3 * HOUR, USDT, box, market.hot(other), 0)
        market.pay(at + 3 * HOUR, USDT, box, market.user(), 0)


def fed_by_exchanges_too(market: HiddenMarket, exchange: str, box: str) -> None:
    """The customer withdraws elsewhere straight to this address, and pays from his wallet too."""
    for sender in (address(f"{market.other(exchange)} hot"), market.user()):
        at = market.when()
        raw = market.deposit(at, exchange, box, USDT, sender=sender)
        market.sweep(at + market.rng.randint(HOUR, 12 * HOUR), exchange, box, USDT, raw)


def sometimes_late(market: HiddenMarket, exchange: str, box: str) -> None:
    """Small deposits wait until a large one makes the sweep worth while."""
    waiting = market.deposit(market.rng.randrange(DAY), exchange, box, LINK)
    at = 6 * DAY + market.rng.randrange(DAY)
    raw = market.deposit(at, exchange, box, LINK) + waiting
    market.sweep(at + HOUR, exchange, box, LINK, raw)
    at += 10 * DAY
    market.sweep(at + HOUR, exchange, box, LINK, market.deposit(at, exchange, box, LINK))


def busy(market: HiddenMarket, exchange: str, box: str) -> None:
    """Deposits come faster than sweeps."""
    at, asset = market.rng.randrange(DAY), market.rng.choice([USDT, LINK])
    for _ in range(market.rng.randint(8, 15)):
        at += market.rng.randint(HOUR, 2 * DAY)
        raw = market.deposit(at, exchange, box, asset)
        market.sweep(at + market.rng.randint(HOUR, 22 * HOUR), exchange, box, asset, raw)


def pays_two_exchanges(market: HiddenMarket, exchange: str, user: str) -> None:
    """A user passes on what he gets, now here, now there."""
    for name in (exchange, market.other(exchange), exchange):
        at, raw = market.when(), market.amount(USDT)
        market.pay(at, USDT, market.user(), user, raw)
        market.direct(at + 2 * HOUR, name, user, USDT, raw)


def is_slow(market: HiddenMarket, exchange: str, user: str) -> None:
    """All is passed on, days later."""
    for number in range(market.rng.randint(1, 3)):
        at, asset = number * 10 * DAY + market.rng.randrange(DAY), market.asset()
        raw = market.amount(asset)
        market.pay(at, asset, market.user(), user, raw)
        market.direct(at + market.rng.randint(30 * HOUR, 5 * DAY), exchange, user, asset, raw * 99 // 100)


def passes_on_a_part(market: HiddenMarket, exchange: str, user: str) -> None:
    """A part is passed on, at once."""
    for number in range(market.rng.randint(1, 4)):
        at, raw = number * 8 * DAY + market.rng.randrange(DAY), market.amount(USDT)
        market.pay(at, USDT, market.user(), user, raw)
        market.direct(at + 2 * HOUR, exchange, user, USDT, raw * market.rng.randint(10, 85) // 100)


def routes_in_one_transaction(market: HiddenMarket, exchange: str, router: str) -> None:
    """A contract takes tokens from many and pays an exchange with them."""
    for _ in range(market.rng.randint(5, 15)):
        at, raw = market.when(), market.amount(USDT)
        tx = market.pay(at, USDT, market.user(), router, raw)
        market.pay(at, USDT, router, market.hot(exchange), raw, tx=tx)
        market.book(exchange, USDT, raw)


def routes_to_all(market: HiddenMarket, exchange: str, router: str) -> None:
    """A service that pays in for many, at every exchange."""
    for number in range(market.rng.randint(6, 20)):
        at, raw = market.when(), market.amount(USDT)
        market.pay(at, USDT, market.user(), router, raw)
        market.direct(at + 10 * MINUTE, market.names[number % len(market.names)], router, USDT, raw)


def forwards_for_crowds(market: HiddenMarket, exchange: str, router: str) -> None:
    """A service that pays in for dozens, at one exchange."""
    for _ in range(market.rng.randint(60, 80)):
        at, raw = market.when(), market.amount(USDT) // 50 + 1
        market.pay(at, USDT, market.user(), router, raw)
        market.direct(at + 10 * MINUTE, exchange, router, USDT, raw)


def carries_between_exchanges(market: HiddenMarket, exchange: str, user: str) -> None:
    """A customer withdraws at one exchange and pays all of it in at another, on his own."""
    source = market.other(exchange)
    for _ in range(market.rng.randint(1, 3)):
        at, raw = market.when(), market.amount(ETH)
        market.pay(at, ETH, address(f"{source} hot"), user, raw)
        market.direct(at + HOUR, exchange, user, ETH, raw - 10**14)


def pays_its_own_box(market: HiddenMarket, exchange: str, user: str) -> None:
    """A customer with a deposit address; once he pays the exchange's own wallet, as it comes."""
    box = address(f"box of {user}")
    for _ in range(2):
        at, raw = market.when(), market.amount(USDT)
        market.pay(at, USDT, market.user(), user, raw)
        market.deposit(at + HOUR, exchange, box, USDT, sender=user, raw=raw)
        market.sweep(at + 2 * HOUR, exchange, box, USDT, raw)
    at, raw = market.when(), market.amount(USDT)
    market.pay(at, USDT, market.user(), user, raw)
    market.direct(at + HOUR, exchange, user, USDT, raw)


def pays_a_known_box(market: HiddenMarket, exchange: str, user: str) -> None:
    """A customer who passes all on to a deposit address that everybody knows."""
    box = address(f"{exchange} known {market.rng.randrange(3)}")
    for _ in range(2):
        at, raw = market.when(), market.amount(USDT)
        market.pay(at, USDT, market.user(), user, raw)
        market.deposit(at + HOUR, exchange, box, USDT, sender=user, raw=raw)
        market.pay(at + 3 * HOUR, USDT, box, market.hot(exchange), raw)


def trades_elsewhere(market: HiddenMarket, exchange: str, user: str) -> None:
    """Passes on to an exchange now and then, and to a trading contract."""
    for number in range(4):
        at, raw = market.when(), market.amount(LINK)
        market.pay(at, LINK, market.user(), user, raw)
        if number % 2:
            market.direct(at + HOUR, exchange, user, LINK, raw)
        else:
            market.pay(at + HOUR, LINK, user, address("a trading contract"), raw)


def keeps_nearly_all(market: HiddenMarket, exchange: str, user: str) -> None:
    """A saver who once passes on a small gift."""
    for _ in range(8):
        market.pay(market.when(), USDT, market.user(), user, 50_000_000_000 + market.amount(USDT))
    at, raw = market.when(), 20_000_000
    market.pay(at, USDT, market.user(), user, raw)
    market.direct(at + HOUR, exchange, user, USDT, raw)


def unlabelled_hot_wallet(market: HiddenMarket, exchange: str, wallet: str) -> None:
    """The wallet of an exchange that nobody labelled: it pays customers, and once the exchange at hand."""
    for _ in range(8):
        market.pay(market.when(), USDT, market.user(), wallet, market.amount(USDT))
        market.pay(market.when(), USDT, wallet, market.user(), market.amount(USDT))
    at, raw = market.when(), market.amount(USDT)
    market.pay(at, USDT, market.user(), wallet, raw)
    market.direct(at + HOUR, exchange, wallet, USDT, raw)


def whole_once_by_chance(market: HiddenMarket, exchange: str, user: str) -> None:
    """Passes on a part each time, but once the whole."""
    for number in range(6):
        at, raw = number * 5 * DAY + market.rng.randrange(DAY), market.amount(USDT)
        market.pay(at, USDT, market.user(), user, raw)
        share = 100 if number == 3 else market.rng.randint(10, 80)
        market.direct(at + HOUR, exchange, user, USDT, raw * share // 100)


def seldom_uses_its_box(market: HiddenMarket, exchange: str, user: str) -> None:
    """Pays the exchange's own wallet time and again, and once his deposit address at another."""
    other, at = market.other(exchange), 0
    for number in range(13):
        at, raw = at + 2 * DAY + market.rng.randrange(HOUR), market.amount(USDT)
        market.pay(at, USDT, market.user(), user, raw)
        if number == 5:
            box = address(f"box of {user}")
            market.deposit(at + HOUR, other, box, USDT, sender=user, raw=raw)
            market.sweep(at + 2 * HOUR, other, box, USDT, raw)
        else:
            market.direct(at + HOUR, exchange, user, USDT, raw)


def labelled_wallets_trade(market: HiddenMarket, exchange: str, _name: str) -> None:
    """One exchange's wallet pays another's."""
    at, raw = market.when(), market.amount(USDT)
    sender = address(f"{market.other(exchange)} hot")
    market.pay(at, USDT, market.user(), sender, raw)
    market.direct(at + HOUR, exchange, sender, USDT, raw)
    # The first leg is a deposit at the other exchange.
    market.book(next(name for name in market.names if address(f"{name} hot") == sender), USDT, raw)


DEPOSITS: list[Behaviour] = [
    one_by_one, in_batches, forwards_at_once, needs_gas, pestered, fed_by_exchanges_too, sometimes_late, busy,
]  # fmt: skip
DECOYS: list[Behaviour] = [
    pays_two_exchanges, is_slow, passes_on_a_part, routes_in_one_transaction, routes_to_all,
    forwards_for_crowds,
    carries_between_exchanges, pays_its_own_box, pays_a_known_box, trades_elsewhere, keeps_nearly_all,
    unlabelled_hot_wallet,
    whole_once_by_chance,
    seldom_uses_its_box, labelled_wallets_trade,
]  # fmt: skip


def write_market(market: HiddenMarket, folder: Path) -> Path:
    """The market's files in the own formats, as build.steps.import_folder takes them, and transfers.csv."""
    folder.mkdir(parents=True, exist_ok=True)
    instant = (START - dt.timedelta(hours=1)).isoformat()
    hours = range(0, (market.days + 2) * 24, 24)
    tables: dict[str, tuple[str, list[tuple[object, ...]]]] = {
        "transfers": (
            "chain,block_number,block_time,tx_hash,kind,position,contract,from_address,to_address,amount_raw",
            list(market.rows),
        ),
        "labels": (
            "chain,address,exchange,role,confidence,known_at,source",
            [("ethereum", *label, "2020-01-01", "test") for label in market.labels],
        ),
        "assets": (
            "chain,contract,symbol,decimals,kind,trusted",
            [
                ("ethereum", USDT, "USDT", 6, "stablecoin", "true"),
                ("ethereum", LINK, "LINK", 18, "token", "true"),
                ("ethereum", ETH, "ETH", 18, "native", "true"),
            ],
        ),
        "prices": (
            "chain,contract,time,price_usd,source",
            [
                (
                    "ethereum",
                    asset,
                    (dt.datetime.fromisoformat(instant) + dt.timedelta(hours=n)).isoformat(),
                    usd,
                    "test",
                )
                for asset, usd in DOLLARS.items()
                for n in hours
            ],
        ),
        "jurisdictions": (
            "exchange,jurisdiction,basis,weight,source",
            [(name, "HK", "licence", 1, "test") for name in market.names],
        ),
    }
    for name, (header, rows) in tables.items():
        with (folder / f"{name}.csv").open("w", newline="", encoding="utf-8") as handle:
            csv.writer(handle).writerows([header.split(","), *rows])
    return folder
