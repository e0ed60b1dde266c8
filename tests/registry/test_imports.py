"""What an import stores: rows that say something new, known since the right instant, in one file."""

import datetime as dt
import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
from registry_files import LATER, NOW, SOUND, A, B, digests, load, load_rows, row, write_csv

from inflows.contracts.schema import dtypes
from inflows.files import sha256_of
from inflows.layout import Layout
from inflows.registry import effective
from inflows.registry.store import files_of
from inflows.registry.tables import ASSETS, LABELS, PRICES, TABLES

FAR = dt.datetime(2030, 1, 1, tzinfo=dt.UTC)


def utc(year: int, month: int = 1, day: int = 1, hour: int = 0) -> dt.datetime:
    return dt.datetime(year, month, day, hour, tzinfo=dt.UTC)


def stored(layout: Layout, table: str) -> pl.DataFrame:
    return pl.concat([pl.read_parquet(file) for file in files_of(layout, TABLES[table])])


@pytest.mark.parametrize("table", list(SOUND))
def test_importing_the_same_file_twice_stores_nothing_the_second_time(layout: Layout, table: str) -> None:
    first = load_rows(layout, table, row(table))
    before = {file: sha256_of(file) for file in files_of(layout, TABLES[table])}
    second = load_rows(layout, table, row(table), now=LATER)
    assert (first.read, first.added, first.unchanged, first.replaced) == (1, 1, 0, 0)
    assert (second.read, second.added, second.unchanged, second.replaced) == (1, 0, 1, 0)
    assert {file: sha256_of(file) for file in files_of(layout, TABLES[table])} == before
    assert [file.name for file in before] == ["000001.parquet"]


@pytest.mark.parametrize("table", list(SOUND))
def test_what_is_stored_has_the_contracts_columns_and_types(layout: Layout, table: str) -> None:
    load_rows(layout, table, row(table))
    assert stored(layout, table).schema == dtypes(TABLES[table].schema)


@pytest.mark.parametrize("table", ["prices", "assets", "jurisdictions"])
def test_the_first_import_into_an_empty_table_is_known_since_ever_and_later_ones_from_then_on(
    layout: Layout, table: str
) -> None:
    other = {"prices": "time", "assets": "contract", "jurisdictions": "exchange"}[table]
    value = {"time": "2024-02-02", "contract": B, "exchange": "okx"}[other]
    assert load_rows(layout, table, row(table)).known_at is None
    assert load_rows(layout, table, row(table, **{other: value}), now=LATER).known_at == LATER
    assert stored(layout, table)["known_at"].to_list() == [None, LATER]


def test_labels_are_known_from_their_import_on_even_the_first(layout: Layout) -> None:
    assert load_rows(layout, "labels", row("labels")).known_at == NOW
    assert stored(layout, "labels")["known_at"].to_list() == [NOW]


def test_known_at_is_the_rows_own_else_the_imports(layout: Layout) -> None:
    rows = [row("labels", known_at="2024-01-01"), row("labels", address=B, known_at="")]
    done = load_rows(layout, "labels", *rows, known_at=utc(2023, 5))
    assert done.known_at == utc(2023, 5)
    assert stored(layout, "labels").sort("address")["known_at"].to_list() == [utc(2024), utc(2023, 5)]


def test_another_content_replaces_the_old_one_from_its_known_at_on_and_the_old_stays(layout: Layout) -> None:
    load_rows(layout, "prices", row("prices"))
    done = load_rows(layout, "prices", row("prices", price_usd="2300"), now=LATER)
    assert (done.added, done.unchanged, done.replaced) == (0, 0, 1)
    then, now = (effective.prices(layout, at).collect()["price_usd"].to_list() for at in (NOW, LATER))
    assert (then, now) == ([Decimal("2281.47")], [Decimal(2300)])
    assert stored(layout, "prices").height == 2


def test_a_row_that_was_known_earlier_than_the_stored_one_is_added_before_it(layout: Layout) -> None:
    load_rows(layout, "labels", row("labels", exchange="okx"), known_at=utc(2024))
    done = load_rows(layout, "labels", row("labels", exchange="kraken"), known_at=utc(2023))
    assert (done.added, done.replaced) == (1, 0)
    said = {
        at: effective.labels(layout, utc(at)).collect()["exchange"].to_list() for at in (2022, 2023, 2024)
    }
    assert said == {2022: [], 2023: ["kraken"], 2024: ["okx"]}


def test_a_file_may_hold_the_history_of_a_key_where_each_row_says_since_when_it_was_known(
    layout: Layout,
) -> None:
    history = [
        row("labels", exchange="kraken", known_at="2023"),
        row("labels", exchange="okx", known_at="2024"),
        row("labels", exchange="okx", known_at="2025"),
    ]
    done = load_rows(layout, "labels", *history)
    assert (done.added, done.replaced, done.unchanged) == (1, 1, 1)
    again = load_rows(layout, "labels", *history)
    assert (again.added, again.replaced, again.unchanged) == (0, 0, 3)
    assert effective.labels(layout, utc(2023, 7)).collect()["exchange"].to_list() == ["kraken"]


def test_identical_rows_of_one_import_are_stored_once(layout: Layout) -> None:
    done = load_rows(layout, "labels", row("labels"), row("labels", address="0X" + "A" * 40))
    assert (done.read, done.added, done.unchanged) == (2, 1, 1)
    assert stored(layout, "labels")["address"].to_list() == [A]


def test_evm_addresses_are_stored_in_lower_case_and_base58_as_it_is(layout: Layout) -> None:
    tron, mixed = "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t", "0xdAC17F958D2ee523a2206206994597C13D831ec7"
    load_rows(layout, "assets", row("assets", contract=mixed), row("assets", chain="tron", contract=tron))
    assert stored(layout, "assets")["contract"].to_list() == [mixed.lower(), tron]


def test_values_are_stored_exactly(layout: Layout) -> None:
    tiny, huge = "0.000000000000000001", "99999999999999999999.999999999999999999"
    prices = [tiny, huge, "1e-7", "2.50e3", "007", "1.0000000000000000000000"]
    rows = [row("prices", price_usd=p, time=f"2024-01-0{i + 1}") for i, p in enumerate(prices)]
    load_rows(layout, "prices", *rows)
    known = [Decimal(tiny), Decimal(huge), Decimal("0.0000001"), Decimal(2500), Decimal(7), Decimal(1)]
    assert stored(layout, "prices").sort("time")["price_usd"].to_list() == known


def test_decimals_may_be_as_many_as_24_and_none(layout: Layout) -> None:
    load_rows(layout, "assets", row("assets", decimals="24"), row("assets", contract=B, decimals="0"))
    assert stored(layout, "assets")["decimals"].to_list() == [24, 0]


def test_optional_columns_may_be_left_out_and_are_read_where_they_are_there(layout: Layout) -> None:
    bare = {name: SOUND["labels"][name] for name in ("chain", "address", "exchange", "confidence", "source")}
    load_rows(layout, "labels", bare)
    assert stored(layout, "labels").select("role", "valid_from", "valid_to").rows() == [("", None, None)]
    native = row("assets", contract="", kind="native", trusted="False", max_supply="21000000")
    load_rows(layout, "assets", native)
    kept = stored(layout, "assets").select("contract", "trusted", "max_supply").rows()
    assert kept == [("", False, Decimal(21_000_000))]


def test_days_of_jurisdictions_are_utc_days(layout: Layout) -> None:
    rows = row("jurisdictions", valid_from="2024-06-01T00:00:00Z", valid_to="2025")
    load_rows(layout, "jurisdictions", rows)
    days = stored(layout, "jurisdictions").select("valid_from", "valid_to").row(0)
    assert days == (dt.date(2024, 6, 1), dt.date(2025, 1, 1))


def test_a_byte_order_mark_windows_lines_and_blanks_around_values_do_no_harm(
    layout: Layout, tmp_path: Path
) -> None:
    file = tmp_path / "prices.csv"
    file.write_bytes(
        b"\xef\xbb\xbfchain, contract,time ,price_usd,source\r\n ethereum ,,2024-01-01, 5 ,x\r\n"
    )
    assert load(layout, "prices", file).added == 1
    assert stored(layout, "prices").select("chain", "price_usd").row(0) == ("ethereum", Decimal(5))


def test_typed_parquet_says_the_same_as_csv(layout: Layout, tmp_path: Path) -> None:
    csv_file = write_csv(tmp_path / "prices.csv", [row("prices", time="2024-01-01T05:00:00Z")])
    zoned = dt.datetime(2024, 1, 1, 6, tzinfo=dt.timezone(dt.timedelta(hours=1)))
    typed = pl.DataFrame([row("prices")]).with_columns(
        pl.lit(zoned).dt.convert_time_zone("Europe/Paris").dt.cast_time_unit("ns").alias("time"),
        pl.lit(Decimal("2281.47")).alias("price_usd"),
        pl.lit(None).alias("contract"),
    )
    typed.write_parquet(tmp_path / "prices.parquet")
    load(layout, "prices", csv_file)
    assert load(layout, "prices", tmp_path / "prices.parquet", now=LATER).unchanged == 1
    naive = typed.with_columns(pl.lit(dt.datetime(2024, 1, 1, 5)).alias("time"))  # noqa: DTZ001
    naive.write_parquet(tmp_path / "prices.parquet")
    assert load(layout, "prices", tmp_path / "prices.parquet", now=LATER).unchanged == 1


def test_folders_and_globs_are_read_whole(layout: Layout, tmp_path: Path) -> None:
    quotes = tmp_path / "quotes"
    (quotes / "more").mkdir(parents=True)
    write_csv(quotes / "1.csv", [row("prices")])
    pl.DataFrame([row("prices", time="2024-01-02")]).write_parquet(quotes / "more" / "2.parquet")
    (quotes / "README.md").write_text("not a table", encoding="utf-8")
    assert load(layout, "prices", quotes / "*.csv").added == 1
    assert load(layout, "prices", quotes).added == 1
    assert load(layout, "prices", quotes / "**" / "*.parquet").unchanged == 1


def test_rows_are_stored_sorted_by_key_so_that_their_order_in_the_file_does_not_matter(
    tmp_path: Path,
) -> None:
    rows = [row("prices", time=f"2024-01-{day:02d}") for day in range(1, 20)]
    one, other = Layout(tmp_path / "one"), Layout(tmp_path / "other")
    load_rows(one, "prices", *rows)
    load_rows(other, "prices", *reversed(rows))
    assert sha256_of(files_of(one, PRICES)[0]) == sha256_of(files_of(other, PRICES)[0])
    assert stored(one, "prices")["time"].is_sorted()


def test_each_import_that_brings_something_new_adds_one_file_after_the_last(layout: Layout) -> None:
    for contract in (A, B):
        load_rows(layout, "assets", row("assets", contract=contract))
    files = files_of(layout, ASSETS)
    assert [file.name for file in files] == ["000001.parquet", "000002.parquet"]
    files[0].unlink()
    load_rows(layout, "assets", row("assets", symbol="OTHER"))
    assert [file.name for file in files_of(layout, ASSETS)] == ["000002.parquet", "000003.parquet"]


def test_unfinished_and_foreign_files_in_a_tables_folder_are_no_part_of_it(layout: Layout) -> None:
    load_rows(layout, "labels", row("labels"))
    (layout.registry / "labels" / ".000002.parquet.ab12cd34").write_bytes(b"half")
    (layout.registry / "labels" / "notes.txt").write_text("mine", encoding="utf-8")
    assert len(files_of(layout, LABELS)) == 1
    assert effective.labels(layout, FAR).collect().height == 1


def test_the_closing_line_tells_what_was_read_and_what_of_it_was_new(layout: Layout) -> None:
    rows = [row("labels"), row("labels", address=B)]
    assert load_rows(layout, "labels", *rows).sentence() == (
        "labels: 2 rows read, 2 added, 0 replaced, 0 unchanged "
        "(known from 2025-03-01T12:00:00Z on, unless the row says when)."
    )
    changed = [row("labels", confidence="10"), row("labels", address=B)]
    assert "0 added, 1 replaced, 1 unchanged" in load_rows(layout, "labels", *changed, now=LATER).sentence()
    assert (
        load_rows(layout, "assets", row("assets"))
        .sentence()
        .endswith("(known since ever, unless the row says when).")
    )
    assert load_rows(layout, "assets", row("assets")).sentence() == (
        "assets: 1 rows read, 0 added, 0 replaced, 1 unchanged."
    )


def test_a_time_without_a_zone_is_a_mistake_of_the_caller(layout: Layout) -> None:
    with pytest.raises(ValueError, match="has no time zone"):
        load_rows(layout, "labels", row("labels"), now=dt.datetime(2025, 1, 1))  # noqa: DTZ001


def test_the_zone_and_the_summer_time_of_the_machine_change_nothing(tmp_path: Path) -> None:
    # 2024-03-10T02:30 does not exist in New York, and 2024-11-03T01:30 exists twice.
    odd = ["2024-03-10T02:30:00", "2024-11-03T01:30:00", "2024-11-03T05:30:00Z", "2024-07-01"]
    write_csv(tmp_path / "prices.csv", [row("prices", time=time) for time in odd])
    write_csv(tmp_path / "labels.csv", [row("labels", valid_from=time, source=time) for time in odd])
    write_csv(tmp_path / "jurisdictions.csv", [row("jurisdictions", valid_from="2024-03-10")])
    naive = dt.datetime(2024, 3, 10, 2, 30)  # noqa: DTZ001
    for table, rows in (("prices", {"time": naive}), ("labels", {"valid_from": naive})):
        typed = pl.DataFrame([row(table, source="typed")]).with_columns(
            pl.lit(value).alias(name) for name, value in rows.items()
        )
        typed.write_parquet(tmp_path / f"{table}.parquet")
    days = pl.DataFrame([row("jurisdictions", exchange="okx")])
    days.with_columns(pl.lit(dt.date(2024, 3, 10)).alias("valid_from")).write_parquet(
        tmp_path / "jurisdictions.parquet"
    )
    code = "import sys, pathlib, registry_files as r; print(r.digests(*map(pathlib.Path, sys.argv[1:])))"
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path), str(tmp_path / "york")],
        env={**os.environ, "TZ": "America/New_York", "PYTHONPATH": str(Path(__file__).parent)},
        capture_output=True,
        text=True,
        check=False,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == str(digests(tmp_path, tmp_path / "here"))
    times = stored(Layout(tmp_path / "york"), "prices").sort("source", "time")["time"].to_list()
    assert times[0] == utc(2024, 3, 10, 2) + dt.timedelta(minutes=30)
    assert times[-1] == times[0]
