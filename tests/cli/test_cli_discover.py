import csv
import json
import subprocess
import sys
from pathlib import Path

ALICE, BOB, SHOP = (
    "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2",
    "3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy",
    "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq",
)


def inflows(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "inflows", *arguments], capture_output=True, text=True, encoding="utf-8"
    )


def write(path: Path, header: str, *lines: str) -> str:
    with path.open("w", encoding="utf-8", newline="") as handle:
        csv.writer(handle).writerows([header.split(","), *(line.split(",") for line in lines)])
    return str(path)


def test_what_was_spent_with_a_labelled_address_counts_at_level_all(tmp_path: Path) -> None:
    data = str(tmp_path / "data")
    tx, later = "ab" * 32, "cd" * 32
    entries = write(
        tmp_path / "utxo.csv",
        "chain,block_number,block_time,tx_hash,is_coinbase,side,position,address,amount_raw",
        f"bitcoin,840000,2024-04-20T00:00:00Z,{tx},false,in,0,{ALICE},100",
        f"bitcoin,840000,2024-04-20T00:00:00Z,{tx},false,in,1,{BOB},100",
        f"bitcoin,840000,2024-04-20T00:00:00Z,{tx},false,out,0,{SHOP},200",
        f"bitcoin,840001,2024-04-20T00:10:00Z,{later},false,in,0,{SHOP},50",
        f"bitcoin,840001,2024-04-20T00:10:00Z,{later},false,out,0,{BOB},50",
    )
    labels = write(
        tmp_path / "labels.csv", "chain,address,exchange,confidence,source", f"bitcoin,{ALICE},alpha,90,test"
    )
    assert inflows("labels", "import", labels, "--data", data).returncode == 0
    assert inflows("ingest", "files", entries, "--input-format", "inflows", "--data", data).returncode == 0
    found = inflows("labels", "discover", "--data", data)
    assert found.returncode == 0, found.stderr
    assert "bitcoin: 1 address was spent together with labelled ones (1 added" in found.stderr
    assert "0 added" in inflows("labels", "discover", "--chain", "bitcoin", "--data", data).stderr
    assert inflows("build", "--data", data).returncode == 0
    flows = inflows(
        "sql",
        "select tx_hash, to_exchange, flow_type, flow_type_all, amount_raw from fct_flow"
        f" where tx_hash like '%{later}'",
        "--format",
        "csv",
        "--data",
        data,
    )
    assert [line.split(",")[1:] for line in flows.stdout.splitlines()[1:]] == [["alpha", "", "inflow", "50"]]


def test_without_transfers_or_utxo_entries_there_is_nothing_to_discover(tmp_path: Path) -> None:
    found = inflows("labels", "discover", "--data", str(tmp_path / "data"))
    assert found.returncode == 2
    assert "no transfers or UTXO entries" in found.stderr
    assert "ingest bitcoin" in found.stderr


HOT, BOX, USER, USDT = ("0x" + sign * 40 for sign in "1234")


def test_a_deposit_address_is_found_and_counts_at_level_all(tmp_path: Path) -> None:
    data = str(tmp_path / "data")
    transfers = write(
        tmp_path / "transfers.csv",
        "chain,block_number,block_time,tx_hash,kind,position,contract,from_address,to_address,amount_raw",
        f"ethereum,1,2024-04-20T00:00:00Z,0x{'ab' * 32},token,1,{USDT},{USER},{BOX},5000000",
        f"ethereum,9,2024-04-20T02:00:00Z,0x{'cd' * 32},token,1,{USDT},{BOX},{HOT},5000000",
    )
    labels = write(
        tmp_path / "labels.csv",
        "chain,address,exchange,confidence,known_at,source",
        f"ethereum,{HOT},alpha,90,2024-01-01,test",
    )
    assets = write(
        tmp_path / "assets.csv",
        "chain,contract,symbol,decimals,kind,trusted",
        f"ethereum,{USDT},USDT,6,stablecoin,true",
    )
    assert inflows("ingest", "files", transfers, "--input-format", "inflows", "--data", data).returncode == 0
    without = inflows("labels", "discover", "--chain", "ethereum", "--data", data)
    assert without.returncode == 2
    assert "No wallet of an exchange is known on 'ethereum'" in without.stderr
    assert inflows("labels", "import", labels, "--data", data).returncode == 0
    assert inflows("assets", "import", assets, "--data", data).returncode == 0
    times = ("--known-at", "2024-06-01", "--as-of", "2024-05-01")
    found = inflows("labels", "discover", *times, "--format", "json", "--data", data)
    assert found.returncode == 0, found.stderr
    assert json.loads(found.stdout) == [
        {
            "chain": "ethereum",
            "rule": "deposit-sweeps",
            "exchange": "alpha",
            "outcome": "found",
            "addresses": 1,
        }
    ]
    assert "1 deposit address found (1 added" in found.stderr
    query = "select right(tx_hash, 2), flow_type, flow_type_all from fct_flow order by block_number"
    for as_of, flows in (
        ("2024-05-31", ["cd,inflow,inflow"]),
        ("2024-06-01", ["ab,,inflow", "cd,inflow,internal"]),
    ):
        assert inflows("build", "--as-of", as_of, "--data", data).returncode == 0
        shown = inflows("sql", query, "--format", "csv", "--data", data).stdout.splitlines()[1:]
        assert shown == flows


def test_a_label_is_not_known_before_what_it_rests_on(tmp_path: Path) -> None:
    refused = inflows("labels", "discover", "--known-at", "2024-01-01", "--data", str(tmp_path / "data"))
    assert refused.returncode == 2
    assert "--known-at 2024-01-01 is before what the labels rest on" in refused.stderr


def test_a_cluster_that_another_label_contests_is_withdrawn(tmp_path: Path) -> None:
    data = str(tmp_path / "data")
    entries = write(
        tmp_path / "utxo.csv",
        "chain,block_number,block_time,tx_hash,is_coinbase,side,position,address,amount_raw",
        f"bitcoin,840000,2024-04-20T00:00:00Z,{'ab' * 32},false,in,0,{ALICE},100",
        f"bitcoin,840000,2024-04-20T00:00:00Z,{'ab' * 32},false,in,1,{BOB},100",
        f"bitcoin,840000,2024-04-20T00:00:00Z,{'ab' * 32},false,out,0,{SHOP},200",
        f"bitcoin,840001,2024-04-20T00:10:00Z,{'cd' * 32},false,in,0,{ALICE},100",
        f"bitcoin,840001,2024-04-20T00:10:00Z,{'cd' * 32},false,in,1,{SHOP},100",
        f"bitcoin,840001,2024-04-20T00:10:00Z,{'cd' * 32},false,out,0,{SHOP},200",
    )
    header = "chain,address,exchange,confidence,source"
    alpha = write(tmp_path / "alpha.csv", header, f"bitcoin,{ALICE},alpha,90,test")
    bravo = write(tmp_path / "bravo.csv", header, f"bitcoin,{SHOP},bravo,90,test")
    assert inflows("ingest", "files", entries, "--input-format", "inflows", "--data", data).returncode == 0
    assert inflows("labels", "import", alpha, "--data", data).returncode == 0
    assert "(2 added" in inflows("labels", "discover", "--data", data).stderr
    assert inflows("labels", "import", bravo, "--data", data).returncode == 0
    again = inflows("labels", "discover", "--format", "csv", "--data", data)
    assert "2 withdrawn" in again.stderr
    assert again.stdout.splitlines()[1:] == ["bitcoin,cospending,,joins_exchanges,3"]
