"""What fails is kept with its reason, a list that fails whole is told, and two lists may disagree."""

import json
from pathlib import Path

from label_lists import (
    BITCOIN,
    FAR,
    LATER,
    NOW,
    SEGWIT,
    A,
    B,
    C,
    D,
    E,
    load,
    rows,
    stored,
    write_checkout,
    write_files,
)

from inflows.build.registry_snapshot import Registries
from inflows.exchanges import Names
from inflows.files import writing
from inflows.labels import label_quarantine
from inflows.labels.import_lists import unknown_exchanges
from inflows.layout import Layout
from inflows.registry.imports import import_assets

MIXED = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
MIXED_TOO = "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359"


def owners(chain: str, **lists: str) -> str:
    """The text of a script with one list: exchange by comma-separated addresses."""
    name, addresses = next(iter(lists.items()))
    quoted = ", ".join(f"'{address}'" for address in addresses.split(","))
    return f"module.exports = {{ {chain}: {{ owners: [{quoted}] }} }} // {name}\n"


def test_a_bad_claim_lies_in_quarantine_with_its_place_and_reason(layout: Layout, tmp_path: Path) -> None:
    load(layout, write_checkout(tmp_path, "spellbook"), "spellbook")
    [row] = label_quarantine.quarantined(layout).rows(named=True)
    assert (row["address"], row["reason"], row["chain"]) == (BITCOIN.lower(), "bad_checksum", "bitcoin")
    assert (row["name"], row["exchange"], row["label"]) == ("Gate.io", "gate", "Gate.io 2")
    assert row["list"].endswith("cex_bitcoin_addresses.sql")
    assert row["entry"] == "4"


def test_a_list_imported_again_replaces_its_quarantine_and_no_other(layout: Layout, tmp_path: Path) -> None:
    write_files(tmp_path, {"cex/a.js": owners("bitcoin", a="1bad"), "cex/b.js": owners("bitcoin", b="2bad")})
    load(layout, tmp_path, "defillama")
    assert label_quarantine.quarantined(layout)["address"].to_list() == ["1bad", "2bad"]
    write_files(tmp_path, {"cex/a.js": owners("bitcoin", a=BITCOIN)})
    load(layout, tmp_path / "cex" / "a.js", "defillama", now=LATER)
    assert label_quarantine.quarantined(layout)["address"].to_list() == ["2bad"]
    assert label_quarantine.lists(layout)["imported"].to_list() == [1, 0]


def test_a_list_of_which_every_claim_fails_is_a_finding(layout: Layout, tmp_path: Path) -> None:
    files = {
        "cex/a.js": owners("litecoin", a="3NEwT3x6nrab6Wxddwb7jbWY8KYqJkewG,LTC"),
        "cex/b.js": owners("bsc", b=A),
    }
    report = load(layout, write_files(tmp_path, files), "defillama")
    assert report.worthless == ("defillama, cex/a.js, litecoin: 2",)
    assert "Every claim failed: defillama, cex/a.js, litecoin: 2." in report.sentence()
    assert label_quarantine.worthless_lists(label_quarantine.lists(layout))["list"].to_list() == ["cex/a.js"]


def test_counts_by_list_add_up_to_what_was_read(layout: Layout, tmp_path: Path) -> None:
    report = load(layout, write_checkout(tmp_path, "spellbook"), "spellbook")
    told = label_quarantine.lists(layout)
    parts = told.select("imported", "repeated", "quarantined", "skipped").sum_horizontal()
    assert parts.to_list() == told["claims"].to_list()
    assert told["claims"].sum() == report.claims


def test_an_address_in_mixed_case_is_held_to_its_checksum_where_its_list_keeps_to_it(
    layout: Layout, tmp_path: Path
) -> None:
    broken = "0x" + MIXED[2:].swapcase()
    files = {
        "cex/strict.js": owners("ethereum", strict=f"{MIXED_TOO},{broken}"),
        "cex/loose.js": owners("bsc", loose=f"{MIXED_TOO.lower()},{broken}"),
    }
    report = load(layout, write_files(tmp_path, files), "defillama")
    assert dict(report.quarantined) == {"bad_checksum": 1}
    assert {(chain, address) for chain, address, *_ in rows(layout)} == {
        ("ethereum", MIXED_TOO.lower()),
        ("bsc", MIXED_TOO.lower()),
        ("bsc", broken.lower()),
    }


def test_a_source_that_gives_an_address_to_two_exchanges_is_believed_in_neither(
    layout: Layout, tmp_path: Path
) -> None:
    files = {"cex/okx.js": owners("bsc", a=f"{A},{B}"), "cex/kraken.js": owners("bsc", b=f"{A},{C}")}
    report = load(layout, write_files(tmp_path, files), "defillama")
    assert dict(report.quarantined) == {"several_exchanges": 2}
    assert {address for _, address, *_ in rows(layout)} == {B, C}


def test_what_a_source_says_twice_is_stored_once_with_the_role_that_one_tells(
    layout: Layout, tmp_path: Path
) -> None:
    script = (
        f"module.exports = {{ bsc: {{ owners: [\n'{A}',\n'{A.upper().replace('0X', '0x')}', // hot\n] }} }}"
    )
    report = load(layout, write_files(tmp_path, {"cex/okx.js": script}), "defillama")
    assert (report.claims, report.repeated, report.imported.added) == (2, 1, 1)
    assert stored(layout)["role"].to_list() == ["hot"]


def test_short_names_that_are_pieces_of_listed_addresses_are_none(layout: Layout, tmp_path: Path) -> None:
    piece = BITCOIN[3:15].lower()
    chains = f"bitcoin: {{ owners: ['{BITCOIN}'] }}, eos: {{ owners: ['{piece}', 'okxexchange1'] }}"
    files = {"cex/okx.js": f"module.exports = {{ {chains} }}"}
    report = load(layout, write_files(tmp_path, files), "defillama")
    assert dict(report.quarantined) == {"fragment_of_another": 1}
    assert report.untested == 1


def test_lists_that_swap_two_exchanges_wallets_are_both_kept_and_the_surer_one_wins(
    layout: Layout, tmp_path: Path
) -> None:
    write_files(tmp_path, {"cex/okx.js": owners("ethereum", a=A), "cex/kraken.js": owners("ethereum", b=B)})
    load(layout, tmp_path, "defillama")
    swapped = {A: {"name": "Kraken 1", "labels": ["kraken"]}, B: {"name": "OKX 1", "labels": ["okx"]}}
    tags = json.dumps(swapped)
    write_files(tmp_path, {"data/etherscan/combined/combinedAccountLabels.json": tags})
    load(layout, tmp_path, "etherscan-labels")
    assert stored(layout).height == 4
    wallets = Registries(layout, FAR).of_chain("ethereum").wallets.sort("address")
    assert wallets.select("exchange_base", "contested").rows() == [("okx", False), ("kraken", False)]


def test_two_equal_claims_make_an_address_contested(layout: Layout, tmp_path: Path) -> None:
    for name in ("okx", "kraken"):
        header = f"category: exchange\ncurrency: ETH\nconfidence: service_data\nlabel: {name}\n"
        pack = f"{header}tags:\n- address: '{A}'\n"
        load(layout, write_files(tmp_path, {f"{name}.yaml": pack}) / f"{name}.yaml", "tagpack", now=NOW)
    [wallet] = Registries(layout, FAR).of_chain("ethereum").wallets.rows(named=True)
    assert (wallet["exchange_base"], wallet["contested"]) == (None, True)


def test_a_listed_assets_contract_is_no_wallet_whatever_a_tag_says(layout: Layout, tmp_path: Path) -> None:
    (tmp_path / "assets.csv").write_text(
        f"chain,contract,symbol,decimals,kind,trusted\nbsc,{D},X,18,token,true\n", encoding="utf-8"
    )
    with writing(layout):
        import_assets(layout, tmp_path / "assets.csv", now=NOW)
    usdt = "0xdac17f958d2ee523a2206206994597c13d831ec7"
    files = {
        "cex/bitfinex.js": owners("ethereum", a=f"{usdt},{D}"),
        "cex/okx.js": owners("bsc", b=f"{D},{E}"),
    }
    load(layout, write_files(tmp_path / "checkout", files), "defillama")
    assert {(chain, address): role for chain, address, _, role, *_ in rows(layout)} == {
        ("ethereum", usdt): "contract",
        ("ethereum", D): "",
        ("bsc", D): "contract",
        ("bsc", E): "",
    }


def test_names_that_nobody_listed_are_imported_and_named(layout: Layout, tmp_path: Path) -> None:
    files = {
        "cex/somewhere-new.js": owners("bitcoin", a=BITCOIN),
        "cex/kraken.js": owners("bitcoin", b=SEGWIT),
    }
    report = load(layout, write_files(tmp_path, files), "defillama")
    assert report.unknown == ("somewhere-new",)
    assert unknown_exchanges(stored(layout)) == ["somewhere-new"]
    assert "somewhere-new" in report.sentence()


def test_a_users_aliases_name_the_exchanges_of_an_import(layout: Layout, tmp_path: Path) -> None:
    write_files(tmp_path, {"aliases.csv": "alias,exchange\nsomewhere-new,Kraken\n"})
    checkout = write_files(tmp_path / "c", {"cex/somewhere-new.js": owners("bitcoin", a=BITCOIN)})
    load(layout, checkout, "defillama", aliases=tmp_path / "aliases.csv")
    assert stored(layout)["exchange"].to_list() == ["kraken"]
    assert Names(tmp_path / "aliases.csv").is_known("Somewhere New")
