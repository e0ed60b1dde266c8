import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def prefect_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A real Prefect server on a database of its own."""
    patch = pytest.MonkeyPatch()
    patch.setenv("DO_NOT_TRACK", "1")
    patch.setenv("PREFECT_SERVER_ANALYTICS_ENABLED", "false")
    patch.setenv("PREFECT_HOME", str(tmp_path_factory.mktemp("prefect")))
    from prefect.testing.utilities import prefect_test_harness

    with prefect_test_harness(server_startup_timeout=600):
        yield
    patch.undo()


@pytest.mark.usefixtures("prefect_server")
def test_the_flow_publishes_what_the_command_line_publishes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from prefect.artifacts import Artifact

    from inflows.build import steps
    from inflows.settings import Settings, load_settings
    from inflows.simulate import Market, simulate
    from inflows.warehouse.totals import read_totals
    from pipelines.main_job import main_job

    def small_sample(settings: Settings) -> Path:
        return simulate(settings.layout.root / "sample", transfers=2_000, seed=1, market=Market.small())

    monkeypatch.setattr(steps, "make_sample", small_sample)
    result = main_job(data=str(tmp_path / "flow"), sample=True)
    plain = steps.run_sample(load_settings(tmp_path / "plain"), now=dt.datetime.now(dt.UTC))

    published = read_totals(Path(result["database"]))
    assert published.equals(read_totals(plain.database))
    assert result["simulated"] is True
    table = Artifact.get(key="half-year-totals")
    assert table is not None
    assert "SIMULATED" in str(table.description)
    assert str(published["inflow_usd"][0]) in str(table.data)
    findings = Artifact.get(key="findings")
    assert findings is not None
    assert result["vintage"] in str(findings.data)


@pytest.mark.usefixtures("prefect_server")
def test_wrong_usage_is_not_tried_again(tmp_path: Path) -> None:
    from inflows.errors import UsageError
    from pipelines.main_job import as_task

    calls = []

    def refuse() -> None:
        calls.append(1)
        raise UsageError("The file is wrong.")

    from prefect import flow

    @flow
    def refusing() -> None:
        as_task(refuse)()

    with pytest.raises(UsageError):
        refusing()
    assert len(calls) == 1
