"""The expected flows of a few blocks by a plain scan: lists, dicts and Decimal, and nothing of the stages.

It says the rules once more, as the domain has them, so that the line and this scan can only agree by both
being right.
"""

from __future__ import annotations

import csv
import datetime as dt
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from decimal import ROUND_HALF_EVEN, Context, Decimal
from pathlib import Path
from typing import Any, NamedTuple

from real_files import BLOCKS, WETH, Claim, Quote

import inflows

TRANSFER = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"
NOBODY = "0x" + "0" * 40
BEACON = "0x00000000219ab540356cbb839cbe05303d7705fa"
LEVELS = {"strict": 50, "base": 20, "all": 0}
NOT_CUSTODY = {"gas", "deposit_funder", "deployer", "contract", "staking", "issuer"}
EXACT = Context(prec=120, rounding=ROUND_HALF_EVEN)


class Moved(NamedTuple):
    """A transfer as the chain says it."""

    block_number: int
    block_time: dt.datetime
    tx_hash: str
    kind: str
    position: int
    contract: str
    from_address: str
    to_address: str
    amount_raw: int


class Owner(NamedTuple):
    """Whose an address is at a level."""

    exchange: str
    role: str
    confidence: int


Book = dict[str, dict[str, Owner]]
"""By level, by address."""


def json_lines(name: str) -> list[dict[str, Any]]:
    """The rows of one of the files of the two blocks."""
    with (BLOCKS / f"{name}.jsonl").open(encoding="utf-8") as handle:
        return [json.loads(line) for line in handle]


def moves_of_the_two_blocks() -> list[Moved]:
    """Every transfer of coins in the two blocks: tokens but no NFTs, native coins, withdrawals."""
    times = {block["number"]: at(block["timestamp"]) for block in json_lines("blocks")}
    nfts = {
        (log["transaction_hash"], log["log_index"])
        for log in json_lines("logs")
        if log["topics"] and log["topics"][0] == TRANSFER and len(log["topics"]) == 4
    }
    tokens = [
        Moved(
            row["block_number"], times[row["block_number"]], row["transaction_hash"], "token",
            row["log_index"], row["token_address"], row["from_address"], row["to_address"], int(row["value"]),
        )
        for row in json_lines("token_transfers")
        if (row["transaction_hash"], row["log_index"]) not in nfts
    ]  # fmt: skip
    native = [
        Moved(
            row["block_number"], times[row["block_number"]], row["hash"], "native",
            0, "", row["from_address"], row["to_address"], int(row["value"]),
        )
        for row in json_lines("transactions")
        if row["receipt_status"] == 1 and int(row["value"]) > 0
    ]  # fmt: skip
    withdrawals = [
        Moved(
            block["number"], times[block["number"]], "", "withdrawal",
            paid["index"], "", NOBODY, paid["address"], paid["amount"] * 10**9,
        )
        for block in json_lines("blocks")
        for paid in block["withdrawals"]
    ]  # fmt: skip
    return [*tokens, *native, *withdrawals]


def at(seconds: int | str) -> dt.datetime:
    """Seconds since 1970 as an instant."""
    return dt.datetime.fromtimestamp(int(seconds), dt.UTC)


def book_of(claims: Iterable[Claim]) -> Book:
    """Owners by level and address; an address whose claims are equally good and disagree has none.

    Higher confidence, then more sources; all claims are equally old here.
    """
    by_address: dict[str, list[Claim]] = defaultdict(list)
    for claim in claims:
        by_address[claim.address].append(claim)
    book: Book = {level: {} for level in LEVELS}
    for level, least in LEVELS.items():
        for address, said in by_address.items():
            if address == BEACON:  # nobody's wallet, whatever is claimed
                continue
            held = [claim for claim in said if claim.confidence >= least]
            if any(claim.chain == "ethereum" for claim in held):
                held = [claim for claim in held if claim.chain == "ethereum"]
            owner = _settled(held)
            if owner:
                book[level][address] = owner
    return book


def _settled(held: list[Claim]) -> Owner | None:
    rank = {
        exchange: (
            max(claim.confidence for claim in held if claim.exchange == exchange),
            len({claim.source for claim in held if claim.exchange == exchange}),
        )
        for exchange in {claim.exchange for claim in held}
    }
    best = [exchange for exchange, place in rank.items() if place == max(rank.values())]
    if len(best) != 1:
        return None
    mine = [claim for claim in held if claim.exchange == best[0]]
    claim = min(mine, key=lambda claim: (-claim.confidence, claim.role == "", claim.role))
    return Owner(claim.exchange, claim.role, claim.confidence)


def core_assets() -> dict[str, tuple[str, int, str]]:
    """Symbol, decimals and kind of the core assets of ethereum, by contract."""
    with (Path(inflows.__file__).parent / "reference" / "core_assets.csv").open(
        newline="", encoding="utf-8"
    ) as handle:
        return {
            row["contract"]: (row["symbol"], int(row["decimals"]), row["kind"])
            for row in csv.DictReader(handle)
            if row["chain"] == "ethereum"
        }


def flow_type(moved: Moved, owners: Mapping[str, Owner]) -> str | None:
    """The type of a transfer at a level, in the order of the domain's table."""
    payer, payee = owners.get(moved.from_address), owners.get(moved.to_address)
    if moved.amount_raw == 0:
        return None
    if payer and payee and payer.exchange == payee.exchange:
        return "internal"
    issued = moved.from_address == NOBODY or (payer is not None and payer.role == "issuer")
    taken_back = moved.to_address in (NOBODY, BEACON) or (payee is not None and payee.role == "issuer")
    sends = payer is not None and payer.role not in NOT_CUSTODY
    receives = payee is not None and payee.role not in NOT_CUSTODY
    if receives and issued:
        return "mint"
    if sends and taken_back:
        return "burn"
    other = moved.from_address if receives else moved.to_address
    if (sends or receives) and other == WETH and moved.contract in ("", WETH):
        return "wrap"
    if sends and receives:
        return "inter_exchange"
    return "inflow" if receives else "outflow" if sends else None


def price_of(moved: Moved, quotes: Iterable[Quote]) -> Decimal | None:
    """The latest quote at or before the block, at most 48 hours old; of several, the first source by name.

    All of them were imported together here, so that none is known later than another.
    """
    usable = [
        quote
        for quote in quotes
        if quote.contract == moved.contract
        and dt.timedelta(0) <= moved.block_time - quote.time <= dt.timedelta(hours=48)
    ]
    if not usable:
        return None
    newest = max(quote.time for quote in usable)
    return min((q for q in usable if q.time == newest), key=lambda quote: quote.source).price_usd


def expected_flows(moves: Iterable[Moved], book: Book, quotes: Iterable[Quote]) -> list[dict[str, Any]]:
    """The rows that fct_flow must have, as dicts of its columns."""
    assets, quoted = core_assets(), list(quotes)
    rows = []
    for moved in moves:
        types = {level: flow_type(moved, book[level]) for level in LEVELS}
        if not any(types.values()):
            continue
        symbol, decimals, _ = assets.get(moved.contract, (None, None, None))
        amount = usd = None
        if decimals is not None:
            amount = Decimal(moved.amount_raw).scaleb(-decimals, EXACT)
            price = price_of(moved, quoted)
            if price is not None:
                usd = EXACT.multiply(amount, price).quantize(Decimal("0.000001"), context=EXACT)
        payer, payee = (
            owner
            if owner and types["all"] and (types["all"] == "internal" or owner.role not in NOT_CUSTODY)
            else None
            for owner in (book["all"].get(moved.from_address), book["all"].get(moved.to_address))
        )
        rows.append(
            {
                "chain": "ethereum",
                **moved._asdict(),
                "block_time": moved.block_time.replace(tzinfo=None),
                "symbol": symbol,
                "from_exchange": payer and payer.exchange,
                "to_exchange": payee and payee.exchange,
                "from_confidence": payer and payer.confidence,
                "to_confidence": payee and payee.confidence,
                "amount_raw": str(moved.amount_raw),
                "amount": amount,
                "usd": usd,
                "flow_type": types["base"],
                "flow_type_strict": types["strict"],
                "flow_type_all": types["all"],
            }
        )
    return rows


KEY = ("block_number", "tx_hash", "kind", "position")


def differences(found: Iterable[Mapping[str, Any]], expected: Iterable[Mapping[str, Any]]) -> list[str]:
    """Row by row, where what was found is not what was expected; empty where all agree."""
    there = {tuple(row[name] for name in KEY): row for row in found}
    wanted = {tuple(row[name] for name in KEY): row for row in expected}
    said = [f"missing: {wanted[key]}" for key in sorted(wanted.keys() - there.keys())]
    said += [f"not expected: {there[key]}" for key in sorted(there.keys() - wanted.keys())]
    for key in sorted(wanted.keys() & there.keys()):
        said += [
            f"{key} {name}: {there[key].get(name)!r}, expected {value!r}"
            for name, value in wanted[key].items()
            if there[key].get(name, "no such column") != value
        ]
    return said
