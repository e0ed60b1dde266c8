"""A native transfer that a log says once more (EIP-7708) is counted and set aside, whatever it came by."""

from pathlib import Path
from typing import Any

import pytest
from dump_files import BIG, T1, A, B, aws_row, cryo_blocks, word, write_aws, write_cryo
from source_files import ROW, quarantined, stored, write_csv

from inflows.layout import Layout
from inflows.sources import ingest_files
from inflows.sources.evm_logs import TRANSFER_TOPIC

PSEUDO = "0x" + "f" * 39 + "e"
NEAR = ["0x" + "f" * 40, "0x" + "f" * 38 + "ee", "0x" + "e" + "f" * 39]
TIME = "2024-03-31 12:00:00 UTC"


def ethereum_etl(folder: Path, table: str, rows: list[dict[str, Any]]) -> Path:
    folder.mkdir(exist_ok=True)
    return write_csv(folder / f"{table}.csv", rows)


def of_logs(folder: Path, contracts: list[str]) -> tuple[Path, str]:
    rows = [
        {"log_index": i, "transaction_hash": T1, "address": contract, "data": word(5), "block_number": 100,
         "block_timestamp": TIME, "topics": f"{TRANSFER_TOPIC},{word(A)},{word(B)}"}
        for i, contract in enumerate(contracts)
    ]  # fmt: skip
    return ethereum_etl(folder, "logs", rows), "ethereum-etl"


def of_token_transfers(folder: Path, contracts: list[str]) -> tuple[Path, str]:
    rows = [
        {"token_address": contract, "from_address": A, "to_address": B, "value": 5, "transaction_hash": T1,
         "log_index": i, "block_number": 100, "block_timestamp": TIME}
        for i, contract in enumerate(contracts)
    ]  # fmt: skip
    return ethereum_etl(folder, "token_transfers", rows), "ethereum-etl"


def of_aws_logs(folder: Path, contracts: list[str]) -> tuple[Path, str]:
    rows = [aws_row("logs", address=contract, log_index=i) for i, contract in enumerate(contracts)]
    return write_aws(folder, "logs", rows), "aws-eth-logs"


def of_aws_token_transfers(folder: Path, contracts: list[str]) -> tuple[Path, str]:
    rows = [aws_row("token_transfers", token_address=c, log_index=i) for i, c in enumerate(contracts)]
    return write_aws(folder, "token_transfers", rows), "aws-eth-token-transfers"


def of_cryo(folder: Path, contracts: list[str]) -> tuple[Path, str]:
    write_cryo(folder / "ethereum__blocks__00000100_to_00000109.parquet", cryo_blocks(range(100, 110)))
    rows = [
        {"block_number": 100, "transaction_index": 0, "log_index": i, "transaction_hash": T1,
         "erc20": contract, "from_address": A, "to_address": B, "value": 5}
        for i, contract in enumerate(contracts)
    ]  # fmt: skip
    return write_cryo(folder / "ethereum__erc20_transfers__00000100_to_00000109.parquet", rows).parent, "cryo"


def of_own_files(folder: Path, contracts: list[str]) -> tuple[Path, str]:
    folder.mkdir(exist_ok=True)
    rows = [ROW | {"contract": contract, "position": i} for i, contract in enumerate(contracts)]
    return write_csv(folder / "transfers.csv", rows), "inflows"


@pytest.mark.parametrize(
    "source", [of_logs, of_token_transfers, of_aws_logs, of_aws_token_transfers, of_cryo, of_own_files]
)
def test_such_logs_are_set_aside_and_near_misses_are_stored(
    layout: Layout, tmp_path: Path, source: Any
) -> None:
    (tmp_path / "in").mkdir()
    path, form = source(tmp_path / "in", [PSEUDO, *NEAR, PSEUDO.upper().replace("X", "x")])
    report = ingest_files(layout, [path], form)
    assert report.set_aside["native_said_twice"] == 2
    assert sorted(stored(layout)["contract"]) == sorted(NEAR)
    assert quarantined(layout) == []
    assert report.rows_read == report.rows_new + report.set_aside.total()


def test_a_native_transfer_from_the_pseudo_address_is_no_log(layout: Layout, tmp_path: Path) -> None:
    row = ROW | {"kind": "native", "contract": "", "from_address": PSEUDO, "to_address": PSEUDO}
    report = ingest_files(layout, [write_csv(tmp_path / "t.csv", [row])], "inflows")
    assert (report.rows_new, report.set_aside.total()) == (1, 0)


def test_what_is_no_amount_is_still_quarantined(layout: Layout, tmp_path: Path) -> None:
    row = ROW | {"contract": PSEUDO, "amount_raw": str(BIG + 1)}
    report = ingest_files(layout, [write_csv(tmp_path / "t.csv", [row])], "inflows")
    assert dict(report.quarantined) == {"amount_above_256_bits": 1}
