"""What the raw store covers: told by footers, by blocks and their neighbours, and by claims."""

import datetime as dt
from pathlib import Path

from support import NOON, frame, transfer, transfers

from inflows.contracts.raw import Blocks
from inflows.layout import Layout
from inflows.raw import Delivery, ingest
from inflows.raw.claims import Claim, add_claims, claims
from inflows.raw.store import coverage


def test_first_and_last_block_are_those_of_all_row_groups(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    path = layout.raw_partition("transfers", "ethereum", "2024-03-01")
    path.parent.mkdir(parents=True)
    rows = transfers(*(transfer(number, block_time=NOON) for number in range(7)))
    rows.write_parquet(path, row_group_size=2)
    (found,) = coverage(layout).select("chain", "date", "rows", "first_block", "last_block").rows()
    assert found == ("ethereum", dt.date(2024, 3, 1), 7, 19_000_000, 19_000_006)


def blocks(layout: Layout, *numbers: int, day: dt.datetime = NOON, **read: object) -> None:
    """Blocks of a day, of which token transfers were read unless told."""
    flags = dict.fromkeys(("has_native", "has_trace", "has_withdrawal", "has_utxo"), False)
    rows = [
        {"chain": "ethereum", "block_number": n, "block_time": day, "block_hash": f"{n}",
         "parent_hash": f"{n - 1}", "has_token": True, "has_labelled": False, "labelled_set": "",
         **flags, **read}
        for n in numbers
    ]  # fmt: skip
    ingest(layout, [Delivery("blocks", frame(Blocks, rows).lazy())])


def unbroken(layout: Layout) -> dict[dt.date, bool]:
    return dict(coverage(layout).select("date", "unbroken").rows())


BEFORE, AFTER = NOON - dt.timedelta(days=1), NOON + dt.timedelta(days=1)


def test_the_blocks_of_one_hour_are_not_a_day(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    blocks(layout, *range(100, 400))
    assert unbroken(layout) == {NOON.date(): False}
    blocks(layout, 99, day=BEFORE)
    assert not unbroken(layout)[NOON.date()]
    blocks(layout, 400, day=AFTER)
    assert unbroken(layout) == {BEFORE.date(): False, NOON.date(): True, AFTER.date(): False}


def test_a_day_with_a_hole_is_not_whole_until_it_is_filled(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    blocks(layout, 9, day=BEFORE)
    blocks(layout, 10, 11, 13)
    blocks(layout, 14, day=AFTER)
    assert not unbroken(layout)[NOON.date()]
    blocks(layout, 12)
    assert unbroken(layout)[NOON.date()]


def test_heads_beside_a_day_prove_its_ends_and_are_no_day_of_their_own(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    blocks(layout, 9, day=BEFORE, has_token=False)
    blocks(layout, 10, 11)
    blocks(layout, 12, day=AFTER, has_token=False)
    assert unbroken(layout) == {NOON.date(): True}


def test_a_block_of_which_nothing_was_read_breaks_its_day(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    blocks(layout, 9, day=BEFORE)
    blocks(layout, 10, 12)
    blocks(layout, 11, has_token=False)
    blocks(layout, 13, day=AFTER)
    assert not unbroken(layout)[NOON.date()]


def test_before_the_first_block_of_a_chain_there_is_nothing(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    blocks(layout, 0, 1, 2)
    blocks(layout, 3, day=AFTER)
    assert unbroken(layout)[NOON.date()]


def test_blocks_read_for_labelled_wallets_name_their_sets(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    blocks(layout, 9, day=BEFORE)
    blocks(layout, 10, has_token=False, has_labelled=True, labelled_set="aa")
    blocks(layout, 11, has_token=False, has_labelled=True, labelled_set="bb")
    blocks(layout, 12, day=AFTER)
    sets = dict(coverage(layout).select("date", "filtered_sets").rows())
    assert (unbroken(layout)[NOON.date()], sets[NOON.date()]) == (True, "aa;bb")
    blocks(layout, 11, has_token=True)
    assert dict(coverage(layout).select("date", "filtered_sets").rows())[NOON.date()] == "aa"


def test_claims_are_a_set_whatever_their_order(tmp_path: Path) -> None:
    one, two = Layout(tmp_path / "one"), Layout(tmp_path / "two")
    days = [
        Claim("ethereum", (NOON + dt.timedelta(days=n)).date(), "test", s)
        for n in range(3)
        for s in ("", "a")
    ]
    for claim in days:
        add_claims(one, [claim])
    add_claims(two, days[::-1])
    place = "claims/chain=ethereum/part.parquet"
    assert (one.raw / place).read_bytes() == (two.raw / place).read_bytes()
    assert claims(one)["labelled_set"].to_list() == ["", "", ""]  # who holds all of it holds some of it
    stamp = (one.raw / place).stat().st_mtime_ns
    add_claims(one, days)
    assert (one.raw / place).stat().st_mtime_ns == stamp
