"""A data folder for the tests of the sources."""

from pathlib import Path

import pytest

from inflows.layout import Layout


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return Layout(tmp_path / "data")
