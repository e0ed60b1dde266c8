"""On UTXO chains balances are sums of unspent outputs, and change by outputs less inputs."""

from __future__ import annotations

import csv
import datetime as dt
import random
from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from balances.balance_files import write
from cli.command_line import Line

from inflows.contracts.balances import PARTS

START = dt.datetime(2024, 3, 1, 22, tzinfo=dt.UTC)
BLOCKS, TRANSACTIONS = 40, 12
OPENING, CLOSING = 800_009, 800_033
ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


def person(name: str) -> str:
    """An address with the form of Bitcoin's."""
    draw = random.Random(name)
    return "1" + "".join(draw.choices(ALPHABET, k=33))


WALLETS = {
    person(f"{exchange} {role} {number}"): (exchange, role)
    for exchange in ("one", "two")
    for role in ("hot", "cold", "deposit")
    for number in range(3)
}
USERS = [person(f"user {number}") for number in range(10)]


def at(block: int) -> dt.datetime:
    return START + dt.timedelta(minutes=10 * (block - 800_000))


def story(seed: int) -> list[tuple[Any, ...]]:
    """Rows of the own format for UTXO entries: coinbases, mixed payments, change, fees, odd scripts."""
    draw = random.Random(seed)
    people = [*WALLETS, *USERS]
    unspent: list[tuple[str, int]] = []
    rows: list[tuple[Any, ...]] = []
    for block in range(800_000, 800_000 + BLOCKS):
        for number in range(TRANSACTIONS):
            mined = number == 0
            key = (
                "bitcoin",
                block,
                at(block).isoformat(),
                f"{draw.getrandbits(256):064x}",
                str(mined).lower(),
            )
            spent: list[tuple[str, int]] = []
            made = [(draw.choice(people), 625_000_000)]
            if not mined:
                draw.shuffle(unspent)
                spent = [unspent.pop() for _ in range(min(len(unspent), draw.randint(1, 3)))]
                total = sum(amount for _, amount in spent)
                kept = total - draw.choice([0, total // 1000])
                cuts = sorted([0, *(draw.randint(0, kept) for _ in range(draw.randint(0, 3))), kept])
                made = [(draw.choice([*people, ""]), end - begin) for begin, end in pairwise(cuts)]
            rows += [(*key, "in", place, *one) for place, one in enumerate(spent)]
            rows += [(*key, "out", place, *one) for place, one in enumerate(made)]
            unspent += [one for one in made if one[0]]
    return rows


def unspent_after(rows: list[tuple[Any, ...]], block: int) -> dict[str, int]:
    """What each address has after a block."""
    held: dict[str, int] = defaultdict(int)
    for row in rows:
        if row[1] <= block:
            held[row[7]] += row[8] if row[5] == "out" else -row[8]
    return held


HEADERS = {
    "utxo": "chain,block_number,block_time,tx_hash,is_coinbase,side,position,address,amount_raw",
    "labels": "chain,address,exchange,role,confidence,source",
    "assets": "chain,contract,symbol,decimals,kind,trusted",
}


def file(folder: Path, name: str, rows: Sequence[tuple[Any, ...]]) -> str:
    path = folder / f"{name}.csv"
    with path.open("w", newline="", encoding="utf-8") as handle:
        writer = csv.writer(handle)
        writer.writerow(HEADERS[name].split(","))
        writer.writerows(rows)
    return str(path)


def world(folder: Path, rows: list[tuple[Any, ...]]) -> Line:
    """A data folder with everything but balances, built."""
    line = Line(folder / "data")
    labels = [("bitcoin", who, *what, 100, "test") for who, what in WALLETS.items()]
    line.does("labels", "import", file(folder, "labels", labels), "--known-at", "2020")
    line.does("assets", "import", file(folder, "assets", [("bitcoin", "", "BTC", 8, "native", "true")]))
    line.does("ingest", "files", file(folder, "utxo", rows), "--input-format", "inflows")
    line.does("build")
    return line


def balances(rows: list[tuple[Any, ...]], wallets: Sequence[str]) -> list[tuple[Any, ...]]:
    """Rows of the own format: by block alone, and by the block's time alone."""
    opening, closing = unspent_after(rows, OPENING), unspent_after(rows, CLOSING)
    return [
        ("bitcoin", who, "", *moment, held.get(who, 0), "node")
        for who in wallets
        for moment, held in ((("", OPENING), opening), ((at(CLOSING).isoformat(), ""), closing))
    ]


def check(line: Line, *arguments: str) -> dict[str, dict[str, Any]]:
    rows = {row["exchange"]: row for row in line.rows("balances", "check", *arguments)}
    for row in rows.values():
        parts = sum(sign * int(row[f"{part}_raw"]) for part, sign in PARTS.items())
        assert int(row["change_raw"]) - parts == int(row["remainder_raw"])
    return rows


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_unspent_outputs_of_an_exchange_change_by_its_flows_and_fees(seed, tmp_path) -> None:
    rows = story(seed)
    line = world(tmp_path, rows)
    line.does("balances", "import", str(write(tmp_path / "balances.csv", balances(rows, list(WALLETS)))))
    found = check(line)
    assert set(found) == {"one", "two"}
    for row in found.values():
        assert row["explained"], row
        assert (row["uncovered_internal_raw"], row["no_flow_raw"]) == ("0", "0")
        for part in ("inflow", "outflow", "inter_exchange_in", "inter_exchange_out", "mint", "fee"):
            assert int(row[f"{part}_raw"]) > 0, part
        assert (row["wallets"], row["from_block"], row["to_block"]) == (9, OPENING, None)


def test_with_some_wallets_only_the_rest_of_the_exchange_is_told_apart(tmp_path) -> None:
    rows = story(4)
    line = world(tmp_path, rows)
    hot = [who for who, (_, role) in WALLETS.items() if role == "hot"]
    line.does("balances", "import", str(write(tmp_path / "balances.csv", balances(rows, hot))))
    for row in check(line).values():
        assert row["explained"]
        assert int(row["uncovered_internal_raw"]) != 0
        assert row["no_flow_raw"] == "0"


def test_a_transaction_that_was_not_read_is_the_exact_remainder(tmp_path) -> None:
    rows = story(5)
    gone, amount = next(
        (row[3], row[8])
        for row in rows
        if row[4] == "true" and row[7] in WALLETS and 800_020 <= row[1] < CLOSING
    )
    line = world(tmp_path, [row for row in rows if row[3] != gone])
    line.does("balances", "import", str(write(tmp_path / "balances.csv", balances(rows, list(WALLETS)))))
    wrong = [row for row in check(line).values() if not row["explained"]]
    assert [int(row["remainder_raw"]) for row in wrong] == [amount]
    assert "transactions not known to be read on 2 of 2 days" in wrong[0]["may_explain"]
