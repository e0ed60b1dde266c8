"""Vintages can be made again whatever came later, and the changes between two are split exactly by cause."""

import json
import shutil
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
from command_line import Line

STEPS = ("data", "assets", "labels", "prices", "jurisdictions")
CAUSES = ("rules", *STEPS)
KEY = ("period", "jurisdiction", "basis", "scope", "level")
REGISTRIES = ("assets", "labels", "prices", "jurisdictions")


def _older(market: Path, folder: Path) -> Path:
    """The files of a market as somebody knew them earlier: each of the inputs is another."""
    (folder / "transfers").mkdir(parents=True)
    rows = pl.read_parquet(market / "transfers" / "*.parquet").with_row_index("_n")
    rows.filter(pl.col("_n") % 5 > 0).drop("_n").write_parquet(folder / "transfers" / "some.parquet")
    tables = {table: pl.read_csv(market / f"{table}.csv", infer_schema=False) for table in REGISTRIES}
    contract = tables["assets"].filter(pl.col("symbol") == "USDT")["contract"][0]
    tables["assets"] = tables["assets"].filter(pl.col("contract").ne_missing(contract))
    tables["labels"] = tables["labels"].with_row_index("_n").filter(pl.col("_n") % 4 > 0).drop("_n")
    tables["prices"] = tables["prices"].with_columns(
        (pl.col("price_usd").cast(pl.Decimal(38, 18)) * 2).cast(pl.String)
    )
    tables["jurisdictions"] = tables["jurisdictions"].gather_every(2)
    for table, frame in tables.items():
        frame.write_csv(folder / f"{table}.csv")
    return folder


@pytest.fixture(scope="module")
def older(market: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _older(market, tmp_path_factory.mktemp("older"))


@pytest.fixture(scope="module")
def changed(older: Path, market: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Line, str, str]:
    """A data folder with two vintages, between which every input changed, and their names."""
    line = Line(tmp_path_factory.mktemp("changed") / "data")
    line.brings_in(older)
    line.does("build")
    line.brings_in(market)
    line.does("build")
    second, first = (row["vintage"] for row in line.rows("vintages"))
    return line, first, second


def _totals(database: Path) -> dict[tuple, Decimal]:
    rows = pl.read_parquet(next(database.glob("warehouse/vintages/*/totals.parquet")))
    return {row[:-1]: row[-1] for row in rows.select(*KEY, "inflow_usd").iter_rows()}


@pytest.mark.parametrize(
    ("basis", "scope", "level"),
    [
        ("licence", "exchange", "base"),
        ("headquarters", "jurisdiction", "all"),
        ("licence", "market", "strict"),
    ],
)
def test_each_part_is_what_builds_of_the_mixed_files_say(
    changed: tuple[Line, str, str],
    older: Path,
    market: Path,
    mixtures: list[dict[tuple, Decimal]],
    basis: str,
    scope: str,
    level: str,
) -> None:
    line, first, second = changed
    rows = line.rows("diff", first, second, "--basis", basis, "--scope", scope, "--level", level)
    seen = set()
    for row in rows:
        key = tuple(row[name] for name in KEY)
        amounts = [Decimal(mixture.get(key, 0)) for mixture in mixtures]
        assert Decimal(row["from_usd"]) == amounts[0]
        assert Decimal(row["to_usd"]) == amounts[-1]
        assert Decimal(row["rules_usd"]) == 0
        for number, step in enumerate(STEPS):
            assert Decimal(row[f"{step}_usd"]) == amounts[number + 1] - amounts[number], (key, step)
            if Decimal(row[f"{step}_usd"]):
                seen.add(step)
        assert sum(Decimal(row[f"{cause}_usd"]) for cause in CAUSES) == Decimal(row["change_usd"])
        assert Decimal(row["change_usd"]) == Decimal(row["to_usd"]) - Decimal(row["from_usd"])
    assert seen == set(STEPS)
    assert list(rows[0]) == [*KEY, "from_usd", "to_usd", "change_usd", *(f"{cause}_usd" for cause in CAUSES)]


@pytest.fixture(scope="module")
def mixtures(
    older: Path, market: Path, tmp_path_factory: pytest.TempPathFactory
) -> list[dict[tuple, Decimal]]:
    """The totals of data folders of their own, into which older and newer files were read, step by step."""
    found = []
    for number in range(len(STEPS) + 1):
        newer = set(STEPS[:number])
        line = Line(tmp_path_factory.mktemp("mixture") / "data")
        for table in REGISTRIES:
            line.does(table, "import", str((market if table in newer else older) / f"{table}.csv"))
        transfers = (market if "data" in newer else older) / "transfers"
        line.does("ingest", "files", str(transfers), "--input-format", "inflows")
        line.does("build")
        found.append(_totals(line.data))
    return found


def test_the_way_back_is_the_change_with_the_other_sign(changed: tuple[Line, str, str]) -> None:
    line, first, second = changed
    there, back = line.rows("diff", first, second), line.rows("diff", second, first)
    assert [row["change_usd"] for row in there if Decimal(row["change_usd"])] != []
    assert [Decimal(row["change_usd"]) for row in there] == [-Decimal(row["change_usd"]) for row in back]
    assert all(Decimal(row["change_usd"]) == 0 for row in line.rows("diff", first, first))


def test_a_diff_leaves_nothing_behind_and_changes_nothing(changed: tuple[Line, str, str]) -> None:
    line, first, second = changed
    before = {path: path.stat().st_mtime_ns for path in line.data.rglob("*") if path.is_file()}
    line.does("diff", first, second, "--jurisdiction", "HK", "--period", "2024-H1")
    after = {path: path.stat().st_mtime_ns for path in line.data.rglob("*") if path.is_file()}
    assert after == before
    assert not list((line.data / ".staging").glob("remake-*"))


def test_a_vintage_comes_out_of_its_inputs_again_after_everything_changed(
    changed: tuple[Line, str, str], tmp_path: Path
) -> None:
    line, first, second = changed
    for name in (first, second):
        (row,) = line.rows("rebuild", name)
        assert (row["same"], row["restored"], row["result"]) == (True, False, row["remade"])
    assert line.rows("rebuild", first)[0]["result"] != line.rows("rebuild", second)[0]["result"]


@pytest.fixture
def copied(changed: tuple[Line, str, str], tmp_path: Path) -> tuple[Line, str, str]:
    line, first, second = changed
    shutil.copytree(line.data, tmp_path / "data", copy_function=shutil.copy2)
    return Line(tmp_path / "data"), first, second


def test_a_label_that_is_said_to_have_been_known_earlier_does_not_change_what_was_published(
    copied: tuple[Line, str, str], tmp_path: Path
) -> None:
    line, _, second = copied
    rows = pl.read_parquet(line.data / "raw/transfers/chain=ethereum/*/part.parquet")
    address = rows.filter(kind="token")["from_address"].mode()[0]
    (tmp_path / "late.csv").write_text(
        "chain,address,exchange,role,confidence,valid_from,valid_to,source\n"
        f"ethereum,{address},sim-late,hot,100,,,late\n",
        encoding="utf-8",
    )
    line.does("labels", "import", str(tmp_path / "late.csv"), "--known-at", "2020-01-01")
    assert line.rows("rebuild", second)[0]["same"] is True
    line.does("build")
    third = line.rows("vintages")[0]["vintage"]
    changes = [row for row in line.rows("diff", second, third) if Decimal(row["change_usd"])]
    assert changes
    assert all(row["labels_usd"] == row["change_usd"] for row in changes)


def test_a_database_that_was_not_kept_comes_back_and_explains_the_old_total(
    copied: tuple[Line, str, str],
) -> None:
    line, first, _ = copied
    database = line.data / "warehouse" / "vintages" / first / "inflows.duckdb"
    explained = line.does("explain", "2024-H1", "HK", "--vintage", first)
    database.unlink()
    said = line.says("explain", "2024-H1", "HK", "--vintage", first)
    assert (said.code, said.out) == (2, "")
    assert f"inflows rebuild {first}" in said.err
    assert line.rows("rebuild", first)[0]["restored"] is True
    assert line.does("explain", "2024-H1", "HK", "--vintage", first) == explained


def test_a_result_that_does_not_come_out_again_is_exit_code_1(copied: tuple[Line, str, str]) -> None:
    line, first, _ = copied
    totals = line.data / "warehouse" / "vintages" / first / "totals.parquet"
    pl.read_parquet(totals).with_columns(pl.col("inflow_transfers") + 1).write_parquet(totals)
    said = line.says("rebuild", first, "--format", "json")
    assert said.code == 1
    assert json.loads(said.out)[0]["same"] is False
    assert "does not come out of its inputs again" in said.err


@pytest.mark.parametrize(
    ("lost", "sentence"),
    [
        ("warehouse/inputs", "A raw file of the vintage is gone"),
        ("registry/prices/000001.parquet", "Registry files of the vintage are gone: prices has 1 of 2"),
        ("warehouse/vintages/{}/inputs.json", "were not kept: it was published by an older program"),
        ("warehouse/vintages/{}/coverage.parquet", "cannot be read"),
    ],
)
def test_inputs_that_are_gone_are_named(copied: tuple[Line, str, str], lost: str, sentence: str) -> None:
    line, _, second = copied
    path = line.data / lost.format(second)
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    said = line.says("rebuild", second)
    assert (said.code, said.out) == (1, "")
    assert sentence in said.err


def test_a_kept_file_with_other_contents_is_found_out(copied: tuple[Line, str, str]) -> None:
    line, first, _ = copied
    kept = sorted((line.data / "warehouse" / "inputs").glob("*/*.parquet"))
    listed = (line.data / "warehouse" / "vintages" / first / "inputs.json").read_text(encoding="utf-8")
    mine = next(path for path in kept if path.stem in listed)
    rows = pl.read_parquet(mine)
    mine.unlink()
    rows.head(0).write_parquet(mine)
    said = line.says("rebuild", first)
    assert said.code == 1
    assert "are not what it was made of" in said.err


def test_rules_bear_what_other_code_published(
    copied: tuple[Line, str, str],
) -> None:
    """The first vintage as an older program might have left it: other totals, another version of rules."""
    line, first, second = copied
    home = line.data / "warehouse" / "vintages" / first
    before = line.rows("diff", first, second)
    manifest = json.loads((home / "manifest.json").read_text(encoding="utf-8")) | {"rules_version": "0"}
    (home / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    totals = pl.read_parquet(home / "totals.parquet")
    totals.with_columns(pl.col("inflow_usd") + 7).write_parquet(home / "totals.parquet")
    after = line.rows("diff", first, second)
    held = {tuple(row[name] for name in KEY) for row in totals.rows(named=True)}
    for old, new in zip(before, after, strict=True):
        seven = 7 if tuple(new[name] for name in KEY) in held else 0
        assert Decimal(new["rules_usd"]) == -seven
        assert Decimal(new["change_usd"]) == Decimal(old["change_usd"]) - seven
        for step in STEPS:
            assert new[f"{step}_usd"] == old[f"{step}_usd"]


def test_unknown_vintages_are_answered_with_the_newest(changed: tuple[Line, str, str]) -> None:
    line, first, second = changed
    for words in (("diff", first, "none"), ("rebuild", "none")):
        said = line.says(*words)
        assert (said.code, said.out) == (2, "")
        assert second in said.err
