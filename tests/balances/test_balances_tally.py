"""What moved between two balances, transfer by transfer: small worlds with everything in sight."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import polars as pl
import pytest
from support import NOON, USDT, WETH, ZERO, address, frame, transfer, transfers, wallet, wallets

from inflows.addresses import address_key
from inflows.balances import accounts, utxo
from inflows.balances.exact import whole
from inflows.balances.windows import windows
from inflows.contracts.balances import Balances
from inflows.contracts.flows import Flows
from inflows.contracts.raw import UtxoEntries
from inflows.contracts.schema import dtypes

MOST = 2**256 - 1
HOT, COLD, OTHER, USER = address("hot"), address("cold"), address("other"), address("user")
DAY = dt.timedelta(days=1)


def balance(name: str, time: dt.datetime | None = NOON, amount: int = 0, **changes: Any) -> dict[str, Any]:
    """A balance of USDT at an instant, with changes."""
    return {
        "address": address(name),
        "contract": USDT,
        "time": time,
        "block_number": None,
        "amount_raw": str(amount),
        "source": "test",
        "known_at": None,
    } | changes


def balances(*rows: Mapping[str, Any]) -> pl.DataFrame:
    types = {name: kind for name, kind in dtypes(Balances).items() if name != "chain"}
    return pl.DataFrame([dict(row) for row in rows], schema=types)


def both(name: str, **changes: Any) -> list[dict[str, Any]]:
    """Balances a day before and at NOON."""
    return [balance(name, NOON - DAY, **changes), balance(name, NOON, **changes)]


OURS = wallets(wallet("hot", "one"), wallet("cold", "one"), wallet("far", "two"))


def tally(
    rows: list[dict[str, Any]], flow_types: Mapping[int, str | None], members: pl.DataFrame
) -> dict[Any, int]:
    """Parts by side, of transfers with the flow types of their numbers."""
    flows = [
        row | {"flow_type": flow_types[row["position"]]} for row in rows if row["position"] in flow_types
    ]
    found = accounts.moved(transfers(*rows).lazy(), frame(Flows, flows).lazy(), members, "base").collect(
        engine="streaming"
    )
    return {(row["part"], row["side"]): whole(row) for row in found.iter_rows(named=True)}


def members(*rows: Mapping[str, Any], **options: Any) -> pl.DataFrame:
    return windows(balances(*rows), OURS, "base", **options).members


def test_a_transfer_is_in_the_window_after_the_opening_and_up_to_the_closing_instant() -> None:
    held = members(*both("hot"))
    second = dt.timedelta(seconds=1)
    times = (NOON - DAY, NOON - DAY + second, NOON, NOON + second)
    rows = [
        transfer(number, to_address=HOT, block_time=time, amount_raw=str(10**number))
        for number, time in enumerate(times)
    ]
    assert tally(rows, dict.fromkeys(range(4), "inflow"), held) == {("inflow", "in"): 110}


def test_blocks_decide_where_balances_name_them() -> None:
    held = members(balance("hot", NOON - DAY, block_number=10), balance("hot", NOON, block_number=12))
    rows = [
        transfer(
            number, to_address=HOT, block_number=number, block_time=NOON - DAY, amount_raw=str(10**number)
        )
        for number in (10, 11, 12, 13)
    ]
    assert tally(rows, dict.fromkeys(range(20), "inflow"), held) == {("inflow", "in"): 10**11 + 10**12}


@pytest.mark.parametrize(
    ("flow_type", "received", "sent"),
    [
        ("inflow", "inflow", "no_flow"),
        ("outflow", "no_flow", "outflow"),
        ("inter_exchange", "inter_exchange_in", "inter_exchange_out"),
        ("mint", "mint", "no_flow"),
        ("burn", "no_flow", "burn"),
        ("wrap", "wrap_in", "wrap_out"),
        ("internal", "uncovered_internal", "uncovered_internal"),
        (None, "no_flow", "no_flow"),
    ],
)
def test_each_side_counts_under_the_part_that_its_flow_type_gives_it(flow_type, received, sent) -> None:
    rows = [
        transfer(1, from_address=USER, to_address=HOT, amount_raw="3"),
        transfer(2, from_address=HOT, to_address=USER, amount_raw="5"),
    ]
    found = tally(rows, {1: flow_type, 2: flow_type}, members(*both("hot")))
    assert found == {(received, "in"): 3, (sent, "out"): 5}


def test_a_transfer_without_any_flow_is_added_up_all_the_same() -> None:
    rows = [transfer(1, from_address=USER, to_address=HOT, amount_raw="3")]
    assert tally(rows, {}, members(*both("hot"))) == {("no_flow", "in"): 3}


def test_what_moves_between_two_covered_wallets_is_counted_once_and_changes_nothing() -> None:
    held = members(*both("hot"), *both("cold"))
    rows = [
        transfer(1, from_address=HOT, to_address=COLD, amount_raw="7"),
        transfer(2, from_address=HOT, to_address=HOT, amount_raw="2"),
    ]
    assert tally(rows, {1: "internal", 2: "internal"}, held) == {("internal", "in"): 9}


def test_a_wallet_with_other_instants_is_not_covered_by_them() -> None:
    held = members(*both("hot"), balance("cold", NOON - 2 * DAY), balance("cold", NOON))
    rows = [transfer(1, from_address=HOT, to_address=COLD, amount_raw="7")]
    found = tally(rows, {1: "internal"}, held)
    assert held["group"].n_unique() == 2
    assert found == {("uncovered_internal", "in"): 7, ("uncovered_internal", "out"): 7}


def test_an_asset_is_its_contract_and_nothing_else() -> None:
    rows = [
        transfer(1, to_address=HOT, contract=WETH),
        transfer(2, to_address=HOT, contract="", kind="native"),
    ]
    assert tally(rows, {1: "inflow", 2: "inflow"}, members(*both("hot"))) == {}


def test_sums_beyond_256_bits_are_exact() -> None:
    rows = [transfer(n, to_address=HOT, from_address=ZERO, amount_raw=str(MOST)) for n in range(1_000)]
    found = tally(rows, dict.fromkeys(range(1_000), "mint"), members(*both("hot")))
    assert found == {("mint", "in"): 1_000 * MOST}


def test_amounts_that_came_through_doubles_are_counted() -> None:
    rows = transfers(transfer(1, to_address=HOT, exact=False), transfer(2, to_address=HOT)).lazy()
    found = accounts.moved(rows, frame(Flows, []).lazy(), members(*both("hot")), "base").collect()
    assert found.select("approximate", "transfers").rows() == [(1, 2)]


def test_an_address_that_shares_a_key_with_a_wallet_is_not_taken_for_it() -> None:
    alike = "0x" + "b" * 24 + HOT[-16:]
    assert pl.select(address_key(pl.lit(alike)) == address_key(pl.lit(HOT))).item()
    assert tally([transfer(1, to_address=alike)], {1: "inflow"}, members(*both("hot"))) == {}


def test_native_coins_paid_into_and_out_of_the_wrapping_contract_are_found_for_the_wrapped_coin() -> None:
    held = members(*both("hot", contract=WETH))
    rows = transfers(
        transfer(1, from_address=HOT, to_address=WETH, contract="", kind="native", amount_raw="9"),
        transfer(2, from_address=WETH, to_address=HOT, contract="", kind="trace", amount_raw="4"),
        transfer(3, from_address=HOT, to_address=USER, contract="", kind="native", amount_raw="50"),
        transfer(4, from_address=USER, to_address=WETH, contract="", kind="native", amount_raw="60"),
    ).lazy()
    found = accounts.wrapped_silently(rows, held).collect()
    assert {(row["part"], row["side"]): whole(row) for row in found.iter_rows(named=True)} == {
        ("native_wrapped", "in"): 9,
        ("native_wrapped", "out"): 4,
    }


def test_a_wallet_belongs_to_the_exchange_that_had_it_last_in_the_window() -> None:
    sold = wallets(
        wallet("hot", "one", valid_to=NOON - DAY / 2), wallet("hot", "two", valid_from=NOON - DAY / 2)
    )
    found = windows(balances(*both("hot")), sold, "base")
    assert found.groups["exchange"].to_list() == ["two"]
    assert found.members["always_labelled"].to_list() == [False]
    earlier = windows(balances(*both("hot"), balance("hot", NOON + DAY)), sold, "base", last=NOON - DAY / 2)
    assert (earlier.lonely, earlier.groups.height) == (1, 0)


def test_a_wallet_that_was_labelled_only_outside_the_window_is_told_as_unlabelled() -> None:
    late = wallets(wallet("hot", "one", valid_from=NOON + DAY))
    found = windows(balances(*both("hot"), *both("stranger")), late, "base")
    assert (found.unlabelled, found.groups.height) == (2, 0)


def test_a_wallet_whose_label_is_told_in_several_spans_is_labelled_throughout() -> None:
    spans = wallets(
        wallet("hot", "one", valid_to=NOON - DAY / 2),
        wallet("hot", "one", valid_from=NOON - DAY / 2, confidence_all=50),
    )
    found = windows(balances(*both("hot")), spans, "base").members
    assert found["always_labelled"].to_list() == [True]


def test_of_two_sources_the_one_known_last_is_taken_and_the_disagreement_told() -> None:
    found = members(
        balance("hot", NOON - DAY, 5),
        balance("hot", NOON, 7, source="a", known_at=NOON),
        balance("hot", NOON, 8, source="b", known_at=NOON + DAY),
    )
    assert found.select("opening_raw", "closing_raw", "agreed").rows() == [("5", "8", False)]


def test_sources_that_say_the_same_agree_whether_or_not_they_name_the_block() -> None:
    found = members(
        balance("hot", NOON - DAY, 5),
        balance("hot", NOON, 7, source="a", block_number=12),
        balance("hot", NOON, 7, source="b"),
    )
    assert found.select("opening_raw", "closing_raw", "to_block", "agreed").rows() == [("5", "7", 12, True)]


def test_blocks_of_one_second_are_different_instants() -> None:
    found = members(
        balance("hot", NOON, 5, block_number=11),
        balance("hot", NOON, 7, block_number=12),
        balance("hot", NOON, 9, block_number=13),
        each=True,
    )
    assert found.sort("from_block").select("opening_raw", "closing_raw").rows() == [("5", "7"), ("7", "9")]


def entry(tx: str, side: str, name: str, amount: int, position: int = 0) -> dict[str, Any]:
    return {
        "chain": "bitcoin",
        "block_number": 800_000,
        "block_time": NOON,
        "tx_hash": tx,
        "is_coinbase": False,
        "side": side,
        "position": position,
        "address": address(name),
        "amount_raw": str(amount),
        "source": "test",
        "exact": True,
    }


def movement(
    tx: str, flow_type: str, amount: int, sender: str | None, receiver: str | None
) -> dict[str, Any]:
    return {
        "chain": "bitcoin",
        "block_number": 800_000,
        "tx_hash": tx,
        "kind": "utxo",
        "from_exchange": sender,
        "to_exchange": receiver,
        "amount_raw": str(amount),
        "flow_type": flow_type,
    }


def utxo_tally(rows: list[dict[str, Any]], flows: list[dict[str, Any]], *names: str) -> dict[Any, int]:
    given = [row for name in names for row in both(name, contract="")]
    found = windows(balances(*given), OURS, "base")
    held = found.members.join(found.groups.select("group", "exchange"), on="group", validate="m:1")
    entries = frame(UtxoEntries, rows).with_columns(address_key=address_key(pl.col("address")))
    owned = OURS.select("address", "address_key", exchange="exchange_base")
    parts = utxo.moved(entries.lazy(), frame(Flows, flows).lazy(), held, owned, "base").collect()
    return {(row["part"], row["side"], row["shared"]): whole(row) for row in parts.iter_rows(named=True)}


def test_the_change_of_a_utxo_wallet_is_its_outputs_less_its_inputs() -> None:
    rows = [entry("a", "in", "hot", 100), entry("a", "out", "user", 30), entry("a", "out", "hot", 69, 1)]
    flows = [movement("a", "outflow", 30, "one", None), movement("a", "fee", 1, "one", None)]
    assert utxo_tally(rows, flows, "hot") == {
        ("entries", "in", False): 69,
        ("entries", "out", False): 100,
        ("outflow", "out", False): 30,
        ("fee", "out", False): 1,
    }


def test_a_transaction_with_another_wallet_of_the_exchange_is_told_apart() -> None:
    rows = [entry("a", "in", "hot", 100), entry("a", "out", "cold", 99)]
    found = utxo_tally(rows, [movement("a", "fee", 1, "one", None)], "hot")
    assert found == {("entries", "out", True): 100, ("fee", "out", True): 1}
    covered = utxo_tally(rows, [movement("a", "fee", 1, "one", None)], "hot", "cold")
    assert covered == {("entries", "out", False): 100, ("entries", "in", False): 99, ("fee", "out", False): 1}


def test_flows_of_other_exchanges_in_the_same_transaction_are_not_counted_here() -> None:
    rows = [entry("a", "in", "user", 50), entry("a", "out", "hot", 20), entry("a", "out", "far", 30, 1)]
    flows = [movement("a", "inflow", 20, None, "one"), movement("a", "inflow", 30, None, "two")]
    assert utxo_tally(rows, flows, "hot") == {("entries", "in", False): 20, ("inflow", "in", False): 20}


def test_a_label_that_ended_at_the_opening_instant_is_outside_of_the_window() -> None:
    ended = wallets(wallet("hot", "one", valid_to=NOON - DAY))
    assert windows(balances(*both("hot")), ended, "base").unlabelled == 1


def test_sources_that_disagree_on_the_opening_balance_are_told_too() -> None:
    found = members(
        balance("hot", NOON - DAY, 5, source="a"), balance("hot", NOON - DAY, 6, source="b"), balance("hot")
    )
    assert found.select("opening_raw", "agreed").rows() == [("5", False)]


def test_balances_at_the_first_and_the_last_instant_asked_for_count() -> None:
    rows = (*both("hot"), balance("hot", NOON + DAY))
    found = windows(balances(*rows), OURS, "base", first=NOON - DAY, last=NOON)
    assert found.groups.select("from_time", "to_time").rows() == [(NOON - DAY, NOON)]


def test_balances_after_one_block_are_of_one_instant_whatever_time_they_were_asked_for() -> None:
    found = windows(
        balances(
            balance("hot", NOON - DAY), balance("hot", NOON - DAY / 2, block_number=12),
            balance("cold", NOON - DAY), balance("cold", NOON, block_number=12),
        ),
        OURS,
        "base",
    )  # fmt: skip
    assert found.groups.select("to_time", "to_block").rows() == [(NOON, 12)]
    assert found.members["address"].to_list() == sorted([HOT, COLD])
