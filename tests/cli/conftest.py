"""A small simulated market, and a data folder with everything that was published of it."""

import datetime as dt
from pathlib import Path

import pytest
from command_line import Line

from inflows.simulate import Market, simulate


@pytest.fixture(autouse=True)
def _no_settings_but_the_tests_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("INFLOWS_DATA", raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="session")
def market(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of a market of 22 days in two half-years."""
    shape = Market.small(start=dt.date(2023, 12, 20), end=dt.date(2024, 1, 11))
    return simulate(tmp_path_factory.mktemp("market"), transfers=500, seed=2, market=shape)


@pytest.fixture(scope="session")
def stored(market: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder into which the market was read, with nothing built. Copy it to change it."""
    data = tmp_path_factory.mktemp("stored") / "data"
    line = Line(data)
    line.brings_in(market)
    return data


@pytest.fixture(scope="session")
def published(market: Path, tmp_path_factory: pytest.TempPathFactory) -> Line:
    """The command line on a data folder with one vintage; tests only read from it."""
    line = Line(tmp_path_factory.mktemp("published") / "data")
    line.brings_in(market)
    line.does("build")
    return line
