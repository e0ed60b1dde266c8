"""A publication appears whole, beside readers, and leaves everything as it was when it cannot."""

import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
from warehouse_inputs import FLOWS, daily, flow, totals, vintage, warehouse_inputs

from inflows.contracts.flows import Totals
from inflows.errors import InflowsError, UsageError, WorkError
from inflows.layout import Layout
from inflows.warehouse import sqlfiles
from inflows.warehouse.publish import publish
from inflows.warehouse.query import connect, run_sql
from inflows.warehouse.totals import read_totals
from inflows.warehouse.vintages import read_manifests, totals_path

HERE = Path(__file__).parent
SRC = Path(sqlfiles.__file__).parents[2]
ENVIRONMENT = os.environ | {"PYTHONPATH": f"{SRC}{os.pathsep}{HERE}"}
READER = """
import sys, duckdb
connection = duckdb.connect(sys.argv[1], read_only=True)
question = "select vintage, (select count(*) from fct_flow) from meta_vintage"
for line in sys.stdin:
    print(*connection.execute(question).fetchall()[0], flush=True)
"""
OLDER, NEWER = "2024-07-02t00-00-00z", "2024-07-03t00-00-00z"


def published_vintage(layout: Layout) -> str:
    return run_sql(layout, "select vintage from meta_vintage")[1][0][0]


def visible(folder: Path) -> dict[str, bytes]:
    """Every file that readers may open, with its content."""
    return {str(path): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_what_is_published_is_what_was_given(data, tmp_path):
    path = publish(data, warehouse_inputs(tmp_path), vintage())
    assert path == data.published
    _, rows = run_sql(path, "select position, usd, amount_raw, block_time from fct_flow order by position")
    assert [row[1] for row in rows] == [row["usd"] for row in FLOWS]
    assert rows[1][2] == str(2**256 - 1)
    assert [row[3] for row in rows] == [row["block_time"].replace(tzinfo=None) for row in FLOWS]
    assert run_sql(path, "select sum(transfers), sum(usd) from agg_flow_daily where level = 'base'")[1] == [
        (5, Decimal("150.750001"))
    ]


def test_wallets_lose_the_sentinels_for_since_ever_and_until_now(data, tmp_path):
    publish(data, warehouse_inputs(tmp_path), vintage())
    _, rows = run_sql(data, "select exchange, valid_from, valid_to from dim_wallet where address like '0xc%'")
    assert [(row[0], row[1] is None, row[2] is None) for row in sorted(rows)] == [
        ("alpha", True, False),
        ("beta", False, True),
    ]


def test_a_vintage_folder_holds_database_totals_and_manifest(data, tmp_path):
    publish(data, warehouse_inputs(tmp_path), vintage())
    home = data.vintages / vintage().name
    assert {path.name for path in home.iterdir()} == {"inflows.duckdb", "totals.parquet", "manifest.json"}
    assert read_manifests(data) == [vintage()]
    stored = pl.read_parquet(totals_path(data, vintage().name))
    assert stored.equals(totals().sort(pl.all()))
    assert stored.columns == list(Totals.columns())


def test_the_same_input_gives_the_same_bytes_of_totals_and_the_same_rows(data, tmp_path):
    publish(data, warehouse_inputs(tmp_path), vintage(OLDER))
    shuffled = warehouse_inputs(
        tmp_path, totals=totals().sample(fraction=1, shuffle=True, seed=7), flow_rows=FLOWS[::-1]
    )
    publish(data, shuffled, vintage(NEWER))
    older, newer = (data.vintages / name for name in (OLDER, NEWER))
    assert (older / "totals.parquet").read_bytes() == (newer / "totals.parquet").read_bytes()
    with connect(older / "inflows.duckdb") as one, connect(newer / "inflows.duckdb") as other:
        for name in set(sqlfiles.relation_names()) - {"meta_vintage"}:
            assert one.table(name).fetchall() == other.table(name).fetchall()


def test_only_the_last_databases_are_kept_and_all_totals_and_manifests(data, tmp_path):
    inputs = warehouse_inputs(tmp_path)
    names = [f"2024-07-0{day}t00-00-00z" for day in range(1, 5)]
    for name in names:
        publish(data, inputs, vintage(name), keep=2)
    assert [item.name for item in read_manifests(data)] == names[::-1]
    assert sorted(path.parent.name for path in data.vintages.glob("*/inflows.duckdb")) == names[-2:]
    assert len(list(data.vintages.glob("*/totals.parquet"))) == 4
    assert published_vintage(data) == names[-1]


def test_a_reader_in_another_process_keeps_the_old_and_a_new_one_sees_the_new(data, tmp_path):
    publish(data, warehouse_inputs(tmp_path), vintage(OLDER))

    def reader() -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-c", READER, str(data.published)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )

    def ask(process: subprocess.Popen[str]) -> str:
        assert process.stdin
        assert process.stdout
        process.stdin.write("?\n")
        process.stdin.flush()
        return process.stdout.readline().strip()

    with reader() as early:
        assert ask(early) == f"{OLDER} 5"
        publish(data, warehouse_inputs(tmp_path), vintage(NEWER), keep=1)
        assert ask(early) == f"{OLDER} 5"
        with reader() as late:
            assert ask(late) == f"{NEWER} 5"
            late.stdin.close()
        assert ask(early) == f"{OLDER} 5"
        early.stdin.close()
    assert published_vintage(data) == NEWER


def test_a_long_running_process_sees_a_new_publication_at_its_next_query(data, tmp_path):
    inputs = warehouse_inputs(tmp_path)
    publish(data, inputs, vintage(OLDER))
    assert published_vintage(data) == OLDER
    publish(data, inputs, vintage(NEWER))
    assert published_vintage(data) == NEWER


def test_two_publishers_at_once_both_succeed_and_leave_one_whole_file(data, tmp_path):
    warehouse_inputs(tmp_path)
    code = (
        "import sys; from pathlib import Path; from warehouse_inputs import *\n"
        "from inflows.layout import Layout\n"
        "from inflows.warehouse.publish import publish\n"
        "publish(Layout(Path(sys.argv[1])), warehouse_inputs(Path(sys.argv[2])), vintage(sys.argv[3]))"
    )
    publishers = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(data.root), str(tmp_path / name), name], env=ENVIRONMENT
        )
        for name in (OLDER, NEWER)
    ]
    assert [publisher.wait() for publisher in publishers] == [0, 0]
    # Who comes second is the newest, whatever the clocks of the two say.
    names = [item.name for item in read_manifests(data)]
    assert sorted(names) == sorted([OLDER, NEWER])
    assert published_vintage(data) == names[0]
    assert read_totals(data).height == 4


def test_a_failing_check_leaves_the_last_publication_as_it_was(data, tmp_path):
    publish(data, warehouse_inputs(tmp_path), vintage(OLDER))
    before = visible(data.warehouse)
    wrong = daily(FLOWS).with_columns(usd=(pl.col("usd") + Decimal("0.000001")).cast(pl.Decimal(38, 6)))
    with pytest.raises(WorkError, match="The check chk_basis_sums_to_world failed") as error:
        publish(data, warehouse_inputs(tmp_path, daily_frame=wrong), vintage(NEWER))
    assert "period 2024-H1" in error.value.problem
    assert visible(data.warehouse) == before


def test_a_key_that_occurs_in_two_partitions_is_not_published(data, tmp_path):
    twice = [*FLOWS, flow(1, FLOWS[0]["block_time"], "inflow", "1")]
    with pytest.raises(WorkError, match="chk_"):
        publish(data, warehouse_inputs(tmp_path, flow_rows=twice), vintage())
    assert not data.published.exists()
    with pytest.raises(UsageError, match="Nothing has been published") as error:
        run_sql(data, "select 1")
    assert "inflows build" in error.value.hint


def test_a_vintage_that_exists_is_not_published_with_other_results(data, tmp_path):
    publish(data, warehouse_inputs(tmp_path), vintage())
    before = visible(data.warehouse)
    other = totals().with_columns(partial=~pl.col("partial"))
    with pytest.raises(WorkError, match="exists with other totals"):
        publish(data, warehouse_inputs(tmp_path, totals=other), vintage())
    with pytest.raises(WorkError, match="was made of other inputs"):
        publish(data, warehouse_inputs(tmp_path), vintage(inputs={"raw": "changed"}))
    assert visible(data.warehouse) == before


def test_a_vintage_that_exists_can_be_published_again(data, tmp_path):
    inputs = warehouse_inputs(tmp_path)
    publish(data, inputs, vintage(OLDER), keep=1)
    publish(data, inputs, vintage(NEWER), keep=1)
    publish(data, inputs, vintage(OLDER), keep=1)
    assert published_vintage(data) == OLDER
    assert len(read_manifests(data)) == 2


@pytest.mark.parametrize("name", ["../x", "", "A", "a/b", "__HIVE_DEFAULT_PARTITION__", "=cmd()", "ä"])
def test_a_name_that_is_no_slug_never_becomes_a_folder(name):
    with pytest.raises(UsageError, match="cannot name a vintage"):
        vintage().__class__(**{**vars(vintage()), "name": name})


def test_a_folder_that_cannot_be_written_is_one_clear_error(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("in the way", encoding="utf-8")
    with pytest.raises(WorkError, match=r"could not be published: .*[Nn]ot a directory") as error:
        publish(Layout(blocked / "data"), warehouse_inputs(tmp_path), vintage())
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("megabytes", [0.01, 1.2])
def test_a_full_disk_is_one_clear_error_and_changes_nothing(data, tmp_path, megabytes):
    publish(data, warehouse_inputs(tmp_path / "facts"), vintage(OLDER))
    before = visible(data.warehouse)
    code = f"""
import resource, signal, sys
from pathlib import Path
from warehouse_inputs import *
from inflows.layout import Layout
from inflows.warehouse.publish import publish
inputs = warehouse_inputs(Path(sys.argv[2]))
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, ({int(megabytes * 2**20)}, -1))
try:
    publish(Layout(Path(sys.argv[1])), inputs, vintage({NEWER!r}))
except Exception as error:
    print(type(error).__name__, error)
"""
    shown = subprocess.run(
        [sys.executable, "-c", code, str(data.root), str(tmp_path / "facts")],
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=True,
        encoding="utf-8",
    )
    assert shown.stdout.startswith("WorkError The warehouse in "), shown
    assert shown.stdout.count("\n") == 1
    assert visible(data.warehouse) == before
    publish(data, warehouse_inputs(tmp_path / "facts"), vintage(NEWER))
    assert published_vintage(data) == NEWER


def test_a_damaged_facts_file_is_named(data, tmp_path):
    inputs = warehouse_inputs(tmp_path)
    inputs.flows[1].write_bytes(inputs.flows[1].read_bytes()[:200])
    with pytest.raises(InflowsError, match=r"date=2024-07-01"):
        publish(data, inputs, vintage())


def test_a_file_system_without_hard_links_gets_a_copy(data, tmp_path, monkeypatch):
    def refused(*_: object) -> None:
        raise OSError("hard links are not supported")

    monkeypatch.setattr(os, "link", refused)
    publish(data, warehouse_inputs(tmp_path), vintage())
    assert published_vintage(data) == vintage().name
    assert data.published.stat().st_nlink == 1
