import datetime as dt
from typing import Any

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from inflows.addresses import address_key
from inflows.contracts.flows import Wallets
from inflows.contracts.names import LEVELS
from inflows.contracts.registry import Labels
from inflows.contracts.schema import dtypes
from inflows.errors import WorkError
from inflows.stages.wallets import resolve_wallets
from inflows.times import BEGINNING, END

A, B = "0x" + "a" * 40, "0x" + "b" * 40
Claim = dict[str, Any]


def utc(year: int, month: int = 1, day: int = 1) -> dt.datetime:
    return dt.datetime(year, month, day, tzinfo=dt.UTC)


def claim(exchange: str, **given_values: Any) -> Claim:
    unsaid = {
        "chain": "ethereum", "address": A, "role": "", "confidence": 60, "valid_from": None, "valid_to": None,
        "known_at": None, "source": "list",
    }  # fmt: skip
    return {**unsaid, "exchange": exchange, **given_values}


def frame(claims: list[Claim]) -> pl.LazyFrame:
    return pl.LazyFrame(claims, schema=dtypes(Labels))


def resolve(*claims: Claim, chain: str = "ethereum", **options: Any) -> list[dict[str, Any]]:
    return resolve_wallets(frame(list(claims)), chain, **options).collect().rows(named=True)


def only(rows: list[dict[str, Any]]) -> dict[str, Any]:
    assert len(rows) == 1
    return rows[0]


# The rules, told once more and slowly: one decision for one address at one instant.


def believed(
    claims: list[Claim], chain: str, address: str, at: dt.datetime, lineages: dict[str, str]
) -> dict[str, Any] | None:
    here = [
        c
        for c in claims
        if c["address"] == address
        and c["chain"] in (chain, "evm")
        and (c["valid_from"] or BEGINNING) <= at < (c["valid_to"] or END)
    ]
    if not here:
        return None
    said: dict[str, Any] = {"sources": "; ".join(sorted({c["source"] for c in here})), "contested": False}
    for level, threshold in LEVELS.items():
        there = [c for c in here if c["confidence"] >= threshold]
        there = [c for c in there if c["chain"] == chain] or there
        ranks = {}
        for exchange in {c["exchange"] for c in there}:
            own = [c for c in there if c["exchange"] == exchange]
            ranks[exchange] = (
                max(c["confidence"] for c in own),
                len({lineages.get(c["source"], c["source"]) for c in own}),
                max(c["known_at"] or BEGINNING for c in own),
            )
        top = [exchange for exchange, rank in ranks.items() if rank == max(ranks.values())]
        said["contested"] |= len(top) > 1
        own = [c for c in there if len(top) == 1 and c["exchange"] == top[0]]
        own.sort(key=lambda c: (c["role"] == "", c["role"]))
        own.sort(key=lambda c: (c["confidence"], c["known_at"] or BEGINNING), reverse=True)
        best = own[0] if own else {"exchange": None, "role": None, "confidence": None, "known_at": None}
        said |= {f"exchange_{level}": best["exchange"], f"role_{level}": best["role"]}
    return said | {"confidence_all": best["confidence"], "known_at": best["known_at"]}


INSTANTS = [None, utc(2021), utc(2022), utc(2023), utc(2024)]
CLAIMS = st.lists(
    st.builds(
        claim,
        exchange=st.sampled_from(["one", "two", "three"]),
        chain=st.sampled_from(["ethereum", "evm", "bsc"]),
        address=st.sampled_from([A, B]),
        role=st.sampled_from(["", "hot", "cold"]),
        confidence=st.sampled_from([10, 20, 50, 60]),
        valid_from=st.sampled_from(INSTANTS[:4]),
        valid_to=st.sampled_from([None, *INSTANTS[1:]]),
        known_at=st.sampled_from(INSTANTS),
        source=st.sampled_from(["list", "copy", "other"]),
    ).filter(lambda c: (c["valid_from"] or BEGINNING) < (c["valid_to"] or END)),
    max_size=7,
)


@settings(max_examples=150, derandomize=True)
@example(claims=[claim("one"), claim("two")])
@given(claims=CLAIMS)
def test_every_instant_is_decided_as_the_rules_say_and_spans_neither_overlap_nor_repeat(
    claims: list[Claim],
) -> None:
    lineages = {"copy": "list"}
    rows = resolve(*claims, lineages=lineages)
    for address in (A, B):
        spans = [row for row in rows if row["address"] == address]
        for at in (utc(1900), *(utc(year, month) for year in range(2020, 2026) for month in (1, 6))):
            holding = [row for row in spans if row["valid_from"] <= at < row["valid_to"]]
            assert len(holding) <= 1
            said = believed(claims, "ethereum", address, at, lineages)
            assert (holding[0] if holding else None) == (said and {**(holding or [{}])[0], **said})
            assert bool(holding) == (said is not None)
        decisions = [tuple(v for k, v in row.items() if not k.startswith("valid")) for row in spans]
        for i in range(1, len(spans)):
            assert spans[i - 1]["valid_to"] <= spans[i]["valid_from"]
            assert spans[i - 1]["valid_to"] < spans[i]["valid_from"] or decisions[i - 1] != decisions[i]


def test_wallets_have_the_contracts_columns_and_come_by_address_and_time() -> None:
    claims = [claim("x", address=B), claim("x", valid_from=utc(2022)), claim("y", valid_to=utc(2022))]
    wallets = resolve_wallets(frame(claims), "ethereum").collect()
    assert not wallets.select(Wallets.primary_key()).is_duplicated().any()
    assert wallets.schema == dtypes(Wallets)
    assert wallets["address"].to_list() == [A, A, B]
    assert wallets["valid_from"].to_list() == [BEGINNING, utc(2022), BEGINNING]
    assert wallets["valid_to"].to_list() == [utc(2022), END, END]
    assert (
        wallets["address_key"].to_list()
        == wallets.select(address_key(pl.col("address"))).to_series().to_list()
    )


def test_a_chain_without_claims_has_no_wallets() -> None:
    assert resolve(claim("x", chain="bsc")) == []
    assert resolve() == []


@pytest.mark.parametrize(("chain", "holds"), [("bsc", True), ("unlisted", True), ("tron", False)])
def test_labels_for_evm_hold_on_evm_chains_only(chain: str, holds: bool) -> None:
    assert bool(resolve(claim("x", chain="evm"), chain=chain)) is holds


def test_a_label_below_a_threshold_does_not_exist_at_that_level() -> None:
    at = {c: only(resolve(claim("x", confidence=c, role="hot"))) for c in (50, 49, 20, 19)}
    exchanges = {c: [row[f"exchange_{level}"] for level in LEVELS] for c, row in at.items()}
    assert exchanges == {50: ["x"] * 3, 49: [None, "x", "x"], 20: [None, "x", "x"], 19: [None, None, "x"]}
    assert at[19]["role_base"] is None
    assert at[19]["role_all"] == "hot"


def test_a_label_for_the_chain_beats_one_for_evm_of_any_confidence_at_the_levels_where_it_exists() -> None:
    row = only(resolve(claim("evm-says", chain="evm", confidence=100), claim("chain-says", confidence=20)))
    assert [row[f"exchange_{level}"] for level in LEVELS] == ["evm-says", "chain-says", "chain-says"]
    assert row["contested"] is False


def test_confidence_decides_before_the_number_of_lists_and_before_age() -> None:
    sure = claim("sure", confidence=60)
    many = [claim("many", confidence=50, source=s, known_at=utc(2024)) for s in ("a", "b", "c")]
    assert only(resolve(sure, *many))["exchange_all"] == "sure"


def test_copies_of_one_list_are_one_lineage() -> None:
    copies = [claim("copied", source=s) for s in ("explorer", "copy-1", "copy-2")]
    two = [claim("seen-twice", source=s) for s in ("first", "second")]
    lineages = {"copy-1": "explorer", "copy-2": "explorer"}
    assert only(resolve(*copies, *two))["exchange_all"] == "copied"
    assert only(resolve(*copies, *two, lineages=lineages))["exchange_all"] == "seen-twice"


def test_of_equal_claims_the_one_known_last_decides_and_null_is_earliest() -> None:
    old, new = claim("old", source="a"), claim("new", source="b", known_at=utc(2024))
    row = only(resolve(old, new))
    assert (row["exchange_all"], row["known_at"]) == ("new", utc(2024))


def test_how_new_an_exchanges_claims_are_is_told_by_the_newest_of_them_and_known_at_by_the_best() -> None:
    x = [
        claim("x", source="a", known_at=utc(2022)),
        claim("x", source="b", confidence=20, known_at=utc(2024)),
    ]
    y = [claim("y", source="c", known_at=utc(2023)), claim("y", source="d", confidence=20)]
    row = only(resolve(*x, *y))
    assert (row["exchange_all"], row["known_at"]) == ("x", utc(2022))
    assert row["exchange_strict"] == "y"


def test_an_address_claimed_equally_by_two_exchanges_counts_for_none() -> None:
    row = only(resolve(claim("x", source="a"), claim("y", source="b")))
    assert row["contested"] is True
    assert [row[f"{what}_{level}"] for what in ("exchange", "role") for level in LEVELS] == [None] * 6
    assert (row["confidence_all"], row["known_at"], row["sources"]) == (None, None, "a; b")


def test_a_contest_ends_where_one_of_the_claims_ends() -> None:
    rows = resolve(claim("x", source="a", valid_to=utc(2023)), claim("y", source="b"))
    assert [(row["valid_from"], row["valid_to"], row["exchange_all"], row["contested"]) for row in rows] == [
        (BEGINNING, utc(2023), None, True),
        (utc(2023), END, "y", False),
    ]


def test_the_role_is_that_of_the_winners_best_claim() -> None:
    untold = claim("x", source="a", confidence=60)
    told = claim("x", source="b", confidence=60, role="hot")
    doubted = claim("x", source="c", confidence=20, role="cold", known_at=utc(2024))
    assert only(resolve(untold, told, doubted))["role_all"] == "hot"
    assert only(resolve(untold, doubted))["role_all"] == ""
    newer = claim("x", source="d", confidence=60, role="withdrawal", known_at=utc(2024))
    assert only(resolve(untold, told, newer))["role_all"] == "withdrawal"


def test_spans_that_touch_and_say_the_same_are_one() -> None:
    halves = [claim("x", valid_to=utc(2022)), claim("x", valid_from=utc(2022))]
    row = only(resolve(*halves))
    assert (row["valid_from"], row["valid_to"]) == (BEGINNING, END)


def test_spans_with_a_hole_between_them_stay_apart() -> None:
    rows = resolve(claim("x", valid_to=utc(2022)), claim("x", valid_from=utc(2023)))
    assert [(row["valid_from"], row["valid_to"]) for row in rows] == [
        (BEGINNING, utc(2022)),
        (utc(2023), END),
    ]


def test_two_labelled_addresses_with_one_key_are_refused_by_name() -> None:
    # The key is made of an address's last 16 characters.
    one, other = "0x" + "1" * 24 + "c" * 16, "0x" + "2" * 24 + "c" * 16
    with pytest.raises(WorkError, match=f"{one} and {other} on ethereum"):
        resolve(claim("x", address=one), claim("x", address=other))


def test_half_a_million_single_claims_are_resolved() -> None:
    count = 500_000
    claims = pl.LazyFrame({"n": range(count)}).select(
        chain=pl.lit("evm"),
        address=pl.format("0x{}", pl.col("n").cast(pl.String).str.pad_start(40, "0")),
        exchange=pl.lit("x"),
        role=pl.lit("deposit"),
        confidence=pl.lit(10, dtype=pl.Int64),
        valid_from=pl.lit(None, dtype=pl.Datetime("us", "UTC")),
        valid_to=pl.lit(None, dtype=pl.Datetime("us", "UTC")),
        known_at=pl.lit(None, dtype=pl.Datetime("us", "UTC")),
        source=pl.lit("list"),
    )
    wallets = resolve_wallets(claims, "ethereum").collect()
    assert wallets.height == count
    assert wallets["exchange_all"].unique().to_list() == ["x"]
    assert wallets["exchange_base"].null_count() == count


def test_a_chains_own_staking_contract_is_nobodys_wallet_there_whatever_a_list_says() -> None:
    deposit = "0x00000000219ab540356cbb839cbe05303d7705fa"
    named = [
        claim("kraken", address=deposit, role="staking", confidence=100),
        claim("coinbase", address=deposit, chain="evm"),
    ]
    assert resolve(*named, chain="ethereum") == []
    assert only(resolve(*named, chain="base"))["exchange_all"] == "coinbase"
