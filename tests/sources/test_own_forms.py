"""Times, amounts and addresses as people write them: each means what it says, or is kept back."""

from pathlib import Path
from typing import Any

import pytest
from shared_cases import case
from source_files import ENTRY, ROW, quarantined, stored, write_csv

from inflows.layout import Layout
from inflows.registry.imports import import_labels, import_prices
from inflows.sources import ingest_files
from inflows.times import parse_instant

NOW = parse_instant("2026-01-01")
USDT = "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t"
USDT_HEX = "a614f803b6fd780986a42c78ec9c7f77e6ded13c"
OWNER = "TKHuVq1oKVruCGLvqVexFs6dawKv6fQgFs"
TRON = {
    **ROW,
    "chain": "tron",
    "tx_hash": "1" * 64,
    "contract": USDT,
    "from_address": OWNER,
    "to_address": "TYDzsYUEpvnYmQk4zGP9sWWcTEd2MiAtW6",
}


def ingest(layout: Layout, tmp_path: Path, *rows: dict[str, Any]) -> Any:
    return ingest_files(layout, [write_csv(tmp_path / "rows.csv", list(rows))], "inflows")


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2024-03-01 06:00:11+00", "2024-03-01T06:00:11"),
        ("2024-03-01 06:00:11.5+00", "2024-03-01T06:00:11.500000"),
        ("2024-03-01 06:00:11+00:00", "2024-03-01T06:00:11"),
        ("2024-03-01 14:00:11+08", "2024-03-01T06:00:11"),
        ("2024-03-01 00:30:11-0530", "2024-03-01T06:00:11"),
        ("2024-03-01 06:00:11 +00:00", "2024-03-01T06:00:11"),
        ("2024-03-01T06:00:11Z", "2024-03-01T06:00:11"),
        ("2024-03-01 06:00:11.000 UTC", "2024-03-01T06:00:11"),
    ],
)
def test_a_time_with_any_zone_is_that_instant(
    layout: Layout, tmp_path: Path, text: str, instant: str
) -> None:
    ingest(layout, tmp_path, {**ROW, "block_time": text})
    assert [time.isoformat() for time in stored(layout)["block_time"]] == [instant + "+00:00"]


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("1709272811", "seconds since 1970"),
        ("1709272811.0", "seconds since 1970"),
        ("1709272811000", "seconds since 1970"),
        ("3/1/2024 6:00", "day and month"),
        ("2024-03-01 06:00:11+0", "no instant"),
        ("2024-03-01 06:00:11+99", "no instant"),
    ],
)
def test_a_time_that_could_be_several_is_kept_back_with_a_hint(
    layout: Layout, tmp_path: Path, text: str, hint: str
) -> None:
    report = ingest(layout, tmp_path, {**ROW, "block_time": text}, {**ROW, "position": "1"})
    assert report.quarantined == {"bad_block_time": 1}
    (warning,) = report.warnings
    assert text in warning
    assert hint in warning


def test_the_case_of_an_exports_times_keeps_six_of_eight(layout: Layout) -> None:
    report = ingest_files(layout, [case("dune_times") / "dune.csv"], "inflows")
    assert report.quarantined == {"bad_block_time": 2}
    assert set(stored(layout)["block_time"].dt.to_string("%H:%M:%S")) == {"06:00:11"}
    assert stored(layout).height == 6


@pytest.mark.parametrize(
    ("text", "digits"),
    [
        ("2500000000.0", "2500000000"),
        ("2500000000.00", "2500000000"),
        ("2.5E+09", "2500000000"),
        ("2.5e9", "2500000000"),
        ("25E8", "2500000000"),
        ("0.0", "0"),
        ("9007199254740991.0", "9007199254740991"),
    ],
)
@pytest.mark.parametrize("row", [ROW, ENTRY])
def test_a_whole_number_below_2_to_the_53_may_be_written_as_floating_point(
    layout: Layout, tmp_path: Path, row: dict[str, Any], text: str, digits: str
) -> None:
    ingest(layout, tmp_path, {**row, "amount_raw": text})
    dataset = "transfers" if row is ROW else "utxo"
    assert stored(layout, dataset)["amount_raw"].to_list() == [digits]


FORMS = ["41", "0x", "0x41", "0X", "0X41"]


@pytest.mark.parametrize("upper", [False, True])
@pytest.mark.parametrize("prefix", FORMS)
def test_every_form_of_a_tron_address_is_the_same_address(
    layout: Layout, tmp_path: Path, prefix: str, upper: bool
) -> None:
    written = prefix + (USDT_HEX.upper() if upper else USDT_HEX)
    ingest(
        layout,
        tmp_path,
        {**TRON, "contract": written},
        {**TRON, "from_address": written, "position": "1"},
        {**TRON, "to_address": written, "position": "2"},
    )
    rows = stored(layout).sort("position")
    assert rows["contract"].to_list() == [USDT] * 3
    assert (rows["from_address"][1], rows["to_address"][2]) == (USDT, USDT)
    assert quarantined(layout) == []


def test_tron_forms_in_the_case_are_three_transfers_of_one_contract(layout: Layout) -> None:
    report = ingest_files(layout, [case("tron_forms") / "transfers.csv"], "inflows")
    assert not report.quarantined
    rows = stored(layout)
    assert rows["contract"].to_list() == [USDT] * 3


def test_a_tron_address_with_a_wrong_checksum_is_kept_back(layout: Layout, tmp_path: Path) -> None:
    wrong = OWNER[:-1] + ("t" if OWNER[-1] != "t" else "u")
    report = ingest(layout, tmp_path, {**TRON, "from_address": wrong}, {**TRON, "position": "1"})
    assert report.quarantined == {"bad_from_address": 1}


def test_hex_that_looks_like_trons_stays_what_it_is_elsewhere(layout: Layout, tmp_path: Path) -> None:
    ingest(layout, tmp_path, {**ROW, "contract": "0x" + USDT_HEX})
    assert stored(layout)["contract"].to_list() == ["0x" + USDT_HEX]


@pytest.mark.parametrize("prefix", FORMS)
def test_registries_take_every_form_of_a_tron_address(layout: Layout, tmp_path: Path, prefix: str) -> None:
    label = {"chain": "tron", "address": prefix + USDT_HEX, "exchange": "okx", "confidence": "50"}
    import_labels(layout, write_csv(tmp_path / "labels.csv", [{**label, "source": "mine"}]), now=NOW)
    quote = {"chain": "tron", "contract": prefix + USDT_HEX, "time": "2024-03-01", "price_usd": "1"}
    import_prices(layout, write_csv(tmp_path / "prices.csv", [{**quote, "source": "mine"}]), now=NOW)
    assert stored_registry(layout, "labels", "address") == [USDT]
    assert stored_registry(layout, "prices", "contract") == [USDT]


def stored_registry(layout: Layout, table: str, column: str) -> list[str]:
    import polars as pl

    return pl.read_parquet(layout.registry / table / "*.parquet")[column].to_list()


@pytest.mark.parametrize(
    ("row", "name"),
    [
        (TRON, "ab" * 32),
        ({**ROW, "chain": "eth"}, "0x" + "ab" * 32),
        ({**ROW, "chain": "bnb"}, "0x" + "ab" * 32),
    ],
)
def test_a_transaction_is_one_with_and_without_0x(
    layout: Layout, tmp_path: Path, row: dict[str, Any], name: str
) -> None:
    for written in ("ab" * 32, "0x" + "ab" * 32, "0x" + "AB" * 32, "AB" * 32):
        ingest(layout, tmp_path, {**row, "tx_hash": written})
    assert stored(layout)["tx_hash"].to_list() == [name]


def test_a_transaction_that_an_earlier_release_stored_twice_is_one_once_its_day_comes_again(
    layout: Layout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [{**TRON, "tx_hash": "ab" * 32}, {**TRON, "tx_hash": "0x" + "ab" * 32}]
    with monkeypatch.context() as earlier:
        earlier.setattr("inflows.addresses.hash_on", lambda _, tx_hash: tx_hash)
        ingest(layout, tmp_path, *rows)
    assert stored(layout).height == 2
    ingest(layout, tmp_path, rows[1])
    assert stored(layout)["tx_hash"].to_list() == ["ab" * 32]
