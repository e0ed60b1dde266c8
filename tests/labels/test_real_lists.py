"""The lists as they were published, from extracts that lie beside the project where it is developed."""

import csv
from pathlib import Path

import polars as pl
import pytest
from label_lists import load, stored

from inflows.chains import chain_slug
from inflows.exchanges import Names
from inflows.labels.address_check import validate_address
from inflows.layout import Layout

EXTRACTS = Path(__file__).parents[3] / "shared" / "reference" / "labels"
RENAMED = {"bitbay": {"bitbay", "zonda"}}
LISTS = (
    "crypto-exchange-wallets",
    "defillama",
    "eth-labels",
    "etherscan-labels",
    "graphsense-tagpacks",
    "spellbook",
)

pytestmark = pytest.mark.skipif(not EXTRACTS.is_dir(), reason=f"{EXTRACTS} is not there")


def extract(name: str) -> list[dict[str, str]]:
    with (EXTRACTS / f"{name}.csv").open(newline="", encoding="utf-8") as handle:
        return list(csv.DictReader(handle))


@pytest.mark.parametrize("name", LISTS)
def test_addresses_pass_and_fail_as_another_test_of_them_says(name: str) -> None:
    disagreeing = []
    for row in extract(name):
        verdict = validate_address(chain_slug(row["chain"]), row["address"])
        # That other test takes any version of base58check for Bitcoin's, and so Tron's addresses too.
        misplaced = row["chain"] == "bitcoin" and not validate_address("tron", row["address"]).reason
        if row["address_ok"] and verdict.tested and not misplaced:
            sound = verdict.reason == ""
            disagreeing += [(row["chain"], row["address"])] if sound != (row["address_ok"] == "true") else []
    assert disagreeing == []


def test_a_whole_table_of_one_list_fails() -> None:
    rows = [row for row in extract("spellbook") if row["chain"] == "litecoin"]
    assert len(rows) > 1000
    assert all(validate_address("litecoin", row["address"]).reason for row in rows)


def test_names_of_one_exchange_are_one_and_names_of_two_are_two() -> None:
    names = Names()
    slugs: dict[str, set[str]] = {}
    canonical: dict[str, set[str]] = {}
    for row in extract("exchange_aliases"):
        if names.is_known(row["source_exchange"]):
            slug = names.owner(row["source_exchange"]).exchange
            slugs.setdefault(row["canonical"], set()).add(slug)
            canonical.setdefault(slug, set()).add(row["canonical"])
    assert {name: found for name, found in slugs.items() if len(found) > 1} == {}
    assert {slug: found for slug, found in canonical.items() if len(found) > 1} == RENAMED


def test_a_pack_of_hundreds_of_thousands_of_addresses_is_imported_whole(
    layout: Layout, tmp_path: Path
) -> None:
    addresses = pl.read_parquet(EXTRACTS / "graphsense-bitmex.parquet")["address"].head(60_000)
    header = "confidence: service_data\ncategory: exchange\ncurrency: BTC\nactor: bitmex\n"
    pack = tmp_path / "exchange-wallets-bitmex_0.yaml"
    pack.write_text(
        header + "tags:\n" + "".join(f"- address: {address}\n" for address in addresses), encoding="utf-8"
    )
    report = load(layout, pack, "tagpack")
    assert (report.claims, report.imported.added) == (60_000, 60_000)
    assert stored(layout)["address"].sort().to_list() == addresses.sort().to_list()
