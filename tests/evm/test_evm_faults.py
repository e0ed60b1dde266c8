"""Everything that nodes are known to do wrong, played by a local server: the store is right or untouched."""

from __future__ import annotations

import datetime as dt
import threading
from dataclasses import replace

import pytest
from evm.fake_chain import QUICK, START, FakeChain, blocks_read, error, person, stored, tree
from evm.test_evm_errors import SPLITS, WAITS
from network.playing import Play, json_play, playing

from inflows.errors import BadAnswer, KeyRefused, UsageError, WorkError
from inflows.layout import Layout
from inflows.raw.store import coverage
from inflows.sources.evm import ingest_evm


@pytest.fixture
def layout(tmp_path) -> Layout:
    return Layout(tmp_path / "data")


def read(layout, *chains, first=1, last=40, **options):
    """Ingest from servers that play these chains; what was said comes with the report."""
    said: list[str] = []
    stages = [playing(chain) for chain in chains]
    urls = [stage.__enter__().url for stage in stages]
    try:
        options = {"chain": "ethereum", "pace": QUICK} | options
        report = ingest_evm(
            layout, rpc_urls=urls, from_block=first, to_block=last, say=said.append, **options
        )
    finally:
        for stage in stages:
            stage.__exit__(None, None, None)
    report.warnings += said
    return report


def once(times, fault, method="eth_getLogs"):
    """Answer the first `times` calls of a method with a fault."""
    left, lock = [times], threading.Lock()

    def before(asked, _):
        with lock:
            if asked == method and left[0] > 0:
                left[0] -= 1
                return fault
        return None

    return before


def test_blocks_are_read_whole(layout):
    chain = FakeChain()
    report = read(layout, chain, first=0)
    assert stored(layout) == chain.truth(0, 40)
    assert blocks_read(layout) == list(range(41))
    assert report.blocks_read == 41
    assert report.rows_new == len(chain.truth(0, 40))


# 1, 2: each message splits, waits or fails


@pytest.mark.parametrize(("server", "status", "code", "message", "size"), SPLITS, ids=[s[0] for s in SPLITS])
def test_a_refused_range_is_split_until_it_is_given(layout, server, status, code, message, size):
    chain = FakeChain()

    def whole(asked, answer):
        call = asked.json()
        if isinstance(call, dict) and call["method"] == "eth_getLogs":
            query = call["params"][0]
            if int(query["toBlock"], 16) - int(query["fromBlock"], 16) + 1 > 3:
                return json_play({"jsonrpc": "2.0", "id": call["id"], **error(code, message)}, status)
        return None

    chain.whole = whole
    read(layout, chain)
    assert stored(layout) == chain.truth(1, 40)
    assert len(chain.calls) < 200


def test_a_suggested_range_equal_to_the_one_asked_for_does_not_loop(layout):
    chain = FakeChain()

    def before(method, params):
        if method == "eth_getLogs":
            first, last = (int(params[0][name], 16) for name in ("fromBlock", "toBlock"))
            if last > first:
                return error(-32602, f"query exceeds max results 20000, retry with the range {first}-{last}")
        return None

    chain.before = before
    read(layout, chain)
    assert stored(layout) == chain.truth(1, 40)


@pytest.mark.parametrize("status", [200, 429, 503])
@pytest.mark.parametrize(
    ("server", "told", "code", "message", "data", "seconds"), WAITS, ids=[w[0] for w in WAITS]
)
def test_a_rate_limit_is_waited_out(layout, server, told, code, message, data, seconds, status):
    quick_data = {"rate": {"backoff_seconds": 0.01}} if data else None
    message = message.replace("1.5s", "0.01s").replace("250ms", "10ms")
    chain = FakeChain(head=6)
    left = [3]

    def whole(asked, answer):
        if b"eth_getLogs" in asked.body and left[0] > 0:
            left[0] -= 1
            return json_play(
                {"jsonrpc": "2.0", "id": asked.json()["id"], **error(code, message, quick_data)}, status
            )
        return None

    chain.whole = whole
    read(layout, chain, last=6)
    assert stored(layout) == chain.truth(1, 6)
    assert left == [0]


def test_an_inactive_key_fails_at_once_and_stores_nothing(layout):
    chain = FakeChain(before=lambda *_: error(-32000, "App is inactive"))
    with pytest.raises(KeyRefused, match="App is inactive"):
        read(layout, chain)
    assert len(chain.calls) == 1
    assert tree(layout.root) == {}


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_key_fails_at_once(layout, status):
    chain = FakeChain(whole=lambda *_: Play(b"no", status))
    with pytest.raises(KeyRefused, match=f"HTTP {status}"):
        read(layout, chain)
    assert len(chain.calls) == 1


# 3: overflow at one block


def test_too_much_at_one_block_fails_loudly_and_names_it(layout):
    def before(method, params):
        if method == "eth_getLogs" and int(params[0]["fromBlock"], 16) <= 17 <= int(params[0]["toBlock"], 16):
            return error(-32005, "query returned more than 10000 results")
        return None

    with pytest.raises(BadAnswer, match="logs of block 17 even alone"):
        read(layout, FakeChain(before=before))
    assert 17 not in blocks_read(layout)
    assert not [row for row in stored(layout) if row[0] >= 17]


# 4: beyond the head


def test_a_range_beyond_the_head_is_an_error_and_nothing_is_read(layout):
    with pytest.raises(
        WorkError, match=r"Block 41 of ethereum is not there or not final yet: .* 40"
    ) as caught:
        read(layout, FakeChain(), last=41)
    assert caught.value.exit_code == 1
    assert tree(layout.root) == {}


def test_a_range_beyond_the_finalized_block_is_an_error(layout):
    with pytest.raises(WorkError, match="blocks up to 30 are"):
        read(layout, FakeChain(finalized=30), last=31)


def test_confirmations_take_the_place_of_finality(layout):
    chain = FakeChain(finalized=0)
    read(layout, chain, last=31, confirmations=10)
    assert stored(layout) == chain.truth(1, 31)
    with pytest.raises(WorkError, match="not confirmed often enough"):
        read(layout, chain, last=32, confirmations=10)


def test_waiting_reads_what_comes(layout):
    chain = FakeChain(head=10)

    def before(method, _):
        if method == "eth_blockNumber":
            chain.head = min(40, chain.head + 3)
        return None

    chain.before = before
    report = read(layout, chain, wait=True)
    assert stored(layout) == chain.truth(1, 40)
    assert "Waiting for block" in " ".join(report.warnings)


def test_a_head_that_answers_lag_behind_is_not_split(layout):
    chain = FakeChain(before=once(2, error(-32602, "block range extends beyond current head block")))
    read(layout, chain)
    assert stored(layout) == chain.truth(1, 40)
    asked = [p[0]["toBlock"] for m, p in chain.calls if m == "eth_getLogs"]
    assert len(asked) - len(set(asked)) == 2


def test_a_node_without_the_finalized_tag_asks_for_confirmations(layout):
    chain = FakeChain(before=lambda m, p: error(-32602, "unknown tag") if p[:1] == ["finalized"] else None)
    with pytest.raises(WorkError):
        read(layout, chain)
    null = FakeChain(
        whole=lambda asked, answer: json_play(answer | {"result": None}) if b"final" in asked.body else None
    )
    with pytest.raises(WorkError, match="--confirmations"):
        read(layout, null)


# 7-10: batches


def of_batches(change, times=2):
    """Change the first answers to batches of blocks."""
    left, lock = [times], threading.Lock()

    def whole(asked, answer):
        with lock:
            if isinstance(answer, list) and left[0] > 0:
                left[0] -= 1
                return json_play(change(answer))
        return None

    return whole


@pytest.mark.parametrize(
    "change",
    [
        lambda items: items[::-1],
        lambda items: items[:-2],
        lambda items: items[1:],
        lambda items: [items[0] | {"result": None}, *items[1:]],
        lambda items: [{"jsonrpc": "2.0", "id": items[0]["id"], **error(-32005, "rate limit")}, *items[1:]],
        lambda items: [{"jsonrpc": "2.0", "id": i["id"], **error(-32603, "internal error")} for i in items],
        lambda items: [i | {"id": str(i["id"])} for i in items],
        lambda items: [*items, {"jsonrpc": "2.0", "id": 999, "result": None}],
        lambda items: {"jsonrpc": "2.0", "id": None, **error(-32000, "rate limit")},
        lambda items: {"jsonrpc": "2.0", "id": None, **error(-32600, "batch limit exceeded")},
        lambda items: {"jsonrpc": "2.0", "id": None, **error(-32600, "Invalid Request")},
        lambda items: [],
        lambda items: None,
    ],
    ids=["reordered", "short", "first missing", "null item", "limited item", "all in error", "text ids",
         "stray item", "one rate limit", "one batch limit", "one error object", "empty", "null"],
)  # fmt: skip
def test_a_batch_is_matched_by_id_and_only_what_failed_is_asked_again(layout, change):
    chain = FakeChain(whole=of_batches(change))
    read(layout, chain)
    assert stored(layout) == chain.truth(1, 40)
    assert blocks_read(layout) == list(range(1, 41))


def test_only_the_failed_items_of_a_batch_are_asked_again(layout):
    chain = FakeChain(
        head=8,
        whole=of_batches(
            lambda items: [i | {"result": None} if n == 3 else i for n, i in enumerate(items)], 1
        ),
    )
    read(layout, chain, last=8, pace=replace(QUICK, workers=1))
    asked = [p[0] for m, p in chain.calls if m == "eth_getBlockByNumber" and p[1] is True]
    assert len(asked) == 9
    assert len(set(asked)) == 8


def test_nodes_that_take_no_batches_are_asked_one_by_one(layout):
    def whole(asked, answer):
        refusal = {"jsonrpc": "2.0", "id": None, **error(-32600, "batch requests are not supported")}
        return json_play(refusal) if isinstance(answer, list) else None

    chain = FakeChain(head=12, whole=whole)
    read(layout, chain, last=12)
    assert stored(layout) == chain.truth(1, 12)


# 11: HTML, cut off


@pytest.mark.parametrize(
    "play",
    [Play(b"<html>Bad gateway</html>"), Play(b'{"jsonrpc": "2.0", "resu', cut_after=9), Play(b"", 502)],
    ids=["html with 200", "cut off", "502"],
)  # fmt: skip
def test_broken_answers_are_asked_for_again(layout, play):
    left = [3]

    def whole(asked, _):
        if b"eth_getLogs" in asked.body and left[0] > 0:
            left[0] -= 1
            return play
        return None

    chain = FakeChain(head=6, whole=whole)
    read(layout, chain, last=6)
    assert stored(layout) == chain.truth(1, 6)


# 12: silent empties


def test_an_empty_answer_against_the_bloom_is_refused(layout):
    chain = FakeChain(before=lambda method, _: [] if method == "eth_getLogs" else None)
    with pytest.raises(BadAnswer, match=r"log 0 of block \d+ out of eth_getLogs"):
        read(layout, chain)
    assert tree(layout.root) == {}


def test_an_empty_answer_is_refused_even_where_the_receipts_are_empty_too(layout):
    empty = {"eth_getLogs": [], "eth_getBlockReceipts": error(-32601, "method not found")}
    chain = FakeChain(before=lambda method, _: empty.get(method))
    honest = chain.receipts

    def silent(number):
        return [receipt | {"logs": [], "logsBloom": "0x0"} for receipt in honest(number)]

    chain.receipts = silent
    with pytest.raises(BadAnswer, match="though its logsBloom says"):
        read(layout, chain)
    assert tree(layout.root) == {}


def test_a_passing_empty_answer_is_asked_for_again(layout):
    chain = FakeChain(before=once(2, []))
    read(layout, chain)
    assert stored(layout) == chain.truth(1, 40)


def test_a_bloom_that_other_events_explain_is_believed(layout):
    chain = FakeChain(head=6, per_block=1)
    full = chain.receipts

    def other_event(number):
        return [
            receipt | {"logs": [log | {"topics": ["0x" + "11" * 32]} for log in receipt["logs"]]}
            for receipt in full(number)
        ]

    chain.receipts = other_event
    chain.before = lambda method, _: [] if method == "eth_getLogs" else None
    read(layout, chain, last=6)
    assert {row[2] for row in stored(layout)} == {"withdrawal"}


def test_where_blooms_are_wrong_the_check_can_be_left_out(layout):
    chain = FakeChain(head=6, per_block=1, before=lambda method, _: [] if method == "eth_getLogs" else None)
    read(layout, chain, last=6, check_blooms=False)
    assert blocks_read(layout) == list(range(1, 7))


def test_cronos_is_read_without_blooms(layout):
    chain = FakeChain(head=6, per_block=1, chain_id=25)
    wrong = chain.block
    chain.block = lambda n, full: (found := wrong(n, full)) and found | {"logsBloom": "0x" + "ff" * 256}
    chain.quiet = frozenset({3})
    read(layout, chain, last=6, chain="cronos")
    assert stored(layout) == chain.truth(1, 6)


def test_a_busy_chain_without_blooms_and_without_one_token_transfer_is_not_believed(layout):
    chain = FakeChain(head=6, per_block=100, chain_id=25)
    chain.before = lambda method, _: [] if method == "eth_getLogs" else None
    chain.methods -= {"eth_getBlockReceipts"}
    chain.receipts = lambda n: [r | {"logs": []} for r in FakeChain(head=6, per_block=100).receipts(n)]
    with pytest.raises(WorkError, match="gave not one token transfer"):
        read(layout, chain, last=6, chain="cronos")
    assert tree(layout.root) == {}


def test_blocks_with_traffic_and_no_transfer_are_warned_of(layout):
    chain = FakeChain(head=6)
    chain.transactions = lambda n: [
        t | {"value": "0x0", "to": None} for t in FakeChain(head=6).transactions(n)
    ]
    chain.block = lambda n, full: (found := FakeChain.block(chain, n, full)) and found | {"withdrawals": []}
    report = read(layout, chain, last=6)
    assert any("no transfer was found in 6 blocks" in warning for warning in report.warnings)


# 13: two nodes


def test_a_lagging_node_is_set_aside_and_the_other_one_used(layout):
    good, lagging = FakeChain(), FakeChain(head=5)
    report = read(layout, lagging, good)
    assert stored(layout) == good.truth(1, 40)
    assert any("is behind: it has 5" in warning for warning in report.warnings)
    assert not [m for m, p in lagging.calls if m == "eth_getLogs" and int(p[0]["toBlock"], 16) > 5]


def test_a_node_that_drops_logs_is_set_aside_and_the_other_one_believed(layout):
    good, dropping = FakeChain(), FakeChain(before=lambda m, _: [] if m == "eth_getLogs" else None)
    report = read(layout, dropping, good)
    assert stored(layout) == good.truth(1, 40)
    assert any("set aside" in warning for warning in report.warnings)


def test_all_nodes_are_used(layout):
    chains = [FakeChain(), FakeChain()]
    read(layout, *chains)
    assert all(any(m == "eth_getLogs" for m, _ in chain.calls) for chain in chains)


def test_a_failing_node_is_set_aside_and_tried_again_later(layout):
    good, failing = FakeChain(), FakeChain()
    left = [4]

    def whole(asked, _):
        if left[0] > 0 and b"getBlockByNumber" in asked.body and b"true" in asked.body:
            left[0] -= 1
            return Play(b"", 500)
        return None

    failing.whole = whole
    good.before = lambda method, _: threading.Event().wait(0.02) and None
    report = read(layout, failing, good, pace=replace(QUICK, workers=1))
    assert stored(layout) == good.truth(1, 40)
    assert any("set aside" in warning for warning in report.warnings)
    assert any(m == "eth_getLogs" for m, _ in failing.calls)


def test_a_node_that_dies_midway_does_not_matter_where_there_is_another(layout):
    good, dying = FakeChain(), FakeChain()
    dying.whole = lambda asked, _: Play(b"", 500) if len(dying.calls) > 30 else None
    read(layout, good, dying)
    assert stored(layout) == good.truth(1, 40)


# 14, 15: reorganisations and inconsistent answers


def test_a_reorganisation_between_pieces_is_read_again(layout):
    chain = FakeChain()

    def before(method, params):
        if method == "eth_getLogs" and int(params[0]["fromBlock"], 16) > 8:
            chain.fork = (6, "other")
        return None

    chain.before = before
    report = read(layout, chain, confirmations=1, pace=replace(QUICK, workers=1))
    assert stored(layout) == chain.truth(1, 40)
    assert any("Reading again" in warning for warning in report.warnings)


def test_a_reorganisation_just_before_storing_is_read_again(layout):
    chain = FakeChain(head=6)

    def before(method, params):
        if method == "eth_getBlockByNumber" and params == ["0x6", False]:
            chain.fork = (4, "other")
        return None

    chain.before = before
    read(layout, chain, last=6, confirmations=1)
    assert stored(layout) == chain.truth(1, 6)


@pytest.mark.parametrize("again", [(1, 40), (31, 40), (39, 40)], ids=["same range", "tail", "end"])
def test_stored_blocks_that_were_reorganised_away_are_replaced(layout, tmp_path, again):
    chain = FakeChain()
    read(layout, chain, confirmations=1)
    chain.fork = (36, "other")
    report = read(layout, chain, first=again[0], last=again[1], confirmations=1)
    assert report.blocks_reorganised == 5
    assert stored(layout) == chain.truth(1, 40)
    fresh = Layout(tmp_path / "fresh")
    read(fresh, chain, confirmations=1)
    assert tree(layout.root) == tree(fresh.root)


def test_stored_blocks_next_to_the_range_are_replaced_too(layout):
    chain = FakeChain()
    read(layout, chain, first=1, last=20, confirmations=1)
    read(layout, chain, first=31, last=35, confirmations=1)
    chain.fork = (18, "other")
    read(layout, chain, first=21, last=30, confirmations=1)
    assert stored(layout) == chain.truth(1, 35)


def test_a_node_that_disagrees_with_everything_stored_takes_nothing_out(layout):
    chain = FakeChain(head=300)
    read(layout, chain, last=300)
    before = tree(layout.root)
    with pytest.raises(WorkError, match="other blocks than the 256 stored ones"):
        read(layout, FakeChain(head=300, fork=(0, "other")), last=300)
    assert tree(layout.root) == before


def change_logs(change, times=2):
    """Change the first answers of eth_getLogs."""
    left, lock = [times], threading.Lock()

    def whole(asked, answer):
        with lock:
            if b"eth_getLogs" in asked.body and answer.get("result") and left[0] > 0:
                left[0] -= 1
                return json_play(answer | {"result": change(answer["result"])})
        return None

    return whole


BAD_LOGS = {
    "removed": lambda logs: [logs[0] | {"removed": True}, *logs[1:]],
    "twice": lambda logs: [*logs, logs[0]],
    "other block hash": lambda logs: [logs[0] | {"blockHash": "0x" + "ee" * 32}, *logs[1:]],
    "unknown transaction": lambda logs: [logs[0] | {"transactionHash": "0x" + "ee" * 32}, *logs[1:]],
    "block not asked for": lambda logs: [logs[0] | {"blockNumber": "0x1000"}, *logs[1:]],
    "no index": lambda logs: [{k: v for k, v in logs[0].items() if k != "logIndex"}, *logs[1:]],
    "no object": lambda logs: ["x", *logs[1:]],
    "no list": lambda logs: {"logs": logs},
    "one dropped": lambda logs: logs[1:],
}


@pytest.mark.parametrize("change", BAD_LOGS.values(), ids=BAD_LOGS)
def test_an_answer_that_does_not_fit_its_blocks_is_refused_and_asked_for_again(layout, change):
    chain = FakeChain(whole=change_logs(change))
    read(layout, chain)
    assert stored(layout) == chain.truth(1, 40)


@pytest.mark.parametrize("change", BAD_LOGS.values(), ids=BAD_LOGS)
def test_an_answer_that_never_fits_its_blocks_stores_nothing(layout, change):
    with pytest.raises(WorkError):
        read(layout, FakeChain(whole=change_logs(change, 10**6)), last=6)
    assert tree(layout.root) == {}


def test_blocks_that_are_not_each_others_children_store_nothing(layout):
    chain = FakeChain()
    chain.block = lambda n, full: (
        (found := FakeChain.block(chain, n, full))
        and (found | {"parentHash": "0x" + "ee" * 32} if n == 9 else found)
    )
    with pytest.raises(WorkError, match="not the child"):
        read(layout, chain)
    assert not [n for n in blocks_read(layout) if n >= 9]


def test_receipts_of_another_block_are_refused(layout):
    chain = FakeChain(head=6)
    chain.receipts = lambda n: [r | {"blockHash": "0x" + "ee" * 32} for r in FakeChain(head=6).receipts(n)]
    with pytest.raises(WorkError, match="another block hash"):
        read(layout, chain, last=6)
    assert tree(layout.root) == {}


# 15, resume


def test_overlapping_ranges_read_each_block_once_and_give_the_same_store(layout, tmp_path):
    chain = FakeChain()
    for first, last in ((5, 20), (15, 30), (1, 40)):
        read(layout, chain, first=first, last=last)
    asked = [p[0] for m, p in chain.calls if m == "eth_getBlockByNumber" and p[1] is True]
    assert len(asked) == len(set(asked)) == 40
    fresh = Layout(tmp_path / "fresh")
    read(fresh, FakeChain())
    assert tree(layout.root) == tree(fresh.root)


def test_what_was_read_before_is_not_read_again(layout):
    chain = FakeChain()
    read(layout, chain)
    chain.calls.clear()
    report = read(layout, chain)
    assert report.blocks_read == 0
    assert report.blocks_there == 40
    assert not [m for m, p in chain.calls if m == "eth_getLogs"]


def test_ranges_of_any_size_and_commits_of_any_size_give_the_same_store(layout, tmp_path):
    read(layout, FakeChain())
    for number, changes in enumerate(
        ({"range_blocks": 1, "batch": 1}, {"commit_rows": 1}, {"commit_blocks": 7, "workers": 5})
    ):
        other = Layout(tmp_path / str(number))
        read(other, FakeChain(), pace=replace(QUICK, **changes))
        assert tree(other.root) == tree(layout.root)


# 16: wrong usage


def test_a_node_of_another_chain_is_wrong_usage(layout):
    with pytest.raises(UsageError, match=r"serves bsc \(chain id 56\), not ethereum \(1\)"):
        read(layout, FakeChain(chain_id=56))
    assert tree(layout.root) == {}


def test_one_node_of_another_chain_among_good_ones_is_wrong_usage_too(layout):
    with pytest.raises(UsageError, match="chain id 137"):
        read(layout, FakeChain(), FakeChain(chain_id=137))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"chain": "etherium"}, "no chain that is known"),
        ({"chain": "ethereum", "chain_id": 5}, "chain id of ethereum is 1"),
        ({"first": 9, "last": 8}, "reversed"),
        ({"first": -1}, "numbered from 0"),
        ({"last": None}, "one beginning and one end"),
        ({"from_time": dt.datetime(2024, 1, 1, tzinfo=dt.UTC)}, "one beginning and one end"),
        ({"confirmations": -1}, "cannot be negative"),
        ({"only_labelled": []}, "No address on ethereum is labelled"),
    ],
)
def test_what_cannot_be_meant_is_wrong_usage(layout, options, message):
    with pytest.raises(UsageError, match=message) as caught:
        read(layout, FakeChain(), **options)
    assert caught.value.exit_code == 2
    assert not layout.root.exists()


def test_a_url_without_a_scheme_is_wrong_usage(layout):
    with pytest.raises(UsageError, match="no scheme"):
        ingest_evm(layout, chain="ethereum", rpc_urls=["eth.example/v2/k"], from_block=1, to_block=2)


def test_an_unknown_chain_can_be_named_with_its_id(layout):
    chain = FakeChain(head=6, chain_id=31337)
    read(layout, chain, last=6, chain="devnet", chain_id=31337)
    assert stored(layout) == chain.truth(1, 6)


def test_a_pruned_node_is_one_sentence(layout):
    chain = FakeChain(
        before=lambda m, _: error(4444, "pruned history unavailable") if m == "eth_getLogs" else None
    )
    with pytest.raises(WorkError, match="pruned history unavailable") as caught:
        read(layout, chain)
    assert "archive node" in caught.value.hint
    assert tree(layout.root) == {}


def test_traces_that_a_node_does_not_offer_are_one_sentence(layout):
    with pytest.raises(WorkError, match="offers no traces"):
        read(layout, FakeChain(), traces=True)
    assert tree(layout.root) == {}


# dates, receipts, labels


def test_dates_are_found_by_the_blocks_times(layout):
    chain = FakeChain()  # block n is of 23:50 + n minutes
    start = dt.datetime.fromtimestamp(START, dt.UTC)
    read(layout, chain, first=None, last=None, from_time=start + dt.timedelta(minutes=5),
         to_time=start + dt.timedelta(minutes=10, seconds=1))  # fmt: skip
    assert blocks_read(layout) == [5, 6, 7, 8, 9, 10]


def test_a_date_that_has_not_come_yet_is_an_error_without_waiting(layout):
    start = dt.datetime.fromtimestamp(START, dt.UTC)
    with pytest.raises(WorkError, match="is not there or not final yet"):
        read(layout, FakeChain(), last=None, to_time=start + dt.timedelta(days=1))


def test_without_block_receipts_those_of_single_transactions_are_read(layout):
    chain = FakeChain()
    chain.methods -= {"eth_getBlockReceipts"}
    read(layout, chain)
    assert stored(layout) == chain.truth(1, 40)
    assert len([m for m, _ in chain.calls if m == "eth_getTransactionReceipt"]) == 40


def test_a_failed_transaction_with_a_value_moves_nothing(layout):
    chain = FakeChain(head=6)
    chain.receipts = lambda n: [
        r | {"status": "0x0" if n == 3 else "0x1"} for r in FakeChain(head=6).receipts(n)
    ]
    report = read(layout, chain, last=6)
    assert stored(layout) == [row for row in chain.truth(1, 6) if (row[0], row[2]) != (3, "native")]
    assert (report.set_aside["failed"], report.quarantined) == (1, {})
    assert blocks_read(layout) == list(range(1, 7))


def test_receipts_are_asked_for_only_where_a_transaction_has_a_value(layout):
    chain = FakeChain(per_block=1)
    read(layout, chain)
    assert not [m for m, _ in chain.calls if "Receipt" in m]


def test_a_transaction_whose_success_is_not_told_is_quarantined_and_its_block_not_complete(layout):
    chain = FakeChain(head=6)
    chain.receipts = lambda n: [
        {k: v for k, v in r.items() if k != "status"} for r in FakeChain(head=6).receipts(n)
    ]
    report = read(layout, chain, last=6)
    assert report.quarantined == {"status_unknown": 6}
    assert blocks_read(layout) == []


def test_a_transfer_of_unknown_success_leaves_quarantine_when_a_fuller_reading_tells_it(layout, tmp_path):
    chain, fuller = FakeChain(head=6), FakeChain(head=6)
    chain.receipts = lambda n: [
        {k: v for k, v in r.items() if k != "status"} for r in FakeChain(head=6).receipts(n)
    ]
    read(layout, chain, last=6)
    assert coverage(layout)["quarantined"].sum() == 6
    read(layout, fuller, last=4)
    assert coverage(layout)["quarantined"].sum() == 2
    read(layout, fuller, last=6)
    assert stored(layout) == fuller.truth(1, 6)
    assert coverage(layout)["quarantined"].sum() == 0
    fresh = Layout(tmp_path / "fresh")
    read(fresh, FakeChain(head=6), last=6)
    assert tree(layout.root) == tree(fresh.root)


def test_labelled_addresses_alone_are_read_cheaply_and_their_blocks_say_so(layout):
    chain = FakeChain()
    report = read(layout, chain, only_labelled=[person(11).upper().replace("X", "x"), person(12)])
    assert [row[:1] + row[2:] for row in stored(layout)] == [
        row[:1] + row[2:]
        for row in chain.truth(1, 40)
        if row[2] == "token" and row[4] in (person(11), person(12))
    ]
    assert blocks_read(layout) == []
    assert "partial" in report.sentence()
    assert len([m for m, _ in chain.calls if m == "eth_getLogs"]) == 2
    assert not [p for m, p in chain.calls if "Receipt" in m or (m == "eth_getBlockByNumber" and p[1])]
    days = coverage(layout)
    assert days.select("blocks", "only_labelled", "has_token").rows() == [(9, True, False), (31, True, False)]
    read(layout, chain)
    assert stored(layout) == chain.truth(1, 40)
    assert coverage(layout)["only_labelled"].to_list() == [False, False]


def test_labelled_addresses_are_asked_about_again_only_where_they_are_others_or_nothing_is_known(layout):
    chain = FakeChain()

    def asked(first, last, *people):
        chain.calls.clear()
        report = read(layout, chain, first=first, last=last, only_labelled=[person(n) for n in people])
        queries = [p[0] for m, p in chain.calls if m == "eth_getLogs"]
        assert report.blocks_read + report.blocks_there == last - first + 1
        return sorted({(int(q["fromBlock"], 16), int(q["toBlock"], 16)) for q in queries})

    assert asked(1, 10, 5, 7) == [(1, 10)]
    assert asked(1, 20, 7, 5) == [(11, 20)]
    assert asked(1, 20, 5, 7) == []
    assert asked(1, 20, 5) == [(1, 20)]  # a smaller set is another set
    read(layout, chain, first=1, last=12)
    assert asked(1, 20, 8) == [(13, 20)]  # read in full is read for every set
    assert asked(1, 20, 5, 7) == []  # the newer set has not made the older one forgotten


def test_labelled_readings_in_any_pieces_give_the_same_store(layout, tmp_path):
    people = [person(n) for n in range(3, 30, 4)]
    read(layout, FakeChain(), only_labelled=people)
    other = Layout(tmp_path / "other")
    for first, last in ((30, 40), (1, 9), (5, 33)):
        read(other, FakeChain(), first=first, last=last, only_labelled=people,
             pace=replace(QUICK, range_blocks=3, commit_rows=2))  # fmt: skip
    assert tree(other.root) == tree(layout.root)


def test_a_reorganised_block_of_a_labelled_reading_is_read_again(layout):
    chain = FakeChain()
    read(layout, chain, confirmations=1, only_labelled=[person(38)])
    chain.fork = (36, "other")
    report = read(layout, chain, confirmations=1, only_labelled=[person(38)])
    assert report.blocks_reorganised == 5
    assert [row[:2] for row in stored(layout)] == [(38, chain.transactions(38)[0]["hash"])]


def test_progress_counts_blocks_those_that_are_stored_already_among_them(layout):
    class Counting:
        done = 0

        def advance(self, blocks):
            self.done += blocks

    read(layout, FakeChain(), last=10)
    progress = Counting()
    read(layout, FakeChain(), progress=progress)
    assert progress.done == 40
