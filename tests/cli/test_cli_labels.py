"""What the command line tells of labels: of an address, of what is open, and in numbers."""

import datetime as dt
import shutil
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from command_line import Line
from support import labels

from inflows.layout import Layout
from inflows.registry.store import append
from inflows.registry.tables import LABELS
from inflows.times import BEGINNING

ONE, TWO, THREE = ("0x" + digit * 40 for digit in "abc")
JUNE = dt.datetime(2024, 6, 1, tzinfo=dt.UTC)
TRON, TRON_HEX = "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t", "41a614f803b6fd780986a42c78ec9c7f77e6ded13c"


@pytest.fixture
def line(tmp_path: Path) -> Line:
    return Line(tmp_path / "data")


def says(line: Line, *rows: dict[str, Any], known_at: str = "2024-01-01") -> None:
    """Import claims, each as a list of its own: within one file an address has one owner."""
    usual = {"chain": "ethereum", "role": "hot", "confidence": 50, "evidence": ""}
    for row in rows:
        path = line.data.parent / "labels.csv"
        pl.DataFrame([usual | row]).write_csv(path)
        line.does("labels", "import", str(path), "--known-at", known_at)


def claim(exchange: str, source: str, address: str = ONE, **more: Any) -> dict[str, Any]:
    return {"address": address, "exchange": exchange, "source": source} | more


def test_show_tells_the_verdict_the_reason_and_every_claim_with_its_evidence(line: Line) -> None:
    says(
        line, claim("okx", "spellbook", confidence=20), claim("bybit", "own", evidence="https://x.example/1")
    )
    verdicts = [row for row in line.rows("labels", "show", ONE) if row["part"] == "verdict"]
    assert [(row["level"], row["exchange"], row["reason"]) for row in verdicts] == [
        ("strict", "bybit", "unopposed"),
        ("base", "bybit", "higher_confidence"),
        ("all", "bybit", "higher_confidence"),
    ]
    claims = [row for row in line.rows("labels", "show", ONE) if row["part"] == "claim"]
    assert [(row["source"], row["lineage"], row["evidence"], row["state"]) for row in claims] == [
        ("own", "own", "https://x.example/1", "holds"),
        ("spellbook", "etherscan", "", "holds"),
    ]
    table = line.does("labels", "show", ONE)
    assert "its best claim is surer" in table
    assert "https://x.example/1" in table


@pytest.mark.parametrize(
    ("written", "stored"),
    [("0x" + "A" * 40, ONE), ("0X" + "aA" * 20, ONE), (f" {ONE} ", ONE), (TRON, TRON), (TRON_HEX, TRON)],
)
def test_show_takes_an_address_in_any_spelling_of_its_chain(line: Line, written: str, stored: str) -> None:
    says(line, claim("okx", "x"), claim("okx", "x", TRON, chain="tron"))
    assert {row["address"] for row in line.rows("labels", "show", written)} == {stored}


def test_show_of_a_chain_weighs_the_labels_for_evm_too(line: Line) -> None:
    says(line, claim("okx", "x", chain="evm", confidence=100), claim("bybit", "y", confidence=20))
    rows = line.rows("labels", "show", ONE, "--chain", "ethereum")
    (verdict,) = (row for row in rows if row["level"] == "all")
    assert (verdict["exchange"], verdict["reason"]) == ("bybit", "chain_specific")
    rows = line.rows("labels", "show", ONE, "--chain", "bsc")
    assert {row["exchange"] for row in rows} == {"okx"}


def test_show_tells_what_was_replaced_and_withdrawn_and_what_was_known_when(line: Line) -> None:
    says(line, claim("okx", "x"))
    says(line, claim("bybit", "x"), known_at="2024-06-01")
    says(line, claim("gate", "y", TWO))
    ended = labels(claim("gate", "y", TWO, valid_to=BEGINNING, evidence="")).collect()
    append(Layout(line.data), LABELS, ended, known_at=JUNE, now=JUNE)  # as `labels discover` withdraws
    states = [(r["exchange"], r["state"]) for r in line.rows("labels", "show", ONE) if r["part"] == "claim"]
    assert states == [("okx", "replaced"), ("bybit", "holds")]
    assert [r["state"] for r in line.rows("labels", "show", TWO)] == ["replaced", "withdrawn"]
    before = line.rows("labels", "show", ONE, "--as-of", "2024-02-01")
    assert {(row["exchange"], row["state"]) for row in before} == {("okx", None), ("okx", "holds")}
    assert line.rows("labels", "show", ONE, "--as-of", "2023-02-01") == []


@pytest.mark.parametrize("address", [TWO, "nonsense", "'; drop table", ""])
def test_show_of_an_address_that_nobody_names_is_empty_and_says_so(line: Line, address: str) -> None:
    says(line, claim("okx", "x"))
    said = line.says("labels", "show", address, "--format", "json")
    assert (said.code, said.out.strip()) == (0, "[]")
    assert "Nobody has named an owner" in said.err


def test_two_sources_that_swap_two_exchanges_are_both_listed_for_each_address(line: Line) -> None:
    says(
        line,
        claim("okx", "x", ONE),
        claim("bybit", "x", TWO),
        claim("bybit", "y", ONE),
        claim("okx", "y", TWO),
    )
    found = line.rows("labels", "check")
    conflicts = [row for row in found if row["check"] == "conflict_strangers"]
    assert {row["address"]: row["claims"] for row in conflicts} == {
        ONE: "bybit (50: y); okx (50: x)",
        TWO: "bybit (50: x); okx (50: y)",
    }
    contested = [(row["address"], row["level"]) for row in found if row["check"] == "contested"]
    assert contested == [(address, level) for address in (ONE, TWO) for level in ("all", "base", "strict")]
    says(line, claim("bybit", "z", ONE), known_at="2024-05-01")
    found = line.rows("labels", "check")
    assert {row["address"] for row in found if row["check"] == "contested"} == {TWO}
    (settled,) = (row for row in found if row["check"] == "conflict_strangers" and row["address"] == ONE)
    assert (settled["exchange"], settled["reason"], settled["lineages"]) == ("bybit", "more_lineages", 3)


def test_sister_companies_are_told_apart_from_strangers(line: Line) -> None:
    says(line, claim("okx", "x"), claim("okcoin", "y"), claim("okx", "x", TWO), claim("kraken", "y", TWO))
    found = {row["address"]: row["check"] for row in line.rows("labels", "check") if row["level"] == "all"
             and row["check"] != "contested"}  # fmt: skip
    assert found == {ONE: "conflict_affiliates", TWO: "conflict_strangers"}


def test_copies_of_one_explorer_are_one_vote(line: Line) -> None:
    copies = ("spellbook", "eth-labels", "etherscan-labels")
    says(
        line, *(claim("okx", source, confidence=20) for source in copies), claim("bybit", "x", confidence=20)
    )
    (row,) = (row for row in line.rows("labels", "check") if row["check"] == "conflict_strangers")
    assert (row["exchange"], row["reason"], row["lineages"]) == (None, "contested", 2)


def test_an_address_under_two_exchanges_in_two_spellings_is_one_conflict(line: Line) -> None:
    says(line, claim("okx", "x", "0x" + "aA" * 20), claim("bybit", "y", ONE))
    assert {row["address"] for row in line.rows("labels", "check")} == {ONE}


def test_check_names_exchanges_that_nobody_lists_and_what_imports_left(line: Line, tmp_path: Path) -> None:
    says(line, claim("nobody-knows-it", "x"))
    pack = tmp_path / "pack.yaml"
    pack.write_text(
        "title: a pack\ncurrency: BTC\ncategory: exchange\nactor: okx\nconfidence: service_data\n"
        "tags:\n- address: 1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb\n",
        encoding="utf-8",
    )
    line.does("labels", "import", str(pack), "--input-format", "tagpack")
    found = [(row["check"], row["exchange"], row["rows"]) for row in line.rows("labels", "check")]
    assert found == [
        ("unknown_exchange", "nobody-knows-it", 1),
        ("quarantined", None, 1),
        ("worthless_list", None, 1),
    ]
    table = line.does("labels", "check")
    assert "bad checksum" in table
    assert "nobody-knows-it" in table


def test_strict_fails_only_where_something_is_contested(line: Line) -> None:
    says(line, claim("okx", "x"), claim("kraken", "y", confidence=20))
    assert line.says("labels", "check", "--strict").code == 0
    says(line, claim("okx", "x", TWO), claim("kraken", "y", TWO))
    assert line.says("labels", "check").code == 0
    said = line.says("labels", "check", "--strict", "--format", "json")
    assert said.code == 1
    assert "1 address is contested" in said.err


def test_check_tells_the_value_that_hangs_on_contested_addresses(stored: Path, tmp_path: Path) -> None:
    line = Line(shutil.copytree(stored, tmp_path / "data"))
    line.does("build")
    query = (
        "select to_address, to_exchange, to_confidence, sum(usd) from fct_flow where flow_type = 'inflow' "
    )
    query += "and chain = 'ethereum' group by all order by 4 desc nulls last limit 1"
    (best,) = line.rows("sql", query)
    wallet, known = best["to_address"], line.rows("labels", "show", best["to_address"])[-1]
    other = "okx" if known["exchange"] != "okx" else "kraken"
    same = {"confidence": known["confidence"], "chain": known["chain"]}
    says(line, claim(other, "another", wallet, **same), known_at=known["known_at"])

    def hanging() -> set[str | None]:
        rows = (row for row in line.rows("labels", "check") if row["check"] == "contested")
        return {row["inflow_usd"] for row in rows if row["address"] == wallet and row["level"] == "base"}

    assert hanging() == {None}  # nothing is published of it yet
    line.does("build")
    query = f"select sum(inflow_usd) as usd from rpt_contested where address = '{wallet}' and level = 'base'"
    (shown,) = line.rows("sql", query)
    assert float(shown["usd"]) > 0
    told = f"for no exchange, and received ${float(shown['usd']):,.0f} (table rpt_contested)"
    assert told in line.says("status").err  # beside what was read
    assert hanging() == {shown["usd"]}  # the claims are for evm, the value is that of all its chains


def test_stats_count_claims_and_addresses(line: Line) -> None:
    says(line, claim("okx", "x"), claim("okx", "y"), claim("kraken", "y", TWO, role="cold", confidence=20))
    assert line.rows("labels", "stats") == [
        {"source": "y", "claims": 2, "addresses": 2, "exchanges": 2},
        {"source": "x", "claims": 1, "addresses": 1, "exchanges": 1},
    ]
    assert [(row["role"], row["claims"]) for row in line.rows("labels", "stats", "--by", "role")] == [
        ("hot", 2),
        ("cold", 1),
    ]
    assert line.rows("labels", "stats", "--by", "confidence")[0]["confidence"] == 50
    assert [row["addresses"] for row in line.rows("labels", "stats", "--by", "chain")] == [2]
    assert line.rows("labels", "stats", "--by", "exchange")[0]["exchange"] == "okx"


def test_agreement_of_two_sources_is_told_over_the_addresses_that_both_name(line: Line) -> None:
    says(
        line,
        *(claim("okx", "spellbook", address) for address in (ONE, TWO, THREE)),
        claim("okx", "eth-labels", ONE, chain="evm"),
        claim("kraken", "eth-labels", TWO),
        claim("kraken", "eth-labels", THREE, chain="bsc"),
    )
    assert line.rows("labels", "stats", "--agreement") == [
        {"source_a": "eth-labels", "source_b": "spellbook", "same_lineage": True, "shared": 2,
         "agreeing": 1, "share": 0.5},
    ]  # fmt: skip
    assert line.says("labels", "stats", "--agreement", "--by", "role").code == 2


@pytest.mark.parametrize("words", [["check"], ["stats"], ["stats", "--agreement"], ["show", ONE]])
def test_an_empty_registry_has_nothing_to_tell(line: Line, words: list[str]) -> None:
    assert line.rows("labels", *words) == []
    assert line.says("labels", *words).code == 0
