"""One good publication, made once, for the tests that only read."""

from pathlib import Path

import pytest
from warehouse_inputs import vintage, warehouse_inputs

from inflows.layout import Layout
from inflows.warehouse.publish import publish


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> Layout:
    folder = tmp_path_factory.mktemp("published")
    layout = Layout(folder / "data")
    publish(layout, warehouse_inputs(folder / "facts"), vintage())
    return layout


@pytest.fixture
def data(tmp_path: Path) -> Layout:
    return Layout(tmp_path / "data")
