"""What a user can choose is documented: formats of input, sources of prices and labels, and settings."""

import csv
from pathlib import Path

import pytest

from inflows.cli.jurisdictions import FORMATS as FORMATS_OF_LICENCES
from inflows.labels.list_format import FORMATS as FORMATS_OF_LABELS
from inflows.prices import FORMATS as FORMATS_OF_PRICES
from inflows.prices import SOURCES as SOURCES_OF_PRICES
from inflows.reference.shipped import reference_file
from inflows.settings import FileSource, Settings
from inflows.sources import FORMATS as FORMATS_OF_TRANSFERS

DOCS = Path(__file__).parents[1] / "docs"


def label_sources() -> list[str]:
    with reference_file("label_sources.csv").open(encoding="utf-8", newline="") as handle:
        return [row["source"] for row in csv.DictReader(handle)]


CHOICES = {
    "sources.md": set(FORMATS_OF_TRANSFERS),
    "prices.md": {*SOURCES_OF_PRICES, *FORMATS_OF_PRICES}
    | {f"INFLOWS_{name.upper()}_URL" for name in SOURCES_OF_PRICES},
    "labels.md": {*FORMATS_OF_LABELS, *label_sources()},
    "jurisdictions.md": set(FORMATS_OF_LICENCES),
    "commands.md": {str(field.validation_alias or name) for name, field in Settings.model_fields.items()}
    | set(FileSource.model_fields),
}
"""By page of docs/: the names that it has to have, each in the form of code."""


def undocumented(names: set[str], text: str) -> list[str]:
    return sorted(name for name in names if f"`{name}`" not in text)


@pytest.mark.parametrize("page", sorted(CHOICES))
def test_every_choice_is_documented(page: str) -> None:
    assert CHOICES[page]
    assert undocumented(CHOICES[page], (DOCS / page).read_text(encoding="utf-8")) == []


def test_a_name_that_is_part_of_another_is_not_documented_by_it() -> None:
    assert undocumented({"csv", "tag"}, "Read with `csv`; `tagpack` is another.") == ["tag"]
