"""99 transfers of stablecoins of 28 April 2022, without hashes, as own-format files under keys made here."""

from __future__ import annotations

import hashlib
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from plain_flows import Moved, at, book_of, differences, expected_flows
from real_files import (
    LABEL_SOURCES,
    LABELS,
    STABLECOINS,
    USDC,
    USDT,
    Claim,
    Quote,
    claims_of,
    needs,
    rows_of,
    write,
)
from real_worlds import ingest, publish, select

pytestmark = needs(STABLECOINS, LABELS)
DECIMALS = {USDT: 6, USDC: 6, "0xa47c8bf37f92abed4a126bda807a7b7498661acd": 18}


@pytest.fixture(scope="module")
def moves() -> list[Moved]:
    """The rows with exact integers for the decimal text, and a hash made of the row's place."""
    found = []
    for place, row in enumerate(rows_of(STABLECOINS)):
        exact = Decimal(row["value"]).scaleb(DECIMALS[row["contract_address"]])
        assert exact == int(exact)
        found.append(
            Moved(
                block_number=int(row["block_number"]),
                block_time=at(row["time_stamp"]),
                tx_hash="0x" + hashlib.sha256(str(place).encode()).hexdigest(),
                kind="token",
                position=place,
                contract=row["contract_address"],
                from_address=row["from_address"],
                to_address=row["to_address"],
                amount_raw=int(exact),
            )
        )
    return found


@pytest.fixture(scope="module")
def claims() -> list[Claim]:
    return [claim for source in LABEL_SOURCES for claim in claims_of(source)]


@pytest.fixture(scope="module")
def transfers(tmp_path_factory: pytest.TempPathFactory, moves: list[Moved]) -> Path:
    path = tmp_path_factory.mktemp("given") / "transfers.csv"
    return write(path, ("chain", *Moved._fields), [("ethereum", *moved) for moved in moves])


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory, transfers: Path, claims: list[Claim]) -> Path:
    data = tmp_path_factory.mktemp("stablecoins")
    report = ingest(data, transfers, input_format="inflows")
    assert (report.rows_new, report.quarantined.total()) == (99, 0)
    return publish(data, claims)


@pytest.fixture(scope="module")
def flows(database: Path) -> list[dict[str, Any]]:
    return select(database, "select * from fct_flow")


def test_every_flow_is_the_one_that_a_plain_scan_expects(
    flows: list[dict[str, Any]], moves: list[Moved], claims: list[Claim]
) -> None:
    assert differences(flows, expected_flows(moves, book_of(claims), [])) == []


def test_44_transfers_reach_an_exchange_and_15_leave_one_beside_6_of_binance_us(
    flows: list[dict[str, Any]],
) -> None:
    received = Counter(row["to_exchange"] for row in flows if row["flow_type"] == "inflow")
    sent = Counter(row["from_exchange"] for row in flows if row["flow_type"] == "outflow")
    assert received == {"binance": 41, "kraken": 2, "coinbase": 1, "binance-us": 6}
    assert sent == {
        "kraken": 5, "kucoin": 4, "binance": 2, "crypto-com": 2, "coinbase": 1, "okcoin": 1,
    }  # fmt: skip
    assert (received.total(), sent.total(), len(flows)) == (44 + 6, 15, 65)


def test_without_quotes_nothing_has_a_value_and_the_total_says_so(
    database: Path, flows: list[dict[str, Any]]
) -> None:
    assert {row["usd"] for row in flows} == {None}
    totals = select(
        database,
        "select * from agg_jurisdiction_half_year "
        "where basis = 'licence' and scope = 'exchange' and level = 'base'",
    )
    assert [
        (row["period"], row["jurisdiction"], row["inflow_usd"], row["inflow_transfers"]) for row in totals
    ] == [("2022-H1", "ZZ", Decimal(0), 49)]
    assert totals[0]["unlisted_inflow_transfers"] == 1
    assert totals[0]["priced_share"] == 0


def test_at_a_dollar_a_coin_the_inflow_is_the_sum_of_the_coins_that_the_file_says(
    tmp_path: Path, transfers: Path, claims: list[Claim]
) -> None:
    ingest(tmp_path, transfers, input_format="inflows")
    par = [Quote(contract, at(1651104000), Decimal(1), "par") for contract in (USDT, USDC)]
    (total,) = select(
        publish(tmp_path, claims, par),
        "select inflow_usd, outflow_usd, priced_share from agg_jurisdiction_half_year "
        "where jurisdiction = 'ZZ' and basis = 'licence' and scope = 'exchange' and level = 'base'",
    )
    known = book_of(claims)["base"]
    listed = [row for row in rows_of(STABLECOINS) if row["contract_address"] in (USDT, USDC)]
    assert total == {
        "inflow_usd": sum(Decimal(row["value"]) for row in listed if row["to_address"] in known),
        "outflow_usd": sum(Decimal(row["value"]) for row in listed if row["from_address"] in known),
        "priced_share": 1.0,
    }
    assert total["inflow_usd"] == Decimal("4968905.487479")


def test_the_count_of_44_is_that_of_the_lists_without_the_wallet_of_binance_us(
    flows: list[dict[str, Any]],
) -> None:
    """One wallet makes the difference, and three of the six lists have it."""
    wallets = {row["to_address"] for row in flows if row["to_exchange"] == "binance-us"}
    assert wallets == {"0xf60c2ea62edbfe808163751dd0d8693dcb30019c"}
    having = [source for source in LABEL_SOURCES if wallets & {c.address for c in claims_of(source)}]
    assert having == ["crypto-exchange-wallets", "defillama", "spellbook"]
