"""Lists are snapshots: what a list does not say any more is named, listed, and withdrawn on request."""

import datetime as dt
import json
from pathlib import Path

import pytest
from label_lists import (
    BITCOIN,
    FAR,
    FILES,
    LATER,
    NOW,
    SCRIPT,
    A,
    B,
    C,
    D,
    load,
    stored,
    write_checkout,
    write_files,
)

from inflows.files import writing
from inflows.labels import address_lookup, snapshots
from inflows.labels.import_lists import import_labels_of
from inflows.labels.import_report import LabelsReport
from inflows.layout import Layout
from inflows.registry import effective

PLACE = "data/{}/combined/combinedAccountLabels.json"
DAY = dt.timedelta(days=1)


def tags(root: Path, explorer: str, **names: str) -> Path:
    """A checkout of etherscan-labels with tags of Kraken."""
    told = {address: {"name": name, "labels": ["kraken"]} for address, name in names.items()}
    return write_files(root, {PLACE.format(explorer): json.dumps(told)})


def replace(layout: Layout, path: Path, form: str, now: dt.datetime) -> LabelsReport:
    with writing(layout):
        return import_labels_of(layout, path, form, replaces=True, now=now)


def holding(layout: Layout, as_of: dt.datetime = FAR) -> list[str]:
    held = address_lookup.in_effect(effective.labels(layout, as_of)).collect()
    return sorted(held["address"])


def two_then_one(layout: Layout, tmp_path: Path) -> Path:
    load(layout, tags(tmp_path / "v1", "etherscan", **{A: "Kraken 50", B: "Kraken 51"}), "etherscan-labels")
    return tags(tmp_path / "v2", "etherscan", **{A: "Kraken 50"})


def test_what_is_gone_is_named_and_still_holds(layout: Layout, tmp_path: Path) -> None:
    report = load(layout, two_then_one(layout, tmp_path), "etherscan-labels", now=LATER)
    assert report.gone == (f"ethereum {B} (kraken)",)
    said = report.sentence()
    assert f"1 claim of an earlier import is not in this list any more: ethereum {B} (kraken)" in said
    assert "--replaces" in said
    assert holding(layout) == [A, B]
    assert snapshots.read_gone(layout)["address"].to_list() == [B]


def test_what_is_gone_is_withdrawn_on_request_and_builds_as_of_before_have_it(
    layout: Layout, tmp_path: Path
) -> None:
    newer = two_then_one(layout, tmp_path)
    report = replace(layout, newer, "etherscan-labels", LATER)
    assert (report.imported.read, report.imported.unchanged, report.imported.replaced) == (1, 1, 0)
    assert "withdrawn" in report.sentence()
    assert holding(layout) == [A]
    assert holding(layout, LATER) == [A]
    assert holding(layout, LATER - dt.timedelta(microseconds=1)) == [A, B]
    assert snapshots.read_gone(layout).is_empty()
    again = replace(layout, newer, "etherscan-labels", LATER + DAY)
    assert (again.gone, again.imported.added) == ((), 0)


def test_a_claim_that_comes_back_holds_again_and_is_told_of_no_more(layout: Layout, tmp_path: Path) -> None:
    newer = two_then_one(layout, tmp_path)
    load(layout, newer, "etherscan-labels", now=LATER)
    load(layout, tmp_path / "v1", "etherscan-labels", now=LATER + DAY)
    assert snapshots.read_gone(layout).is_empty()
    replace(layout, newer, "etherscan-labels", LATER + 2 * DAY)
    assert holding(layout) == [A]
    load(layout, tmp_path / "v1", "etherscan-labels", now=LATER + 3 * DAY)
    assert holding(layout) == [A, B]
    assert holding(layout, LATER + 2 * DAY) == [A]


def test_one_chains_file_ends_nothing_of_another_chain(layout: Layout, tmp_path: Path) -> None:
    checkout = tags(tmp_path / "v1", "etherscan", **{A: "Kraken 50", B: "Kraken 51"})
    tags(checkout, "bscscan", **{C: "Kraken 1", D: "Kraken 2"})
    load(layout, checkout, "etherscan-labels")
    part = tags(tmp_path / "part", "bscscan", **{C: "Kraken 1"})
    file = part / PLACE.format("bscscan")
    for number, path in enumerate((part, file)):
        assert load(layout, path, "etherscan-labels", now=LATER + number * DAY).gone == (f"bsc {D} (kraken)",)
    replace(layout, file, "etherscan-labels", LATER + 3 * DAY)
    assert holding(layout) == [A, B, C]


def test_one_exchanges_file_ends_nothing_of_another_exchange(layout: Layout, tmp_path: Path) -> None:
    names = ("coinbase", "kraken")
    files = {
        f"data/etherscan/{name}/accounts.json": json.dumps(
            [{"address": a, "nameTag": f"{name} 1"} for a in of]
        )
        for name, of in zip(names, ((A, B), (C, D)), strict=True)
    }
    load(layout, write_files(tmp_path / "v1", files), "eth-labels")
    one = json.dumps([{"address": A, "nameTag": "coinbase 1"}])
    newer = write_files(tmp_path / "v2", {"data/etherscan/coinbase/accounts.json": one})
    file = newer / "data/etherscan/coinbase/accounts.json"
    assert replace(layout, file, "eth-labels", LATER).gone == (f"ethereum {B} (coinbase)",)
    assert holding(layout) == [A, C, D]
    # A checkout speaks for its chains as a whole: Kraken's file is not there any more, and is told of.
    gone = load(layout, newer, "eth-labels", now=LATER + DAY).gone
    assert gone == (f"ethereum {C} (kraken)", f"ethereum {D} (kraken)")


def test_files_of_one_name_that_were_given_alone_end_nothing_of_each_other(
    layout: Layout, tmp_path: Path
) -> None:
    for number, (name, address) in enumerate((("coinbase", A), ("kraken", C))):
        tag = json.dumps([{"address": address, "nameTag": f"{name} 1"}])
        path = write_files(tmp_path, {f"data/etherscan/{name}/accounts.json": tag})
        report = replace(
            layout, path / f"data/etherscan/{name}/accounts.json", "eth-labels", NOW + number * DAY
        )
        assert report.gone == ()
    assert holding(layout) == [A, C]


def test_another_list_ends_nothing_of_this_one(layout: Layout, tmp_path: Path) -> None:
    load(layout, write_checkout(tmp_path, "etherscan-labels"), "etherscan-labels")
    before = stored(layout)
    for form in ("eth-labels", "tagpack", "reserves", "spellbook"):
        assert replace(layout, write_checkout(tmp_path, form), form, LATER).gone == ()
    assert set(before["address"]) <= set(holding(layout))


@pytest.mark.parametrize("form", [name for name in FILES if name != "ton-labels"])
def test_every_list_that_is_read_again_as_it_was_takes_nothing_back(
    layout: Layout, tmp_path: Path, form: str
) -> None:
    checkout = write_checkout(tmp_path, form)
    load(layout, checkout, form)
    before = holding(layout)
    assert replace(layout, checkout, form, LATER).gone == ()
    assert holding(layout) == before


def test_a_reserve_list_of_a_later_month_is_the_same_list_and_a_pack_is_one_of_its_own(
    layout: Layout, tmp_path: Path
) -> None:
    header = "Coin,Height,Amount,Address\n"
    old = write_files(tmp_path, {"bybit_por_202407.csv": f"{header}BTC,1,1,{BITCOIN}\nBTC,1,1,{SCRIPT}\n"})
    load(layout, old / "bybit_por_202407.csv", "reserves")
    new = write_files(tmp_path, {"bybit_por_202501.csv": f"{header}BTC,2,1,{BITCOIN}\n"})
    gone = replace(layout, new / "bybit_por_202501.csv", "reserves", LATER).gone
    assert gone == (f"bitcoin {SCRIPT} (bybit)",)
    other = write_files(tmp_path, {"okx_por_202501.csv": f"{header}BTC,2,1,{SCRIPT}\n"})
    assert replace(layout, other / "okx_por_202501.csv", "reserves", LATER + DAY).gone == ()
