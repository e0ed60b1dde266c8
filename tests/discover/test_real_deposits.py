"""The transfers of one token on Ethereum, one of those in which Victor (FC 2020) found deposit addresses."""

import csv
import datetime as dt
from collections import Counter
from itertools import pairwise
from pathlib import Path

import polars as pl
import pytest

from inflows import files
from inflows.discover import discover_deposits
from inflows.discover.deposits import SOURCE
from inflows.registry import effective, imports
from inflows.settings import Settings, load_settings
from inflows.sources import ingest_files

FOLDER = Path(__file__).parents[3] / "shared" / "realdata" / "eth_bionic_deposits"
BIONIC = "0xef51c9377feb29856e61625caf9390bd0b67ea18"
NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
pytestmark = pytest.mark.skipif(
    not FOLDER.exists(), reason="the real data are not beside the repository: eth_bionic_deposits"
)

# The files have no times. These blocks' times are well known; between them, blocks came evenly enough.
KNOWN_TIMES = ((5_000_000, 1_517_319_693), (6_000_000, 1_532_118_564), (7_280_000, 1_551_383_524),
               (9_069_000, 1_575_764_709))  # fmt: skip


def time_of(block: int) -> str:
    """The time of a block, to some minutes."""
    for (first, begins), (last, ends) in pairwise(KNOWN_TIMES):
        if block < last:
            seconds = begins + (block - first) * (ends - begins) // (last - first)
            return dt.datetime.fromtimestamp(seconds, dt.UTC).isoformat()
    raise ValueError(block)


def rows_of(name: str) -> list[dict[str, str]]:
    with (FOLDER / name).open(newline="", encoding="utf-8") as handle:
        return list(csv.DictReader(handle))


def is_exchange(row: dict[str, str]) -> bool:
    """Wallets of exchanges; contracts among them are decentralised ones."""
    return row["accountType"] == "eoa" and row["type"] == "Exchange"


def slug(name: str) -> str:
    """An exchange of that name: wallets are numbered."""
    kept = "".join(sign for sign in name.lower().rstrip("0123456789?_ ") if sign.isalnum() or sign in ".-")
    return kept.strip(".-") or "unnamed"


def write(path: Path, header: str, rows: list[tuple[object, ...]]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as handle:
        csv.writer(handle).writerows([header.split(","), *rows])
    return path


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    folder = tmp_path_factory.mktemp("bionic")
    known = load_settings(folder / "data")
    transfers = write(
        folder / "transfers.csv",
        "chain,block_number,block_time,tx_hash,kind,position,contract,from_address,to_address,amount_raw",
        [
            (
                "ethereum",
                row["blockNumber"],
                time_of(int(row["blockNumber"])),
                f"0x{number:064x}",
                "token",
                number,
                BIONIC,
                row["source"],
                row["target"],
                row["amount"],
            )
            for number, row in enumerate(rows_of("bionic.csv"))
        ],
    )
    labels = write(
        folder / "labels.csv",
        "chain,address,exchange,role,confidence,source",
        [
            ("ethereum", row["address"], slug(row["name"]), "hot", 60, "test")
            for row in rows_of("exchanges.csv")
            if is_exchange(row)
        ],
    )
    assets = write(
        folder / "assets.csv",
        "chain,contract,symbol,decimals,kind,trusted",
        [("ethereum", BIONIC, "BNC", 8, "token", "false")],
    )
    with files.writing(known.layout):
        imports.import_assets(known.layout, assets, now=NOW)
        imports.import_labels(known.layout, labels, now=NOW)
        ingest_files(known.layout, [str(transfers)], "inflows")
    return known


def test_addresses_that_forward_to_hotbit_are_found_and_the_others_are_refused_for_a_reason(
    known: Settings,
) -> None:
    with files.writing(known.layout):
        found = discover_deposits(known.layout, "ethereum", as_of=NOW, known_at=NOW)
    assert dict(found.outcomes.select("outcome", "addresses").iter_rows()) == {
        "found": 425,
        "too_slow": 52,
        "known_wallet": 2,
        "forwards_for_many": 1,
        "pays_others": 1,
    }
    assert found.outcomes["exchange"].unique().to_list() == ["hotbit"]
    assert sum(found.outcomes["addresses"]) == len(_payers_of("Hotbit"))


def test_what_is_found_is_what_a_plain_reading_of_victor_finds_but_for_one(known: Settings) -> None:
    """An amount that was received leaves for Hotbit within a day: counted here row by row."""
    with files.writing(known.layout):
        discover_deposits(known.layout, "ethereum", as_of=NOW, known_at=NOW)
    labels = effective.labels(known.layout, NOW).filter(pl.col("source") == SOURCE).collect()
    wallets = {row["address"] for row in rows_of("exchanges.csv")}
    passed_on = set()
    received: dict[str, list[tuple[int, int]]] = {}
    for row in rows_of("bionic.csv"):
        at = dt.datetime.fromisoformat(time_of(int(row["blockNumber"]))).timestamp()
        if row["target"] in _wallets_of("Hotbit") and row["source"] not in wallets:
            since = [raw for then, raw in received.get(row["source"], []) if at - then <= 86_400]
            if any(0.9 * raw <= int(row["amount"]) <= 1.1 * raw for raw in [*since, sum(since)]):
                passed_on.add(row["source"])
        received.setdefault(row["target"], []).append((int(at), int(row["amount"])))
    assert set(labels["address"]) <= passed_on
    refused = passed_on - set(labels["address"])
    assert len(refused) == 1
    senders = Counter(row["target"] for row in rows_of("bionic.csv") if row["target"] in refused)
    assert max(senders.values()) > 20


def _wallets_of(name: str) -> set[str]:
    return {row["address"] for row in rows_of("exchanges.csv") if row["name"].startswith(name)}


def _payers_of(name: str) -> set[str]:
    wallets = _wallets_of(name)
    return {
        row["source"] for row in rows_of("bionic.csv") if row["target"] in wallets and row["amount"] != "0"
    }
