"""Why one claim beats another, and what is said of addresses that nobody wins."""

import datetime as dt

import polars as pl
import pytest
from support import address, labels

from inflows.contracts.names import LEVELS
from inflows.stages.claim_rule import REASONS
from inflows.stages.claim_verdicts import contested, verdicts
from inflows.stages.wallets import contested_wallets, resolve_wallets
from inflows.times import BEGINNING, END

WALLET = address("wallet")
LINEAGES = {"copy": "explorer", "explorer": "explorer"}


def utc(year: int) -> dt.datetime:
    return dt.datetime(year, 1, 1, tzinfo=dt.UTC)


def claim(exchange, source, confidence=20, **changes):
    return {"address": WALLET, "exchange": exchange, "source": source, "confidence": confidence} | changes


def told(*claims, chain="ethereum"):
    return verdicts(labels(*claims), chain, LINEAGES).collect()


def at(level, *claims, **options):
    rows = told(*claims, **options).filter(pl.col("level") == level)
    return [(row["exchange"], row["reason"]) for row in rows.rows(named=True)]


CASES = [
    ("unopposed", "a", [claim("a", "x"), claim("a", "y", 10)]),
    ("higher_confidence", "a", [claim("a", "x", 50), claim("b", "y"), claim("b", "z")]),
    ("more_lineages", "b", [claim("a", "x"), claim("b", "y"), claim("b", "z")]),
    ("contested", None, [claim("a", "x"), claim("b", "explorer"), claim("b", "copy")]),
    ("newer", "b", [claim("a", "x", known_at=utc(2023)), claim("b", "y", known_at=utc(2024))]),
    ("newer", "b", [claim("a", "x"), claim("b", "y", known_at=utc(2024))]),
    ("chain_specific", "a", [claim("a", "x", 10), claim("b", "y", 100, chain="evm")]),
    ("contested", None, [claim("a", "x", known_at=utc(2024)), claim("b", "y", known_at=utc(2024))]),
]


@pytest.mark.parametrize(("reason", "winner", "claims"), CASES)
def test_the_reason_is_what_decided_between_the_two_best(reason, winner, claims):
    assert at("all", *claims) == [(winner, reason)]
    assert reason in REASONS


def test_every_reason_has_a_case():
    assert {reason for reason, _, _ in CASES} == set(REASONS)


def test_a_level_tells_of_the_claims_that_exist_there():
    rows = told(claim("a", "x", 50), claim("b", "y", 20), claim("b", "z", 10)).rows(named=True)
    assert [(row["level"], row["reason"], row["claims"]) for row in rows] == [
        ("strict", "unopposed", "a (50: x)"),
        ("base", "higher_confidence", "a (50: x); b (20: y)"),
        ("all", "higher_confidence", "a (50: x); b (20: y, z)"),
    ]


def test_verdicts_say_what_builds_settle_whatever_the_claims():
    claims = [
        claim("a", "x", 50, valid_to=utc(2023)),
        claim("b", "y", 50),
        claim("c", "z", 20, chain="evm", known_at=utc(2024)),
        claim("b", "explorer", 20, address=address("other"), valid_from=utc(2022)),
        claim("c", "copy", 20, address=address("other"), known_at=utc(2021)),
    ]
    said = told(*claims)
    settled = resolve_wallets(labels(*claims), "ethereum", LINEAGES).collect()
    for level in LEVELS:
        for row in settled.rows(named=True):
            held = said.filter(
                pl.col("level") == level,
                pl.col("address") == row["address"],
                pl.col("valid_from") <= row["valid_from"],
                pl.col("valid_to") >= row["valid_to"],
            )
            assert held["exchange"].to_list() in ([row[f"exchange_{level}"]], [])
            assert held.is_empty() <= (row[f"exchange_{level}"] is None)


def test_of_two_sources_that_swap_two_exchanges_wallets_the_newer_is_believed_in_both():
    one, other = address("one"), address("other")
    swapped = [
        claim("a", "x", address=one, known_at=utc(2023)),
        claim("b", "x", address=other, known_at=utc(2023)),
        claim("b", "y", address=one, known_at=utc(2024)),
        claim("a", "y", address=other, known_at=utc(2024)),
    ]
    newest = told(*swapped).filter(pl.col("level") == "all")
    assert dict(newest.select("address", "exchange").rows()) == {one: "b", other: "a"}
    assert newest["reason"].to_list() == ["newer", "newer"]
    as_old = [row | {"known_at": utc(2023)} for row in swapped]
    assert told(*as_old)["reason"].unique().to_list() == ["contested"]
    assert contested(labels(*as_old), "ethereum", LINEAGES).collect().height == 4  # base and all, each twice


def test_a_contest_is_told_for_its_span_alone():
    rows = told(claim("a", "x", valid_to=utc(2023)), claim("b", "y")).filter(pl.col("level") == "all")
    assert rows.select("valid_from", "valid_to", "reason", "exchanges").rows() == [
        (BEGINNING, utc(2023), "contested", "a; b"),
        (utc(2023), END, "unopposed", "b"),
    ]


def test_contested_addresses_stand_as_owners_of_their_own_where_nobody_wins():
    sole = claim("c", "x", address=address("sole"))
    claims = [claim("a", "x", 50), claim("b", "y", 50), claim("b", "z", 10), sole]
    (row,) = contested_wallets(labels(*claims), "ethereum", LINEAGES).collect().rows(named=True)
    owners = [row[f"exchange_{level}"] for level in LEVELS]
    assert (row["address"], owners) == (WALLET, [f"?{WALLET}", f"?{WALLET}", "b"])
    assert [row[f"role_{level}"] for level in LEVELS] == ["", "", "hot"]
