"""Each check finds the one thing it is there for, and nothing in a good warehouse."""

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from warehouse_inputs import vintage, warehouse_inputs

from inflows.errors import WorkError
from inflows.warehouse import fill_database, sqlfiles

CORRUPTIONS = {
    "chk_flow_key_unique": "insert into fct_flow select * from fct_flow where position = 1",
    "chk_flow_type_known": "update fct_flow set flow_type_all = 'deposit' where position = 3",
    "chk_daily_adds_up": "update agg_flow_daily set usd = usd + 0.000001 "
    "where level = 'all' and flow_type = 'outflow'",
    "chk_daily_key_unique": "insert into agg_flow_daily select * from agg_flow_daily "
    "where flow_type = 'outflow'",
    "chk_basis_sums_to_world": "update agg_jurisdiction_half_year set inflow_usd = inflow_usd + 0.00001, "
    "net_usd = net_usd + 0.00001 where basis = 'traffic' and scope = 'market' and level = 'base'",
    "chk_net_is_in_minus_out": "update agg_jurisdiction_half_year set net_usd = net_usd + 0.000001 "
    "where jurisdiction = 'HK'",
    "chk_priced_share_range": "update agg_jurisdiction_half_year set priced_share = 1.01 "
    "where priced_share = 1",
    "chk_total_key_unique": "insert into agg_jurisdiction_half_year select * replace (0 as inflow_usd, "
    "0 as outflow_usd, 0 as net_usd) from agg_jurisdiction_half_year where jurisdiction = 'SG'",
    "chk_no_null_partition": "update agg_flow_daily set date = null where flow_type = 'outflow'",
    "chk_wallet_spans_disjoint": "update dim_wallet set valid_from = null where exchange = 'beta'",
}
NEAR_MISSES = {
    "chk_flow_key_unique": "insert into fct_flow select * replace ('trace' as kind) from fct_flow "
    "where position = 1",
    "chk_flow_type_known": "update fct_flow set flow_type_all = null where position = 3",
    "chk_basis_sums_to_world": "update agg_jurisdiction_half_year set inflow_usd = inflow_usd * 2 "
    "where scope = 'jurisdiction'",
    "chk_priced_share_range": "update agg_jurisdiction_half_year set priced_share = 0 where priced_share = 1",
    "chk_wallet_spans_disjoint": "update dim_wallet set exchange = 'gamma'",
}
ALSO = {
    "chk_flow_type_known": "update agg_flow_daily set flow_type = null where flow_type = 'outflow'",
    "chk_daily_adds_up": "delete from fct_flow where position = 4",
    "chk_basis_sums_to_world": "delete from agg_jurisdiction_half_year where basis = 'headquarters' "
    "and period = '2024-H2'",
    "chk_priced_share_range": "update agg_jurisdiction_half_year set priced_share = null "
    "where inflow_transfers > 0",
    "chk_no_null_partition": "update fct_flow set block_time = null where position = 2",
}


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    database = tmp_path / "w.duckdb"
    with fill_database.building(database, tmp_path / "spill", memory="500MB", threads=1) as connection:
        fill_database.fill(connection, warehouse_inputs(tmp_path / "facts"), vintage())
        yield connection


def failing(warehouse: duckdb.DuckDBPyConnection) -> set[str]:
    return {name for name in sqlfiles.checks() if warehouse.table(name).limit(1).fetchall()}


def test_every_check_is_tested():
    assert set(CORRUPTIONS) == set(sqlfiles.checks())


def test_a_good_warehouse_passes_all_checks(warehouse):
    fill_database.run_checks(warehouse)
    assert failing(warehouse) == set()


def test_a_basis_that_no_total_has_is_noticed(warehouse):
    warehouse.execute("delete from agg_jurisdiction_half_year where basis = 'traffic'")
    assert failing(warehouse) == {"chk_basis_sums_to_world"}


@pytest.mark.parametrize("check", sorted(CORRUPTIONS))
def test_a_corrupted_warehouse_fails_the_check_that_is_for_it(warehouse, check):
    warehouse.execute(CORRUPTIONS[check])
    assert check in failing(warehouse)
    with pytest.raises(WorkError, match=r"The check chk_\w+ failed, so nothing was published: \w+ "):
        fill_database.run_checks(warehouse)


@pytest.mark.parametrize("check", sorted(ALSO))
def test_other_corruptions_are_found_too(warehouse, check):
    warehouse.execute(ALSO[check])
    assert check in failing(warehouse)


@pytest.mark.parametrize("check", sorted(NEAR_MISSES))
def test_a_near_miss_passes_the_check(warehouse, check):
    warehouse.execute(NEAR_MISSES[check])
    assert check not in failing(warehouse)


def test_a_check_that_only_one_thing_breaks_is_the_only_one_to_fail(warehouse):
    warehouse.execute(CORRUPTIONS["chk_priced_share_range"])
    assert failing(warehouse) == {"chk_priced_share_range"}
