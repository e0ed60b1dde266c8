"""One candidate at a time: where each line of the rule runs."""

import datetime as dt
from typing import Any

import polars as pl
import pytest
from support import NOON, USDT, ZERO, address, asset, assets, transfer, transfers, wallet, wallets

from inflows.stages.deposit_candidates import candidates, events, gathering, senders
from inflows.stages.sweeps import assess_candidates, finalise_verdicts

LISTED = assets(asset(), asset("", "ETH", 18, "native"))
KNOWN = wallets(
    wallet("hot", "alpha"),
    wallet("box", "alpha", "deposit"),
    wallet("gas", "alpha", "gas"),
    wallet("bravo", "bravo"),
)
BOX, HOT, PAYER = address("new"), address("hot"), address("payer")
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
COIN = 10**18


def came(amount: int = 100, at: dt.timedelta = dt.timedelta(), **changes: Any) -> dict[str, Any]:
    return _moved(PAYER, BOX, amount, at, changes)


def left(amount: int = 100, at: dt.timedelta = HOUR, **changes: Any) -> dict[str, Any]:
    return _moved(BOX, HOT, amount, at, changes)


def _moved(
    sender: str, receiver: str, amount: int, at: dt.timedelta, changes: dict[str, Any]
) -> dict[str, Any]:
    seconds = int(at.total_seconds())
    return (
        transfer(0, block_time=NOON + at, block_number=19_000_000 + seconds // 12)
        | {"from_address": sender, "to_address": receiver, "amount_raw": str(amount)}
        | changes
    )


def reason(*rows: dict[str, Any]) -> str | None:
    """Why BOX is refused; None where it is found; 'no candidate' where it paid no exchange."""
    numbered = [{"tx_hash": f"0x{n:064x}", "position": n} | _given(row) for n, row in enumerate(rows)]
    moved = transfers(*({**row, **given} for row, given in zip(rows, numbered, strict=True))).lazy()
    sent = moved.pipe(senders, KNOWN, LISTED)
    found, refused = candidates(sent, KNOWN.select("address", "address_key").unique(), LISTED)
    mine = found.filter(pl.col("address") == BOX).collect()
    if mine.is_empty():
        return refused.collect()["reason"].first() or "no candidate"
    seen = events(moved, mine, KNOWN, LISTED)
    verdicts, payments = assess_candidates(
        seen.collect(), mine, LISTED, gathering(seen).collect()["other_key"]
    )
    return finalise_verdicts(verdicts, payments)["reason"].item()


def _given(row: dict[str, Any]) -> dict[str, Any]:
    return {"tx_hash": row["tx_hash"]} if row["tx_hash"] != f"0x{0:064x}" else {}


def test_what_comes_in_and_leaves_for_the_exchange_within_a_day_makes_a_deposit_address() -> None:
    assert reason(came(), left()) is None


@pytest.mark.parametrize(
    ("amount", "expected"), [(90, None), (89, "partial"), (110, None), (111, "partial"), (100, None)]
)
def test_a_sweep_is_from_nine_to_eleven_tenths_of_what_came_in(amount: int, expected: str | None) -> None:
    assert reason(came(100), left(amount)) == expected


@pytest.mark.parametrize(("at", "expected"), [(DAY, None), (DAY + dt.timedelta(seconds=1), "too_slow")])
def test_a_day_is_the_limit_and_counts(at: dt.timedelta, expected: str | None) -> None:
    assert reason(came(), left(at=at)) == expected


def test_several_receipts_leave_together() -> None:
    assert reason(came(100), came(50, at=HOUR), came(10, at=2 * HOUR), left(160, at=3 * HOUR)) is None


def test_dust_of_days_before_hides_no_sweep() -> None:
    assert reason(came(1), came(100, at=5 * DAY), left(100, at=5 * DAY + HOUR)) is None


@pytest.mark.parametrize(("kept", "expected"), [(COIN // 100, None), (COIN // 100 + COIN // 10, "partial")])
def test_native_coin_may_keep_back_a_hundredth_for_its_fee(kept: int, expected: str | None) -> None:
    native = {"contract": "", "kind": "native"}
    received = COIN // 20
    assert reason(came(received + kept, **native), left(received, **native)) == expected


def test_tokens_keep_nothing_back_for_a_fee() -> None:
    assert reason(came(100), left(85)) == "partial"


def test_a_second_exchange_refuses_whatever_its_amount() -> None:
    assert reason(came(), left(), left(1, to_address=address("bravo"))) == "two_exchanges"


@pytest.mark.parametrize(
    "forged", [{"amount_raw": "0"}, {"contract": "0x" + "99" * 20}], ids=["nothing", "unlisted"]
)
def test_what_anybody_can_forge_in_its_name_does_not_count(forged: dict[str, str]) -> None:
    assert reason(came(), left(), left(to_address=address("bravo"), **forged)) is None
    assert reason(came(), left(**forged)) == "no candidate"


def test_who_pays_others_is_refused_but_gas_may_go_back_to_who_sent_it() -> None:
    native = {"contract": "", "kind": "native"}
    assert reason(came(), left(), left(to_address=address("shop"))) == "pays_others"
    gas = came(30, from_address=address("funder"), **native)
    assert reason(gas, came(), left(), left(20, to_address=address("funder"), **native)) is None
    assert reason(gas, came(), left(), left(40, to_address=address("funder"), **native)) == "pays_others"


def test_a_token_that_leaves_in_the_transaction_in_which_it_came_shows_a_router() -> None:
    same = {"tx_hash": "0x" + "ab" * 32}
    assert reason(came(**same), left(at=dt.timedelta(), **same)) == "router"
    native = {"contract": "", "kind": "native"}
    assert reason(came(**same, **native), left(at=dt.timedelta(), **same, **native)) is None


def test_who_pays_a_deposit_address_is_a_customer() -> None:
    assert reason(came(), left(), came(at=DAY), left(at=DAY + HOUR, to_address=address("box"))) == (
        "pays_deposit_address"
    )


def test_what_came_straight_from_an_exchange_shows_nothing_unless_the_exchange_pays_the_gas() -> None:
    withdrawn = came(from_address=address("bravo"))
    assert reason(withdrawn, left()) == "from_exchanges"
    gas = came(5, from_address=address("gas"), contract="", kind="native")
    assert reason(withdrawn, gas, left()) is None


def test_labelled_addresses_contracts_and_the_zero_address_are_no_candidates() -> None:
    moved = transfers(
        transfer(1, from_address=address("gas"), to_address=HOT),
        transfer(2, from_address=USDT, to_address=HOT),
        transfer(3, from_address=ZERO, to_address=HOT),
    )
    sent = moved.lazy().pipe(senders, KNOWN, LISTED)
    found, refused = candidates(sent, KNOWN.select("address", "address_key"), LISTED)
    assert found.collect().is_empty()
    assert sorted(refused.collect()["reason"]) == ["known_contract", "known_wallet"]


def test_a_label_counts_only_while_it_holds() -> None:
    ended = wallets(wallet("hot", "alpha", valid_to=NOON))
    sent = transfers(left(at=dt.timedelta())).lazy().pipe(senders, ended, LISTED)
    assert sent.collect().is_empty()
