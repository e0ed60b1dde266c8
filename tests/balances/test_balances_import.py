"""Balances come in whole or not at all, and stay as they were known."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from cli.command_line import Line
from support import USDT, address

from inflows.contracts.balances import Balances
from inflows.contracts.schema import dtypes

HOT = address("hot")
SOUND = ("ethereum", HOT, USDT, "2024-01-01", "", "1000000", "reserves")
MOST = str(2**256 - 1)


@pytest.fixture
def line(tmp_path: Path) -> Line:
    return Line(tmp_path / "data")


def written(folder: Path, *rows: tuple[str, ...], header: str = "") -> str:
    path = folder / "balances.csv"
    names = header or "chain,address,contract,time,block_number,amount_raw,source"
    path.write_text("\n".join([names, *(",".join(row) for row in rows)]) + "\n", encoding="utf-8")
    return str(path)


def stored(line: Line) -> pl.DataFrame:
    return pl.concat([pl.read_parquet(p) for p in sorted(line.data.glob("registry/balances/*.parquet"))])


def changed(**changes: str) -> tuple[str, ...]:
    names = ("chain", "address", "contract", "time", "block_number", "amount_raw", "source")
    return tuple((dict(zip(names, SOUND, strict=True)) | changes).values())


def test_amounts_of_256_bits_are_stored_as_they_are(line, tmp_path) -> None:
    rows = (
        changed(amount_raw=MOST),
        changed(contract="", amount_raw="0"),
        changed(time="2025", amount_raw="007"),
    )
    line.does("balances", "import", written(tmp_path, *rows))
    found = stored(line)
    assert found.schema == dtypes(Balances)
    assert sorted(found["amount_raw"].to_list()) == sorted([MOST, "0", "7"])


def test_a_balance_may_name_its_block_in_place_of_its_time_and_the_column_may_be_left_out(
    line, tmp_path
) -> None:
    line.does("balances", "import", written(tmp_path, changed(time="", block_number="19000000")))
    header = "chain,address,contract,block_number,amount_raw,source"
    row = ("ethereum", HOT.upper().replace("0X", "0x"), "", "19000001", "5", "reserves")
    line.does("balances", "import", written(tmp_path, row, header=header))
    assert stored(line)["block_number"].to_list() == [19_000_000, 19_000_001]
    assert stored(line)["address"].unique().to_list() == [HOT]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"amount_raw": "1.5"}, "amount_raw '1.5' is not a whole number of base units"),
        ({"amount_raw": "-1"}, "amount_raw '-1' is not a whole number of base units"),
        ({"amount_raw": "1e18"}, "amount_raw '1e18' is not a whole number of base units"),
        ({"amount_raw": "0x10"}, "amount_raw '0x10' is not a whole number of base units"),
        ({"amount_raw": str(2**256)}, "is above 2^256 - 1"),
        ({"amount_raw": "9" + MOST}, "is above 2^256 - 1"),
        ({"amount_raw": ""}, "amount_raw is empty"),
        ({"time": ""}, "neither time nor block_number tells when the balance held"),
        ({"time": "yesterday"}, "time 'yesterday' is not a time"),
        ({"block_number": "latest"}, "block_number 'latest' is not a block's number"),
        ({"block_number": "99999999999999999999"}, "is not a block's number"),
        ({"chain": "evm"}, "chain 'evm' stands for every EVM chain in labels only"),
        ({"chain": "../x"}, "chain '../x' is not a name"),
        ({"address": "0x12"}, "address '0x12' is not an address on 'ethereum'"),
        ({"source": ""}, "source is empty"),
    ],
)
def test_a_row_that_cannot_be_meant_is_named_and_nothing_is_stored(line, tmp_path, changes, says) -> None:
    said = line.says("balances", "import", written(tmp_path, SOUND, changed(**{"contract": "", **changes})))
    assert said.code == 2
    assert "balances.csv:3: " in said.err
    assert says in said.err
    assert not (line.data / "registry").exists()


def test_two_amounts_of_one_wallet_source_and_instant_are_refused(line, tmp_path) -> None:
    said = line.says("balances", "import", written(tmp_path, SOUND, changed(amount_raw="2")))
    assert said.code == 2
    assert "has the key" in said.err


def test_a_balance_imported_again_is_unchanged_and_another_amount_replaces_it(line, tmp_path) -> None:
    line.does("balances", "import", written(tmp_path, SOUND))
    assert "1 unchanged" in line.says("balances", "import", written(tmp_path, SOUND)).err
    said = line.says("balances", "import", written(tmp_path, changed(amount_raw="5")), "--known-at", "2025")
    assert "1 replaced" in said.err
    assert stored(line)["amount_raw"].to_list() == ["1000000", "5"]


def test_parquet_with_numbers_and_naive_times_is_read_as_utc(line, tmp_path) -> None:
    frame = pl.DataFrame(
        {
            "chain": ["bitcoin"],
            "address": ["1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2"],
            "contract": [None],
            "time": ["2024-01-01T12:00:00"],
            "amount_raw": [2_100_000_000_000_000],
            "source": ["node"],
        },
        schema_overrides={"contract": pl.String},
    ).with_columns(pl.col("time").str.to_datetime())
    frame.write_parquet(tmp_path / "balances.parquet")
    line.does("balances", "import", str(tmp_path / "balances.parquet"))
    found = stored(line).row(0, named=True)
    assert found["amount_raw"] == "2100000000000000"
    assert found["time"].isoformat() == "2024-01-01T12:00:00+00:00"


def test_without_balances_the_check_says_how_to_bring_some_in(line) -> None:
    said = line.says("balances", "check")
    assert said.code == 2
    assert "No balances are known." in said.err
    assert "`inflows balances import` or `inflows balances fetch`" in said.err


def test_balances_that_stand_alone_or_belong_to_nobody_are_counted(line, tmp_path) -> None:
    rows = [SOUND, changed(address=address("cold")), changed(address=address("cold"), time="2024-02-01")]
    line.does("balances", "import", written(tmp_path, *rows))
    said = line.says("balances", "check", "--format", "json")
    assert (said.code, said.out.strip()) == (0, "[]")
    assert "with one balance alone, to be held against nothing: 1." in said.err
    assert "with balances, but of no exchange at this level: 1." in said.err
