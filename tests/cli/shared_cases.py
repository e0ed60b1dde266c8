"""The small inputs that went wrong once, where they lie beside the checkout."""

from pathlib import Path

import pytest

CASES = Path(__file__).parents[3] / "shared" / "cases"


def case(name: str) -> Path:
    """The folder of a case; the test is skipped where it is not there."""
    folder = CASES / name
    if not folder.is_dir():
        pytest.skip(f"the case ../shared/cases/{name} is not here")
    return folder
