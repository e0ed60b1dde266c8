"""A real node: what is stored is what its receipts say, whatever way the coins went."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import polars as pl
import pytest
from evm import contracts as c
from evm.anvil import Anvil, anvil
from evm.fake_chain import QUICK, blocks_read, stored, tree

from inflows.errors import UsageError, WorkError
from inflows.layout import Layout
from inflows.sources.evm import ingest_evm

USDT = "0xdac17f958d2ee523a2206206994597c13d831ec7"
USDC = "0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48"
BINANCE = "0x28c6c06298d514db089934071355e5743bf21d60"
COINBASE = "0x71660c4005ba85c37ccec55d0c4493e66fe775d3"
USER = "0x" + "5a" * 20
HEIR = "0x" + "de" * 20
ZERO = "0x" + "00" * 20
HELPERS = {
    name: "0x" + f"{0xC0 + place:02x}" * 20
    for place, name in enumerate(
        ("NFT", "IN_DATA", "ODD_DATA", "ANY_EVENT", "FORWARD", "DELEGATE", "CREATE", "DIE", "FAIL")
    )
}
DAYS = ("2023-12-31T23:59:59", "2024-01-01T00:00:00", "2024-06-30T23:59:59", "2024-07-01T00:00:00")
MOST = 2**256 - 1


def seconds(text: str) -> int:
    return int(dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC).timestamp())


def prepare(node: Anvil) -> None:
    """Tokens at their real addresses, helpers, and accounts that may act."""
    node("anvil_setCode", USDT, c.TOKEN)
    node("anvil_setCode", USDC, c.TOKEN)
    for name, address in HELPERS.items():
        node("anvil_setCode", address, getattr(c, name))
    node.rich(BINANCE, COINBASE, USER)


def to(name: str, *words: int | str) -> dict[str, str]:
    return {"to": HELPERS[name], "data": "0x" + "".join(c.word(word) for word in words)}


def story(node: Anvil) -> None:
    """Every way of moving coins that we know of, in four blocks around two turns of half-years."""
    everything = [
        (USER, {"to": USDT, "data": c.mint(USER, MOST)}, 0),
        (USER, {"to": USDT, "data": c.transfer(BINANCE, 1_000_000)}, 0),
        (USER, {"to": USDT, "data": c.transfer(USER, 77)}, 0),
        (USER, {"to": USDT, "data": c.burn(5)}, 0),
        (USER, {"to": USDC, "data": c.transfer(BINANCE, 1)}, 0),  # has none: fails
        (BINANCE, {"to": COINBASE, "data": "0x"}, 10**18),
        (USER, to("NFT"), 0),
        (USER, to("IN_DATA", USER, BINANCE, 99), 0),
        (USER, to("ODD_DATA", 31), 0),
        (USER, to("ODD_DATA", 33), 0),
        (USER, to("ANY_EVENT"), 0),
        (USER, to("FORWARD", BINANCE), 11),
        (USER, to("FORWARD", HELPERS["FAIL"]), 13),
        (USER, to("DELEGATE", HEIR, HELPERS["FORWARD"]), 17),
        (USER, to("CREATE"), 19),
        (USER, to("DIE", HEIR), 23),
        (USER, to("FAIL"), 29),
        (USER, {"to": None, "data": "0x"}, 31),
        (USER, {"to": USER, "data": "0x"}, 37),
    ]
    for day in DAYS:
        for sender, call, value in everything:
            node.send(sender, call["to"], value=value, data=call["data"])
        node.mine(seconds(day))


@pytest.fixture(scope="module")
def told() -> Iterator[Anvil]:
    with anvil() as node:
        prepare(node)
        story(node)
        yield node


@pytest.fixture
def layout(tmp_path) -> Layout:
    return Layout(tmp_path / "data")


def read(layout, node, first=0, last=4, **options):
    options = {"confirmations": 1, "pace": QUICK} | options
    return ingest_evm(
        layout, chain="ethereum", rpc_urls=[node.url], from_block=first, to_block=last, **options
    )


def by_receipts(node: Anvil, first: int, last: int) -> list[tuple]:
    """Token and native transfers, worked out by hand from each receipt."""
    rows = []
    for number in range(first, last + 1):
        for tx in node("eth_getBlockByNumber", hex(number), True)["transactions"]:
            receipt = node("eth_getTransactionReceipt", tx["hash"])
            if receipt["status"] != "0x1":
                continue
            if int(tx["value"], 16):
                receiver = tx["to"] or receipt["contractAddress"]
                rows.append(
                    (number, tx["hash"], "native", 0, tx["from"], receiver, str(int(tx["value"], 16)))
                )
            for log in receipt["logs"]:
                topics, data = log["topics"], log["data"][2:]
                if not topics or topics[0] != "0x" + c.TRANSFER:
                    continue
                if len(topics) == 1 and len(data) == 192:
                    words = [data[:64], data[64:128], data[128:]]
                elif len(topics) == 3 and len(data) == 64:
                    words = [topics[1][2:], topics[2][2:], data]
                else:
                    continue
                sides = ("0x" + words[0][24:], "0x" + words[1][24:])
                rows.append(
                    (number, tx["hash"], "token", int(log["logIndex"], 16), *sides, str(int(words[2], 16)))
                )
    return sorted(rows)


def test_what_is_stored_is_what_the_receipts_say(layout, told):
    report = read(layout, told)
    rows = stored(layout)
    assert rows == by_receipts(told, 0, 4)
    assert len(rows) == 4 * (5 + 8)
    assert report.quarantined == {"malformed_transfer_log": 8}
    assert report.set_aside["nft"] == 4
    assert report.set_aside["failed"] == 4


def test_amounts_of_256_bits_mints_burns_and_self_transfers_are_as_they_are(layout, told):
    read(layout, told, first=1, last=1)
    tokens = [row[4:] for row in stored(layout) if row[2] == "token"]
    assert sorted(tokens) == sorted(
        [
            (ZERO, USER, str(MOST)),
            (USER, BINANCE, "1000000"),
            (USER, USER, "77"),
            (USER, ZERO, "5"),
            (USER, BINANCE, "99"),
        ]
    )


@pytest.mark.parametrize("method", ["trace_block", "debug_traceBlockByNumber"])
def test_internal_transfers_are_those_that_moved_coins(layout, told, method, monkeypatch):
    from inflows.sources.evm import trace_method

    monkeypatch.setattr(trace_method, "SOURCES", {method: trace_method.SOURCES[method]})
    read(layout, told, traces=True)
    traces = [row for row in stored(layout) if row[2] == "trace"]
    one = sorted((row[4], row[5], int(row[6])) for row in traces if row[0] == 1)
    created = next(row[1] for row in one if row[0] == HELPERS["CREATE"])
    assert one == sorted(
        [
            (HELPERS["FORWARD"], BINANCE, 11),
            (HELPERS["DELEGATE"], HEIR, 17),
            (HELPERS["CREATE"], created, 19),
            (HELPERS["DIE"], HEIR, 23),
        ]
    )
    for number in range(1, 5):
        values = [int(row[6]) for row in traces if row[0] == number]
        assert sorted(values) == [11, 17, 19, 23]
    assert [row for row in stored(layout) if row[2] != "trace"] == by_receipts(told, 0, 4)
    heir = int(told("eth_getBalance", HEIR, "latest"), 16)
    assert heir == sum(int(row[6]) for row in traces if row[5] == HEIR)


def test_traces_can_be_added_to_what_was_read_without_them(layout, told, tmp_path):
    read(layout, told)
    report = read(layout, told, traces=True)
    assert report.rows_new == 16
    assert report.rows_already_there == 0
    fresh = Layout(tmp_path / "fresh")
    read(fresh, told, traces=True)
    assert tree(layout.root) == tree(fresh.root)


def test_a_half_year_is_read_by_its_dates(layout, told):
    start, end = (dt.datetime(2024, month, 1, tzinfo=dt.UTC) for month in (1, 7))
    read(layout, told, first=None, last=None, from_time=start, to_time=end)
    assert blocks_read(layout) == [2, 3]
    days = {path.parent.name for path in (layout.raw / "blocks").rglob("*.parquet")}
    # The heads of the blocks before and after, which prove that the days were read to their ends.
    assert days == {"date=2023-12-31", "date=2024-01-01", "date=2024-06-30", "date=2024-07-01"}


def test_finalized_is_asked_for_by_default(layout, told):
    with pytest.raises(WorkError, match="not final yet"):
        read(layout, told, confirmations=None)


def test_a_node_of_another_chain_is_wrong_usage(layout, told):
    with pytest.raises(UsageError, match="serves ethereum"):
        ingest_evm(layout, chain="bsc", rpc_urls=[told.url], from_block=0, to_block=1, confirmations=1)


def test_a_real_reorganisation_is_read_again(layout, tmp_path):
    with anvil() as node:
        prepare(node)
        for number in range(1, 9):
            node.send(USER, USDT, data=c.mint(USER, number))
            node.mine(seconds("2024-06-30T23:59:40") + 4 * number)
        read(layout, node, last=8)
        assert len(stored(layout)) == 8
        tx = {"from": USER, "to": USDT, "data": c.mint(BINANCE, 100), "gas": hex(100_000)}
        node("anvil_reorg", 4, [[tx, 1]])
        report = read(layout, node, last=8)
        rows = stored(layout)
        assert rows == by_receipts(node, 0, 8)
        assert report.blocks_reorganised == 4
        assert "100" in {row[6] for row in rows}
        fresh = Layout(tmp_path / "fresh")
        read(fresh, node, last=8)
        assert tree(layout.root) == tree(fresh.root)


def test_the_raw_columns_are_those_of_the_contract(layout, told):
    from inflows.contracts.raw import Blocks, Transfers
    from inflows.contracts.schema import dtypes

    read(layout, told, traces=True)
    for dataset, schema in (("transfers", Transfers), ("blocks", Blocks)):
        for path in (layout.raw / dataset).rglob("*.parquet"):
            assert dict(pl.read_parquet_schema(path)) == dtypes(schema)
