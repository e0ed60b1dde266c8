"""`import inflows` gives notebooks what the commands print, under the same names."""

import datetime as dt
import doctest
import importlib
import inspect
import json
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

import inflows
from inflows.simulate import simulate


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with one publication of the simulated market, made through the door itself."""
    files = simulate(tmp_path_factory.mktemp("files"), transfers=2_000, seed=3)
    data = tmp_path_factory.mktemp("folder") / "data"
    folder = inflows.open(data)
    folder.import_assets(files / "assets.csv")
    folder.import_prices(files / "prices.csv")
    folder.import_labels(files / "labels.csv")
    folder.import_jurisdictions(files / "jurisdictions.csv")
    folder.ingest(str(files / "transfers"), "inflows")
    folder.build()
    return data


def printed(data: Path, *words: str) -> list[dict[str, object]]:
    command = [sys.executable, "-m", "inflows", *words, "--data", str(data), "--format", "json"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=data.parent)
    assert done.returncode == 0, done.stderr
    return list(json.loads(done.stdout))


def as_printed(frame: pl.DataFrame) -> list[dict[str, object]]:
    from inflows.cli.show import plain_value

    return [{name: plain_value(value) for name, value in row.items()} for row in frame.iter_rows(named=True)]


@pytest.mark.parametrize(
    ("name", "given", "words"),
    [
        ("totals", {}, ["totals"]),
        ("totals", {"period": "2024-h1", "jurisdiction": "hong kong, SG"},
         ["totals", "--period", "2024-H1", "--jurisdiction", "HK", "--jurisdiction", "SG"]),
        ("totals", {"period": "2024-Q1", "by": "chain", "scope": "market", "level": "all"},
         ["totals", "--period", "2024-Q1", "--by", "chain", "--scope", "market", "--level", "all"]),
        ("compare", {"jurisdiction": "HK", "other": "SG", "period": "2024-H1"},
         ["compare", "HK", "SG", "2024-H1"]),
        ("explain", {"period": "2024-H1", "jurisdiction": "HK"}, ["explain", "2024-H1", "HK"]),
        ("sql", {"query": "select symbol, sum(transfers) as n from agg_flow_daily group by 1 order by 1"},
         ["sql", "select symbol, sum(transfers) as n from agg_flow_daily group by 1 order by 1"]),
    ],
)  # fmt: skip
def test_a_method_gives_what_its_command_prints(
    market: Path, name: str, given: dict[str, str], words: list[str]
) -> None:
    frame = getattr(inflows.open(market), name)(**given)
    assert isinstance(frame, pl.DataFrame)
    assert frame.height > 0
    assert as_printed(frame) == printed(market, *words)


def test_money_is_decimal_and_sums_of_counts_stay_whole(market: Path) -> None:
    folder = inflows.open(market)
    assert folder.totals().schema["inflow_usd"] == pl.Decimal(38, 6)
    sums = folder.sql("select sum(transfers) as n, sum(usd) as usd, count(*) as n from agg_flow_daily")
    assert next(iter(sums.schema.items())) == ("n", pl.Int128())
    assert isinstance(sums.schema["usd"], pl.Decimal)
    assert sums.columns == ["n", "usd", "n_1"]
    nothing = folder.sql("select usd, block_time from fct_flow where false")
    assert nothing.schema["usd"] == pl.Decimal(38, 6)


def test_all_levels_come_at_once(market: Path) -> None:
    rows = inflows.open(market).totals("2024-H1", "HK", level=None)
    assert sorted(rows["level"]) == ["all", "base", "strict"]


def test_flows_are_chosen_by_period_exchange_and_chain_and_are_in_utc(market: Path) -> None:
    folder = inflows.open(market)
    every = folder.flows()
    assert every.height == folder.sql("select count(*) from fct_flow").item()
    start, end = dt.datetime(2024, 2, 1, tzinfo=dt.UTC), dt.datetime(2024, 3, 1, tzinfo=dt.UTC)
    exchange = "sim-harbour-hk"
    expected = every.filter(
        pl.col("block_time").is_between(start, end, closed="left"),
        (pl.col("from_exchange") == exchange) | (pl.col("to_exchange") == exchange),
        pl.col("chain") == "ethereum",
    )
    assert expected.height > 0
    assert folder.flows("2024-02", exchange, chain="ethereum").equals(expected)
    assert every.schema["block_time"] == pl.Datetime("us", "UTC")


def test_wallets_are_those_of_the_warehouse(market: Path) -> None:
    folder = inflows.open(market)
    assert folder.wallets().height == folder.sql("select count(*) from dim_wallet").item()
    assert set(folder.wallets(["sim-harbour-hk"], chain="tron")["chain"]) == {"tron"}


def test_vintages_differ_by_what_was_done_between_them(market: Path, tmp_path: Path) -> None:
    import shutil

    data = shutil.copytree(market, tmp_path / "data")
    folder = inflows.open(data)
    before = folder.vintages()
    # Half of the weight of Hong Kong's largest goes.
    weights = tmp_path / "weights.csv"
    weights.write_text(
        "exchange,jurisdiction,basis,weight,valid_from,valid_to,source\n"
        "sim-harbour-hk,HK,licence,0.5,,,test\n"
    )
    folder.import_jurisdictions(weights)
    built = folder.build()
    after = folder.vintages()
    assert after.height == before.height + 1
    assert after["vintage"][0] == built.vintage
    rows = folder.diff(before["vintage"][0], built.vintage, period="2024-H1", jurisdiction="HK")
    (row,) = rows.rows(named=True)
    assert row["change_usd"] < 0
    assert row["change_usd"] == row["jurisdictions_usd"]


def test_an_export_lists_its_files(market: Path, tmp_path: Path) -> None:
    written = inflows.open(market).export(tmp_path / "export")
    assert all(path.is_file() for path in written)
    assert "inflows" not in {path.name for path in written}
    assert any(path.suffix == ".parquet" for path in written)


def test_errors_are_those_of_the_package_with_a_hint(market: Path, tmp_path: Path) -> None:
    with pytest.raises(inflows.UsageError, match="Nothing has been published"):
        inflows.open(tmp_path / "nothing").totals()
    with pytest.raises(inflows.UsageError, match="no jurisdiction") as caught:
        inflows.open(market).totals(jurisdiction="Atlantis")
    assert caught.value.hint
    with pytest.raises(inflows.UsageError, match="time zone"):
        inflows.open(market).build(as_of=dt.datetime(2024, 1, 1))  # noqa: DTZ001


def test_what_is_exported_is_there_and_has_a_docstring() -> None:
    for name in inflows.__all__:
        found = getattr(inflows, name)
        assert name == "__version__" or inspect.getdoc(found), name
    methods = [name for name in dir(inflows.DataFolder) if not name.startswith("_")]
    assert {"totals", "compare", "explain", "sql", "flows", "wallets", "build", "ingest"} <= set(methods)
    for name in methods:
        assert len(inspect.getdoc(getattr(inflows.DataFolder, name)) or "") > 20, name


def test_an_unknown_name_is_no_attribute() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = inflows.nothing


@pytest.mark.parametrize("module", ["inflows", "inflows.published"])
def test_the_examples_run_as_they_stand(market: Path, module: str) -> None:
    runner = doctest.DocTestRunner(verbose=False)
    found = doctest.DocTestFinder().find(importlib.import_module(module), extraglobs={"market": market})
    examples = sum(len(test.examples) for test in found)
    for test in found:
        runner.run(test)
    assert runner.summarize(verbose=False).failed == 0
    assert examples > 1


def test_importing_the_package_loads_neither_frames_nor_a_network_client() -> None:
    heavy = ("polars", "requests", "duckdb", "prefect")
    code = f"import inflows, sys; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_type_checkers_find_the_package_typed() -> None:
    assert (Path(inflows.__file__).parent / "py.typed").is_file()
