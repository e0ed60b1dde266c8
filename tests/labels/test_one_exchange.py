"""An exchange is one whatever a list or an own file calls it, and in whatever order lists come."""

import datetime as dt
import json
from itertools import permutations
from pathlib import Path

import polars as pl
import pytest

from inflows import files
from inflows.build.registry_snapshot import Registries
from inflows.exchanges import known_exchanges, known_names, one_spelling, read_aliases, spelling
from inflows.labels.import_lists import import_labels_of
from inflows.layout import Layout
from inflows.registry import effective, imports

NOW = dt.datetime(2025, 1, 1, tzinfo=dt.UTC)
FACTS = Path(__file__).parents[2] / "src" / "inflows" / "reference"
EXTRACTS = Path(__file__).parents[3] / "shared" / "reference" / "labels"
FTX, FTX_US = "0x" + "f1" * 20, "0x" + "f2" * 20
SQL = """select blockchain, address, cex_name, distinct_name, added_by, added_date from (values
('ethereum', {ftx}, 'FTX', 'FTX 1', 'hildobby', date '2022-08-28'),
('ethereum', {us}, 'FTX US', 'FTX US', 'hildobby', date '2022-08-28')
) as x (blockchain, address, cex_name, distinct_name, added_by, added_date)
"""
LABELS = "chain,address,exchange,confidence,source\n"
WEIGHTS = "exchange,jurisdiction,basis,weight,valid_from,valid_to,source\n"


def written(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def lists(folder: Path) -> dict[str, Path]:
    tags = [
        {"address": FTX, "chainId": 1, "label": "ftx", "nameTag": "FTX: Cold 1"},
        {"address": FTX_US, "chainId": 1, "label": "ftx", "nameTag": "FTX US"},
    ]
    written(folder / "eth" / "accounts.json", json.dumps(tags))
    written(folder / "spell" / "cex_evms_addresses.sql", SQL.format(ftx=FTX, us=FTX_US))
    return {"eth-labels": folder / "eth" / "accounts.json", "spellbook": folder / "spell"}


@pytest.mark.parametrize("order", list(permutations(["eth-labels", "spellbook"])))
def test_the_wallets_of_ftx_stay_its_own_whichever_list_comes_first(
    tmp_path: Path, order: tuple[str, ...]
) -> None:
    layout = Layout(tmp_path / "data")
    found = lists(tmp_path)
    with files.writing(layout):
        for day, name in enumerate(order):
            import_labels_of(layout, found[name], name, now=NOW + dt.timedelta(days=day))
    wallets = Registries(layout, NOW + dt.timedelta(days=9)).of_chain("ethereum").wallets
    owners = dict(wallets.select("address", "exchange_base").iter_rows())
    assert owners == {FTX: "ftx", FTX_US: "ftx-us"}
    assert not wallets["contested"].any()


@pytest.mark.parametrize("name", ["huobi", "Huobi", "HTX", "Huobi Global", "huobi.com"])
def test_own_files_call_an_exchange_by_any_of_its_names(tmp_path: Path, name: str) -> None:
    layout = Layout(tmp_path / "data")
    labels = written(tmp_path / "labels.csv", f"{LABELS}ethereum,{FTX},{name},50,mine\n")
    weights = written(tmp_path / "weights.csv", f"{WEIGHTS}{name},HK,headquarters,1,,,mine\n")
    with files.writing(layout):
        done = imports.import_labels(layout, labels, now=NOW)
        imports.import_jurisdictions(layout, weights, now=NOW)
    assert effective.labels(layout, NOW).collect()["exchange"].to_list() == ["htx"]
    assert effective.jurisdictions(layout, NOW).collect()["exchange"].to_list() == ["htx"]
    assert (done.renamed, "1 under another name" in done.sentence()) == (1, True)


def test_rows_under_our_names_are_not_counted_as_renamed(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "data")
    labels = written(tmp_path / "labels.csv", f"{LABELS}ethereum,{FTX},htx,50,mine\n")
    with files.writing(layout):
        done = imports.import_labels(layout, labels, now=NOW)
    assert done.renamed == 0
    assert "another name" not in done.sentence()


@pytest.mark.parametrize("order", list(permutations(["my-house", "myhouse"])))
def test_names_that_nobody_listed_are_one_where_only_punctuation_differs(
    tmp_path: Path, order: tuple[str, ...]
) -> None:
    layout = Layout(tmp_path / "data")
    labels = written(tmp_path / "labels.csv", f"{LABELS}ethereum,{FTX},{order[0]},50,mine\n")
    weights = written(tmp_path / "weights.csv", f"{WEIGHTS}{order[1]},HK,headquarters,1,,,mine\n")
    with files.writing(layout):
        imports.import_labels(layout, labels, now=NOW)
        imports.import_jurisdictions(layout, weights, now=NOW)
    labelled = effective.labels(layout, NOW).collect()["exchange"].to_list()
    assert labelled == effective.jurisdictions(layout, NOW).collect()["exchange"].to_list()


def test_the_first_by_alphabet_or_the_one_that_is_held_stands_for_all() -> None:
    assert one_spelling(["ab", "a-b", "c"], []) == {"ab": "a-b"}
    assert one_spelling(["a-b", "ab"], ["ab"]) == {"a-b": "ab"}


@pytest.mark.parametrize(
    ("names", "exchange"),
    [
        (("trade-io", "tradeio", "Trade.io"), "trade-io"),
        (("crypto.com", "crypto-com", "cryptocom", "CRYPTO.COM"), "crypto-com"),
        (("delta-exchange", "deltaexchange"), "delta-exchange"),
    ],
)
def test_punctuation_and_case_are_no_part_of_a_name(names: tuple[str, ...], exchange: str) -> None:
    assert {known_names().canonical_exchange(name) for name in names} == {exchange}


@pytest.mark.parametrize("name", ["../okx", "=okx", "okx/x", "kraken.com", "gate-global"])
def test_what_is_no_spelling_of_a_known_name_stays_as_it_is(name: str) -> None:
    assert known_names().canonical_exchange(name) == name


def test_no_two_exchanges_of_the_facts_share_a_spelling() -> None:
    owners: dict[str, set[str]] = {}
    for slug, entity in known_exchanges().items():
        for name in (slug, entity.name):
            owners.setdefault(spelling(name), set()).add(slug)
    for alias, target in read_aliases(FACTS / "exchange_aliases.csv").items():
        owners.setdefault(spelling(alias), set()).add(target)
    assert {name: found for name, found in owners.items() if len(found) > 1} == {}


@pytest.mark.skipif(not EXTRACTS.is_dir(), reason=f"{EXTRACTS} is not there")
def test_no_two_exchanges_of_the_real_lists_differ_in_punctuation_alone() -> None:
    """What the lists' own table of aliases keeps apart is kept apart when punctuation is left out."""
    rows = pl.read_csv(EXTRACTS / "exchange_aliases.csv", infer_schema=False)
    owners: dict[str, set[str]] = {}
    for name, canonical in rows.select("source_exchange", "canonical").iter_rows():
        owners.setdefault(spelling(name), set()).add(canonical)
    assert {name: found for name, found in owners.items() if len(found) > 1} == {}
