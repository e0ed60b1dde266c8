"""Every error that users see is drawn in inflows.errors, and stands there."""

from __future__ import annotations

import importlib
import pkgutil
import re

import pytest

import inflows
from inflows import errors
from inflows.errors import InflowsError


@pytest.fixture(scope="module")
def whole() -> None:
    """Every module is imported, so that every class of errors is known."""
    for module in pkgutil.walk_packages(inflows.__path__, "inflows."):
        if module.name != "inflows.__main__":
            importlib.import_module(module.name)


def below(kind: type[InflowsError]) -> list[type[InflowsError]]:
    """The kind and all that stands under it."""
    return [kind, *(each for child in kind.__subclasses__() for each in below(child))]


def drawn() -> dict[str, str]:
    """Each class in the docstring's tree, with the one that it hangs from."""
    parents: dict[str, str] = {}
    path: list[str] = []
    for line in (errors.__doc__ or "").splitlines():
        branch = re.fullmatch(r"([│ ]*)[├└]── (\w+): \S.*", line)
        if branch is None:
            continue
        depth = len(branch[1]) // 4
        path[depth:] = [branch[2]]
        parents[branch[2]] = path[depth - 1] if depth else "InflowsError"
    return parents


@pytest.mark.usefixtures("whole")
def test_the_tree_of_errors_is_drawn_as_the_classes_are() -> None:
    ours = [kind for kind in below(InflowsError) if kind.__module__.startswith("inflows.")]
    public = [kind for kind in ours if not kind.__name__.startswith("_")]
    assert drawn() == {kind.__name__: kind.__base__.__name__ for kind in public[1:] if kind.__base__}


@pytest.mark.usefixtures("whole")
def test_errors_stand_in_one_module_but_for_private_ones() -> None:
    elsewhere = [
        f"{kind.__module__}.{kind.__name__}"
        for kind in below(InflowsError)
        if kind.__module__.startswith("inflows.")
        and kind.__module__ != "inflows.errors"
        and not kind.__name__.startswith("_")
    ]
    assert elsewhere == []


def test_every_error_says_what_it_means() -> None:
    assert all(kind.__doc__ for kind in vars(errors).values() if isinstance(kind, type))
    usage, work = errors.UsageError, errors.WorkError
    assert {kind.exit_code for kind in below(usage)} == {2}
    assert {kind.exit_code for kind in below(work)} == {1}
