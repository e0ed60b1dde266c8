"""Shared SQL reads the published database and nothing else, within bounds."""

import os
import subprocess
import sys

import polars as pl
import pytest
from warehouse_inputs import vintage

from inflows.errors import UsageError, WorkError
from inflows.layout import Layout
from inflows.warehouse import query, sqlfiles
from inflows.warehouse.query import connect, run_sql

FORBIDDEN = {
    "copy out": "copy fct_flow to 'stolen.csv'",
    "copy in": "copy fct_flow from 'secret.csv'",
    "export": "export database 'stolen'",
    "import": "import database 'stolen'",
    "attach a file": "attach 'secret.csv' as other",
    "attach memory": "attach ':memory:' as other",
    "detach": "detach inflows",
    "set": "set threads = 64",
    "reset": "reset memory_limit",
    "set a variable": "set variable x = 1",
    "pragma": "pragma memory_limit = '100GB'",
    "install": "install httpfs",
    "load": "load 'secret.csv'",
    "secret": "create secret s (type s3)",
    "create": "create table t as select 1",
    "create temporary": "create temp table t as select 1",
    "insert": "insert into fct_flow select * from fct_flow",
    "update": "update fct_flow set usd = 0",
    "delete": "delete from fct_flow",
    "drop": "drop view dim_exchange",
    "use": "use memory",
    "call": "call pragma_version()",
    "begin": "begin",
    "read csv": "select * from read_csv('secret.csv')",
    "read text": "select * from read_text('secret.csv')",
    "read blob": "select * from read_blob('secret.csv')",
    "read json": "select * from read_json('secret.csv')",
    "read parquet": "select * from read_parquet('secret.parquet')",
    "read a database": "select * from read_duckdb('secret.duckdb')",
    "parquet metadata": "select * from parquet_metadata('secret.parquet')",
    "sniff": "select * from sniff_csv('secret.csv')",
    "a file as a table": "select * from 'secret.csv'",
    "glob": "select * from glob('*')",
    "a url": "select * from 'https://example.org/secret.csv'",
    "a frame of the caller": "select * from secret_frame",
    "explain analyze of a copy": "explain analyze copy fct_flow to 'stolen.csv'",
    "a second statement": "select 1; copy fct_flow to 'stolen.csv'",
    "hidden after a comment": "select 1 /* */; --\nattach 'x' as y",
    "nothing": " -- nothing",
}


@pytest.mark.parametrize("kind", sorted(FORBIDDEN))
def test_a_query_can_do_nothing_but_read_the_database(published: Layout, tmp_path, monkeypatch, kind):
    secret_frame = pl.DataFrame({"secret": ["canary"]})
    secret_frame.write_csv(tmp_path / "secret.csv")
    secret_frame.write_parquet(tmp_path / "secret.parquet")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError) as error:
        run_sql(published, FORBIDDEN[kind])
    assert "\n" not in str(error.value)
    assert "canary" not in str(error.value)
    assert error.value.hint
    assert {path.name for path in tmp_path.iterdir()} == {"secret.csv", "secret.parquet"}


@pytest.mark.parametrize(
    "statement",
    [
        "copy (select 1) to 'stolen.csv'",
        "attach 'secret.csv' as x",
        "set threads = 8",
        "select * from glob('*')",
    ],
)
def test_the_connection_alone_reaches_no_file_and_no_setting(
    published: Layout, tmp_path, monkeypatch, statement
):
    monkeypatch.chdir(tmp_path)
    with connect(published) as connection, pytest.raises(query.duckdb.Error):
        connection.execute(statement)
    assert list(tmp_path.iterdir()) == []


def test_reading_statements_are_allowed(published: Layout):
    assert run_sql(published, "with x as (select 1 as one) select one from x") == (["one"], [(1,)])
    assert run_sql(published, "from fct_flow select count(*)")[1] == [(5,)]
    assert "block_time" in [row[0] for row in run_sql(published, "describe fct_flow")[1]]
    assert {row[0] for row in run_sql(published, "show tables")[1]} == set(sqlfiles.relation_names())
    assert run_sql(published, "explain select 1 from fct_flow")[1]
    assert run_sql(published, "select 1 where false") == (["1"], [])


def test_a_table_that_does_not_exist_is_answered_with_those_that_do(published: Layout):
    with pytest.raises(UsageError, match="Table with name fct_flows does not exist") as error:
        run_sql(published, "select * from fct_flows")
    assert "fct_flow, " in error.value.hint
    assert "rpt_jurisdiction_half_year" in error.value.hint


def test_a_mistake_is_one_line_with_a_hint(published: Layout):
    for mistake in (
        "selct 1",
        "select no_such_column from fct_flow",
        "select 1 / 'a'",
        "select usd::int8 from",
    ):
        with pytest.raises(UsageError, match="The query cannot be run: ") as error:
            run_sql(published, mistake)
        assert "\n" not in str(error.value)
        assert "describe" in error.value.hint


@pytest.mark.parametrize(
    "runaway",
    [
        "select sum(a.i * b.i) from range(10000000) a(i), range(10000000) b(i)",
        "with recursive t as (select 1 as i union all select i + 1 from t) select max(i) from t",
    ],
)
def test_a_runaway_query_is_stopped(published: Layout, runaway):
    with pytest.raises(WorkError, match=r"stopped after 0\.3 seconds") as error:
        run_sql(published, runaway, timeout_seconds=0.3)
    assert error.value.exit_code == 1


def test_a_query_that_needs_too_much_memory_fails_by_itself(published: Layout):
    with pytest.raises(WorkError, match="needs more than 50MB of memory"):
        run_sql(
            published, "select list(i::varchar || repeat('x', 100)) from range(5000000) t(i)", memory="50MB"
        )


def test_a_query_that_returns_too_many_rows_is_refused(published: Layout, monkeypatch):
    monkeypatch.setattr(query, "MAX_ROWS", 20_000)
    assert len(run_sql(published, "from range(20000)")[1]) == 20_000
    with pytest.raises(UsageError, match="more than 20,000 rows"):
        run_sql(published, "from range(20001)")


def test_a_reader_leaves_nothing_beside_the_file(published: Layout):
    before = sorted(published.root.rglob("*"))
    run_sql(published, "select * from fct_flow order by amount_raw")
    assert sorted(published.root.rglob("*")) == before


def test_connections_with_other_bounds_do_not_disturb_each_other(published: Layout):
    with connect(published, memory="300MB") as one, connect(published, memory="400MB", threads=1) as other:
        assert one.execute("select 1").fetchall() == other.execute("select 1").fetchall()


def test_without_a_publication_the_error_says_how_to_make_one(data: Layout, tmp_path):
    with pytest.raises(UsageError, match="Nothing has been published") as error:
        run_sql(data, "select 1")
    assert "inflows build" in error.value.hint
    with pytest.raises(UsageError, match="Nothing has been published"):
        connect(tmp_path)


def test_a_file_that_is_no_database_is_one_clear_error(tmp_path):
    path = tmp_path / "inflows.duckdb"
    path.write_text("not a database" * 1000, encoding="utf-8")
    with pytest.raises(WorkError, match="cannot be opened") as error:
        connect(path)
    assert "\n" not in str(error.value)


def test_readers_in_another_time_zone_see_the_same_days_and_totals(published: Layout):
    code = """
import sys, duckdb
connection = duckdb.connect(sys.argv[1], read_only=True)
connection.execute("set TimeZone = 'America/New_York'")
for question in (
    "select date, sum(usd) from agg_flow_daily where level = 'base' group by date order by date",
    "select cast(block_time as date), sum(usd) from fct_flow group by 1 order by 1",
    "select period, jurisdiction, inflow_usd from rpt_jurisdiction_half_year",
    "select period, exchange, inflow_usd from rpt_exchange_half_year",
    "select cast(valid_from as varchar) from dim_wallet",
):
    print(connection.execute(question).fetchall())
from inflows.warehouse.query import run_sql
question = "select current_setting('TimeZone'), cast(max(block_time) as varchar) from fct_flow"
print(run_sql(sys.argv[1], question))
"""
    shown = [
        subprocess.run(
            [sys.executable, "-c", code, str(published.published)],
            env=os.environ | {"TZ": zone},
            capture_output=True,
            text=True,
            check=True,
            encoding="utf-8",
        ).stdout
        for zone in ("America/New_York", "Asia/Hong_Kong", "UTC")
    ]
    assert shown[0] == shown[1] == shown[2]
    assert "(datetime.date(2024, 7, 1), Decimal('10.000001'))" in shown[0].splitlines()[0]
    assert "[('UTC', '2024-07-01 00:00:00.123456')]" in shown[0]


def test_the_vintage_is_told_by_the_file_itself(published: Layout):
    _, rows = run_sql(published, "select vintage, published_at, as_of, inputs from meta_vintage")
    told = vintage()
    assert rows == [
        (told.name, told.published_at.replace(tzinfo=None), None, '{"labels": "1f", "raw": "2e"}')
    ]
