import datetime as dt
import json
from pathlib import Path

import polars as pl
import pytest
from raw_helpers import BOB, CAROL, NOON, block, delivery, entry, held, kept, store, transfer, tree

from inflows.errors import UsageError
from inflows.layout import Layout
from inflows.raw.store import coverage, ingest


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return Layout(tmp_path / "data")


def test_the_same_key_with_the_same_content_is_one_transfer_of_the_first_source_by_name(
    layout: Layout,
) -> None:
    report = store(layout, "transfers", [transfer(source="zeta"), transfer(source="beta"), transfer()])
    assert kept(layout, "transfers")["source"].to_list() == ["beta"]
    assert (report.rows_new, report.rows_already_there) == (1, 2)


def test_an_exact_row_beats_an_approximate_one_whichever_came_first(layout: Layout) -> None:
    store(layout, "transfers", [transfer(amount_raw="4", exact=False, source="aws")])
    store(layout, "transfers", [transfer(amount_raw="5")])
    store(layout, "transfers", [transfer(amount_raw="4", exact=False, source="aws")])
    assert kept(layout, "transfers").select("amount_raw", "source", "exact").rows() == [("5", "logs", True)]


def test_the_source_of_an_approximate_row_is_forgotten_once_an_exact_one_says_the_same(
    layout: Layout,
) -> None:
    store(layout, "transfers", [transfer(exact=False, source="aws"), transfer(source="logs")])
    assert kept(layout, "transfers").select("source", "exact").rows() == [("logs", True)]


@pytest.mark.parametrize("exact", [True, False])
@pytest.mark.parametrize(
    "other",
    [{"amount_raw": "6"}, {"to_address": CAROL}, {"contract": CAROL}, {"block_time": NOON.replace(hour=13)}],
)
def test_rows_that_disagree_with_no_better_one_are_all_quarantined_and_stay_so(
    layout: Layout, exact: bool, other: dict[str, object]
) -> None:
    one, two = transfer(exact=exact), transfer(exact=exact, **other)
    store(layout, "transfers", [one])
    report = store(layout, "transfers", [two])
    assert report.quarantined == {"conflicting_contents": 1}
    for again in ([one], [two], [one, two]):
        before = tree(layout.raw)
        store(layout, "transfers", again)
        assert tree(layout.raw) == before
    assert kept(layout, "transfers").is_empty()
    assert held(layout)["reason"].to_list() == ["conflicting_contents"] * 2


def test_approximate_rows_that_disagree_leave_quarantine_when_an_exact_one_comes(layout: Layout) -> None:
    store(layout, "transfers", [transfer(exact=False), transfer(exact=False, amount_raw="6")])
    store(layout, "transfers", [transfer(amount_raw="7")])
    assert kept(layout, "transfers")["amount_raw"].to_list() == ["7"]
    assert not (layout.raw / "quarantine").exists() or not list(
        (layout.raw / "quarantine").rglob("*.parquet")
    )


def test_neighbours_of_a_conflict_are_kept(layout: Layout) -> None:
    near = [transfer(position=1), transfer(kind="trace"), transfer(chain="bsc"), transfer(block_number=101)]
    store(layout, "transfers", [transfer(), transfer(amount_raw="6"), *near])
    assert kept(layout, "transfers").height == len(near)


def test_amounts_above_128_bits_are_kept_to_the_last_digit(layout: Layout) -> None:
    most = str(2**256 - 1)
    store(layout, "transfers", [transfer(amount_raw=most)])
    store(layout, "transfers", [transfer(amount_raw=most)])
    assert kept(layout, "transfers")["amount_raw"].to_list() == [most]


def test_a_transaction_without_inputs_is_quarantined_whole_until_they_are_delivered(layout: Layout) -> None:
    paid = [entry("out", 30), entry("out", 20, position=1, address="")]
    report = store(layout, "utxo", paid)
    assert report.quarantined == {"inputs_missing": 2}
    assert kept(layout, "utxo").is_empty()
    report = store(layout, "utxo", [entry("in", 51)])
    assert (report.rows_new, report.rows_released) == (1, 2)
    assert kept(layout, "utxo").height == 3
    assert not list((layout.raw / "quarantine").rglob("*.parquet"))


def test_a_transaction_that_spends_less_than_it_pays_is_quarantined_whole(layout: Layout) -> None:
    report = store(layout, "utxo", [entry("in", 49), entry("out", 30), entry("out", 20, position=1)])
    assert report.quarantined == {"spends_more_than_it_has": 3}
    store(layout, "utxo", [entry("in", 1, position=1)])
    assert kept(layout, "utxo").height == 4


def test_a_coinbase_needs_no_inputs(layout: Layout) -> None:
    store(layout, "utxo", [entry("out", 625_000_000, is_coinbase=True)])
    assert kept(layout, "utxo").height == 1


@pytest.mark.parametrize(("spent", "reason"), [(2**255, {}), (2**255 - 1, {"spends_more_than_it_has": 5})])
def test_sums_above_64_and_128_and_256_bits_are_compared_exactly(
    layout: Layout, spent: int, reason: dict[str, int]
) -> None:
    entries = [entry("in", spent), entry("in", 2**255, position=1), entry("in", 2**64, position=2)]
    entries += [entry("out", 2**255 + 2**64), entry("out", 2**255, position=1)]
    assert store(layout, "utxo", entries).quarantined == reason


def test_sums_that_overflow_64_bits_in_many_short_amounts_are_exact(layout: Layout) -> None:
    many = [entry("in", 10**27, position=place) for place in range(40)]
    assert not store(layout, "utxo", [*many, entry("out", 40 * 10**27)]).quarantined
    report = store(layout, "utxo", [entry("out", 1, position=1)])
    assert report.quarantined == {"spends_more_than_it_has": 1}
    assert kept(layout, "utxo").is_empty()


def test_a_conflicting_entry_takes_its_transaction_with_it_and_no_other(layout: Layout) -> None:
    other = {"tx_hash": "2" * 64}
    good = [entry("in", 10, **other), entry("out", 9, **other)]
    bad = [entry("in", 10), entry("out", 9), entry("out", 8)]
    store(layout, "utxo", [*good, *bad])
    assert kept(layout, "utxo")["tx_hash"].unique().to_list() == ["2" * 64]
    assert held(layout)["reason"].to_list() == ["conflicting_contents"] * 3


def test_a_repeated_transaction_id_in_another_block_is_another_transaction(layout: Layout) -> None:
    paid = entry("out", 50, is_coinbase=True)
    store(layout, "utxo", [paid, {**paid, "block_number": 101}])
    assert kept(layout, "utxo").height == 2


def test_what_was_read_of_a_block_adds_up(layout: Layout) -> None:
    store(layout, "blocks", [block(has_token=True)])
    store(layout, "blocks", [block(has_native=True)])
    assert kept(layout, "blocks").select("has_token", "has_native", "has_trace").rows() == [
        (True, True, False)
    ]


def test_a_block_keeps_all_the_sets_of_labelled_wallets_that_it_was_read_for(layout: Layout) -> None:
    store(layout, "blocks", [block(has_labelled=True, labelled_set="bb,cc")])
    store(layout, "blocks", [block(has_labelled=True, labelled_set="aa,bb"), block(block_number=101)])
    assert kept(layout, "blocks").select("has_token", "has_labelled", "labelled_set").rows() == [
        (False, True, "aa,bb,cc"),
        (False, False, ""),
    ]


def test_blocks_stored_before_labelled_readings_were_told_are_read_as_they_were(layout: Layout) -> None:
    """Beside newer files, and judged again with what comes: nothing of them was read for labelled wallets."""
    store(layout, "blocks", [block(has_token=True), block(block_number=101)])
    store(layout, "blocks", [block(block_number=101, block_hash="0xcc")])
    path = layout.raw_partition("blocks", "ethereum", "2024-03-31")
    pl.read_parquet(path, hive_partitioning=False).drop("has_labelled", "labelled_set").write_parquet(path)
    tomorrow = NOON + dt.timedelta(days=1)
    store(layout, "blocks", [block(block_number=900, block_time=tomorrow, has_labelled=True)])
    assert coverage(layout)["only_labelled"].to_list() == [False, True]
    store(layout, "blocks", [block(has_native=True)])
    assert pl.read_parquet(path, hive_partitioning=False).select(
        "block_number", "has_token", "has_native", "has_labelled", "labelled_set"
    ).rows() == [(100, True, True, False, "")]


def test_two_hashes_for_one_block_are_both_quarantined(layout: Layout) -> None:
    store(layout, "blocks", [block()])
    report = store(layout, "blocks", [block(block_hash="0xcc")])
    assert report.quarantined == {"conflicting_contents": 1}
    assert kept(layout, "blocks").is_empty()
    assert held(layout).height == 2


def test_a_block_without_a_hash_gives_way_to_the_one_with_it(layout: Layout) -> None:
    store(layout, "blocks", [block(block_hash="", has_token=True)])
    store(layout, "blocks", [block(has_native=True)])
    assert kept(layout, "blocks").select("block_hash", "has_token", "has_native").rows() == [
        ("0xaa", True, True)
    ]


def test_traces_of_another_source_are_refused_and_nothing_is_stored(layout: Layout) -> None:
    store(layout, "transfers", [transfer(kind="trace", contract="", source="cryo")])
    before = tree(layout.raw)
    rows = [transfer(kind="trace", contract="", source="aws", position=7), transfer(position=9)]
    with pytest.raises(UsageError, match=r"ethereum on 2024-03-31 come from aws and from cryo") as error:
        store(layout, "transfers", rows)
    assert "--replace" in error.value.hint
    assert tree(layout.raw) == before


def test_replace_puts_the_new_traces_in_place_of_that_days_alone(layout: Layout) -> None:
    trace = transfer(kind="trace", contract="", source="cryo")
    tomorrow = NOON + dt.timedelta(days=1)
    store(
        layout, "transfers", [trace, {**trace, "position": 1}, {**trace, "block_time": tomorrow}, transfer()]
    )
    store(layout, "transfers", [{**trace, "source": "aws", "position": 5, "to_address": BOB}], replace=True)
    found = kept(layout, "transfers").select("kind", "source", "position").rows()
    assert sorted(found) == [("token", "logs", 0), ("trace", "aws", 5), ("trace", "cryo", 0)]


def test_blocks_whose_traces_gave_way_do_not_say_any_more_that_they_have_them(layout: Layout) -> None:
    trace = transfer(kind="trace", contract="", source="cryo")
    store(layout, "transfers", [trace])
    store(layout, "blocks", [block(has_trace=True), block(block_number=101, has_trace=True)])
    new = [delivery("transfers", [{**trace, "source": "aws"}]), delivery("blocks", [block(has_trace=True)])]
    ingest(layout, new, replace=True)
    assert kept(layout, "blocks")["has_trace"].to_list() == [True, False]


def test_a_row_of_unknown_success_is_quarantined_until_its_transfer_is_told_in_whatever_order(
    layout: Layout, tmp_path: Path
) -> None:
    native = {"kind": "native", "contract": ""}
    told = transfer(**native)
    rows = [
        transfer(**native, amount_raw=None, reason="status_unknown", row=json.dumps({name: number}))
        for name, number in (("tx_hash", told["tx_hash"]), ("hash", told["tx_hash"]), ("hash", "0x22"))
    ]
    store(layout, "transfers", rows)
    report = store(layout, "transfers", [told])
    assert (report.rows_new, report.rows_released) == (1, 2)
    assert held(layout)["row"].to_list() == ['{"hash": "0x22"}']
    other = Layout(tmp_path / "other")
    store(other, "transfers", [told])
    again = store(other, "transfers", rows)
    assert (again.quarantined, again.rows_already_there) == ({"status_unknown": 1}, 2)
    assert tree(other.root) == tree(layout.root)


def test_two_owners_of_traces_in_one_delivery_are_refused_even_with_replace(layout: Layout) -> None:
    rows = [transfer(kind="trace", contract="", source=source) for source in ("aws", "cryo")]
    with pytest.raises(UsageError, match="aws and from cryo"):
        store(layout, "transfers", rows, replace=True)
