"""What a total may claim, from the files that are ingested to everything that prints a total."""

import csv
import datetime as dt
import json
from pathlib import Path

import polars as pl
import pytest
from command_line import Line, Said

from inflows.layout import Layout
from inflows.raw.claims import claims

USDT = "0xdac17f958d2ee523a2206206994597c13d831ec7"
HOT, COLD, USER = "0x" + "b" * 40, "0x" + "c" * 40, "0x" + "a" * 40
FIRST = dt.date(2024, 3, 1)


def written(path: Path, *lines: str) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return str(path)


@pytest.fixture
def line(tmp_path: Path) -> Line:
    """An exchange of Hong Kong with one wallet, a dollar coin, and nothing read yet."""
    line = Line(tmp_path / "data")
    assets = written(
        tmp_path / "assets.csv",
        "chain,contract,symbol,decimals,kind,trusted",
        *(f"{chain},{USDT},USDT,6,stablecoin,true" for chain in ("ethereum", "bsc")),
    )
    places = written(
        tmp_path / "jurisdictions.csv",
        "exchange,jurisdiction,basis,weight,valid_from,valid_to,source",
        "alpha,HK,licence,1,,,test",
    )
    days = [dt.date(2023, 2, 1) + dt.timedelta(days=n) for n in range(520)]
    prices = written(
        tmp_path / "prices.csv",
        "chain,contract,time,price_usd,source",
        *(f"{chain},{USDT},{day},1,test" for chain in ("ethereum", "bsc") for day in days),
    )
    line.does("assets", "import", assets)
    line.does("jurisdictions", "import", places)
    line.does("prices", "import", prices, "--input-format", "inflows")
    label(line, HOT, tmp_path)
    return line


def label(line: Line, address: str, folder: Path) -> None:
    labels = written(
        folder / "labels.csv",
        "chain,address,exchange,role,confidence,valid_from,valid_to,known_at,source",
        f"evm,{address},alpha,hot,90,,,2020-01-01,test",
    )
    line.does("labels", "import", labels, "--input-format", "inflows")


def own(path: Path, *days: dt.date, chain: str = "ethereum", bad: int = 0) -> str:
    """Our own transfers, one of 5 dollars a day into the wallet, and so many lines that mean nothing."""
    rows = [
        f"{chain},{day.toordinal()},{day.isoformat()}T12:00:00Z,0x{number:064x},0,token,{USDT},{USER},{HOT},5000000"
        for number, day in enumerate(days)
    ]
    header = "chain,block_number,block_time,tx_hash,position,kind,contract,from_address,to_address,amount_raw"
    return written(path, header, *rows, *(f"{chain},1,2099-01-01,nonsense,0,token,,,,x" for _ in range(bad)))


def aws(folder: Path, day: dt.date) -> str:
    """A day of the public table of token transfers."""
    path = folder / "token_transfers" / f"date={day}" / "part-0.snappy.parquet"
    path.parent.mkdir(parents=True)
    pl.DataFrame(
        {
            "token_address": [USDT], "from_address": [USER], "to_address": [HOT], "value": [5e6],
            "transaction_hash": ["0x" + "1" * 64], "log_index": [0],
            "block_timestamp": [dt.datetime.combine(day, dt.time(12))],
            "block_number": [19_000_000], "block_hash": ["0x" + "2" * 64],
        }
    ).write_parquet(path)  # fmt: skip
    return str(folder / "token_transfers")


def ingested(line: Line, *arguments: str, input_format: str = "inflows") -> Said:
    return line.says("ingest", "files", *arguments, "--input-format", input_format)


def days_by_coverage(line: Line) -> dict[str, set[tuple[str, str]]]:
    """Chains and days of the newest vintage by how they are covered."""
    rows = line.rows("sql", "select chain, date, coverage from rpt_coverage where date is not null")
    found: dict[str, set[tuple[str, str]]] = {}
    for row in rows:
        found.setdefault(row["coverage"], set()).add((row["chain"], row["date"]))
    return found


def test_one_day_of_a_dump_is_one_of_182_days_wherever_a_total_is_shown(line: Line, tmp_path: Path) -> None:
    dump = aws(tmp_path / "dump", FIRST)
    assert ingested(line, dump, input_format="aws-eth-token-transfers").code == 0
    line.does("build")
    part = "1 of 182 days"

    (row,) = line.rows("totals", "--period", "2024-H1")
    assert (row["chain_days"], row["chain_days_covered"], row["coverage"], row["partial"]) == (
        182,
        1,
        "part",
        True,
    )
    assert row["coverage_share"] is None
    assert part in line.does("totals")
    assert part in line.does("totals", "--by", "exchange")

    (row,) = line.rows("compare", "HK", "HK", "2024-H1")
    assert (row["chain_days"], row["chain_days_covered"], row["partial"]) == (182, 1, True)
    assert part in line.does("compare", "HK", "HK", "2024-H1")

    rows = line.rows("explain", "2024-H1", "HK")
    assert {(row["chain_days"], row["chain_days_covered"], row["partial"]) for row in rows} == {
        (182, 1, True)
    }
    assert f"PARTIAL ({part})" in line.does("explain", "2024-H1", "HK").splitlines()[0]

    out = tmp_path / "export"
    said = line.says("export", str(out))
    assert f"2024-H1: {part}" in said.err
    assert json.loads((out / "export.json").read_text())["partial_periods"] == {"2024-H1": part}
    for name in ("agg_jurisdiction_half_year", "rpt_jurisdiction_half_year", "rpt_exchange_half_year"):
        with (out / f"{name}.csv").open(newline="") as file:
            exported = list(csv.DictReader(file))
        assert {
            (r["chain_days"], r["chain_days_covered"], r["coverage"], r["partial"]) for r in exported
        } == {("182", "1", "part", "true")}, name

    (row,) = line.rows("status")
    assert (row["days_claimed"], row["days_proven"], row["partial_periods"]) == (1, 0, f"2024-H1: {part}")
    assert part in line.says("status").err
    assert part in line.says("sql", "select sum(inflow_usd) from rpt_exchange_half_year").err


def test_growth_on_a_stub_is_in_the_numbers_and_not_in_the_table(line: Line, tmp_path: Path) -> None:
    stub, whole = dt.date(2023, 6, 30), [dt.date(2024, 1, 1) + dt.timedelta(days=n) for n in range(182)]
    assert ingested(line, own(tmp_path / "stub.csv", stub)).code == 0
    assert ingested(line, own(tmp_path / "whole.csv", *whole)).code == 0
    line.does("build")
    (row,) = line.rows("totals", "--period", "2024-H1")
    assert (row["inflow_ratio_on_year"], row["partial"], row["year_before_partial"]) == (182.0, False, True)
    assert row["coverage"] == "claimed"
    shown = line.does("totals")
    assert "1 of 181 days" in shown
    assert "182.00x" not in shown
    assert "182.00x" not in line.does("compare", "HK", "HK", "2024-H1")


def test_own_files_hold_each_chain_from_its_first_row_to_its_last(line: Line, tmp_path: Path) -> None:
    ten = [FIRST, FIRST + dt.timedelta(days=9)]
    paths = [own(tmp_path / "a.csv", *ten), own(tmp_path / "b.csv", FIRST, chain="bsc")]
    assert ingested(line, *paths).code == 0
    line.does("build")
    between = {("ethereum", str(FIRST + dt.timedelta(days=n))) for n in range(10)}
    assert days_by_coverage(line) == {"claimed": between | {("bsc", str(FIRST))}}
    (row,) = line.rows("totals", "--period", "2024-H1")
    assert (row["chain_days"], row["chain_days_covered"], row["days_covered"]) == (364, 11, 1)
    assert "11 of 364 chain-days" in line.does("totals")


def test_what_the_user_says_that_files_hold_goes_before(line: Line, tmp_path: Path) -> None:
    path = own(tmp_path / "a.csv", FIRST, FIRST + dt.timedelta(days=9))
    assert ingested(line, path, "--covers", "2024-01-01/2024-07-01").code == 0
    line.does("build")
    (row,) = line.rows("totals", "--period", "2024-H1")
    assert (row["chain_days_covered"], row["coverage"], row["partial"]) == (182, "claimed", False)


def test_files_without_a_row_hold_days_of_the_chain_that_is_named(line: Line, tmp_path: Path) -> None:
    path = own(tmp_path / "a.csv")
    said = ingested(line, path, "--covers", "2024-02-28/2024-03-02")
    assert said.code == 0
    assert "no chain is named" in said.err
    assert claims(Layout(line.data)).is_empty()
    said = ingested(line, path, "--covers", "2024-02-28/2024-03-02", "--chain", "bnb")
    assert "no chain" not in said.err
    days = [(chain, str(date)) for chain, date in claims(Layout(line.data)).select("chain", "date").rows()]
    assert days == [("bsc", day) for day in ("2024-02-28", "2024-02-29", "2024-03-01")]


def test_a_stray_time_is_kept_back_and_stops_nothing(line: Line, tmp_path: Path) -> None:
    stray = [dt.date(1, 1, 1), dt.date(9999, 12, 31)]
    path = own(tmp_path / "a.csv", FIRST, FIRST + dt.timedelta(days=1), *stray)
    assert ingested(line, path).code == 0
    line.does("build")
    line.does("status")
    assert days_by_coverage(line) == {"claimed": {("ethereum", "2024-03-01"), ("ethereum", "2024-03-02")}}
    assert line.rows("sql", "select quarantined from rpt_coverage where date is null") == [{"quarantined": 2}]


@pytest.mark.parametrize(
    ("covers", "complaint"),
    [
        ("2024-01-01", "names no days"),
        ("2024-01-02/2024-01-01", "No day is from 2024-01-02"),
        ("2024-01-01/2024-01-01", "No day is from"),
        ("2024-01-01T12:00/2024-01-03", "within a day"),
    ],
)
def test_days_that_are_none_are_refused(line: Line, tmp_path: Path, covers: str, complaint: str) -> None:
    said = ingested(line, own(tmp_path / "a.csv", FIRST), "--covers", covers)
    assert said.code == 2
    assert complaint in said.err
    assert not (line.data / "raw").exists()


@pytest.mark.parametrize(("bad", "code", "held"), [(2, 0, "claimed"), (3, 1, "missing")])
def test_a_delivery_that_is_mostly_quarantined_ends_with_1_and_holds_no_day(
    line: Line, tmp_path: Path, bad: int, code: int, held: str
) -> None:
    said = ingested(line, own(tmp_path / "a.csv", FIRST, FIRST + dt.timedelta(days=1), bad=bad))
    assert said.code == code
    assert ("more than half, lie in quarantine" in said.err) is bool(code)
    line.does("build")
    assert days_by_coverage(line)[held] >= {("ethereum", str(FIRST))}
    again = ingested(line, own(tmp_path / "a.csv", FIRST, FIRST + dt.timedelta(days=1), bad=bad))
    assert again.code == code


def test_labels_added_since_make_a_labelled_day_missing_and_the_build_says_how_many(
    line: Line, tmp_path: Path
) -> None:
    dump = aws(tmp_path / "dump", FIRST)
    assert ingested(line, dump, "--only-labelled", input_format="aws-eth-token-transfers").code == 0
    line.does("build")
    assert days_by_coverage(line) == {"claimed": {("ethereum", str(FIRST))}}
    before = line.rows("vintages")[0]["vintage"]

    label(line, COLD, tmp_path)
    said = line.says("build")
    assert "1 day of ethereum must be read again" in said.err
    assert days_by_coverage(line) == {"missing": {("ethereum", str(FIRST))}}
    assert [row["coverage"] for row in line.rows("totals", "--vintage", before)] == ["part"]
    assert [row["chain_days_covered"] for row in line.rows("totals", "--vintage", before)] == [1]
    assert [row["chain_days_covered"] for row in line.rows("totals")] == [0]

    assert ingested(line, dump, "--only-labelled", input_format="aws-eth-token-transfers").code == 0
    assert "must be read again" not in line.says("build").err
    assert days_by_coverage(line) == {"claimed": {("ethereum", str(FIRST))}}


def test_a_vintage_is_made_again_with_what_was_claimed_then(line: Line, tmp_path: Path) -> None:
    path = own(tmp_path / "a.csv", FIRST)
    assert ingested(line, path).code == 0
    line.does("build")
    first = line.rows("vintages")[0]["vintage"]
    assert ingested(line, path, "--covers", "2024-01-01/2024-07-01").code == 0
    line.does("build")
    second = line.rows("vintages")[0]["vintage"]
    assert [row["coverage"] for row in line.rows("totals", "--vintage", first)] == ["part"]
    assert [row["coverage"] for row in line.rows("totals", "--vintage", second)] == ["claimed"]
    for vintage in (first, second):
        (made,) = line.rows("rebuild", vintage)
        assert made["same"], made
    assert {row["change_usd"] for row in line.rows("diff", first, second)} == {"0.000000"}


def test_the_settings_name_the_chains_that_must_be_whole(
    line: Line, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert ingested(line, own(tmp_path / "a.csv", FIRST), "--covers", "2024-01-01/2024-07-01").code == 0
    monkeypatch.setenv("INFLOWS_CHAINS", '["eth", "bnb"]')
    line.does("build")
    (row,) = line.rows("totals", "--period", "2024-H1")
    assert (row["chain_days"], row["chain_days_covered"], row["coverage"]) == (364, 182, "part")
    monkeypatch.delenv("INFLOWS_CHAINS")
    assert line.rows("totals", "--period", "2024-Q1")[0]["chain_days"] == 2 * 91
    assert {row["chain_days"] for row in line.rows("explain", "2024-H1", "HK")} == {364}
