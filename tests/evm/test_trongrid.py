"""Labelled wallets on Tron by TronGrid's index: the rows of eth_getLogs, or a loud error."""

from __future__ import annotations

import os
import subprocess
import sys
from urllib.parse import parse_qs, urlsplit

import polars as pl
import pytest
from evm.fake_chain import QUICK, START, person, stored, tree
from evm.test_tron import Tron
from network.playing import Play, json_play, playing

from inflows.errors import UsageError, WorkError
from inflows.layout import Layout
from inflows.raw.store import coverage
from inflows.sources.evm import ingest_evm
from inflows.sources.evm.tron import to_base58, to_hex
from inflows.sources.evm.trongrid import PAGE_ROWS

WALLETS = [to_base58(person(n)) for n in (7, 11, 23)]
CANARY = "CANARYkey0123456789"


class WithIndex(Tron):
    """The chain with TronGrid's index beside it: pages of at most `page` rows; `spoil` changes answers."""

    def __init__(
        self, page: int = PAGE_ROWS, spoil=lambda answer, query: answer, slots: int = 20, **options
    ) -> None:
        super().__init__(**options)
        self.page, self.spoil, self.slots = page, spoil, slots
        self.pages: list[dict[str, str]] = []
        self.keys: list[str | None] = []

    def time(self, number: int) -> int:
        """Seconds: a block every 3 s, with empty slots before every 10th block."""
        return START + 3 * number + 3 * self.slots * (number // 10)

    def block(self, number, full):
        found = super().block(number, full)
        return found and found | {"timestamp": hex(self.time(number))}

    def index(self, address: str) -> list[tuple[int, str]]:
        side = to_hex(address)[2:]
        return [
            (self.time(number), log["transactionHash"][2:])
            for number in range(1, self.head + 1)
            for log in self.logs(number)
            if any(topic.endswith(side) for topic in log["topics"][1:])
        ]

    def __call__(self, asked):
        url = urlsplit(asked.path)
        if not url.path.startswith("/v1/accounts/"):
            return super().__call__(asked)
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        self.pages.append(query)
        self.keys.append(asked.headers.get("TRON-PRO-API-KEY"))
        first, last = int(query["min_timestamp"]), int(query["max_timestamp"])
        rows = [row for row in self.index(url.path.split("/")[3]) if first <= row[0] * 1000 <= last]
        start = int(query.get("fingerprint", "0"))
        more = {"fingerprint": str(start + self.page)} if start + self.page < len(rows) else {}
        answer = {
            "data": [{"transaction_id": tx, "block_timestamp": time * 1000, "type": "Transfer"}
                     for time, tx in rows[start : start + self.page]],
            "success": True,
            "meta": {"at": 1, "page_size": len(rows[start : start + self.page]), **more},
        }  # fmt: skip
        answer = self.spoil(answer, query)
        return answer if isinstance(answer, Play) else json_play(answer)


def read(layout, chain, *, index=True, last=40, **options):
    with playing(chain) as stage:
        return ingest_evm(
            layout, chain="tron", rpc_urls=[stage.url + "/jsonrpc"], from_block=1, to_block=last, pace=QUICK,
            only_labelled=WALLETS, trongrid=stage.url if index else None, **options,
        )  # fmt: skip


@pytest.mark.parametrize("page", [200, 7, 2])  # two are fewer than a block's three: paged through
def test_the_index_and_the_logs_give_the_same_transfers_and_the_same_blocks(tmp_path, monkeypatch, page):
    monkeypatch.setattr("inflows.sources.evm.trongrid.PAGE_ROWS", page)
    by_logs, by_index = Layout(tmp_path / "logs"), Layout(tmp_path / "index")
    read(by_logs, WithIndex(per_block=6), index=False)
    chain = WithIndex(page, per_block=6)
    read(by_index, chain)
    assert len(stored(by_logs)) == 3 * 40
    assert any("fingerprint" in query for query in chain.pages) == (page == 2)
    assert tree(by_index.root / "raw" / "transfers") == tree(by_logs.root / "raw" / "transfers")
    names = ["block_number", "block_time", "has_token", "has_labelled", "labelled_set"]
    both = [
        pl.concat([pl.read_parquet(p) for p in sorted((layout.raw / "blocks").rglob("*.parquet"))])
        for layout in (by_logs, by_index)
    ]
    assert both[0].select(names).rows() == both[1].select(names).rows()
    assert coverage(by_index)["only_labelled"].all()
    assert not [m for m, _ in chain.calls if m == "eth_getLogs"]


def test_only_labelled_wallets_own_transfers_are_stored_of_what_the_index_finds(tmp_path):
    class Twice(WithIndex):
        """Each transaction has a second transfer, between strangers."""

        def receipts(self, number):
            other = "0x" + person(99)[2:].rjust(64, "0")
            return [
                r | {"logs": [log for found in r["logs"] for log in (
                    found, found | {"topics": [found["topics"][0], other, other], "logIndex": "0x9"})]}
                for r in super().receipts(number)
            ]  # fmt: skip

    read(Layout(tmp_path), Twice())
    assert {row[3] for row in stored(Layout(tmp_path))} == {0}


def test_times_of_all_blocks_are_known_from_the_headers_of_some(tmp_path):
    chain = WithIndex(slots=0)
    chain.logs = lambda number: []
    report = read(Layout(tmp_path), chain)
    assert report.blocks_read == 40
    asked = {p[0] for m, p in chain.calls if m == "eth_getBlockByNumber" and p[0].startswith("0x")}
    assert asked == {"0x1", "0x28"}  # no slot was left empty, so the two ends tell all


def test_a_reading_by_the_index_goes_on_where_it_was(tmp_path):
    layout, whole, chain = Layout(tmp_path / "parts"), Layout(tmp_path / "whole"), WithIndex()
    read(layout, chain, last=13)
    chain.pages.clear()
    assert read(layout, chain).blocks_there == 13
    assert min(int(page["min_timestamp"]) for page in chain.pages) > chain.time(13) * 1000
    read(whole, WithIndex())
    assert tree(layout.root) == tree(whole.root)


def never_another_page(answer, query):
    """A full page whose fingerprint is missing (TRON-US/trongrid 23)."""
    return answer | {"meta": {"page_size": len(answer["data"])}}


def always_the_same_page(answer, query):
    return answer | {"meta": {"fingerprint": "3"}}


def one_of_another_time(answer, query):
    rows = [row | {"block_timestamp": int(query["max_timestamp"]) + 3000} for row in answer["data"]]
    return answer | {"data": rows}


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (never_another_page, "on a full page without a fingerprint"),
        (always_the_same_page, "with a fingerprint that it gave before"),
        (one_of_another_time, "gives a transaction of"),
        (lambda a, q: {"success": False, "error": "Invalid address"}, "refuses: Invalid address"),
        (lambda a, q: {"success": True, "data": [{}], "meta": {}}, "does not answer as TronGrid does"),
        (lambda a, q: {"data": [], "meta": {}}, "does not answer as TronGrid does"),
        (lambda a, q: Play(b"{}", 401), "refuses the key"),
    ],
    ids=["full page without fingerprint", "repeated fingerprint", "row outside the slice", "success false",
         "no transaction", "no success", "key refused"],
)  # fmt: skip
def test_a_tron_page_without_a_fingerprint_or_with_a_repeated_one_is_an_error(
    tmp_path, monkeypatch, spoil, said
):
    """And so is every other answer that cannot be true; nothing is stored of it."""
    monkeypatch.setattr("inflows.sources.evm.trongrid.PAGE_ROWS", 1)
    layout = Layout(tmp_path)
    with pytest.raises(WorkError, match=said):
        read(layout, WithIndex(1, spoil))
    assert tree(layout.root) == {}


def test_a_page_that_lacks_its_fingerprint_is_made_good_by_shorter_slices(tmp_path):
    """Until a slice fits into a page, none is believed."""
    layout, whole = Layout(tmp_path / "a"), Layout(tmp_path / "b")

    def cut(answer, query):
        return (
            never_another_page(answer, query) if query["max_timestamp"] != query["min_timestamp"] else answer
        )

    chain = WithIndex(2, cut)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("inflows.sources.evm.trongrid.PAGE_ROWS", 2)
        read(layout, chain)
    read(whole, WithIndex())
    assert not [page for page in chain.pages if "fingerprint" in page]
    assert tree(layout.root) == tree(whole.root)


def test_a_frequency_limit_is_waited_out(tmp_path):
    left = [2]

    def limited(answer, query):
        if not left[0]:
            return answer
        left[0] -= 1
        said = {"Success": False, "Error": "The key exceeds the frequency limit(15)."}
        return json_play(said, 403)

    read(Layout(tmp_path), WithIndex(spoil=limited))
    assert len(stored(Layout(tmp_path))) == 40


@pytest.mark.parametrize("options", [{"chain": "ethereum", "only_labelled": WALLETS}, {"chain": "tron"}])
def test_the_index_is_for_labelled_wallets_on_tron(tmp_path, options):
    with pytest.raises(UsageError, match="labelled wallets on Tron"):
        ingest_evm(Layout(tmp_path), rpc_urls=["http://127.0.0.1:9"], from_block=1, to_block=2,
                   trongrid="http://127.0.0.1:9", **options)  # fmt: skip


def test_the_key_of_the_environment_goes_to_trongrid_alone_and_into_no_message(tmp_path):
    """As users run it; and a node on another host does not get the key."""
    labels = tmp_path / "labels.csv"
    labels.write_text("chain,address,exchange,role,confidence,valid_from,valid_to,source\n"
                      f"tron,{WALLETS[0]},binance,hot,90,,,test\n", encoding="utf-8")  # fmt: skip
    environment = os.environ | {"TRONGRID_API_KEY": CANARY}
    inflows = [sys.executable, "-m", "inflows"]
    data = ["--data", str(tmp_path / "data")]
    imported = subprocess.run([*inflows, "labels", "import", str(labels), "--input-format", "inflows", *data],
                              capture_output=True, text=True, encoding="utf-8")  # fmt: skip
    assert imported.returncode == 0, imported.stderr
    chain = WithIndex(spoil=lambda answer, query: {"success": False, "error": f"bad key {CANARY}"})
    with playing(chain) as stage:
        other = stage.url.replace("127.0.0.1", "localhost") + "/jsonrpc"
        done = subprocess.run(
            [*inflows, "--debug", "ingest", "evm", "--chain", "tron", "--rpc", other, "--only-labelled",
             "--trongrid", stage.url, "--from-block", "1", "--to-block", "9", *data],
            capture_output=True, text=True, env=environment,
        encoding="utf-8")  # fmt: skip
        keys = {a.path.split("/")[1]: a.headers.get("TRON-PRO-API-KEY") for a in stage.asked}
    assert done.returncode == 1
    assert "refuses: bad key " in done.stderr
    assert CANARY not in done.stderr + done.stdout
    assert keys == {"v1": CANARY, "jsonrpc": None}
