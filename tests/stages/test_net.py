"""UTXO netting against the same rules written plainly, with fractions and dictionaries."""

import datetime as dt
from collections import defaultdict
from fractions import Fraction
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import NOON, asset, assets, frame, prices, wallet, wallets

from inflows.addresses import address_key
from inflows.contracts.flows import DailyFacts, Flows
from inflows.contracts.names import CUSTODY_ROLES, LEVELS
from inflows.contracts.raw import UtxoEntries
from inflows.contracts.schema import dtypes
from inflows.stages.aggregate import daily_facts, flows
from inflows.stages.price import price_transfers
from inflows.stages.utxo_netting import net_transactions, too_large_transactions

TX = "ab" * 32


def tx(
    ins: list[tuple[str, int]],
    outs: list[tuple[str, int]],
    *,
    hash: str = TX,
    block: int = 840_000,
    coinbase: bool = False,
    time: dt.datetime = NOON,
) -> list[dict[str, Any]]:
    """The entries of one transaction, from (address, satoshi)."""
    return [
        {
            "chain": "bitcoin",
            "block_number": block,
            "block_time": time,
            "tx_hash": hash,
            "is_coinbase": coinbase,
            "side": side,
            "position": position,
            "address": address,
            "amount_raw": str(amount),
            "source": "test",
            "exact": True,
        }
        for side, entries in (("in", ins), ("out", outs))
        for position, (address, amount) in enumerate(entries)
    ]


def entries(*transactions: list[dict[str, Any]]) -> pl.LazyFrame:
    rows = [row for rows in transactions for row in rows]
    return frame(UtxoEntries, rows).lazy().with_columns(address_key=address_key(pl.col("address")))


def known(name: str, exchange: str | None, role: str = "hot", **changes: Any) -> dict[str, Any]:
    return wallet("x", exchange, role, chain="bitcoin", address=name, **changes)


KNOWN = wallets(
    known("1AlphaHot", "alpha"),
    known("1AlphaCold", "alpha", "cold"),
    known("1AlphaGas", "alpha", "gas"),
    known("1AlphaIssuer", "alpha", "issuer"),
    known("1BravoHot", "bravo", "", confidence_all=60),
    known("1CharlieHot", "charlie", exchange_strict=None, role_strict=None),
    known("1Tether", "tether", "issuer"),
    known("1Contested", None, None, contested=True),
    known(
        "1DeltaDeposit", "delta", "deposit", exchange_strict=None, role_strict=None, exchange_base=None,
        role_base=None, confidence_all=10,
    ),
)  # fmt: skip


def netted(*transactions: list[dict[str, Any]], wallets: pl.DataFrame = KNOWN) -> pl.DataFrame:
    return net_transactions(entries(*transactions), wallets).collect()


def movements(found: pl.DataFrame, level: str = "base") -> list[tuple[str, str | None, str | None, int]]:
    rows = found.filter(pl.col(f"flow_type_{level}").is_not_null()).sort("tx_hash", "position")
    return [
        (
            row[f"flow_type_{level}"],
            row[f"from_exchange_{level}"],
            row[f"to_exchange_{level}"],
            int(row["amount_raw"]),
        )
        for row in rows.iter_rows(named=True)
    ]


def test_change_to_the_same_exchange_is_no_flow() -> None:
    found = netted(tx([("1AlphaHot", 100)], [("1User", 9), ("1AlphaCold", 90)]))
    assert sorted(movements(found)) == [("fee", "alpha", None, 1), ("outflow", "alpha", None, 9)]


def test_the_same_address_on_both_sides_counts_by_its_difference() -> None:
    found = netted(tx([("1AlphaHot", 100), ("1User", 50)], [("1AlphaHot", 140), ("1User", 10)]))
    assert movements(found) == [("inflow", None, "alpha", 40)]


def test_a_batched_withdrawal_is_one_outflow() -> None:
    found = netted(
        tx([("1AlphaHot", 1_000)], [("1A", 100), ("1B", 200), ("", 50), ("3C", 300), ("1AlphaHot", 340)])
    )
    assert sorted(movements(found)) == [("fee", "alpha", None, 10), ("outflow", "alpha", None, 650)]
    row = found.row(by_predicate=pl.col("flow_type_base") == "outflow", named=True)
    assert (row["from_address"], row["to_address"]) == ("1AlphaHot", "")


def test_a_move_within_an_exchange_leaves_its_fee_alone() -> None:
    found = netted(tx([("1AlphaHot", 100)], [("1AlphaCold", 97)]))
    assert movements(found) == [("fee", "alpha", None, 3)]


@pytest.mark.parametrize(
    ("payer", "receiver", "flow"),
    [
        ("1User", "1AlphaHot", ("inflow", None, "alpha", 99)),
        ("1AlphaHot", "1BravoHot", ("inter_exchange", "alpha", "bravo", 99)),
        ("1AlphaHot", "1User", ("outflow", "alpha", None, 99)),
        ("1Contested", "1BravoHot", ("inflow", None, "bravo", 99)),
        ("1Tether", "1AlphaHot", ("mint", None, "alpha", 99)),
        ("1AlphaHot", "1Tether", ("burn", "alpha", None, 99)),
        ("1AlphaGas", "1BravoHot", ("inflow", None, "bravo", 99)),
        ("1BravoHot", "1AlphaGas", ("outflow", "bravo", None, 99)),
        ("1AlphaGas", "1AlphaHot", None),
        ("1AlphaHot", "1AlphaIssuer", None),
        ("1AlphaGas", "1User", None),
        ("1Tether", "1AlphaGas", None),
    ],
)
def test_who_pays_whom_makes_the_type(
    payer: str, receiver: str, flow: tuple[str, str | None, str | None, int] | None
) -> None:
    found = movements(netted(tx([(payer, 100)], [(receiver, 99)])))
    assert [row for row in found if row[0] != "fee"] == ([flow] if flow else [])


def test_coinbase_outputs_are_minted_and_their_transaction_has_no_fee() -> None:
    found = netted(tx([], [("1BravoHot", 312_500_000), ("1Pool", 5), ("", 0)], coinbase=True))
    assert movements(found) == [("mint", None, "bravo", 312_500_000)]
    assert found["to_address"].to_list() == ["1BravoHot"]


def test_the_fee_is_taken_from_all_payers_in_proportion_first() -> None:
    found = netted(tx([("1AlphaHot", 300), ("1User", 100)], [("1BravoHot", 356), ("1AlphaHot", 0)], hash=TX))
    assert sorted(movements(found)) == [
        ("fee", "alpha", None, 33),
        ("inflow", None, "bravo", 89),
        ("inter_exchange", "alpha", "bravo", 267),
    ]


def test_equal_remainders_go_to_the_first_owner_by_name() -> None:
    """1 satoshi of 3 is left to divide between two halves."""
    found = netted(tx([("1User", 3)], [("1AlphaHot", 2), ("1BravoHot", 1)]))
    assert movements(found) == [("inflow", None, "alpha", 2), ("inflow", None, "bravo", 1)]
    found = netted(tx([("1AlphaHot", 50), ("1BravoHot", 50)], [("1User", 99)]))
    assert sorted(movements(found)) == [
        ("fee", "alpha", None, 1),
        ("outflow", "alpha", None, 49),
        ("outflow", "bravo", None, 50),
    ]


def test_levels_are_netted_apart_and_what_is_the_same_is_one_row() -> None:
    found = netted(tx([("1CharlieHot", 100), ("1User", 100)], [("1AlphaHot", 150), ("1User", 50)]))
    assert movements(found, "strict") == [("inflow", None, "alpha", 150)]
    assert sorted(movements(found, "base")) == [
        ("inflow", None, "alpha", 50),
        ("inter_exchange", "charlie", "alpha", 100),
    ]
    assert movements(found, "all") == movements(found, "base")
    assert found.height == 3
    assert found["position"].to_list() == [0, 1, 2]


def test_addresses_stand_where_an_owner_has_one_and_the_lowest_confidence_counts() -> None:
    found = netted(
        tx(
            [("1BravoHot", 10), ("1UserA", 5), ("1UserB", 5)],
            [("1AlphaHot", 11), ("1AlphaCold", 9), ("", 0)],
        )
    ).sort("from_exchange_all", nulls_last=True)
    assert found["from_address"].to_list() == ["1BravoHot", ""]
    assert found["to_address"].to_list() == ["", ""]
    assert found["from_confidence_all"].to_list() == [60, None]
    assert found["to_confidence_all"].to_list() == [90, 90]


def test_a_label_counts_only_while_it_holds() -> None:
    spans = wallets(
        known("1Moved", "alpha", valid_to=NOON),
        known("1Moved", "bravo", valid_from=NOON, valid_to=NOON + dt.timedelta(hours=1)),
    )
    for offset, owner in ((-1, ["alpha"]), (0, ["bravo"]), (3599, ["bravo"]), (3600, [])):
        found = netted(
            tx([("1User", 9)], [("1Moved", 9)], time=NOON + dt.timedelta(seconds=offset)), wallets=spans
        )
        assert found["to_exchange_base"].to_list() == owner


def test_a_key_that_matches_is_verified_on_the_full_address() -> None:
    tail = "0011223344556677"
    found = netted(
        tx([("1User", 9)], [("bc1qstranger" + tail, 9)]), wallets=wallets(known("bc1qours" + tail, "alpha"))
    )
    assert found.is_empty()


def test_a_repeated_coinbase_id_is_two_transactions() -> None:
    found = netted(
        tx([], [("1AlphaHot", 50)], coinbase=True, block=91_722, hash="e3" * 32),
        tx([], [("1AlphaHot", 50)], coinbase=True, block=91_880, hash="e3" * 32),
    )
    assert found.select("block_number", "position", "amount_raw").rows() == [
        (91_722, 0, "50"),
        (91_880, 0, "50"),
    ]


def test_products_of_all_the_coins_there_are_stay_exact() -> None:
    """21e14 times 21e14 does not fit 64 bits."""
    most = 21 * 10**14
    found = netted(
        tx([("1User", most), ("1AlphaHot", most - 1)], [("1BravoHot", most - 7), ("1CharlieHot", most)])
    )
    received = {name: sum(m[3] for m in movements(found) if m[2] == name) for name in ("bravo", "charlie")}
    assert received == {"bravo": most - 7, "charlie": most}


def test_amounts_beyond_exact_arithmetic_are_left_out_and_reported() -> None:
    huge = tx([("1User", 10**30)], [("1AlphaHot", 10**30)], hash="01" * 32)
    wide = tx([("1User", 10**19)] * 2, [("1AlphaHot", 2 * 10**18)] * 10, hash="02" * 32)
    fine = tx([("1User", 10**18)], [("1AlphaHot", 10**18)], hash="03" * 32)
    strange = tx([("1User", 10**30)], [("1Other", 10**30)], hash="04" * 32)
    found = netted(huge, wide, fine, strange)
    assert found["tx_hash"].to_list() == ["03" * 32]
    left_out = too_large_transactions(entries(huge, wide, fine, strange), KNOWN).collect()
    assert left_out["detail"].to_list() == ["01" * 32, "02" * 32]
    assert left_out["finding"].unique().to_list() == ["beyond_exact_range"]


def test_nothing_in_and_nothing_known_give_an_empty_frame_of_the_same_columns() -> None:
    some = tx([("1User", 9)], [("1AlphaHot", 9)])
    full = netted(some)
    for empty in (netted(), netted(some, wallets=wallets())):
        assert empty.is_empty()
        assert empty.schema == full.schema


def test_the_order_of_entries_leaves_no_trace() -> None:
    rows = [
        *tx([("1AlphaHot", 70), ("1User", 31)], [("1BravoHot", 50), ("1CharlieHot", 49)], hash="0a" * 32),
        *tx([("1BravoHot", 70), ("1User", 31)], [("1AlphaCold", 50), ("3Other", 49)], hash="0b" * 32),
    ]
    forward, backward = netted(rows), netted(rows[::-1])
    assert forward.equals(backward)


def test_netted_movements_go_on_as_transfers_do() -> None:
    """price -> flows and daily facts take them as they come."""
    coin = assets(asset("", "BTC", 8, "native", chain="bitcoin"))
    quotes = prices(("", NOON, "60000")).with_columns(chain=pl.lit("bitcoin"))
    priced = net_transactions(
        entries(tx([("1User", 200_000_000)], [("1AlphaHot", 150_000_000), ("1User", 49_000_000)])), KNOWN
    ).pipe(price_transfers, coin, quotes)
    rows = flows(priced).collect()
    assert rows.schema == dtypes(Flows)
    assert [str(usd) for usd in rows["usd"]] == ["90000.000000"]
    daily = daily_facts(priced).collect()
    assert daily.schema == dtypes(DailyFacts)
    assert sorted(daily["level"]) == ["all", "base", "strict"]


# The same rules, plainly.


def largest_remainder(amount: int, weights: dict[str, int]) -> dict[str, int]:
    total = sum(weights.values())
    exact = {name: Fraction(amount * weight, total) for name, weight in weights.items()}
    shares = {name: int(value) for name, value in exact.items()}
    left = amount - sum(shares.values())
    for name in sorted(exact, key=lambda name: (shares[name] - exact[name], name))[:left]:
        shares[name] += 1
    return shares


def plain_movements(
    rows: list[dict[str, Any]], labels: dict[str, tuple[str | None, str | None]]
) -> set[tuple[str, str, int]]:
    """(payer, receiver, satoshi) of one transaction at one level, with an exchange on a side."""
    exchanges = {
        labels[row["address"]][0]
        for row in rows
        if row["address"] in labels
        and labels[row["address"]][0]
        and labels[row["address"]][1] in CUSTODY_ROLES
    }
    net: dict[str, int] = defaultdict(int)
    for row in rows:
        exchange, role = labels.get(row["address"], (None, None))
        owner = exchange if exchange in exchanges and exchange else "+issuer" if role == "issuer" else ""
        net[owner] += int(row["amount_raw"]) * (1 if row["side"] == "out" else -1)
    fee = -sum(net.values())
    losses = {name: -value for name, value in net.items() if value < 0}
    gains = {name: value for name, value in net.items() if value > 0}
    if fee < 0:
        losses["+coinbase"] = -fee
    made: list[tuple[str, str, int]] = []
    if fee > 0:
        for name, part in largest_remainder(fee, losses).items():
            made.append((name, "+miner", part))
            losses[name] -= part
    for payer in sorted(losses):
        if losses[payer]:
            for receiver, part in largest_remainder(losses[payer], gains).items():
                made.append((payer, receiver, part))
                gains[receiver] -= part
    assert not any(gains.values())
    return {m for m in made if m[2] and any(side and side[0] != "+" for side in m[:2])}


ADDRESSES = [*KNOWN["address"], "1Stranger", "3Other", ""]
AMOUNTS = st.one_of(st.integers(0, 30), st.integers(0, 21 * 10**14))
ENTRIES = st.lists(st.tuples(st.sampled_from(ADDRESSES), AMOUNTS), max_size=8)


@st.composite
def transactions(draw: st.DrawFn) -> list[dict[str, Any]]:
    outs = draw(ENTRIES)
    if draw(st.integers(0, 9)) == 0:
        return tx([], outs, coinbase=True)
    ins = draw(st.lists(st.tuples(st.sampled_from(ADDRESSES), AMOUNTS), min_size=1, max_size=8))
    lacking = sum(a for _, a in outs) - sum(a for _, a in ins)
    if lacking > 0:
        address, amount = ins[0]
        ins[0] = (address, amount + lacking + draw(st.integers(0, 20)))
    return tx(ins, outs)


@settings(max_examples=40)
@given(st.lists(transactions(), min_size=1, max_size=25))
def test_netting_agrees_with_the_rules_written_plainly(drawn: list[list[dict[str, Any]]]) -> None:
    for number, rows in enumerate(drawn):
        for row in rows:
            row["tx_hash"] = f"{number:064x}"
    found = netted(*drawn)
    assert found.select("chain", "block_number", "tx_hash", "kind", "position").is_duplicated().sum() == 0
    for level in LEVELS:
        labels = {
            row["address"]: (row[f"exchange_{level}"], row[f"role_{level}"])
            for row in KNOWN.iter_rows(named=True)
        }
        at_level = found.filter(pl.col(f"flow_type_{level}").is_not_null())
        for number, rows in enumerate(drawn):
            expected = plain_movements(rows, labels)
            mine = at_level.filter(pl.col("tx_hash") == f"{number:064x}")
            got = [
                (
                    row[f"from_exchange_{level}"],
                    row[f"to_exchange_{level}"],
                    int(row["amount_raw"]),
                    row[f"flow_type_{level}"],
                )
                for row in mine.iter_rows(named=True)
            ]
            assert sorted(got, key=str) == sorted((typed(m) for m in expected), key=str)
            check_identity(rows, labels, got)


def typed(movement: tuple[str, str, int]) -> tuple[str | None, str | None, int, str]:
    payer, receiver, amount = movement
    flow = (
        "fee" if receiver == "+miner"
        else "mint" if payer in ("+coinbase", "+issuer")
        else "burn" if receiver == "+issuer"
        else "inflow" if not payer
        else "outflow" if not receiver
        else "inter_exchange"
    )  # fmt: skip
    named = (None if not side or side[0] == "+" else side for side in (payer, receiver))
    return (*named, amount, flow)  # type: ignore[return-value]


def check_identity(
    rows: list[dict[str, Any]], labels: dict[str, tuple[str | None, str | None]], got: list[Any]
) -> None:
    """An exchange's movements add up to its outputs less its inputs."""
    custody = {
        labels[r["address"]][0]
        for r in rows
        if r["address"] in labels and labels[r["address"]][1] in CUSTODY_ROLES
    }
    for exchange in custody - {None}:
        difference = sum(
            int(row["amount_raw"]) * (1 if row["side"] == "out" else -1)
            for row in rows
            if labels.get(row["address"], (None, None))[0] == exchange
        )
        assert difference == sum(m[2] for m in got if m[1] == exchange) - sum(
            m[2] for m in got if m[0] == exchange
        )
