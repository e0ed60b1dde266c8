"""The files that come with the project are found in a checkout and in an installed package."""

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import inflows
from inflows.errors import WorkError
from inflows.reference.shipped import shipped

ROOT = Path(__file__).parents[2]
FILES = sorted(path.stem for path in (ROOT / "data" / "registry").glob("*.csv"))


def test_there_are_licences_jurisdictions_and_references() -> None:
    assert {"jurisdictions", "licences", "references"} <= set(FILES)


def test_every_file_of_data_registry_is_part_of_the_wheel() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    included = project["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    for name in FILES:
        path = f"data/registry/{name}.csv"
        assert included[path] == f"inflows/{path}"


@pytest.mark.parametrize("name", FILES)
def test_a_file_has_a_row_a_line_so_that_changes_can_be_read(name: str) -> None:
    text = shipped(name).read_bytes()
    assert text.endswith(b"\n")
    assert b"\r" not in text
    lines = text.decode().splitlines()
    assert len(lines) == len(set(lines)) > 5


def test_they_are_found_in_an_installed_package(tmp_path: Path) -> None:
    package = Path(inflows.__file__).parent
    shutil.copytree(package, tmp_path / "inflows", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "inflows" / "data" / "registry").mkdir(parents=True)
    shutil.copy(shipped("licences"), tmp_path / "inflows" / "data" / "registry")
    code = "from inflows.reference.shipped import shipped; print(shipped('licences'))"
    shown = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
        encoding="utf-8",
    )
    assert shown.stdout.strip() == str(tmp_path / "inflows" / "data" / "registry" / "licences.csv")


def test_a_missing_file_is_told_in_one_sentence() -> None:
    with pytest.raises(WorkError, match="The list of unicorns that comes with the program is missing"):
        shipped("unicorns")
