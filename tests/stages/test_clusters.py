import datetime as dt
from typing import Any

import numpy as np
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st
from support import NOON, frame, wallet, wallets

from inflows.addresses import address_key
from inflows.contracts.raw import UtxoEntries
from inflows.contracts.registry import Labels
from inflows.contracts.schema import dtypes
from inflows.stages.clusters import components, discover_cospending

HOUR = dt.timedelta(hours=1)


def spend(number: int, ins: list[str], outs: list[int] | None = None, **changes: Any) -> list[dict[str, Any]]:
    """The entries of a transaction that spends coins of these addresses."""
    common = {
        "chain": "bitcoin",
        "block_number": 800_000 + number,
        "block_time": NOON,
        "tx_hash": f"{number:064x}",
        "is_coinbase": False,
        "source": "test",
        "exact": True,
    } | changes
    sides = [("in", n, name, 1_000) for n, name in enumerate(ins)]
    sides += [("out", n, f"1Out{number}x{n}", amount) for n, amount in enumerate(outs or [900])]
    return [
        common | {"side": side, "position": n, "address": name, "amount_raw": str(amount)}
        for side, n, name, amount in sides
    ]


def known(name: str, exchange: str | None, role: str = "hot", **changes: Any) -> dict[str, Any]:
    return wallet("x", exchange, role, chain="bitcoin", address=name, **changes)


def discovered(
    transactions: list[list[dict[str, Any]]], *labelled: dict[str, Any]
) -> tuple[pl.DataFrame, pl.DataFrame]:
    entries = frame(UtxoEntries, [row for rows in transactions for row in rows]).with_columns(
        address_key=address_key(pl.col("address"))
    )
    return discover_cospending(entries.lazy(), wallets(*labelled))


def owners(labels: pl.DataFrame) -> dict[str, str]:
    return dict(labels.select("address", "exchange").iter_rows())


def test_what_is_spent_together_with_a_labelled_address_is_labelled_over_any_number_of_steps() -> None:
    labels, conflicts = discovered(
        [
            spend(1, ["1Hot", "1A"]),
            spend(2, ["1A", "1B", "1B", ""]),
            spend(3, ["1B", "1C"]),
            spend(4, ["1X", "1Y"]),
            spend(5, ["1Alone"]),
        ],
        known("1Hot", "alpha"),
    )
    assert owners(labels) == {"1A": "alpha", "1B": "alpha", "1C": "alpha"}
    assert conflicts.is_empty()


def test_a_discovered_label_is_a_heuristic_with_its_first_transaction_as_evidence() -> None:
    labels, _ = discovered(
        [spend(9, ["1Hot", "1A"]), spend(2, ["1A", "1B"])],
        known("1Hot", "alpha", valid_from=NOON - HOUR, valid_to=NOON + HOUR),
    )
    assert dict(labels.schema) == dtypes(Labels)
    assert labels.row(0, named=True) == {
        "chain": "bitcoin",
        "address": "1A",
        "exchange": "alpha",
        "role": "",
        "confidence": 10,
        "valid_from": NOON - HOUR,
        "valid_to": NOON + HOUR,
        "known_at": None,
        "source": "cospending",
        "evidence": f"{2:064x}",
    }
    since_ever, _ = discovered([spend(1, ["1Hot", "1A"])], known("1Hot", "alpha"))
    assert since_ever.select("valid_from", "valid_to").row(0) == (None, None)


def test_a_cluster_of_two_exchanges_is_reported_and_joined_with_neither() -> None:
    labels, conflicts = discovered(
        [spend(1, ["1Hot", "1A"]), spend(2, ["1A", "1Other"]), spend(3, ["1Third", "1B"])],
        known("1Hot", "alpha"),
        known("1Other", "bravo"),
        known("1Third", "charlie"),
    )
    assert owners(labels) == {"1B": "charlie"}
    assert conflicts.rows() == [("bitcoin", "alpha; bravo", "1Hot; 1Other", 3)]


def test_an_address_that_changed_hands_puts_its_cluster_in_conflict() -> None:
    labels, conflicts = discovered(
        [spend(1, ["1Moved", "1A"]), spend(2, ["1Moved", "1B"], block_time=NOON + HOUR)],
        known("1Moved", "alpha", valid_to=NOON + HOUR),
        known("1Moved", "bravo", valid_from=NOON + HOUR),
    )
    assert labels.is_empty()
    assert conflicts["exchanges"].to_list() == ["alpha; bravo"]


def test_a_coinjoin_joins_nobody_and_its_near_misses_do() -> None:
    strangers = ["1Hot", "1A", "1B"]
    coinjoin = spend(1, strangers, [500, 500, 500, 70])
    assert discovered([coinjoin], known("1Hot", "alpha"))[0].is_empty()
    two_alike = spend(2, strangers, [500, 500, 70])
    fewer_inputs = spend(3, strangers, [500, 500, 500, 500])
    nothing_alike = spend(4, strangers, [0, 0, 0])
    for near in (two_alike, fewer_inputs, nothing_alike):
        assert discovered([near], known("1Hot", "alpha"))[0].height == 2


def test_labels_that_do_not_hold_are_guesses_or_contested_are_not_extended() -> None:
    for label in (
        known("1Hot", "alpha", confidence_all=10),
        known("1Hot", None, contested=True),
        known("1Hot", "alpha", valid_to=NOON),
        known("1Hot", "alpha", "gas"),
    ):
        labels, conflicts = discovered([spend(1, ["1Hot", "1A"])], label)
        assert labels.is_empty()
        assert conflicts.is_empty()


def test_an_earlier_guess_is_found_again_and_a_known_address_is_not_labelled_anew() -> None:
    labels, _ = discovered(
        [spend(1, ["1Hot", "1Cold", "1A"])],
        known("1Hot", "alpha"),
        known("1Cold", "alpha", "cold"),
        known("1A", "alpha", "", confidence_all=10),
    )
    assert owners(labels) == {"1A": "alpha"}


def test_outputs_and_coinbases_join_nobody() -> None:
    minted = [row | {"is_coinbase": True} for row in spend(1, ["1Hot", "1A"])]
    paid = spend(2, ["1Hot"], [900, 50])
    assert discovered([minted, paid], known("1Hot", "alpha"))[0].is_empty()


def test_nothing_spent_gives_empty_frames() -> None:
    labels, conflicts = discovered([], known("1Hot", "alpha"))
    assert labels.is_empty()
    assert conflicts.is_empty()


def graphs(nodes: int) -> st.SearchStrategy[tuple[int, list[tuple[int, int]]]]:
    node = st.integers(0, nodes - 1)
    return st.tuples(st.just(nodes), st.lists(st.tuples(node, node), max_size=40))


@settings(max_examples=100)
@given(st.integers(1, 30).flatmap(graphs))
def test_components_are_those_of_a_plain_search(drawn: tuple[int, list[tuple[int, int]]]) -> None:
    nodes, edges = drawn
    left = np.array([a for a, _ in edges], dtype=np.uint32)
    right = np.array([b for _, b in edges], dtype=np.uint32)
    expected = list(range(nodes))
    for _ in range(nodes):
        for a, b in edges:
            expected[a] = expected[b] = min(expected[a], expected[b])
    assert components(left, right, nodes).tolist() == expected


def test_a_long_path_is_one_component() -> None:
    path = np.arange(99_999, dtype=np.uint32)
    shuffled = np.random.default_rng(1).permutation(100_000).astype(np.uint32)
    assert set(components(shuffled[path], shuffled[path + 1], 100_000).tolist()) == {0}
