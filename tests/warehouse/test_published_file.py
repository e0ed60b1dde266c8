"""The published file opens anywhere, under any name, in old and new versions of DuckDB."""

import os
import shutil
import subprocess
import sys

import duckdb
import pytest
from warehouse_inputs import vintage, warehouse_inputs

from inflows.layout import Layout
from inflows.warehouse import sqlfiles
from inflows.warehouse.publish import publish
from inflows.warehouse.totals import read_totals


def test_odd_characters_in_paths_are_only_characters(tmp_path):
    layout = Layout(tmp_path / "it's; a [folder] *" / "data")
    publish(layout, warehouse_inputs(tmp_path / "fact's [1]"), vintage())
    assert read_totals(layout).height == 4


def test_the_file_opens_from_any_folder_under_any_name(data, tmp_path, monkeypatch):
    publish(data, warehouse_inputs(tmp_path), vintage())
    moved = tmp_path / "elsewhere" / "renamed.db"
    moved.parent.mkdir()
    shutil.copy(data.published, moved)
    shutil.rmtree(data.root)
    monkeypatch.chdir(moved.parent)
    with duckdb.connect() as connection:
        connection.execute("attach 'renamed.db' as another (read_only)")
        for name in sqlfiles.relation_names():
            connection.execute(f"select * from another.{name}").fetchall()


def test_the_storage_version_is_the_one_that_duckdb_1_2_reads(data, tmp_path):
    publish(data, warehouse_inputs(tmp_path), vintage())
    header = data.published.read_bytes()[:20]
    unpinned = tmp_path / "unpinned.duckdb"
    duckdb.connect(unpinned).close()
    assert header[8:12] == b"DUCK"
    assert int.from_bytes(header[12:20], "little") == 65  # 64 is of 0.9 to 1.1, 65 of 1.2 and 1.3
    assert int.from_bytes(unpinned.read_bytes()[12:20], "little") != 65, "the pin is not needed any more"


def test_every_relation_is_read_by_duckdb_1_2(data, tmp_path):
    old = os.environ.get("INFLOWS_OLD_DUCKDB")
    if not old:
        pytest.skip("INFLOWS_OLD_DUCKDB does not name a folder with an older DuckDB")
    publish(data, warehouse_inputs(tmp_path), vintage())
    code = """
import sys, duckdb
assert duckdb.__version__.startswith("1.2."), duckdb.__version__
for attached in (False, True):
    connection = duckdb.connect() if attached else duckdb.connect(sys.argv[1], read_only=True)
    if attached:
        connection.execute(f"attach '{sys.argv[1]}' as other (read_only)")
    prefix = "other." if attached else ""
    for name in sys.argv[2:]:
        connection.execute(f"select * from {prefix}{name}").fetchall()
        silent = "select column_name from duckdb_columns() where table_name = ? and comment is null"
        assert connection.execute(silent, [name]).fetchall() == [], name
    question = "period = '2024-H1' and basis = 'licence' and scope = 'exchange' and level = 'base'"
    rows = connection.execute(
        f"select inflow_usd from {prefix}rpt_jurisdiction_half_year where {question} and jurisdiction = 'HK'"
    )
    print(rows.fetchall()[0][0])
"""
    shown = subprocess.run(
        [sys.executable, "-c", code, str(data.published), *sqlfiles.relation_names()],
        env={"PYTHONPATH": old, "PATH": os.environ["PATH"]},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    assert shown.stdout.split() == ["100.500000"] * 2, shown.stderr
