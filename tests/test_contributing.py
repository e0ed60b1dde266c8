"""CONTRIBUTING.md and docs/architecture.md name files and folders that are there."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "inflows"
NAMED = r"`([a-z0-9_./]+(?:/|\.(?:py|csv|md|sql|toml)))`"


def _is_there(name: str) -> bool:
    return any((base / name).exists() for base in (ROOT, PACKAGE))


@pytest.mark.parametrize("page", ["CONTRIBUTING.md", "docs/architecture.md"])
def test_every_file_and_folder_that_is_named_is_there(page: str) -> None:
    names = set(re.findall(NAMED, (ROOT / page).read_text(encoding="utf-8")))
    assert len(names) > 10
    assert sorted(name for name in names if not _is_there(name)) == []


def test_every_layer_has_its_line_in_the_architecture() -> None:
    page = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    layers = contracts["contracts"][0]["layers"]
    names = [name for layer in layers for name in layer.split(" | ") if name != "__main__"]
    assert len(names) > 20
    assert [name for name in names if f"`{name}`" not in page and f"`{name}/`" not in page] == []
