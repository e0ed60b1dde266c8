"""Two blocks of Ethereum of 2 May 2023, by the command line, under the labels that several lists publish."""

from __future__ import annotations

import datetime as dt
import json
import os
import shutil
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from plain_flows import (
    Book,
    Moved,
    book_of,
    differences,
    expected_flows,
    json_lines,
    moves_of_the_two_blocks,
)
from real_files import (
    BLOCKS,
    CLOSES,
    JURISDICTIONS,
    LABEL_SOURCES,
    LABELS,
    WETH,
    Claim,
    claims_of,
    needs,
    quotes,
    write_jurisdictions,
    write_labels,
    write_quotes,
)
from real_worlds import NOW, import_claims, ingest, publish, raw_bytes, select, stored

from inflows import files
from inflows.build import steps
from inflows.registry import imports
from inflows.settings import load_settings

pytestmark = needs(BLOCKS, CLOSES, LABELS)
DAYS = (dt.date(2023, 4, 28), dt.date(2023, 5, 4))
IN_NO_LIST = "0xa9d1e08c7793af67e9d92fe308d5697fb81d3e43"
"""Coinbase 10 by its tag on the explorer: a busy wallet that none of the label lists has."""


def inflows(data: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run the installed command as users do."""
    return subprocess.run(
        [Path(sys.executable).parent / "inflows", *map(str, arguments)],
        env=os.environ | {"INFLOWS_DATA": str(data)},
        capture_output=True,
        text=True,
        check=True,
        cwd=data,
        encoding="utf-8",
    )


@pytest.fixture(scope="module")
def claims() -> dict[str, list[Claim]]:
    return {source: claims_of(source) for source in LABEL_SOURCES}


@pytest.fixture(scope="module")
def book(claims: dict[str, list[Claim]]) -> Book:
    return book_of(claim for found in claims.values() for claim in found)


@pytest.fixture(scope="module")
def moves() -> list[Moved]:
    return moves_of_the_two_blocks()


@pytest.fixture(scope="module")
def said() -> dict[str, str]:
    """What each command of the fixture `data` printed, by its first words."""
    return {}


@pytest.fixture(scope="module")
def data(
    tmp_path_factory: pytest.TempPathFactory, claims: dict[str, list[Claim]], said: dict[str, str]
) -> Path:
    """A data folder that the command line filled and published."""
    folder = tmp_path_factory.mktemp("blocks")
    given = folder / "given"
    write_labels(given / "labels.csv", claims["etherscan-labels"])
    others = [claim for name in LABEL_SOURCES if name != "etherscan-labels" for claim in claims[name]]
    import_claims(folder, others)
    write_quotes(given / "prices.csv", quotes(*DAYS))
    write_jurisdictions(given / "jurisdictions.csv")
    commands: list[tuple[str, *tuple[str | Path, ...]]] = [
        ("ingest", "files", BLOCKS, "--input-format", "ethereum-etl"),
        ("assets", "import", "--core"),
        ("labels", "import", given / "labels.csv", "--known-at", "2026-01-01"),
        ("prices", "import", given / "prices.csv"),
        ("jurisdictions", "import", given / "jurisdictions.csv"),
        ("build",),
        ("totals", "--format", "json", "--basis", "headquarters"),
    ]
    for command in commands:
        done = inflows(folder, *command)
        said[command[0]] = done.stdout or done.stderr
    return folder


@pytest.fixture(scope="module")
def flows(data: Path) -> list[dict[str, Any]]:
    return select(load_settings(data).layout.published, "select * from fct_flow")


def counted(rows: Iterable[dict[str, Any]], side: str, kind: str) -> dict[str, int]:
    """How many transfers of a kind each exchange received (`to`) or sent (`from`) at level base."""
    sides = {"to": ("inflow", "inter_exchange"), "from": ("outflow", "inter_exchange")}[side]
    found = (row for row in rows if row["kind"] == kind and row["flow_type"] in sides)
    return dict(Counter(row[f"{side}_exchange"] for row in found))


def test_every_flow_of_the_blocks_is_the_one_that_a_plain_scan_expects(
    flows: list[dict[str, Any]], moves: list[Moved], book: Book
) -> None:
    assert differences(flows, expected_flows(moves, book, quotes(*DAYS))) == []


def test_the_flows_are_as_many_as_the_documentation_says(flows: list[dict[str, Any]]) -> None:
    assert Counter((row["flow_type"], row["kind"]) for row in flows) == {
        ("inflow", "token"): 6,
        ("inflow", "native"): 5,
        ("outflow", "token"): 17,
        ("outflow", "native"): 33,
        ("inter_exchange", "token"): 1,
        ("internal", "token"): 1,
    }
    assert Counter(row["flow_type_strict"] for row in flows) == {"inflow": 2, "outflow": 22, None: 39}
    assert counted(flows, "to", "token")["binance"] == 2
    assert "coinbase" not in counted(flows, "to", "token")
    assert counted(flows, "from", "native")["coinbase"] == 10
    assert sum(counted(flows, "to", "token").values()) == 7
    assert sum(counted(flows, "from", "token").values()) == 18


def test_the_tag_of_a_token_contract_makes_one_flow_of_a_mistake(flows: list[dict[str, Any]]) -> None:
    between = [row for row in flows if row["flow_type"] == "inter_exchange"]
    assert [(row["from_exchange"], row["to_exchange"], row["usd"]) for row in between] == [
        ("btse", "bitfinex", Decimal("89.519763"))
    ]
    assert [row["to_address"] for row in between] == [between[0]["contract"]]


def test_a_missing_price_and_an_unlisted_asset_have_no_value_and_are_counted(
    flows: list[dict[str, Any]], data: Path
) -> None:
    unlisted = [row for row in flows if row["symbol"] is None]
    unpriced = [row for row in flows if row["symbol"] is not None and row["usd"] is None]
    assert (len(unlisted), {row["usd"] for row in unlisted}) == (12, {None})
    assert [row["symbol"] for row in unpriced] == ["DAI"]
    query = "select * from meta_finding where finding <> 'exchange_without_basis'"
    found = select(load_settings(data).layout.published, query)
    assert [(row["finding"], row["detail"], row["transfers"]) for row in found] == [
        ("without_price", "DAI", 1)
    ]


def test_ingestion_says_where_every_row_went(said: dict[str, str]) -> None:
    assert said["ingest"].splitlines()[-1] == (
        "1,632 rows read from 6 files on ethereum, 1 day: 441 new, 441 already there, 0 quarantined, "
        "750 set aside (failed 16, nft 18, no_transfer 390, zero_value 326); 2 partitions changed."
    )


def test_every_address_is_whose_the_rule_says_it_is(
    data: Path, book: Book, claims: dict[str, list[Claim]]
) -> None:
    rows = select(load_settings(data).layout.published, "select * from dim_wallet")
    found = {
        row["address"]: (row["exchange"], row["role"], row["confidence"]) for row in rows if row["exchange"]
    }
    assert found == {address: tuple(owner) for address, owner in book["all"].items()}
    assert (len(rows), sum(row["contested"] for row in rows)) == (6167, 0)
    assert sum(len(found) for found in claims.values()) == 8270


def test_the_totals_are_the_plain_sums_of_the_flows(
    said: dict[str, str], flows: list[dict[str, Any]]
) -> None:
    day = dt.date(2023, 5, 2)
    weights: dict[str, dict[str, Decimal]] = defaultdict(dict)
    for exchange, jurisdiction, basis, weight, start, end in JURISDICTIONS:
        if basis == "headquarters" and start <= day.isoformat() and (not end or day.isoformat() < end):
            weights[exchange][jurisdiction] = Decimal(weight)
    sums: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for row in flows:
        for side, kinds in (("to", ("inflow", "inter_exchange")), ("from", ("outflow", "inter_exchange"))):
            if row["flow_type"] in kinds and row["usd"] is not None:
                shares = dict(weights[row[f"{side}_exchange"]])
                shares["ZZ"] = 1 - sum(shares.values(), Decimal())
                for place, share in shares.items():
                    sums[place, side] += row["usd"] * share
    rows = json.loads(said["totals"])
    assert {row["jurisdiction"]: (row["inflow_usd"], row["outflow_usd"]) for row in rows} == {
        "FR": ("0.000000", "5773.812867"),
        "KY": ("0.000000", "11547.625734"),
        "SG": ("0.000000", "201.654820"),
        "US": ("0.000000", "672.352054"),
        "ZZ": ("5747.438968", "34877.122140"),
    }
    cents = Decimal("0.000001")
    for row in rows:
        place = row["jurisdiction"]
        assert Decimal(row["inflow_usd"]) == sums[place, "to"].quantize(cents), place
        assert Decimal(row["outflow_usd"]) == sums[place, "from"].quantize(cents), place


def test_two_blocks_of_a_day_are_no_day_of_the_half_year_and_leave_it_partial(
    said: dict[str, str], data: Path
) -> None:
    rows = json.loads(said["totals"])
    assert {
        (row["period"], row["coverage_share"], row["chain_days"], row["chain_days_covered"], row["partial"])
        for row in rows
    } == {("2023-H1", 0.0, 181, 0, True)}
    read = select(load_settings(data).layout.published, "select * from rpt_coverage")
    assert [row["coverage"] for row in read] == ["missing"]
    assert [(row["date"], row["blocks"], row["first_block"], row["last_block"]) for row in read] == [
        (dt.date(2023, 5, 2), 2, 17173049, 17173050)
    ]
    assert [
        (row["has_token"], row["has_native"], row["has_withdrawal"], row["has_trace"]) for row in read
    ] == [(True, True, True, False)]


def test_one_list_gives_the_counts_that_others_made_with_it_and_one_more_label_the_rest(
    data: Path, claims: dict[str, list[Claim]], moves: list[Moved], tmp_path: Path
) -> None:
    shutil.copytree(data / "raw", tmp_path / "raw")
    alone = claims["etherscan-labels"]
    before = publish(tmp_path, alone)
    first = select(before, "select * from fct_flow")
    assert differences(first, expected_flows(moves, book_of(alone), [])) == []
    assert counted(first, "to", "token") == {"binance": 2, "bitfinex": 1}
    assert counted(first, "to", "native") == {}
    assert counted(first, "from", "token") == {"binance": 7, "kucoin": 1, "htx": 1, "bitstamp": 1}
    assert counted(first, "from", "native") == {"coinbase": 10, "binance": 5, "crypto-com": 2, "kucoin": 2}

    one_more = Claim("ethereum", IN_NO_LIST, "coinbase", "hot", 20, "an explorer's tag")
    settings = load_settings(tmp_path)
    path = write_labels(tmp_path / "one_more.csv", [one_more])
    with files.writing(settings.layout):
        imports.import_labels(settings.layout, path, now=NOW + dt.timedelta(hours=1))
    old = settings.layout.vintages / select(before, "select vintage from meta_vintage")[0]["vintage"]
    bytes_before = (old / "totals.parquet").read_bytes()
    built = steps.build(settings, as_of=None, now=NOW + dt.timedelta(hours=2))
    second = select(built.database, "select * from fct_flow")
    assert counted(second, "to", "token") == {"binance": 2, "coinbase": 7, "bitfinex": 1}
    assert differences(second, expected_flows(moves, book_of([*alone, one_more]), [])) == []
    assert (old / "totals.parquet").read_bytes() == bytes_before
    assert select(old / "inflows.duckdb", "select * from fct_flow") == first


def test_the_busy_wallet_of_coinbase_is_in_no_list(book: Book) -> None:
    assert IN_NO_LIST not in book["all"]


def test_most_of_the_inflow_is_of_services_that_one_list_alone_calls_exchanges(
    flows: list[dict[str, Any]], claims: dict[str, list[Claim]]
) -> None:
    listed = {
        source: {(claim.address, claim.exchange) for claim in found} for source, found in claims.items()
    }
    alone = [
        row["to_exchange"]
        for row in flows
        if row["flow_type"] == "inflow"
        and [s for s in listed if (row["to_address"], row["to_exchange"]) in listed[s]] == ["spellbook"]
    ]
    assert sorted(alone) == [
        "alphapo", "bitcasino", "bitcasino", "coinspaid", "coinspot", "gamdom", "rollbit", "wirex",
    ]  # fmt: skip


def test_the_store_of_json_lines_alone_is_the_store_with_the_csv_beside_them(
    data: Path, tmp_path: Path
) -> None:
    ingest(tmp_path, BLOCKS / "*.jsonl", input_format="ethereum-etl")
    assert raw_bytes(tmp_path) == raw_bytes(data)
    assert raw_bytes(data).keys() == {
        f"{dataset}/chain=ethereum/date=2023-05-02/part.parquet" for dataset in ("blocks", "transfers")
    }


def test_csv_files_without_a_status_are_not_believed_until_the_status_comes(
    data: Path, tmp_path: Path
) -> None:
    first = ingest(tmp_path, BLOCKS / "*.csv", input_format="ethereum-etl")
    assert first.quarantined == {"status_unknown": 135}
    assert {row["kind"] for row in stored(tmp_path)} == {"withdrawal"}
    assert [row["has_native"] for row in stored(tmp_path, "blocks")] == [False, False]
    ingest(tmp_path, BLOCKS / "*.jsonl", input_format="ethereum-etl")
    for dataset in ("transfers", "blocks"):
        assert raw_bytes(tmp_path, dataset) == raw_bytes(data, dataset)


def test_the_raw_store_holds_what_a_plain_scan_of_the_files_finds(data: Path, moves: list[Moved]) -> None:
    found = [{**row, "amount_raw": int(row["amount_raw"])} for row in stored(data)]
    assert differences(found, [moved._asdict() for moved in moves]) == []
    assert Counter(moved.kind for moved in moves) == {"token": 282, "native": 127, "withdrawal": 32}
    assert sum(moved.amount_raw == 0 for moved in moves) == 3
    rows = json_lines("transactions")
    assert len([row for row in rows if row["receipt_status"] == 0 and int(row["value"]) > 0]) == 8
    assert not [row for row in rows if row["to_address"] == WETH and int(row["value"]) > 0]


def test_a_transfer_left_out_of_the_expectation_is_told(
    flows: list[dict[str, Any]], moves: list[Moved], book: Book
) -> None:
    wanted = expected_flows(moves, book, quotes(*DAYS))
    wrong = [{**wanted[0], "usd": Decimal(1)}, *wanted[2:]]
    told = differences(flows, wrong)
    assert len(told) == 2
    assert told[0].startswith("not expected: ")
    assert "usd" in told[1]
