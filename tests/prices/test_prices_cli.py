"""The commands `prices import` and `prices fetch`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from price_rows import times_and_prices
from price_server import PriceServer
from typer.testing import CliRunner, Result

from inflows.cli import prices as commands
from inflows.errors import InflowsError
from inflows.layout import Layout


@pytest.fixture
def app() -> typer.Typer:
    """`inflows prices` by itself."""
    prices = typer.Typer()
    commands.register(prices)
    return prices


def run(app: typer.Typer, layout: Layout, *arguments: str) -> Result:
    return CliRunner().invoke(app, [*arguments, "--data", str(layout.root)])


def test_import_says_on_stderr_what_it_did_and_under_which_licence(
    app: typer.Typer, layout: Layout, tmp_path: Path
) -> None:
    path = tmp_path / "bitcoin.json"
    path.write_text(json.dumps({"prices": [[1709251200000, 61198.38], [1709254800000, 0]]}), encoding="utf-8")
    done = run(app, layout, "import", str(path), "--input-format", "coingecko")
    assert (done.exit_code, done.stdout) == (0, "")
    assert "coingecko: 2 quotes read: 1 stored, 1 quarantined (not_positive 1)." in done.stderr
    assert "Licence: CoinGecko API terms of service" in done.stderr


def test_import_reads_the_own_format_by_default(app: typer.Typer, layout: Layout, tmp_path: Path) -> None:
    path = tmp_path / "own.csv"
    path.write_text(
        "chain,contract,time,price_usd,source\nbitcoin,,2024-03-01,61198.38,mine\n", encoding="utf-8"
    )
    assert run(app, layout, "import", str(path)).exit_code == 0
    assert len(times_and_prices(layout, "bitcoin", source="mine")) == 1


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["import", "nowhere.json", "--input-format", "coingecko"], "no .json or .csv file at nowhere.json"),
        (["import", "nowhere.json", "--input-format", "yahoo"], "--input-format yahoo is unknown"),
        (["import", "x.csv", "--ids", "ids.csv"], "the format inflows has none"),
        (["import", "x.csv", "--known-at", "soon"], "--known-at 'soon' is not a time"),
        (["fetch", "--source", "yahoo", "--from", "2024-03-01"], "--source yahoo is unknown"),
        (["fetch", "--source", "binance", "--from", "March"], "--from 'March' is not a time"),
    ],
)
def test_wrong_usage_is_told_in_a_sentence(
    app: typer.Typer, layout: Layout, arguments: list[str], says: str
) -> None:
    done = run(app, layout, *arguments)
    assert isinstance(done.exception, InflowsError)
    assert done.exception.exit_code == 2
    assert says in str(done.exception)


def test_fetch_stores_what_there_is_and_fails_for_an_asset_that_was_named_and_is_missing(
    app: typer.Typer, layout: Layout, server: PriceServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INFLOWS_COINGECKO_URL", server.url)
    monkeypatch.delenv("COINGECKO_API_KEY", raising=False)
    server.routes["/coins/bitcoin/market_chart/range"] = {"prices": [[1709251200000, 61198.38]]}
    server.routes["/coins/ethereum/market_chart/range"] = {"prices": []}
    span = ["--source", "coingecko", "--from", "2024-03-01", "--to", "2024-03-02"]
    done = run(app, layout, "fetch", *span, "--asset", "BTC")
    assert (done.exit_code, done.stdout) == (0, "")
    assert len(times_and_prices(layout, "bitcoin")) == 1
    missing = run(app, layout, "fetch", *span, "--asset", "BTC", "--asset", "ETH")
    assert isinstance(missing.exception, InflowsError)
    assert missing.exception.exit_code == 1
    assert "no quote of ethereum; the others were stored" in str(missing.exception)


def test_both_commands_explain_their_options(app: typer.Typer) -> None:
    for command, option in (("import", "--input-format"), ("fetch", "--source")):
        shown = CliRunner().invoke(app, [command, "--help"])
        assert shown.exit_code == 0
        assert option in shown.stdout
