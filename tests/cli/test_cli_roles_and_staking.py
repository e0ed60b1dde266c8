"""What exchanges' contracts take in is received; what is staked or said twice is not."""

from pathlib import Path
from typing import Any

import pytest
from command_line import Line
from shared_cases import case


def _line(folder: Path, data: Path) -> Line:
    line = Line(data)
    line.does("assets", "import", "--core")
    line.does("prices", "import", str(folder / "prices.csv"))
    return line


def _world(line: Line) -> dict[str, Any]:
    """The totals of everything, whatever place it falls to."""
    totals = line.rows("totals", "--basis", "headquarters")
    sums = ("inflow_transfers", "outflow_transfers", "unlisted_inflow_transfers")
    return {
        "inflow": sum(float(row["inflow_usd"]) for row in totals),
        "outflow": sum(float(row["outflow_usd"]) for row in totals),
        **{name: sum(row[name] for row in totals) for name in sums},
    }


def test_the_case_of_contracts_and_numbered_wallets(tmp_path: Path) -> None:
    folder = case("contract_role")
    line = _line(folder, tmp_path / "data")
    line.does("labels", "import", str(folder / "list"), "--input-format", "etherscan-labels")
    line.does("ingest", "files", str(folder / "transfers.csv"), "--input-format", "inflows")
    line.does("build")
    world = _world(line)
    assert (world["inflow"], world["outflow"]) == (36_000, 12_000)


def test_the_case_of_staked_coins(tmp_path: Path) -> None:
    folder = case("beacon")
    line = _line(folder, tmp_path / "data")
    line.does("labels", "import", "--core")
    line.does("ingest", "files", str(folder / "transfers.csv"), "--input-format", "inflows")
    line.does("build")
    world = _world(line)
    assert (world["inflow"], world["outflow"]) == (3_000, 0)
    flows = line.rows("sql", "select flow_type from fct_flow")
    assert sorted(row["flow_type"] for row in flows) == ["burn", "inflow", "mint"]


def test_the_case_of_native_coin_said_twice(tmp_path: Path) -> None:
    folder = case("eip7708")
    line = _line(folder, tmp_path / "data")
    line.does("labels", "import", "--core")
    said = line.says("ingest", "files", str(folder), "--input-format", "ethereum-etl")
    assert said.code == 0
    assert "native_said_twice 1" in said.err
    line.does("build")
    world = _world(line)
    assert world["inflow"] == 3_000
    assert (world["inflow_transfers"], world["unlisted_inflow_transfers"]) == (1, 0)


def test_the_case_of_a_claim_that_upstream_took_back(tmp_path: Path) -> None:
    folder = case("removed_upstream")
    line = _line(folder, tmp_path / "data")
    imports = ("labels", "import", "--input-format", "etherscan-labels", "--known-at")
    line.does(*imports, "2024-01-01", str(folder / "v1"))
    line.does("ingest", "files", str(folder / "transfers.csv"), "--input-format", "inflows")
    said = line.says(*imports, "2024-06-01", str(folder / "v2"))
    assert "1 claim of an earlier import is not in this list any more" in said.err
    (found,) = [row for row in line.rows("labels", "check") if row["check"] == "not_in_list_any_more"]
    assert found["address"] == "0x1111111111111111111111111111111111110012"
    line.does("build")
    assert _world(line)["inflow"] == 30_000
    line.does(*imports, "2024-06-01", str(folder / "v2"), "--replaces")
    assert not [row for row in line.rows("labels", "check") if row["check"] == "not_in_list_any_more"]
    line.does("build")
    assert _world(line)["inflow"] == 3_000
    line.does("build", "--as-of", "2024-05-01")
    assert _world(line)["inflow"] == 30_000


@pytest.mark.parametrize("exchange", ["kraken", "coinbase"])
def test_what_is_sent_to_the_deposit_contract_is_burnt_whoever_a_list_says_it_is(
    tmp_path: Path, exchange: str
) -> None:
    wallet, user, deposit = "0x" + "a" * 40, "0x" + "b" * 40, "0x00000000219ab540356cbb839cbe05303d7705fa"
    (tmp_path / "labels.csv").write_text(
        "chain,address,exchange,role,confidence,source\n"
        f"ethereum,{wallet},kraken,hot,90,test\nethereum,{deposit},{exchange},hot,100,test\n",
        encoding="utf-8",
    )
    (tmp_path / "prices.csv").write_text(
        "chain,contract,time,price_usd,source\nethereum,,2024-03-01T00:00:00Z,3000,test\n", encoding="utf-8"
    )
    header = (
        "chain,block_number,block_time,tx_hash,position,kind,contract,from_address,to_address,amount_raw\n"
    )
    rows = [
        f"ethereum,1900000{n},2024-03-01T06:00:00Z,0x{n:064x},0,native,,{sender},{deposit},{32 * 10**18}\n"
        for n, sender in enumerate((wallet, user))
    ]
    (tmp_path / "transfers.csv").write_text(header + "".join(rows), encoding="utf-8")
    line = _line(tmp_path, tmp_path / "data")
    line.does("labels", "import", str(tmp_path / "labels.csv"), "--known-at", "2020-01-01")
    line.does("ingest", "files", str(tmp_path / "transfers.csv"), "--input-format", "inflows")
    line.does("build")
    query = "select flow_type, from_exchange, to_exchange from fct_flow"
    assert line.rows("sql", query) == [{"flow_type": "burn", "from_exchange": "kraken", "to_exchange": None}]


def test_money_by_way_of_a_wallet_without_custody_is_said_with_its_amount_and_computed_once(
    tmp_path: Path,
) -> None:
    hot, router, user = ("0x" + digit * 40 for digit in "abc")
    (tmp_path / "labels.csv").write_text(
        "chain,address,exchange,role,confidence,source\n"
        f"ethereum,{hot},kraken,hot,90,test\nethereum,{router},kraken,contract,90,test\n"
    )
    (tmp_path / "prices.csv").write_text(
        "chain,contract,time,price_usd,source\n"
        "ethereum,,2024-03-01T00:00:00Z,3000,test\nethereum,,2024-03-02T00:00:00Z,3000,test\n"
    )
    header = (
        "chain,block_number,block_time,tx_hash,position,kind,contract,from_address,to_address,amount_raw\n"
    )
    rows = [
        f"ethereum,1900000{n},2024-03-0{day}T06:00:00Z,0x{n:064x},0,native,,{sender},{receiver},{10**18}\n"
        for n, (day, sender, receiver) in enumerate([(1, user, router), (2, router, hot)])
    ]
    (tmp_path / "transfers.csv").write_text(header + "".join(rows))
    line = _line(tmp_path, tmp_path / "data")
    line.does("labels", "import", str(tmp_path / "labels.csv"), "--known-at", "2020-01-01")
    line.does("ingest", "files", str(tmp_path / "transfers.csv"), "--input-format", "inflows")
    for _ in range(2):  # the second time nothing is computed again
        said = line.says("build")
        assert "$3,000 passed through 1 wallet of exchanges without custody and out again" in said.err
    query = "select transfers, usd, detail from meta_finding where finding = 'through_non_custody'"
    (row,) = line.rows("sql", query)
    assert (row["transfers"], float(row["usd"]), row["detail"]) == (1, 3_000, f"kraken {router}")
