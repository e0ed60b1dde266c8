import sys
from pathlib import Path

import pytest

from inflows.layout import Layout

# The helpers beside the tests are imported by their own name, whatever folder pytest was started in.
sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    """An empty data folder."""
    return Layout(tmp_path / "data")
