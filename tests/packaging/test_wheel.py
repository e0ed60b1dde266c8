"""What `pip install` of a checkout gives to somebody who has no lock file."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
RUN_FLOW = """
import sys
from prefect.testing.utilities import prefect_test_harness
from inflows_pipelines.main_job import main_job
with prefect_test_harness(server_startup_timeout=120):
    print(main_job(data=sys.argv[1])["vintage"])
"""


def run(*words: object, cwd: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("INFLOWS_", "PYTHON"))}
    environment = kept | {"DO_NOT_TRACK": "1", "PREFECT_SERVER_ANALYTICS_ENABLED": "false"} | variables
    return subprocess.run(
        [str(word) for word in words],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        encoding="utf-8",
    )


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    # Built by the backend that is installed already: this needs no network.
    built = run(
        sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation",
        "--wheel-dir", folder, ROOT, cwd=folder,
    )  # fmt: skip
    assert built.returncode == 0, built.stderr
    return next(folder.glob("inflows-*.whl"))


def test_the_wheel_lays_no_package_of_a_common_name_beside_others(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as held:
        names = held.namelist()
    packages = {name.split("/")[0] for name in names if ".dist-info/" not in name}
    assert packages == {"inflows", "inflows_pipelines"}
    assert not [name for name in names if name.endswith(".pyc")]


def test_every_flow_and_every_relation_is_in_the_wheel(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as held:
        names = set(held.namelist())
    flows = {f"inflows_pipelines/{path.name}" for path in (ROOT / "pipelines").glob("*.py")}
    relations = {f"inflows/sql/{path.name}" for path in (ROOT / "sql").glob("*.sql")}
    assert len(flows) > 1
    assert len(relations) > 20
    assert flows | relations <= names


def test_the_wheel_alone_runs_the_sample_and_a_flow(wheel: Path, tmp_path: Path) -> None:
    python = tmp_path / "environment" / "bin" / "python"
    assert run(sys.executable, "-m", "venv", tmp_path / "environment", cwd=tmp_path).returncode == 0
    installed = run(python, "-m", "pip", "install", "--quiet", wheel, cwd=tmp_path)
    if "NewConnectionError" in installed.stderr or "Temporary failure in name" in installed.stderr:
        pytest.skip("the package registry cannot be reached")
    assert installed.returncode == 0, installed.stderr
    data = tmp_path / "data"
    sample = run(python, "-m", "inflows", "run", "--sample", "--data", data, cwd=tmp_path)
    assert sample.returncode == 0, sample.stderr
    assert "SIMULATED" in sample.stdout
    # Its own folder for Prefect's database, and nothing of this checkout on the path.
    flow = run(python, "-I", "-c", RUN_FLOW, data, cwd=tmp_path, PREFECT_HOME=str(tmp_path / "prefect"))
    assert flow.returncode == 0, flow.stderr
    vintages = sorted(path.name for path in (data / "warehouse" / "vintages").iterdir())
    assert flow.stdout.split()[-1] in vintages
