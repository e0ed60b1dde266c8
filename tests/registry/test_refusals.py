"""What an import of own files refuses, with the words that tell the user what to mend."""

import datetime as dt
import math
from pathlib import Path

import polars as pl
import pytest
from registry_files import SOUND, A, B, load, load_rows, row, write_csv

from inflows.errors import UsageError
from inflows.layout import Layout
from inflows.registry import effective
from inflows.registry.store import files_of
from inflows.registry.tables import TABLES

ODD_NAMES = [
    "../x", "/etc/passwd", "__HIVE_DEFAULT_PARTITION__", "=cmd()", "'; drop table x --", 'quo"te', "börse",
    "Nobody", "a/b", "a b", "-x", ".", "..", "x" * 65, "k\u200braken", "kraken\n",
]  # fmt: skip


def refused(layout: Layout, table: str, *rows: dict[str, str]) -> str:
    """The error of an import; nothing may have been stored."""
    with pytest.raises(UsageError) as caught:
        load_rows(layout, table, *rows)
    assert caught.value.exit_code == 2
    assert caught.value.hint
    assert files_of(layout, TABLES[table]) == []
    return caught.value.problem


@pytest.mark.parametrize("table", list(SOUND))
def test_the_sound_row_is_taken_so_that_the_refusals_below_are_for_their_one_fault(
    layout: Layout, table: str
) -> None:
    assert load_rows(layout, table, row(table)).added == 1


@pytest.mark.parametrize("name", ODD_NAMES)
@pytest.mark.parametrize(("table", "column"), [
    ("labels", "chain"), ("labels", "exchange"), ("assets", "chain"), ("prices", "chain"),
    ("jurisdictions", "exchange"),
])  # fmt: skip
def test_names_that_could_leave_their_folder_or_mean_something_elsewhere_are_refused(
    layout: Layout, table: str, column: str, name: str
) -> None:
    assert f"{table}.csv:2: {column} '" in refused(layout, table, row(table, **{column: name}))


@pytest.mark.parametrize(("table", "column", "text", "says"), [
    ("labels", "chain", "", "chain is empty"),
    ("labels", "exchange", "Nobody Knows", "write 'nobody-knows'"),
    ("labels", "address", "", "address is empty"),
    ("labels", "address", "0x12", "address '0x12' is not an address on 'ethereum' (0x and 40 hex digits)"),
    ("labels", "address", "0x" + "g" * 40, "is not an address on 'ethereum'"),
    ("labels", "address", A + "a", "is not an address on 'ethereum'"),
    ("labels", "address", "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t", "is not an address on 'ethereum'"),
    ("labels", "role", "boss", "role 'boss' is unknown; it is one of hot, cold, deposit"),
    ("labels", "confidence", "", "confidence is empty"),
    ("labels", "confidence", "101", "confidence '101' is not a whole number from 0 to 100"),
    ("labels", "confidence", "-1", "is not a whole number"),
    ("labels", "confidence", "89.5", "is not a whole number"),
    ("labels", "confidence", "९", "is not a whole number"),
    ("labels", "valid_from", "2024-02-30", "valid_from '2024-02-30' is not a time"),
    ("labels", "valid_to", "31.12.2024", "is not a time"),
    ("labels", "valid_to", "1719792000", "is not a time"),
    ("labels", "source", "", "source is empty"),
    ("labels", "source", "a\tb", "source 'a?b' has characters that do not print"),
    ("labels", "source", "a\u202eb", "characters that do not print"),
    ("labels", "source", "x" * 501, "is longer than 500"),
    ("prices", "price_usd", "", "price_usd is empty"),
    ("prices", "price_usd", "0", "price_usd '0' is not a number above 0"),
    ("prices", "price_usd", "0.000", "is not a number above 0"),
    ("prices", "price_usd", "-1", "is not a number above 0"),
    ("prices", "price_usd", "NaN", "is not a number above 0"),
    ("prices", "price_usd", "inf", "is not a number above 0"),
    ("prices", "price_usd", "1,5", "is not a number above 0"),
    ("prices", "price_usd", "0x10", "is not a number above 0"),
    ("prices", "price_usd", "1e-19", "more than 18 decimals"),
    ("prices", "price_usd", "1.0000000000000000001", "more than 18 decimals"),
    ("prices", "price_usd", "100000000000000000000", "is too large"),
    ("prices", "price_usd", "1e99", "is too large"),
    ("prices", "price_usd", "1e999999999", "is not a number above 0"),
    ("prices", "time", "", "time is empty"),
    ("prices", "time", "yesterday", "time 'yesterday' is not a time"),
    ("prices", "chain", "evm", "stands for every EVM chain in labels only"),
    ("prices", "contract", "USDT", "contract 'USDT' is not an address on 'ethereum'"),
    ("assets", "decimals", "", "decimals is empty"),
    ("assets", "decimals", "255", "decimals '255' is not a whole number from 0 to 36"),
    ("assets", "decimals", "37", "is not a whole number from 0 to 36"),
    ("assets", "decimals", "null", "is not a whole number"),
    ("assets", "decimals", "6.0", "is not a whole number"),
    ("assets", "kind", "coin", "kind 'coin' is unknown; it is one of native, wrapped_native, stablecoin"),
    ("assets", "kind", "native", "a native coin has no contract"),
    ("assets", "contract", "", "kind 'stablecoin' needs a contract"),
    ("assets", "trusted", "yes", "trusted 'yes' is neither true nor false"),
    ("assets", "trusted", "", "trusted is empty"),
    ("assets", "symbol", "", "symbol is empty"),
    ("assets", "max_supply", "0", "max_supply '0' is not a number above 0"),
    ("assets", "max_supply", "-21000000", "is not a number above 0"),
    ("assets", "max_supply", "many", "is not a number above 0"),
    ("assets", "chain", "evm", "stands for every EVM chain in labels only"),
    ("jurisdictions", "jurisdiction", "hk", "jurisdiction 'hk' is not in capitals; write 'HK'"),
    ("jurisdictions", "jurisdiction", "ZZ", "ZZ' is what no row attributes; leave the row out"),
    ("jurisdictions", "jurisdiction", "XX", "is not a country code of ISO 3166-1 alpha-2"),
    ("jurisdictions", "jurisdiction", "HKG", "is not a country code"),
    ("jurisdictions", "basis", "mood", "basis 'mood' is unknown; it is one of licence, headquarters"),
    ("jurisdictions", "weight", "1.000000001", "weight '1.000000001' is not a number from 0 to 1"),
    ("jurisdictions", "weight", "-0.1", "is not a number from 0 to 1"),
    ("jurisdictions", "weight", "NaN", "is not a number from 0 to 1"),
    ("jurisdictions", "weight", "50%", "is not a number from 0 to 1"),
    ("jurisdictions", "weight", "0.3333333333", "more than 9 decimals"),
    ("jurisdictions", "valid_from", "2024-01-01T08:00:00Z", "is not a whole UTC day"),
    ("jurisdictions", "valid_from", "2024-01-01T00:00:00+08:00", "is not a whole UTC day"),
    ("jurisdictions", "valid_from", "2024-14", "valid_from '2024-14' is not a time"),
])  # fmt: skip
def test_a_bad_value_is_refused_by_file_line_and_reason(
    layout: Layout, table: str, column: str, text: str, says: str
) -> None:
    problem = refused(layout, table, row(table), row(table, **{column: text}))
    assert f"{table}.csv:3: " in problem
    assert says in problem
    assert f"{table}.csv:2: " not in problem


@pytest.mark.parametrize(("chain", "address", "sound"), [
    ("tron", "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t", True),
    ("tron", A, True),
    ("bitcoin", "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", True),
    ("bitcoin", "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq", True),
    ("bitcoin", "1A1zP1eP5QGefi2DMPTfTL5SLmv7Divf0a", False),
    ("solana", "5tzFkiKscXHK5ZXCGbXZxdw7gTjjD1mBwuoFbhUvuAi9", True),
    ("solana", "5tzFkiKscXHK5ZXCGbXZxdw7gTjjD1mBwuoFbhUvuAi0", False),
    ("evm", A, True),
    ("evm", "5tzFkiKscXHK5ZXCGbXZxdw7gTjjD1mBwuoFbhUvuAi9", False),
    ("some-new-chain", "whatever:it/is", True),
    ("some-new-chain", "not this", False),
])  # fmt: skip
def test_an_address_has_the_form_of_its_chains_addresses(
    layout: Layout, chain: str, address: str, sound: bool
) -> None:
    if sound:
        assert load_rows(layout, "labels", row("labels", chain=chain, address=address)).added == 1
    else:
        assert "address '" in refused(layout, "labels", row("labels", chain=chain, address=address))


@pytest.mark.parametrize("table", ["labels", "jurisdictions"])
@pytest.mark.parametrize("end", ["2024-01-01", "2023-12-31"])
def test_what_ends_before_it_has_begun_is_refused(layout: Layout, table: str, end: str) -> None:
    problem = refused(layout, table, row(table, valid_from="2024-01-01", valid_to=end))
    assert f"valid_to '{end}' is not after valid_from '2024-01-01'" in problem


def test_every_bad_line_is_named_and_those_beyond_twenty_are_counted(layout: Layout) -> None:
    bad = [row("prices", price_usd="0", time=f"2024-01-01T00:{i:02d}:00Z") for i in range(25)]
    problem = refused(layout, "prices", row("prices"), *bad)
    assert problem.startswith("25 lines cannot be imported as prices, so nothing was stored:")
    assert [f"prices.csv:{line}: " in problem for line in range(2, 28)] == [False] + [True] * 20 + [False] * 5
    assert "and 5 more" in problem


def test_a_line_with_two_faults_has_both_told(layout: Layout) -> None:
    problem = refused(layout, "labels", row("labels", confidence="x", role="boss"))
    assert problem.startswith("1 line cannot")
    assert problem.count("labels.csv:2: ") == 2


def test_lines_are_counted_as_in_the_file_with_blank_lines_and_fields_of_two_lines(
    layout: Layout, tmp_path: Path
) -> None:
    file = tmp_path / "labels.csv"
    header = "chain,address,exchange,confidence,source\n"
    file.write_text(
        f'{header}\nethereum,{A},kraken,90,"two\nlines"\n\nethereum,{B},kraken,900,x\n', encoding="utf-8"
    )
    with pytest.raises(UsageError) as caught:
        load(layout, "labels", file)
    assert f"{file}:3: source 'two?lines' has characters" in caught.value.problem
    assert f"{file}:6: confidence '900'" in caught.value.problem


def test_rows_of_parquet_are_named_by_their_number(layout: Layout, tmp_path: Path) -> None:
    file = tmp_path / "prices.parquet"
    rows = [row("prices"), row("prices", time="2024-01-02")]
    pl.DataFrame(rows).with_columns(pl.Series("price_usd", [1.5, math.nan])).write_parquet(file)
    with pytest.raises(UsageError, match=r"prices\.parquet: row 2: price_usd 'NaN' is not a number above 0"):
        load(layout, "prices", file)


def test_one_address_under_two_exchanges_at_one_time_is_refused_whatever_its_case(layout: Layout) -> None:
    problem = refused(
        layout,
        "labels",
        row("labels", address="0x" + "A" * 40, source="one"),
        row("labels", address=B, exchange="okx"),
        row("labels", address=A, exchange="okx", source="two", valid_from="2024-01-01"),
    )
    assert problem.startswith("1 line cannot")
    assert f"labels.csv:4: address '{A}' belongs to 'okx' here and to 'kraken' in " in problem
    assert "labels.csv:2, at the same time" in problem


def test_an_overlap_is_found_behind_a_longer_span_of_the_same_exchange(layout: Layout) -> None:
    problem = refused(
        layout,
        "labels",
        row("labels", exchange="okx", valid_from="2020-01-01", valid_to="2020-06-01"),
        row("labels", exchange="kraken", valid_from="2021-01-01", valid_to="2024-01-01"),
        row("labels", exchange="kraken", valid_from="2021-02-01", valid_to="2021-03-01"),
        row("labels", exchange="okx", valid_from="2023-12-31T23:59:59Z"),
    )
    assert problem.startswith("1 line cannot")
    assert "labels.csv:5: " in problem


def test_an_address_may_pass_from_one_exchange_to_another_at_an_instant(layout: Layout) -> None:
    moved = [
        row("labels", valid_to="2024-02-01"),
        row("labels", exchange="okx", valid_from="2024-02-01"),
        row("labels", exchange="okx", source="another list", valid_from="2024-02-01"),
    ]
    assert load_rows(layout, "labels", *moved).added == 3


@pytest.mark.parametrize(("table", "change"), [
    ("labels", {"confidence": "80"}),
    ("prices", {"price_usd": "2281.48"}),
    ("assets", {"decimals": "18"}),
    ("jurisdictions", {"weight": "0.5"}),
])  # fmt: skip
def test_one_key_with_two_contents_is_refused(layout: Layout, table: str, change: dict[str, str]) -> None:
    problem = refused(layout, table, row(table), row(table), row(table, **change))
    assert problem.startswith("1 line cannot")
    assert f"{table}.csv:4: has the key (" in problem
    assert f"{table}.csv:2 with other contents" in problem


def test_weights_may_not_sum_to_more_than_one_on_any_day(layout: Layout) -> None:
    problem = refused(
        layout,
        "jurisdictions",
        row("jurisdictions", weight="0.6", valid_to="2024-01-02"),
        row("jurisdictions", jurisdiction="SG", weight="0.400000001", valid_from="2024-01-01"),
    )
    assert "kraken, basis licence, 2024-01-01: the weights sum to 1.000000001" in problem


def test_weights_that_follow_each_other_or_have_another_basis_do_not_add_up(layout: Layout) -> None:
    rows = [
        row("jurisdictions", valid_to="2024-01-01"),
        row("jurisdictions", jurisdiction="SG", valid_from="2024-01-01"),
        row("jurisdictions", jurisdiction="SG", basis="traffic"),
        row("jurisdictions", jurisdiction="SG", exchange="okx"),
    ]
    assert load_rows(layout, "jurisdictions", *rows).added == 4


def test_weights_are_summed_over_the_registry_as_it_will_be(layout: Layout) -> None:
    load_rows(layout, "jurisdictions", row("jurisdictions", weight="0.7"))
    more = row("jurisdictions", jurisdiction="SG", weight="0.4")
    with pytest.raises(UsageError, match=r"kraken, basis licence, since ever: the weights sum to 1\.1"):
        load_rows(layout, "jurisdictions", more)
    # With the older row replaced in the same import, there is room.
    done = load_rows(layout, "jurisdictions", more, row("jurisdictions", weight="0.6"))
    assert (done.added, done.replaced) == (1, 1)
    weights = effective.jurisdictions(layout, dt.datetime(2026, 1, 1, tzinfo=dt.UTC)).collect()["weight"]
    assert weights.sum() == 1


def test_an_unknown_column_is_named_with_the_one_that_may_be_meant(layout: Layout, tmp_path: Path) -> None:
    file = write_csv(tmp_path / "labels.csv", [{**SOUND["labels"], "adress": A}])
    with pytest.raises(UsageError) as caught:
        load(layout, "labels", file)
    assert "unknown column 'adress'" in caught.value.problem
    assert "Did you mean 'address'?" in caught.value.hint
    assert "chain, address, exchange, role, confidence" in caught.value.hint


def test_semicolons_instead_of_commas_are_told_from_the_header(layout: Layout, tmp_path: Path) -> None:
    file = tmp_path / "prices.csv"
    file.write_text("chain;contract;time;price_usd;source\n", encoding="utf-8")
    with pytest.raises(UsageError, match=r"unknown column 'chain;contract.*separated by commas"):
        load(layout, "prices", file)


@pytest.mark.parametrize("table", list(SOUND))
def test_a_missing_column_is_named(layout: Layout, tmp_path: Path, table: str) -> None:
    optional = {"role", "valid_from", "valid_to"}
    for name in SOUND[table]:
        rest = {column: value for column, value in SOUND[table].items() if column != name}
        file = write_csv(tmp_path / f"{table}-{name}.csv", [rest])
        if name in optional:
            load(Layout(tmp_path / name), table, file)
        else:
            with pytest.raises(UsageError, match=f"lacks the column '{name}'"):
                load(layout, table, file)


def test_a_column_that_comes_twice_is_refused(layout: Layout, tmp_path: Path) -> None:
    file = tmp_path / "prices.csv"
    file.write_text(
        "chain,contract,time,price_usd,price_usd,source\nethereum,,2024,1,2,x\n", encoding="utf-8"
    )
    with pytest.raises(UsageError, match="'price_usd' twice"):
        load(layout, "prices", file)


@pytest.mark.parametrize(("content", "says"), [
    (b"", "is empty"),
    (b"chain,contract,time,price_usd,source\n", "holds no rows"),
    (b"chain,contract,time,price_usd,source\nethereum,,2024,1,x\nethereum,,2024-", "has 3 fields, where the"),
    (b"chain,contract,time,price_usd,source\nethereum,,2024,1,\"x\n", "is cut off"),
    (b"chain,contract,time,price_usd,source\nethereum,,2024,1,x,y\n", "csv:2: has 6 fields, where"),
    (b"chain,contract,time,price_usd,source\nethereum,,2024,1,\"x\"y\n", "is not sound CSV"),
    (b"chain,contract,time,price_usd,source\nethereum,,2024,1,b\xf6rse\n", "is not UTF-8"),
    (b"\x1f\x8b\x08\x00\xff\xff", "is not UTF-8"),
    (b"PAR1 and then it breaks off", "is not a whole Parquet file"),
])  # fmt: skip
def test_files_that_are_not_whole_are_refused(
    layout: Layout, tmp_path: Path, content: bytes, says: str
) -> None:
    file = tmp_path / "prices.csv"
    file.write_bytes(content)
    with pytest.raises(UsageError, match=says):
        load(layout, "prices", file)
    assert files_of(layout, TABLES["prices"]) == []


def test_a_parquet_file_that_lost_its_end_is_refused(layout: Layout, tmp_path: Path) -> None:
    file = tmp_path / "prices.parquet"
    pl.DataFrame([row("prices")]).write_parquet(file)
    file.write_bytes(file.read_bytes()[:-20])
    with pytest.raises(UsageError, match="is not a whole Parquet file"):
        load(layout, "prices", file)


def test_parquet_columns_that_are_no_plain_values_are_refused(layout: Layout, tmp_path: Path) -> None:
    file = tmp_path / "prices.parquet"
    pl.DataFrame([row("prices")]).with_columns(pl.Series("source", [["x"]])).write_parquet(file)
    with pytest.raises(UsageError, match="the column 'source' holds List"):
        load(layout, "prices", file)


def test_one_bad_file_keeps_all_others_of_the_import_out(layout: Layout, tmp_path: Path) -> None:
    write_csv(tmp_path / "1.csv", [row("prices")])
    bad = write_csv(tmp_path / "2.csv", [row("prices", time="2024-02-01", price_usd="0")])
    with pytest.raises(UsageError) as caught:
        load(layout, "prices", tmp_path)
    assert f"{bad}:2: " in caught.value.problem
    assert files_of(layout, TABLES["prices"]) == []


def test_paths_without_files_are_refused(layout: Layout, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match="There is no file at"):
        load(layout, "prices", tmp_path / "nothing.csv")
    with pytest.raises(UsageError, match="There is no file at"):
        load(layout, "prices", tmp_path / "*.csv")
    with pytest.raises(UsageError, match=r"holds no \.csv or \.parquet file"):
        load(layout, "prices", tmp_path / "empty")
