import datetime as dt
import gzip
import json
import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from source_files import ENTRY, ROW, TOKEN, A, B, quarantined, stored, tree, write_csv

from inflows.errors import UsageError
from inflows.layout import Layout
from inflows.sources import ingest_files

MOST = 2**256 - 1
ZERO = "0x" + "0" * 40


def _ingest(layout: Layout, tmp_path: Path, *rows: dict[str, Any]) -> Any:
    return ingest_files(layout, [write_csv(tmp_path / "rows.csv", list(rows))], "inflows")


def test_csv_and_parquet_give_the_same_bytes(layout: Layout, tmp_path: Path) -> None:
    rows = [{**ROW, "position": str(n), "amount_raw": str(MOST - n)} for n in range(5)]
    _ingest(layout, tmp_path, *rows)
    typed = pl.DataFrame(rows).with_columns(
        pl.col("block_number").cast(pl.UInt32),
        pl.col("position").cast(pl.Int16),
        pl.col("block_time").str.to_datetime("%Y-%m-%dT%H:%M:%SZ", time_unit="ns"),
        pl.col("kind").cast(pl.Categorical),
    )
    typed.write_parquet(tmp_path / "rows.parquet")
    other = Layout(tmp_path / "other")
    ingest_files(other, [tmp_path / "rows.parquet"], "inflows")
    assert tree(other.root) == tree(layout.root)
    assert stored(layout)["amount_raw"].to_list() == [str(MOST - n) for n in range(5)]


@pytest.mark.parametrize("amount", ["0", "1", str(2**53 + 1), str(2**64), str(2**128 + 1), str(MOST)])
def test_amounts_are_exact_to_the_last_of_256_bits(layout: Layout, tmp_path: Path, amount: str) -> None:
    _ingest(layout, tmp_path, {**ROW, "amount_raw": "000" + amount})
    assert stored(layout)["amount_raw"].to_list() == [amount]


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (pa.int8(), 100),
        (pa.uint64(), 2**64 - 1),
        (pa.decimal128(38, 0), Decimal(10**37 + 1)),
        (pa.large_string(), str(MOST)),
    ],
)
def test_amounts_of_every_exact_type_in_parquet_are_read_exactly(
    layout: Layout, tmp_path: Path, kind: pa.DataType, value: Any
) -> None:
    table = pa.table({**{name: [text] for name, text in ROW.items()}, "amount_raw": pa.array([value], kind)})
    pq.write_table(table, tmp_path / "rows.parquet")
    ingest_files(layout, [tmp_path / "rows.parquet"], "inflows")
    assert stored(layout)["amount_raw"].to_list() == [str(value)]


@pytest.mark.parametrize("kind", [pa.float64(), pa.decimal128(38, 2)])
def test_inexact_amounts_in_parquet_are_a_wrong_column(
    layout: Layout, tmp_path: Path, kind: pa.DataType
) -> None:
    table = pa.table({**{name: [text] for name, text in ROW.items()}, "amount_raw": pa.array([5]).cast(kind)})
    pq.write_table(table, tmp_path / "rows.parquet")
    with pytest.raises(UsageError, match=r"rows\.parquet: the column 'amount_raw'.*amounts must be exact"):
        ingest_files(layout, [tmp_path / "rows.parquet"], "inflows")
    assert not layout.raw.exists()


BAD = [
    ({"chain": "Some Chain"}, "bad_chain"),
    ({"chain": "../x"}, "bad_chain"),
    ({"chain": ""}, "bad_chain"),
    ({"chain": "__HIVE_DEFAULT_PARTITION__"}, "bad_chain"),
    ({"chain": "=cmd()"}, "bad_chain"),
    ({"chain": "evm"}, "bad_chain"),
    ({"block_number": "-1"}, "bad_block_number"),
    ({"block_number": "1.0"}, "bad_block_number"),
    ({"block_number": str(2**63)}, "bad_block_number"),
    ({"block_time": "31.03.2024"}, "bad_block_time"),
    ({"block_time": "1711886400"}, "bad_block_time"),
    ({"block_time": ""}, "bad_block_time"),
    ({"block_time": "0001-01-01T00:00:00Z"}, "bad_block_time"),
    ({"block_time": "1969-12-31T23:59:59Z"}, "bad_block_time"),
    ({"block_time": "9999-12-31T23:59:59Z"}, "bad_block_time"),
    ({"tx_hash": ""}, "bad_tx_hash"),
    ({"tx_hash": "a b"}, "bad_tx_hash"),
    ({"kind": "withdrawal", "contract": ""}, "bad_tx_hash"),
    ({"position": "x"}, "bad_position"),
    ({"kind": "native", "contract": "", "position": "1"}, "bad_position"),
    ({"kind": "erc20"}, "bad_kind"),
    ({"kind": ""}, "bad_kind"),
    ({"contract": ""}, "bad_contract"),
    ({"contract": "USDT"}, "bad_contract"),
    ({"kind": "native"}, "bad_contract"),
    ({"from_address": ""}, "bad_from_address"),
    ({"from_address": A[:-1]}, "bad_from_address"),
    ({"to_address": B + "0"}, "bad_to_address"),
    ({"to_address": "TQn9Y2khEsLJW1ChVWFMSMeRDow5KcbLSE"}, "bad_to_address"),
    ({"amount_raw": ""}, "amount_not_an_integer"),
    ({"amount_raw": "-5"}, "amount_not_an_integer"),
    ({"amount_raw": "5.5"}, "amount_not_an_integer"),
    ({"amount_raw": "9007199254740992.0"}, "amount_not_an_integer"),
    ({"amount_raw": "1e-3"}, "amount_not_an_integer"),
    ({"amount_raw": "1e18"}, "amount_not_an_integer"),
    ({"amount_raw": "NaN"}, "amount_not_an_integer"),
    ({"amount_raw": str(MOST + 1)}, "amount_above_256_bits"),
    ({"amount_raw": "1" + "0" * 80}, "amount_above_256_bits"),
    ({"source": "a/b"}, "bad_source"),
]


@pytest.mark.parametrize(("change", "reason"), BAD)
def test_a_bad_row_is_quarantined_as_delivered_and_its_neighbours_are_stored(
    layout: Layout, tmp_path: Path, change: dict[str, str], reason: str
) -> None:
    good = {**ROW, "source": "feed", "position": "7"}
    bad = {**ROW, "source": "feed", **change}
    report = _ingest(layout, tmp_path, bad, good)
    assert report.quarantined == {reason: 1}
    assert stored(layout)["position"].to_list() == [7]
    ((chain, date, why, row, origin),) = quarantined(layout)
    assert (why, json.loads(row), origin) == (reason, bad, "rows.csv")
    assert chain == ("unknown" if reason == "bad_chain" and bad["chain"] != "evm" else bad["chain"])
    assert date == ("unknown" if reason == "bad_block_time" else "2024-03-31")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"side": "input"}, "bad_side"),
        ({"is_coinbase": "maybe"}, "bad_is_coinbase"),
        ({"address": "not an address"}, "bad_address"),
        ({"tx_hash": ""}, "bad_tx_hash"),
        ({"amount_raw": "0.5"}, "amount_not_an_integer"),
    ],
)
def test_a_bad_utxo_entry_is_quarantined(
    layout: Layout, tmp_path: Path, change: dict[str, str], reason: str
) -> None:
    report = _ingest(layout, tmp_path, {**ENTRY, **change}, {**ENTRY, "position": "1"})
    assert report.quarantined == {reason: 1}
    assert stored(layout, "utxo")["position"].to_list() == [1]


def test_utxo_entries_are_told_by_their_columns_and_may_name_no_address(
    layout: Layout, tmp_path: Path
) -> None:
    address = "BC1QAR0SRRR7XFKVY5L643LYDNW9RE59GTZZWF5MDQ"
    _ingest(layout, tmp_path, ENTRY, {**ENTRY, "position": "1", "address": ""}, {**ENTRY, "position": "2", "address": address})  # fmt: skip  # noqa: E501
    assert stored(layout, "utxo")["address"].to_list() == [ENTRY["address"], "", address.lower()]


def test_spellings_of_one_transfer_are_one_transfer(layout: Layout, tmp_path: Path) -> None:
    shouted = {**ROW, **{name: ROW[name].replace("0x", "0X").upper().replace("0X", "0x") for name in ("tx_hash", "contract", "from_address", "to_address")}}  # fmt: skip  # noqa: E501
    spaced = {name: f" {text} " for name, text in ROW.items()}
    dated = {**ROW, "block_time": "2024-03-31 14:00:00+02:00", "position": "00", "amount_raw": "0005"}
    report = _ingest(layout, tmp_path, ROW, shouted, spaced, dated)
    assert (report.rows_new, report.rows_already_there) == (1, 3)


def test_base58_addresses_and_hashes_keep_their_case(layout: Layout, tmp_path: Path) -> None:
    tron = {**ROW, "chain": "tron", "contract": "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t"}
    tron |= dict.fromkeys(("from_address", "to_address"), "TQn9Y2khEsLJW1ChVWFMSMeRDow5KcbLSE")
    _ingest(layout, tmp_path, tron, {**ROW, "chain": "mychain", "tx_hash": "AbC", "contract": "MiXed"})
    assert stored(layout)["contract"].to_list() == ["MiXed", tron["contract"]]
    assert stored(layout)["tx_hash"].to_list()[0] == "AbC"


@pytest.mark.parametrize(("sender", "receiver"), [(A, A), (ZERO, B), (A, ZERO)])
def test_transfers_to_oneself_and_mints_and_burns_are_transfers(
    layout: Layout, tmp_path: Path, sender: str, receiver: str
) -> None:
    _ingest(layout, tmp_path, {**ROW, "from_address": sender, "to_address": receiver})
    assert stored(layout).select("from_address", "to_address").rows() == [(sender, receiver)]


def test_withdrawals_have_no_hash_and_native_transfers_no_contract(layout: Layout, tmp_path: Path) -> None:
    withdrawal = {**ROW, "kind": "withdrawal", "tx_hash": "", "contract": "", "position": "9"}
    _ingest(layout, tmp_path, withdrawal, {**ROW, "kind": "native", "contract": ""})
    assert sorted(stored(layout)["kind"]) == ["native", "withdrawal"]


def test_lines_with_too_few_or_too_many_fields_are_quarantined_with_their_text(
    layout: Layout, tmp_path: Path
) -> None:
    header, line = ",".join(ROW), ",".join(ROW.values())
    text = "\r\n".join(
        [header, line, line.rsplit(",", 1)[0], line + ",6,7", "", line.replace("ethereum", "bsc")]
    )
    (tmp_path / "ragged.csv").write_text(text, encoding="utf-8")
    report = ingest_files(layout, [tmp_path / "ragged.csv"], "inflows")
    assert report.quarantined == {"wrong_number_of_fields": 2}
    assert {json.loads(row)["line"] for *_, row, _ in quarantined(layout)} == {
        line.rsplit(",", 1)[0],
        line + ",6,7",
    }
    assert stored(layout)["chain"].to_list() == ["bsc", "ethereum"]


def test_quoted_fields_and_a_byte_order_mark_are_read(layout: Layout, tmp_path: Path) -> None:
    quoted = ",".join(f'"{text}"' for text in ROW.values())
    header = ",".join(f'"{name}"' for name in ROW)
    (tmp_path / "q.csv").write_text("\ufeff" + header + "\n" + quoted + "\n", encoding="utf-8")
    assert ingest_files(layout, [tmp_path / "q.csv"], "inflows").rows_new == 1


def test_a_compressed_file_is_read_and_a_cut_off_one_is_an_error(layout: Layout, tmp_path: Path) -> None:
    text = (
        ",".join(ROW)
        + "\n"
        + "".join(",".join({**ROW, "position": str(n)}.values()) + "\n" for n in range(5000))
    )
    whole = gzip.compress(text.encode(), mtime=0)
    (tmp_path / "rows.csv.gz").write_bytes(whole)
    assert ingest_files(layout, [tmp_path / "rows.csv.gz"], "inflows").rows_new == 5000
    (tmp_path / "cut.csv.gz").write_bytes(whole[: len(whole) // 2])
    before = tree(layout.root)
    with pytest.raises(UsageError, match=r"cut\.csv\.gz cannot be read"):
        ingest_files(layout, [tmp_path / "cut.csv.gz"], "inflows")
    assert tree(layout.root) == before


BROKEN = [
    "empty.parquet", "truncated.parquet", "headless.parquet", "empty.csv", "blank.csv", "binary.csv",
    "utf16.csv",
    "missing.csv", "extra.csv", "twice.csv", "other.csv",
]  # fmt: skip


def _parquet(path: Path) -> bytes:
    pl.DataFrame([ROW]).write_parquet(path)
    return path.read_bytes()


def _broken_files(folder: Path) -> dict[str, bytes]:
    whole = _parquet(folder / "whole.parquet")
    (folder / "whole.parquet").unlink()
    line = ",".join(ROW.values()).encode()
    header = ",".join(ROW).encode()
    return {
        "empty.parquet": b"",
        "truncated.parquet": whole[: len(whole) // 2],
        "headless.parquet": whole[len(whole) // 2 :],
        "empty.csv": b"",
        "blank.csv": b"\n\n",
        "binary.csv": header + b"\n" + line.replace(b"ethereum", b"\xff\xfe") + b"\n",
        "utf16.csv": (header + b"\n" + line).decode().encode("utf-16"),
        "missing.csv": header.replace(b"amount_raw", b"amount") + b"\n" + line + b"\n",
        "extra.csv": header + b",usd\n" + line + b",1\n",
        "twice.csv": header + b",chain\n" + line + b",ethereum\n",
        "other.csv": b"a,b\n1,2\n",
    }


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_file_among_good_ones_stores_nothing_and_is_named(
    layout: Layout, tmp_path: Path, name: str
) -> None:
    folder = tmp_path / "delivered"
    folder.mkdir()
    write_csv(folder / "a-good-one.csv", [ROW])
    (folder / name).write_bytes(_broken_files(tmp_path)[name])
    with pytest.raises(UsageError, match=name.replace(".", r"\.")) as error:
        ingest_files(layout, [folder], "inflows")
    assert error.value.exit_code == 2
    assert error.value.hint
    assert not layout.raw.exists()
    assert not layout.staging.exists()


def test_a_line_that_neither_fits_nor_is_utf8_is_one_sentence(
    layout: Layout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[object] = []
    monkeypatch.setattr(sys, "unraisablehook", shown.append)  # Python prints a traceback there
    path = write_csv(tmp_path / "late.csv", [ROW] * 300)
    path.write_bytes(path.read_bytes() + b"ethereum,\xff\xfe\n")
    with pytest.raises(UsageError, match=r"late\.csv is not UTF-8 text"):
        ingest_files(layout, [path], "inflows")
    assert not shown
    assert not layout.raw.exists()
    assert sys.unraisablehook == shown.append


def test_the_error_names_the_missing_column_and_those_allowed(layout: Layout, tmp_path: Path) -> None:
    row = {name: text for name, text in ROW.items() if name != "amount_raw"}
    with pytest.raises(UsageError, match="has no column 'amount_raw'") as error:
        _ingest(layout, tmp_path, row)
    assert "from_address, to_address, amount_raw" in error.value.hint


def test_a_schema_that_changes_between_files_is_found_before_anything_is_read(
    layout: Layout, tmp_path: Path
) -> None:
    pl.DataFrame([ROW]).write_parquet(tmp_path / "1.parquet")
    pl.DataFrame([ROW]).with_columns(pl.col("amount_raw").cast(pl.Float64)).write_parquet(
        tmp_path / "2.parquet"
    )
    with pytest.raises(UsageError, match=r"2\.parquet.*Float64"):
        ingest_files(layout, [tmp_path / "*.parquet"], "inflows")
    assert not layout.raw.exists()


def test_a_file_with_nothing_but_a_header_is_a_file_without_rows(layout: Layout, tmp_path: Path) -> None:
    (tmp_path / "header.csv").write_text(",".join(ROW), encoding="utf-8")
    pl.DataFrame([ROW]).clear().write_parquet(tmp_path / "none.parquet")
    report = ingest_files(layout, [tmp_path], "inflows")
    assert (report.files, report.rows_read) == (2, 0)


def test_typed_times_without_a_zone_are_utc_and_others_are_converted(layout: Layout, tmp_path: Path) -> None:
    naive = dt.datetime(2024, 7, 1)  # noqa: DTZ001
    zoned = pl.Series([naive]).dt.replace_time_zone("America/New_York")
    pl.DataFrame([ROW]).with_columns(block_time=pl.lit(naive)).write_parquet(tmp_path / "1.parquet")
    pl.DataFrame([{**ROW, "position": "1"}]).with_columns(block_time=zoned).write_parquet(
        tmp_path / "2.parquet"
    )
    pl.DataFrame([{**ROW, "position": "2"}]).with_columns(block_time=pl.lit(naive.date())).write_parquet(tmp_path / "3.parquet")  # fmt: skip  # noqa: E501
    ingest_files(layout, [tmp_path], "inflows")
    hours = stored(layout).sort("position")["block_time"].dt.strftime("%Y-%m-%dT%H").to_list()
    assert hours == ["2024-07-01T00", "2024-07-01T04", "2024-07-01T00"]


def test_the_machines_time_zone_changes_nothing(layout: Layout, tmp_path: Path) -> None:
    edges = ["2024-06-30T23:59:59Z", "2024-07-01T00:00:00Z", "2024-03-10 02:30:00", "2024-11-03T01:30:00"]
    rows = [{**ROW, "position": str(n), "block_time": edge} for n, edge in enumerate(edges)]
    path = write_csv(tmp_path / "rows.csv", rows)
    ingest_files(layout, [path], "inflows")
    script = (
        "import sys; from pathlib import Path; from inflows.layout import Layout; "
        "from inflows.sources import ingest_files; "
        "ingest_files(Layout(Path(sys.argv[1])), [sys.argv[2]], 'inflows')"
    )
    for zone in ("America/New_York", "Asia/Kathmandu"):
        other = tmp_path / zone.replace("/", "-")
        subprocess.run(
            [sys.executable, "-c", script, other, path], env={**os.environ, "TZ": zone}, check=True
        )
        assert tree(other) == tree(layout.root)


def test_the_source_defaults_to_the_format(layout: Layout, tmp_path: Path) -> None:
    _ingest(layout, tmp_path, {**ROW, "source": ""}, {**ROW, "source": "feed", "position": "1"})
    assert stored(layout)["source"].to_list() == ["inflows", "feed"]
    assert TOKEN in stored(layout)["contract"].to_list()
