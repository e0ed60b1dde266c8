"""Every relation says what it is, in its file and in the database."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from inflows.layout import Layout
from inflows.warehouse import sqlfiles
from inflows.warehouse.query import run_sql

RELATIONS = sqlfiles.relation_names()
LITERAL = re.compile(r"'[^']*'|--[^\n]*")


def words(text: str) -> set[str]:
    return set(re.findall(r"[a-z]+", text.lower())) - {"the", "of", "a", "an", "is", "in"}


def test_every_relation_of_the_contract_has_a_file():
    contract = {
        "fct_flow", "agg_flow_daily", "agg_jurisdiction_half_year", "dim_wallet", "dim_exchange", "dim_asset",
        "dim_jurisdiction", "dim_licence", "rpt_jurisdiction_half_year", "rpt_exchange_half_year",
        "rpt_reference_comparison", "rpt_coverage", "meta_vintage", "meta_finding",
    }  # fmt: skip
    assert contract <= set(RELATIONS)
    assert {path.stem for path in sqlfiles.sql_folder().glob("*.sql")} == set(RELATIONS)


@pytest.mark.parametrize("name", RELATIONS)
def test_a_file_keeps_the_style_of_the_house(name):
    text = sqlfiles.read(name)
    code = LITERAL.sub("", text)
    assert re.match(r"-- [A-Z].*\. Grain: .*\.\n", text), "the first line is one sentence and the grain"
    assert code == code.lower(), "lower case"
    assert not re.search(r"select\s+\*", code), "no select *"
    assert re.search(rf"^create (table|view) {name}\b", text, re.M), "the file is named like its relation"
    assert not re.search(r"\n\s*,", code), "commas trail"
    assert not re.search(r"\b(primary key|unique|create index)\b", code), "no secondary indexes"


def test_every_relation_and_column_has_a_comment_that_says_more_than_its_name(published: Layout):
    _, tables = run_sql(
        published,
        "select table_name, comment from duckdb_tables() where database_name = 'inflows' "
        "union all select view_name, comment from duckdb_views() "
        "where database_name = 'inflows' and not internal",
    )
    _, columns = run_sql(
        published,
        "select table_name, column_name, comment from duckdb_columns() where database_name = 'inflows' "
        "and not internal",
    )
    assert {name for name, _ in tables} == set(RELATIONS)
    assert {name for name, _, _ in columns} == set(RELATIONS)
    assert [name for name, comment in tables if not comment or len(words(comment) - words(name)) < 5] == []
    silent = [
        (table, column)
        for table, column, comment in columns
        if not comment or len(words(comment) - words(column)) < 2 or not comment.endswith(".")
    ]
    assert silent == []


def test_comments_on_money_and_times_name_their_unit(published: Layout):
    _, columns = run_sql(
        published,
        "select column_name, comment, data_type from duckdb_columns() where database_name = 'inflows'",
    )
    money = [(column, comment) for column, comment, _ in columns if column.endswith("usd")]
    times = [(column, comment) for column, comment, kind in columns if kind == "TIMESTAMP"]
    assert len(money) > 10
    assert len(times) > 5
    assert [column for column, comment in money if not re.search("US dollars|inflow_usd", comment)] == []
    assert [column for column, comment in times if "UTC" not in comment] == []


def test_no_money_or_count_leaves_the_database_as_double_or_hugeint(published: Layout):
    _, columns = run_sql(
        published,
        "select table_name, column_name, data_type from duckdb_columns() where database_name = 'inflows'",
    )
    assert {kind for _, name, kind in columns if name.endswith("usd")} == {"DECIMAL(38,6)"}
    assert {kind for _, name, kind in columns if name == "amount"} == {"DECIMAL(38,18)"}
    floating = {name for _, name, kind in columns if kind in ("DOUBLE", "FLOAT")}
    assert floating == {
        "priced_share", "coverage_share", "strict_share", "share_of_world", "inflow_ratio_on_year",
        "inflow_ratio_on_previous", "ratio_to_published",
    }  # fmt: skip
    assert [row for row in columns if row[2] in ("HUGEINT", "TIMESTAMP WITH TIME ZONE")] == []


def test_the_files_are_found_in_an_installed_package(tmp_path: Path):
    package = Path(sqlfiles.__file__).parents[1]
    shutil.copytree(package, tmp_path / "inflows", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(sqlfiles.sql_folder(), tmp_path / "inflows" / "sql")
    code = (
        "from inflows.warehouse import sqlfiles; print(sqlfiles.sql_folder(), len(sqlfiles.relation_names()))"
    )
    shown = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
        encoding="utf-8",
    )
    assert shown.stdout.split() == [str(tmp_path / "inflows" / "sql"), str(len(RELATIONS))]
