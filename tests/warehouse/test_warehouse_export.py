"""What leaves for other tools keeps its digits, its days and its harmlessness."""

import csv
import json
from decimal import Decimal

import polars as pl
import pyarrow.parquet as pq
import pytest
from warehouse_inputs import FLOWS, NOON, flow, vintage, warehouse_inputs

from inflows.contracts.flows import Flows
from inflows.errors import UsageError, WorkError
from inflows.layout import Layout
from inflows.warehouse.export import columns_to_export, export, exported_relations
from inflows.warehouse.publish import publish

NASTY = ["=cmd()", "+1", "-1", "@SUM(A1)", "\tx", "\rx", 'say "hi", twice\nagain', "it's", "Ω=1", ""]


def cells(path):
    with path.open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def test_every_relation_but_the_checks_leaves_as_parquet_and_csv(published: Layout, tmp_path):
    written = export(published, tmp_path / "out")
    names = {f"{name}.{form}" for name in exported_relations() for form in ("parquet", "csv")}
    assert {path.name for path in written} == names
    assert {path.name for path in (tmp_path / "out").iterdir()} == names | {"export.json"}
    assert (
        json.loads((tmp_path / "out" / "export.json").read_text(encoding="utf-8"))["vintage"]
        == vintage().name
    )
    assert len(names) >= 28
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_the_exported_schema_is_exact_and_readable_elsewhere(published: Layout, tmp_path):
    export(published, tmp_path / "out")
    for path in (tmp_path / "out").glob("*.parquet"):
        for field in pq.read_schema(path):
            kind = str(field.type)
            if field.name.endswith("_usd") or field.name == "usd":
                assert kind == "decimal128(38, 6)", (path.name, field)
            elif field.name == "amount":
                assert kind == "decimal128(38, 18)", (path.name, field)
            elif kind == "double":
                assert field.name.endswith(("share", "_on_year", "_on_previous", "_of_world", "to_published"))
            elif kind.startswith("timestamp"):
                assert kind == "timestamp[us]", (path.name, field)
                assert field.name.endswith("_utc"), (path.name, field)
            else:
                assert kind in ("string", "int64", "bool", "date32[day]") or field.name in (
                    "weight",
                    "max_supply",
                    "published_ratio",
                    "our_ratio",
                )
    flows = pl.read_parquet(tmp_path / "out" / "fct_flow.parquet").sort("position")
    assert flows.rename({"block_time_utc": "block_time"}).columns == list(Flows.columns())
    assert flows["block_time_utc"].to_list() == [row["block_time"].replace(tzinfo=None) for row in FLOWS]
    assert flows["usd"].to_list() == [row["usd"] for row in FLOWS]


def test_csv_numbers_are_plain_digits_and_say_the_same_as_parquet(published: Layout, tmp_path):
    export(published, tmp_path / "out")
    rows = cells(tmp_path / "out" / "fct_flow.csv")
    assert [row["usd"] for row in rows] == ["100.500000", "", "40.250000", "10.000000", "0.000001"]
    assert rows[1]["amount_raw"] == str(2**256 - 1)
    assert rows[4]["block_time_utc"] == "2024-07-01 00:00:00.123456"
    nets = [row["net_usd"] for row in cells(tmp_path / "out" / "rpt_exchange_half_year.csv")]
    assert "-9.999999" in nets, "numbers are never defused"
    total = sum(Decimal(row["usd"]) for row in cells(tmp_path / "out" / "agg_flow_daily.csv"))
    assert total == sum(pl.read_parquet(tmp_path / "out" / "agg_flow_daily.parquet")["usd"])


def test_text_that_a_spreadsheet_would_run_is_defused_in_csv_and_untouched_in_parquet(data: Layout, tmp_path):
    rows = [flow(number, NOON, None, None, symbol=text) for number, text in enumerate(NASTY, 100)]
    publish(data, warehouse_inputs(tmp_path / "facts", flow_rows=FLOWS + rows), vintage())
    export(data, tmp_path / "out")
    written = {row["position"]: row["symbol"] for row in cells(tmp_path / "out" / "fct_flow.csv")}
    for number, text in enumerate(NASTY):
        assert written[str(100 + number)] == (f"'{text}" if number < 6 else text)
    stored = pl.read_parquet(tmp_path / "out" / "fct_flow.parquet").filter(pl.col("position") >= 100)
    assert stored.sort("position")["symbol"].to_list() == NASTY


def test_null_and_empty_text_stay_apart_in_csv(data: Layout, tmp_path):
    rows = [flow(7, NOON, None, None, contract="", symbol=None)]
    publish(data, warehouse_inputs(tmp_path / "facts", flow_rows=FLOWS + rows), vintage())
    export(data, tmp_path / "out")
    line = next(
        line
        for line in (tmp_path / "out" / "fct_flow.csv").read_text(encoding="utf-8").splitlines()
        if ",7," in line
    )
    assert ',7,"",,0x' in line


def test_the_same_publication_exports_the_same_bytes(published: Layout, tmp_path):
    first, second = export(published, tmp_path / "one"), export(published, tmp_path / "two")
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]


def test_an_earlier_export_is_replaced_and_an_empty_folder_is_filled(published: Layout, tmp_path):
    (tmp_path / "out").mkdir()
    export(published, tmp_path / "out")
    (tmp_path / "out" / "fct_flow.csv").write_text("damaged", encoding="utf-8")
    export(published, tmp_path / "out")
    assert len(cells(tmp_path / "out" / "fct_flow.csv")) == 5
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize("marker", [None, "{}", "not json", '{"format": "inflows-export", "files": []}'])
def test_a_folder_with_anything_else_is_refused_and_untouched(published: Layout, tmp_path, marker):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.txt").write_text("mine", encoding="utf-8")
    if marker is not None:
        (tmp_path / "out" / "export.json").write_text(marker, encoding="utf-8")
    before = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    with pytest.raises(UsageError, match="and this one would delete") as error:
        export(published, tmp_path / "out")
    assert "new or empty" in error.value.hint
    assert {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()} == before


def test_a_file_of_the_users_in_an_earlier_export_is_not_deleted(published: Layout, tmp_path):
    export(published, tmp_path / "out")
    (tmp_path / "out" / "notes.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(UsageError, match=r"notes\.txt"):
        export(published, tmp_path / "out")


def test_a_file_in_the_way_and_a_missing_publication_are_clear_errors(
    published: Layout, data: Layout, tmp_path
):
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(UsageError, match="is a file"):
        export(published, tmp_path / "file")
    with pytest.raises(WorkError, match="failed: Not a directory"):
        export(published, tmp_path / "file" / "below")
    with pytest.raises(UsageError, match="Nothing has been published"):
        export(data, tmp_path / "out")


@pytest.mark.parametrize("kind", ["DOUBLE", "HUGEINT", "FLOAT"])
def test_a_column_of_money_that_is_not_exact_is_not_exported(kind):
    with pytest.raises(WorkError, match="inflow_usd would be exported as"):
        columns_to_export(["inflow_usd"], [kind])
    assert len(columns_to_export(["inflow_usd", "priced_share"], ["DECIMAL(38,6)", "DOUBLE"])) == 2
