"""Balances that a real node tells, against transfers that were read from it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest
from cli.command_line import Line
from evm import contracts as c
from evm.anvil import Anvil, anvil
from evm.fake_chain import FakeChain, error
from network.playing import playing

USDT = "0xdac17f958d2ee523a2206206994597c13d831ec7"
WETH = "0xc02aaa39b223fe8d0a0e5c4f27ead9083c756cc2"
GONE = "0x" + "99" * 20
HOT, COLD, DEPOSIT = ("0x" + digits * 20 for digits in ("a1", "a2", "a3"))
FAILING = "0x" + "fe" * 20
RIVAL, USER = "0x" + "b1" * 20, "0x" + "5a" * 20
MOST = 2**256 - 1
LABELS = "chain,address,exchange,role,confidence,source\n" + "".join(
    f"{chain},{address},{exchange},{role},100,test\n"
    for chain, address, exchange, role in (
        ("ethereum", HOT, "one", "hot"),
        ("evm", COLD, "one", "cold"),
        ("ethereum", DEPOSIT, "one", "deposit"),
        ("ethereum", RIVAL, "two", "hot"),
    )
)
ASSETS = f"""chain,contract,symbol,decimals,kind,trusted
ethereum,,ETH,18,native,true
ethereum,{USDT},USDT,6,stablecoin,true
ethereum,{WETH},WETH,18,wrapped_native,true
ethereum,{GONE},GONE,18,token,true
"""
WRAPPING = c.assemble(
    """
    0x00 CALLDATALOAD 0xe0 SHR 0x70a08231 EQ @balance JUMPI
    CALLER SLOAD CALLVALUE ADD CALLER SSTORE STOP
    balance: 0x04 CALLDATALOAD SLOAD 0x00 MSTORE 0x20 0x00 RETURN
    """
)
"""A wrapped coin as far as it goes: credits what is paid in, without a Transfer, and tells balances."""
TOKEN = c.assemble(
    """
    0x00 CALLDATALOAD 0xe0 SHR 0x70a08231 EQ @balance JUMPI
    0x24 CALLDATALOAD CALLER SLOAD SUB CALLER SSTORE
    0x24 CALLDATALOAD 0x04 CALLDATALOAD SLOAD ADD 0x04 CALLDATALOAD SSTORE
    0x24 CALLDATALOAD 0x00 MSTORE 0x04 CALLDATALOAD CALLER 0x"""
    + c.TRANSFER
    + """ 0x20 0x00 LOG3 STOP
    balance: 0x04 CALLDATALOAD SLOAD 0x00 MSTORE 0x20 0x00 RETURN
    """
)
"""Any call with two words moves the second to the first, whatever there is; and balanceOf."""


def seconds(text: str) -> int:
    return int(dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC).timestamp())


@pytest.fixture(scope="module")
def node() -> Iterator[Anvil]:
    """Two days with every kind of movement; blocks 1 and 4 are the instants of the balances."""
    with anvil("--gas-price", "1000000007") as node:
        for address, code in ((USDT, TOKEN), (WETH, WRAPPING), (FAILING, c.FAIL)):
            node("anvil_setCode", address, code)
        everybody = (HOT, COLD, DEPOSIT, RIVAL, USER)
        node.rich(*everybody)
        for address in everybody:
            has = MOST - 10**29 if address == USER else 10**20
            node("anvil_setStorageAt", USDT, "0x" + c.word(address), "0x" + c.word(has))
        for day, amount in (
            ("2024-01-01T00:00:00", 10**9),
            ("2024-01-01T12:00:00", 5),
            ("2024-01-02T00:00:00", 7),
        ):
            for place, sender in enumerate(everybody):
                for receiver in everybody[place:]:
                    node.send(sender, receiver, value=10**15 + amount)
                    node.send(sender, USDT, data=c.transfer(receiver, amount + place))
            node.send(HOT, WETH, value=10**17 + amount)
            node.send(HOT, FAILING, value=10**16)  # moves nothing, and is paid for
            node.mine(seconds(day))
        node.send(USER, USDT, data=c.transfer(HOT, MOST - 10**30))
        node.mine(seconds("2024-01-02T00:00:12"))
        node.mine(seconds("2024-01-02T00:00:24"))
        yield node


@pytest.fixture
def line(tmp_path: Path) -> Line:
    line = Line(tmp_path / "data")
    for table, text in (("labels", LABELS), ("assets", ASSETS)):
        (tmp_path / f"{table}.csv").write_text(text, encoding="utf-8")
        line.does(table, "import", str(tmp_path / f"{table}.csv"), "--known-at", "2020-01-01")
    return line


def reading(line: Line, node: Anvil, *arguments: str) -> None:
    line.does(
        *("ingest", "evm", "--chain", "ethereum", "--rpc", node.url, "--from-block", "0", "--to-block", "4"),
        *("--confirmations", "1", *arguments),
    )


def fetching(line: Line, node: Anvil, *arguments: str) -> str:
    said = line.says(
        *("balances", "fetch", "--chain", "ethereum", "--rpc", node.url, "--confirmations", "1"), *arguments
    )
    assert said.code == 0, said.err
    return said.err


def gas(node: Anvil, address: str, first: int, last: int) -> int:
    """What an address paid for its transactions, by the receipts of the blocks."""
    paid = 0
    for number in range(first, last + 1):
        for tx in node("eth_getBlockByNumber", hex(number), True)["transactions"]:
            if tx["from"] == address:
                receipt = node("eth_getTransactionReceipt", tx["hash"])
                paid += int(receipt["gasUsed"], 16) * int(receipt["effectiveGasPrice"], 16)
    return paid


def test_tokens_are_explained_and_native_coins_but_for_the_gas_that_was_paid(line, node) -> None:
    reading(line, node, "--traces")
    line.does("build")
    for block in ("1", "4"):
        fetching(line, node, "--block", block)
    rows = {(row["exchange"], row["symbol"]): row for row in line.rows("balances", "check")}
    assert set(rows) == {
        (exchange, symbol) for exchange in ("one", "two") for symbol in ("ETH", "USDT", "WETH")
    }
    for exchange, wallets in (("one", (HOT, COLD, DEPOSIT)), ("two", (RIVAL,))):
        token, native = rows[exchange, "USDT"], rows[exchange, "ETH"]
        assert token["explained"]
        assert token["wallets"] == len(wallets)
        paid = sum(gas(node, wallet, 2, 4) for wallet in wallets)
        assert paid > 10**13
        assert int(native["remainder_raw"]) == -paid
        assert native["may_explain"].startswith("gas fees")
        assert "internal transfers" not in native["may_explain"]  # they were read
        assert (native["from_block"], native["to_block"]) == (1, 4)
        for balance, block in (("opening_raw", 1), ("closing_raw", 4)):
            asked = [node("eth_getBalance", wallet, hex(block)) for wallet in wallets]
            assert int(native[balance]) == sum(int(answer, 16) for answer in asked)
    assert int(rows["one", "USDT"]["inflow_raw"]) == MOST - 10**30
    assert int(rows["one", "USDT"]["internal_raw"]) > 0


def test_what_was_wrapped_without_a_transfer_equals_what_is_left_of_the_wrapped_coin(line, node) -> None:
    reading(line, node)
    line.does("build")
    for block in ("1", "4"):
        fetching(line, node, "--block", block)
    [row] = [row for row in line.rows("balances", "check", "--exchange", "one") if row["symbol"] == "WETH"]
    assert int(row["remainder_raw"]) == 2 * 10**17 + 5 + 7
    assert row["may_explain"] == (
        "native coins that these wallets wrapped and unwrapped without a Transfer event "
        "(equals the remainder)"
    )
    [native] = [row for row in line.rows("balances", "check", "--exchange", "one") if row["symbol"] == "ETH"]
    assert int(native["wrap_out_raw"]) == 2 * 10**17 + 5 + 7
    assert "internal transfers by contracts not known to be read on 2 of 2 days" in native["may_explain"]


def test_a_date_is_the_last_block_up_to_it_and_a_token_without_code_is_left_out(line, node) -> None:
    said = fetching(line, node, "--date", "2024-01-02T00:00:12", "--exchange", "one")
    assert f"Warning: GONE ({GONE}) has no code or no balances at block 4; it is left out." in said
    stored = pl.read_parquet(line.data / "registry" / "balances" / "*.parquet")
    assert stored["block_number"].unique().to_list() == [4]
    assert stored["time"].unique().to_list() == [dt.datetime(2024, 1, 2, 0, 0, 12, tzinfo=dt.UTC)]
    assert stored.height == 3 * 3
    assert RIVAL not in stored["address"].to_list()
    again = fetching(line, node, "--block", "4", "--exchange", "one")
    assert "0 added, 0 replaced, 9 unchanged" in again


def test_a_date_within_a_block_time_is_the_block_before_it(line, node) -> None:
    fetching(line, node, "--date", "2024-01-01T23:59:59")
    stored = pl.read_parquet(line.data / "registry" / "balances" / "*.parquet")
    assert stored["block_number"].unique().to_list() == [2]


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["--block", "99"], 1, "Block 99 of ethereum is not there or not final yet: blocks up to 5 are."),
        (["--date", "2024-01-02T00:00:24"], 1, "is not there or not final yet"),
        (["--date", "2000-01-01"], 2, "ethereum has no block up to 2000-01-01 00:00 UTC."),
        (["--block", "1", "--date", "2024-01-01"], 2, "one block or one time"),
        ([], 2, "one block or one time"),
        (["--block", "1", "--exchange", "three"], 2, "No wallet of three on ethereum is labelled"),
        (["--block", "1", "--chain", "tron"], 2, "Tron's JSON-RPC gives balances of its newest block alone."),
        (["--block", "1", "--chain", "bsc"], 2, "No asset of bsc is listed."),
    ],
)
def test_what_cannot_be_asked_is_told_in_a_sentence(line, node, arguments, code, says) -> None:
    said = line.says(
        *("balances", "fetch", "--chain", "ethereum", "--rpc", node.url, "--confirmations", "1"), *arguments
    )
    assert (said.code, says in said.err) == (code, True), said.err
    assert not (line.data / "registry" / "balances").exists()


@pytest.mark.parametrize("message", ["missing trie node 1a2b (path ) state 0x77 is not available", "pruned"])
def test_a_node_that_has_dropped_the_state_says_so_in_a_sentence_and_nothing_is_stored(line, message) -> None:
    def no_state(method, params):
        if method in ("eth_getBalance", "eth_call"):
            return error(-32000, message)
        return None

    with playing(FakeChain(before=no_state)) as stage:
        said = line.says(
            "balances", "fetch", "--chain", "ethereum", "--rpc", f"{stage.url}/canary", "--block", "5"
        )
    assert said.code == 1
    assert message.split(" (")[0] in said.err
    assert "give an archive node with --rpc" in said.err
    assert "canary" not in said.err
    assert not (line.data / "registry" / "balances").exists()


def test_a_token_that_refuses_is_left_out_and_asked_only_once(line) -> None:
    asked = []

    def refusing(method, params):
        if method == "eth_call":
            asked.append(params)
            return error(-32000, "execution reverted")
        return "0x10" if method == "eth_getBalance" else None

    with playing(FakeChain(before=refusing)) as stage:
        said = line.says("balances", "fetch", "--chain", "ethereum", "--rpc", stage.url, "--block", "5")
    assert said.code == 0
    assert "Warning: USDT" in said.err
    assert "refuses to tell balances" in said.err
    assert len(asked) == 3 * 4  # three tokens, four wallets in one batch each
