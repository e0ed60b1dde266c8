"""What docs/warehouse.md says to analysts holds."""

import re
from pathlib import Path

import pytest

from inflows.layout import Layout
from inflows.warehouse import sqlfiles
from inflows.warehouse.query import run_sql

TEXT = (Path(__file__).parents[2] / "docs" / "warehouse.md").read_text(encoding="utf-8")
EXAMPLES = [
    statement.strip()
    for block in re.findall(r"```sql\n(.*?)```", TEXT, re.S)
    for statement in block.split(";")
    if statement.strip()
]


@pytest.mark.parametrize("number", range(len(EXAMPLES)))
def test_every_example_runs(published: Layout, number):
    columns, _ = run_sql(published, EXAMPLES[number])
    assert columns


def test_every_relation_is_mentioned():
    assert len(EXAMPLES) >= 8
    missing = [name for name in sqlfiles.relation_names() if name not in TEXT and not name.startswith("chk_")]
    assert missing == []
