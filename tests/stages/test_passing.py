"""What passes through an exchange's wallets without custody, and out again, is told with its amount."""

import datetime as dt
from decimal import Decimal

import polars as pl
from support import NOON, USDT, ZERO, address, asset, assets, prices, transfer, transfers, wallet, wallets

from inflows.chains import STAKING_CONTRACTS
from inflows.stages.label import label_transfers
from inflows.stages.pass_through import FINDING, daily_parts, passed_through, sentence, without_custody
from inflows.stages.price import price_transfers

KNOWN = wallets(
    wallet("hot", "alpha"),
    wallet("router", "alpha", "contract"),
    wallet("gas", "alpha", "gas"),
    wallet("issuer", "tether", "issuer"),
    wallet("bravo", "bravo"),
)
Move = tuple[str, str, int]


def parts(*moves: Move, day: int = 0) -> pl.DataFrame:
    """The day's parts of transfers (from, to, whole USDT)."""
    rows = [
        transfer(
            place,
            block_time=NOON + dt.timedelta(days=day),
            from_address=sender if sender.startswith("0x") else address(sender),
            to_address=receiver if receiver.startswith("0x") else address(receiver),
            amount_raw=str(amount * 10**6),
        )
        for place, (sender, receiver, amount) in enumerate(moves)
    ]
    quotes = prices((USDT, NOON + dt.timedelta(days=day), "1"))
    labelled = transfers(*rows).lazy().pipe(label_transfers, KNOWN)
    return labelled.pipe(price_transfers, assets(asset()), quotes).pipe(daily_parts).collect()


def found(*days: pl.DataFrame) -> list[tuple[str, str, int, Decimal]]:
    summed = (
        pl.concat(days)
        .group_by("finding", "chain", "contract", "detail")
        .agg(pl.col("transfers", "usd").sum())
    )
    return passed_through(summed).select("finding", "detail", "transfers", "usd").rows()


def told(name: str, transfers: int, usd: int) -> tuple[str, str, int, Decimal]:
    exchange = {"router": "alpha", "gas": "alpha"}[name]
    return (FINDING, f"{exchange} {address(name)}", transfers, Decimal(usd))


def test_customers_money_by_way_of_a_contract_is_found_both_ways() -> None:
    day = parts(("user", "router", 10), ("router", "hot", 10), ("hot", "router", 4), ("router", "other", 4))
    assert found(day) == [told("router", 2, 14)]


def test_it_is_found_over_several_days_and_the_sum_is_of_all_of_them() -> None:
    assert found(parts(("user", "router", 10))) == []
    days = [
        parts(("user", "router", 10)),
        parts(("router", "hot", 7), day=1),
        parts(("router", "hot", 1), day=2),
    ]
    assert found(*days) == found(*reversed(days)) == [told("router", 1, 8)]


def test_what_only_moves_inside_the_exchange_is_nothing_to_tell() -> None:
    assert found(parts(("hot", "gas", 5), ("gas", "hot", 5))) == []
    assert found(parts(("hot", "gas", 5), ("gas", "user", 2))) == [told("gas", 1, 2)]
    assert found(parts(("bravo", "router", 5), ("router", "hot", 5))) == [told("router", 1, 5)]


def test_what_is_issued_staked_or_sent_to_oneself_does_not_pass_through() -> None:
    beacon = STAKING_CONTRACTS["ethereum"][0]
    moves: list[Move] = [
        (ZERO, "router", 5), ("router", beacon, 5), ("router", "router", 5), ("user", "issuer", 5),
        ("issuer", "user", 5), ("user", "hot", 5), ("hot", "user", 5),
    ]  # fmt: skip
    assert parts(*moves).is_empty()


def test_other_findings_stay_as_they_are_and_the_wallets_concerned_are_few() -> None:
    other = pl.DataFrame(
        {
            "finding": "above_max_supply",
            "chain": "x",
            "contract": "",
            "detail": "0x1",
            "transfers": 1,
            "usd": None,
        },
        schema=parts().drop("date").schema,
    )
    assert passed_through(other).equals(other)
    assert sorted(without_custody(KNOWN)["address"]) == sorted(address(name) for name in ("router", "gas"))


def test_the_sentence_names_the_amount_and_the_largest() -> None:
    day = parts(("user", "router", 1000), ("router", "hot", 1000), ("user", "gas", 5), ("gas", "hot", 5))
    said = sentence(passed_through(day.drop("date")))
    assert said.startswith("$1,005 passed through 2 wallets of exchanges without custody and out again")
    assert f"ethereum alpha {address('router')} $1,000" in said
