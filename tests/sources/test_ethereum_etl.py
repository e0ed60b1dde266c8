import csv
import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from source_files import TOKEN, A, B, quarantined, stored, tree, write_csv, write_json_lines

from inflows.errors import UsageError
from inflows.layout import Layout
from inflows.raw import coverage
from inflows.sources import ingest_files
from inflows.sources.blocks_read import merged, within
from inflows.sources.evm_logs import TRANSFER_TOPIC

REAL = Path(__file__).parents[3] / "shared" / "realdata" / "eth_mainnet_17173049"
MOST = 2**256 - 1
T1, T2, T3 = ("0x" + digit * 64 for digit in "123")
BLOCKS = [
    {
        "number": n,
        "hash": "0x" + f"{n:064x}",
        "parent_hash": "0x" + f"{n - 1:064x}",
        "timestamp": 1711886400 + 12 * n,
    }
    for n in (100, 101, 102, 103)
]


def transfer(**changes: Any) -> dict[str, Any]:
    row = {"token_address": TOKEN, "from_address": A, "to_address": B, "value": 5, "transaction_hash": T1}
    return {**row, "log_index": 0, "block_number": 100, **changes}


def transaction(**changes: Any) -> dict[str, Any]:
    row = {"hash": T1, "block_number": 100, "from_address": A, "to_address": B, "value": 7, "input": "0x"}
    return {
        **row,
        "block_timestamp": 1711886400,
        "receipt_status": 1,
        "receipt_contract_address": None,
        **changes,
    }


def log(topics: list[str], data: str, **changes: Any) -> dict[str, Any]:
    row = {"log_index": 0, "transaction_hash": T1, "address": TOKEN, "data": data, "topics": topics}
    return {**row, "block_number": 100, "block_timestamp": 1711887600, **changes}


def words(*numbers: str) -> str:
    return "0x" + "".join(number.removeprefix("0x").rjust(64, "0") for number in numbers)


def nft(**changes: Any) -> dict[str, Any]:
    return log([TRANSFER_TOPIC, words(A), words(B), words("9")], "0x", **changes)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "export"
    path.mkdir()
    return path


def ingest(layout: Layout, *paths: Path, **options: Any) -> Any:
    return ingest_files(layout, list(paths), "ethereum-etl", **options)


@pytest.mark.parametrize("writer", [write_csv, write_json_lines])
def test_values_of_256_bits_are_exact_in_csv_and_json_lines(
    layout: Layout, folder: Path, writer: Any
) -> None:
    suffix = ".csv" if writer is write_csv else ".jsonl"
    writer(folder / f"blocks{suffix}", BLOCKS)
    writer(
        folder / f"token_transfers{suffix}", [transfer(value=MOST), transfer(value=2**64 + 1, log_index=1)]
    )
    ingest(layout, folder)
    assert stored(layout)["amount_raw"].to_list() == [str(MOST), str(2**64 + 1)]
    assert stored(layout)["source"].unique().to_list() == ["ethereum-etl"]


def test_times_come_from_the_blocks_beside_and_an_unknown_block_is_quarantined(
    layout: Layout, folder: Path
) -> None:
    write_csv(folder / "blocks_100_103.csv", BLOCKS)
    path = write_csv(folder / "token_transfers_100_103.csv", [transfer(), transfer(block_number=999)])
    report = ingest(layout, path)
    assert report.quarantined == {"block_unknown": 1}
    assert stored(layout)["block_time"].dt.epoch("s").to_list() == [1711886400 + 1200]
    assert json.loads(quarantined(layout)[0][3])["block_number"] == "999"


def test_times_come_from_the_blocks_that_are_given(layout: Layout, folder: Path, tmp_path: Path) -> None:
    path = write_csv(folder / "token_transfers.csv", [transfer()])
    blocks = write_csv(tmp_path / "elsewhere.csv", BLOCKS)
    assert ingest(layout, path).quarantined == {"block_unknown": 1}
    assert ingest(layout, path, blocks=blocks).rows_new == 1


def test_the_chain_is_ethereum_unless_it_is_named(layout: Layout, folder: Path) -> None:
    write_json_lines(folder / "transactions.json", [transaction()])
    ingest(layout, folder)
    ingest(layout, folder, chain="bsc")
    assert sorted(stored(layout)["chain"]) == ["bsc", "ethereum"]
    with pytest.raises(UsageError, match="is not a chain's name"):
        ingest(layout, folder, chain="../bsc")


def test_native_transfers_are_transactions_that_succeeded_and_carry_value(
    layout: Layout, folder: Path
) -> None:
    rows = [
        transaction(),
        transaction(hash=T2, value=0),
        transaction(hash=T3, receipt_status=0),
        transaction(hash="0x" + "4" * 64, receipt_status=None),
        transaction(hash="0x" + "5" * 64, to_address=None, receipt_contract_address=TOKEN),
    ]
    report = ingest(layout, write_json_lines(folder / "transactions.jsonl", rows))
    assert report.set_aside == {"zero_value": 1, "failed": 1}
    assert report.quarantined == {"status_unknown": 1}
    assert stored(layout).select("kind", "position", "contract", "to_address", "amount_raw").rows() == [
        ("native", 0, "", B, "7"),
        ("native", 0, "", TOKEN, "7"),
    ]


def test_the_status_may_come_from_receipts(layout: Layout, folder: Path) -> None:
    names = ("hash", "block_number", "from_address", "to_address", "value", "block_timestamp")
    rows = [transaction(), transaction(hash=T2), transaction(hash=T3, to_address="")]
    write_csv(folder / "transactions.csv", [{name: row[name] for name in names} for row in rows])
    assert ingest(layout, folder).quarantined == {"status_unknown": 3}
    receipts = [
        {"transaction_hash": hash_, "status": status, "contract_address": created}
        for hash_, status, created in ((T1, 1, ""), (T2, 0, ""), (T3, 1, TOKEN))
    ]
    write_csv(folder / "receipts.csv", receipts)
    report = ingest(layout, folder)
    assert (report.rows_new, report.set_aside) == (2, {"failed": 1})
    assert stored(layout)["to_address"].to_list() == [B, TOKEN]


def test_a_token_transfer_that_the_logs_call_an_nft_is_one(layout: Layout, folder: Path) -> None:
    write_json_lines(folder / "blocks.jsonl", BLOCKS)
    write_json_lines(folder / "token_transfers.jsonl", [transfer(value=9), transfer(log_index=1)])
    indexed = [TRANSFER_TOPIC, words(A), words(B)]
    logs = [
        nft(),
        log(indexed, words("5"), log_index=1),
        log(indexed, "0x", log_index=2),
        log([], "0x", log_index=3),
    ]
    write_json_lines(folder / "logs.jsonl", logs)
    report = ingest(layout, folder)
    assert report.set_aside == {"nft": 2, "no_transfer": 1}
    assert report.quarantined == {"malformed_transfer_log": 1}
    assert stored(layout).select("position", "amount_raw").rows() == [(1, "5")]


def test_logs_in_csv_have_their_topics_joined_by_commas(layout: Layout, folder: Path) -> None:
    topics = [TRANSFER_TOPIC, words(A), words(B)]
    for place, text in enumerate((",".join(topics), str(topics), json.dumps(topics))):
        write_csv(folder / f"logs_{place}.csv", [log([], words("ff")) | {"topics": text, "log_index": place}])
    ingest(layout, folder)
    assert stored(layout)["amount_raw"].to_list() == ["255"] * 3


def test_withdrawals_are_transfers_from_nowhere_in_wei(layout: Layout, folder: Path) -> None:
    withdrawals = [{"index": 7, "validator_index": 1, "address": B, "amount": 2**63 - 1}, {"index": 8, "address": A, "amount": 0}]  # fmt: skip  # noqa: E501
    write_json_lines(folder / "blocks.jsonl", [{**BLOCKS[0], "withdrawals": withdrawals}, {**BLOCKS[1], "withdrawals": []}])  # fmt: skip  # noqa: E501
    ingest(layout, folder)
    found = stored(layout).select("tx_hash", "kind", "position", "from_address", "to_address", "amount_raw")
    nobody = "0x" + "0" * 40
    assert found.rows() == [
        ("", "withdrawal", 7, nobody, B, str((2**63 - 1) * 10**9)),
        ("", "withdrawal", 8, nobody, A, "0"),
    ]
    assert stored(layout, "blocks")["has_withdrawal"].to_list() == [True, True]


def test_withdrawals_that_cannot_be_read_are_quarantined(layout: Layout, folder: Path) -> None:
    write_csv(folder / "blocks.csv", [{**BLOCKS[0], "withdrawals": '{"index":'}])
    assert ingest(layout, folder).quarantined == {"bad_withdrawals": 1}


def test_blocks_say_what_was_read_of_them(layout: Layout, folder: Path) -> None:
    write_csv(folder / "blocks.csv", BLOCKS)
    write_csv(folder / "token_transfers.csv", [transfer(block_number=101), transfer(block_number=103)])
    rows = [
        transaction(block_number=n, hash="0x" + f"{n:064x}", receipt_status=n % 2 or None) for n in (100, 101)
    ]
    write_csv(folder / "transactions.csv", rows)
    ingest(layout, folder)
    flags = (
        stored(layout, "blocks").select("block_number", "has_token", "has_native", "has_withdrawal").rows()
    )
    assert flags == [(100, False, False, False), (101, True, True, False), (102, True, False, False), (103, True, False, False)]  # fmt: skip  # noqa: E501


def test_a_line_that_is_no_json_is_quarantined(layout: Layout, folder: Path) -> None:
    path = write_json_lines(folder / "transactions.jsonl", [transaction()])
    path.write_text(path.read_text(encoding="utf-8") + '{"cut": \n[1]\n', encoding="utf-8")
    assert ingest(layout, path).quarantined == {"not_readable": 2}
    assert stored(layout).height == 1


def test_files_of_other_names_are_named_in_a_warning(layout: Layout, folder: Path) -> None:
    write_csv(folder / "contracts.csv", [{"address": A}])
    write_json_lines(folder / "transactions.jsonl", [transaction()])
    report = ingest(layout, folder)
    assert len(report.warnings) == 1
    assert "contracts.csv is not read" in report.warnings[0]


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("token_transfers.csv", "a,b\n1,2\n", "has no column 'token_address'"),
        ("token_transfers.jsonl", '{"a": 1}\n', "has no column 'token_address'"),
        ("blocks.csv", "", "is empty"),
        ("logs.jsonl", "", "is empty"),
        ("prices.csv", "a\n1\n", "no file has the columns of a table of ethereum-etl"),
    ],
)
def test_files_that_are_not_of_the_format_store_nothing(
    layout: Layout, folder: Path, name: str, text: str, says: str
) -> None:
    write_json_lines(folder / "transactions.jsonl", [transaction()])
    (folder / name).write_text(text, encoding="utf-8")
    paths = [folder / name] if name == "prices.csv" else [folder]
    with pytest.raises(UsageError, match=says):
        ingest(layout, *paths)
    assert not layout.raw.exists()


def test_ranges_of_blocks_are_merged_and_searched_at_their_edges() -> None:
    assert merged([[5, 9], [1, 2], [3, 3], [20, 30], [8, 12]]) == [[1, 3], [5, 12], [20, 30]]
    covered = pl.Series([[5, 9], [20, 30]])
    numbers = pl.Series([4, 5, 9, 10, 19, 20, 30, 31, None])
    assert within(numbers, covered).to_list() == [False, True, True, False, False, True, True, False, False]


@pytest.mark.skipif(not REAL.exists(), reason=f"the recorded mainnet blocks are not at {REAL.name}")
def test_csv_and_json_lines_of_real_blocks_give_the_same_store(layout: Layout, tmp_path: Path) -> None:
    """Blocks 17173049 and 17173050: counted by a plain scan of the JSON lines."""
    tables = {
        name: [json.loads(line) for line in (REAL / f"{name}.jsonl").open(encoding="utf-8")]
        for name in ("transactions", "token_transfers", "logs")
    }
    as_csv = tmp_path / "csv"
    as_csv.mkdir()
    for name in ("blocks.csv", "transactions.csv"):
        (as_csv / name).symlink_to(REAL / name)
    receipts = {
        "transaction_hash": "hash",
        "status": "receipt_status",
        "contract_address": "receipt_contract_address",
    }
    told = [{name: t[column] for name, column in receipts.items()} for t in tables["transactions"]]
    write_csv(as_csv / "receipts.csv", told)
    plain = (
        "token_address",
        "from_address",
        "to_address",
        "value",
        "transaction_hash",
        "log_index",
        "block_number",
    )
    write_csv(as_csv / "token_transfers.csv", [{n: t[n] for n in plain} for t in tables["token_transfers"]])
    logs = [{**entry, "topics": ",".join(entry["topics"])} for entry in tables["logs"]]
    write_csv(as_csv / "logs.csv", logs)

    report = ingest(layout, REAL)
    other = Layout(tmp_path / "other")
    ingest(other, as_csv)
    assert tree(other.root) == tree(layout.root)

    fungible = [
        t
        for t in tables["logs"]
        if t["topics"] and t["topics"][0] == TRANSFER_TOPIC and len(t["topics"]) == 3
    ]
    native = [t for t in tables["transactions"] if t["value"] and t["receipt_status"]]
    with (REAL / "blocks.csv").open(encoding="utf-8") as handle:
        withdrawals = sum(row["withdrawals"].count('"index"') for row in csv.DictReader(handle))
    found = stored(layout)
    assert dict(found["kind"].value_counts().rows()) == {
        "token": len(fungible),
        "native": len(native),
        "withdrawal": withdrawals,
    }
    by_key = {(row["transaction_hash"], row["log_index"]): row for row in tables["token_transfers"]}
    assert sum(map(int, found.filter(pl.col("kind") == "token")["amount_raw"])) == sum(
        by_key[entry["transaction_hash"], entry["log_index"]]["value"] for entry in fungible
    )
    assert sum(map(int, found.filter(pl.col("kind") == "native")["amount_raw"])) == sum(
        t["value"] for t in native
    )
    assert not report.quarantined
    day = coverage(layout).row(0, named=True)
    assert (day["blocks"], day["has_token"], day["has_native"], day["has_withdrawal"]) == (
        2,
        True,
        True,
        True,
    )
