"""How the Portal answers, and how it fails: whatever it does, what is stored is right, or it is an error."""

from __future__ import annotations

import datetime as dt
import email.utils
import gzip
from dataclasses import replace
from pathlib import Path

import orjson
import pytest
from evm.fake_chain import FakeChain, blocks_read, stored, tree
from sqd.portal_server import Turn, World, portal
from sqd.worlds import QUICK, at, fake_world, read

from inflows.errors import UsageError, WorkError
from inflows.http import HttpClient, Rate, Request, parse_endpoint, whole_lines
from inflows.layout import Layout
from inflows.sources.sqd import ingest_sqd
from inflows.sources.sqd.query import Query

CHAIN = FakeChain()
FIRST, LAST = 3, 38


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return Layout(tmp_path / "data")


def items(query) -> bool:
    """Whether a query is one for transfers, and not for headers' times."""
    return bool(query.get("logs"))


def stream(world: World, layout: Layout, turns, **options):
    """Read a range; `turns(n, query)` is how the n-th answer with transfers departs."""
    seen: list[dict] = []

    def turn(_, query):
        if not items(query):
            return None
        seen.append(query)
        return turns(len(seen) - 1, query)

    with portal(world) as server:
        server.turn = turn
        report = read(layout, server.url, world, FIRST, LAST, **options)
    return report, seen


def in_turn(*turns):
    return lambda n, _: turns[n] if n < len(turns) else None


RECOVERED = {
    "small chunks on the wire": in_turn(Turn(pieces=7)),
    "two members of gzip": in_turn(Turn(members=2)),
    "nine members of gzip": in_turn(Turn(members=9)),
    "a clean end after one line": in_turn(Turn(stop_after=1)),
    "a clean end after each line": lambda n, _: Turn(stop_after=1),
    "a clean end after 20 lines": in_turn(Turn(stop_after=20)),
    "empty once": in_turn(Turn(stop_after=0)),
    "empty three times": in_turn(*[Turn(stop_after=0)] * 3),
    "a reset before any line": in_turn(Turn(reset_after=0)),
    "a reset within a line": in_turn(Turn(reset_after=9, tail=b'{"header":{"number":')),
    "half a line and a clean end": in_turn(Turn(stop_after=9, tail=b'{"header":{"number":')),
    "a whole line without its end, then a reset": in_turn(Turn(reset_after=9, tail=b"{}")),
    "gzip cut in half, with a clean end": in_turn(Turn(cut_gzip=900)),
    "gzip without its trailer": in_turn(Turn(cut_gzip=-8)),
    "204 without a word": in_turn(Turn(status=204)),
    "503 without Retry-After": in_turn(Turn(status=503, body=b"No available workers to serve the request")),
    "503 with": in_turn(Turn(status=503, headers={"Retry-After": "0.02"})),
    "529 with Retry-After": in_turn(Turn(status=529, headers={"Retry-After": "0.02"})),
    "502": in_turn(Turn(status=502, body=b"Hotblocks request error: x")),
    "500 thrice": in_turn(*[Turn(status=500, body=b"worker failure")] * 3),
    "an envelope": in_turn(Turn(status=503, body=b'{"error":{"type":"x","code":"y","message":"busy"}}')),
    "429 in seconds": in_turn(Turn(status=429, headers={"Retry-After": "0.02"})),
    "429 without a word": in_turn(Turn(status=429)),
    "429 with a date": in_turn(
        Turn(
            status=429,
            headers={"Retry-After": email.utils.format_datetime(dt.datetime.now(dt.UTC), usegmt=True)},
        )
    ),
    "a block again": in_turn(Turn(lines=lambda lines: [*lines[:5], lines[2], *lines[5:]])),
    "backwards": in_turn(Turn(lines=lambda lines: [*lines[:9], *lines[4:]])),
    "a silence within the body": in_turn(Turn(hang_seconds=0.3)),
    "keys in another order": in_turn(Turn(lines=lambda lines: [_reordered(line) for line in lines])),
    "rows in another order": in_turn(Turn(lines=lambda lines: [_shuffled(line) for line in lines])),
}


def _reordered(line: bytes) -> bytes:
    block = orjson.loads(line)
    return orjson.dumps({"surprise": [1], **{key: block[key] for key in reversed(block)}}) + b"\n"


def _shuffled(line: bytes) -> bytes:
    block = orjson.loads(line)
    return (
        orjson.dumps({key: rows[::-1] if isinstance(rows, list) else rows for key, rows in block.items()})
        + b"\n"
    )


@pytest.mark.parametrize("case", RECOVERED)
def test_what_breaks_off_is_gone_on_with_and_nothing_is_twice_or_lost(layout, tmp_path, case):
    _, seen = stream(fake_world(CHAIN), layout, RECOVERED[case])
    assert stored(layout) == CHAIN.truth(FIRST, LAST)
    assert blocks_read(layout) == list(range(FIRST, LAST + 1))
    for query in seen:
        assert query.get("parentBlockHash") in (None, CHAIN.hash_of(query["fromBlock"] - 1))
        assert query["toBlock"] == LAST
    assert [query["fromBlock"] for query in seen] == sorted(query["fromBlock"] for query in seen)
    plain = Layout(tmp_path / "plain")
    stream(fake_world(CHAIN), plain, in_turn())
    assert tree(layout.raw) == tree(plain.raw)


def test_the_next_request_begins_after_the_last_whole_line_and_names_its_hash(layout):
    _, seen = stream(fake_world(CHAIN), layout, in_turn(Turn(stop_after=10), Turn(reset_after=5, tail=b"{")))
    assert [(query["fromBlock"], query.get("parentBlockHash")) for query in seen] == [
        (3, None),
        (13, CHAIN.hash_of(12)),
        (18, CHAIN.hash_of(17)),
    ]


def _with_hash(line: bytes, **changes) -> bytes:
    block = orjson.loads(line)
    block["header"] |= changes
    return orjson.dumps(block) + b"\n"


OTHER_PARENT = b'{"previousBlocks":[{"number":7,"hash":"0xab"}],"error":{"message":"x"}}'

FAILED = {
    "empty for ever": (lambda n, _: Turn(stop_after=0), "gives nothing of ethereum-mainnet for block 3"),
    "204 for ever": (lambda n, _: Turn(status=204), "has nothing of ethereum-mainnet from block 3 on"),
    "500 for ever": (lambda n, _: Turn(status=500, body=b"boom"), "HTTP 500: boom"),
    "429 for ever": (lambda n, _: Turn(status=429, headers={"Retry-After": "9999"}), "asks to wait 9,999 s"),
    "401": (lambda n, _: Turn(status=401, body=b"no key"), "refuses the key or wants one (HTTP 401)"),
    "403": (lambda n, _: Turn(status=403, body=b"no key"), "refuses the key or wants one (HTTP 403)"),
    "400": (lambda n, _: Turn(status=400, body=b"Bad request: column 'x'"), "Bad request: column 'x'"),
    "a web page": (lambda n, _: Turn(lines=lambda _: [b"<html>\n"]), "a line that is no block: <html>"),
    "no numbers": (
        lambda n, _: Turn(lines=lambda lines: [b'{"header":{}}\n' for _ in lines]),
        "lacks its number",
    ),
    "another type": (
        lambda n, _: Turn(lines=lambda lines: [_with_hash(lines[0], number="0x3")]),
        "fields of another type",
    ),
    "a time that cannot be": (
        lambda n, _: Turn(lines=lambda lines: [_with_hash(lines[0], timestamp=10**18), *lines[1:]]),
        "a number or a time that cannot be",
    ),
    "a number below 0": (
        lambda n, _: Turn(lines=lambda lines: [_with_hash(lines[0], number=-1), *lines[1:]]),
        "a number or a time that cannot be",
    ),
    "what a terminal obeys": (
        lambda n, _: Turn(lines=lambda lines: [b"\x1b[2J\x07" + b"x" * 500 + b"\n"]),
        "a line that is no block: ?[2J?xxx",
    ),
    "null": (lambda n, _: Turn(lines=lambda lines: [b"null\n"]), "a line that is no block: null"),
    "a list": (lambda n, _: Turn(lines=lambda lines: [b"[1]\n"]), "a line that is no block: [1]"),
    "text for logs": (
        lambda n, _: Turn(lines=lambda lines: [lines[0].replace(b'"logs":[', b'"logs":"","x":[')]),
        "fields of another type",
    ),
    "a log of nothing": (
        lambda n, _: Turn(
            lines=lambda lines: [lines[0].replace(b'"logs":[{', b'"logs":[null,{'), *lines[1:]]
        ),
        "gives logs that lack their number",
    ),
    "another parent": (
        lambda n, _: Turn(
            lines=lambda lines: [*lines[:5], _with_hash(lines[5], parentHash="0xab"), *lines[6:]]
        ),
        "block 8 says that 0xab is its parent",
    ),
    "a block left out": (
        lambda n, _: Turn(lines=lambda lines: [*lines[:5], *lines[6:]]),
        "leaves 1 of the blocks 3 to 38 of ethereum-mainnet out",
    ),
    "a block again with another hash": (
        lambda n, _: Turn(lines=lambda lines: [*lines[:5], _with_hash(lines[2], hash="0xab"), *lines[5:]]),
        "tells two stories of block 5",
    ),
    "another chain at the seam": (
        in_turn(
            Turn(stop_after=5),
            Turn(lines=lambda lines: [_with_hash(lines[0], parentHash="0xab"), *lines[1:]]),
        ),
        "block 8 says that 0xab is its parent",
    ),
    "409": (
        in_turn(
            Turn(stop_after=5),
            Turn(status=409, body=OTHER_PARENT),
        ),
        "as the hash of block 7 of ethereum-mainnet and now has 0xab",
    ),
    "409 and no more": (in_turn(Turn(stop_after=5), Turn(status=409)), "now has another"),
    "silence": (lambda n, _: Turn(hang_seconds=0.5), "did not answer in time"),
}


@pytest.mark.parametrize("case", FAILED)
def test_what_cannot_be_read_is_an_error_and_nothing_claims_to_have_been_read(layout, case):
    turns, said = FAILED[case]
    pace = replace(QUICK, silent_seconds=0.2) if case == "silence" else QUICK
    with pytest.raises(WorkError) as caught:
        stream(fake_world(CHAIN), layout, turns, pace=pace)
    assert said in str(caught.value.problem)
    read_before = blocks_read(layout)
    assert read_before == list(range(FIRST, FIRST + len(read_before)))
    assert stored(layout) == CHAIN.truth(FIRST, FIRST + len(read_before) - 1)
    stream(fake_world(CHAIN), layout, in_turn())
    assert stored(layout) == CHAIN.truth(FIRST, LAST)


def test_what_came_before_a_failure_is_stored_and_the_next_run_begins_there(layout):
    world = fake_world(CHAIN)
    with pytest.raises(WorkError):
        stream(world, layout, lambda n, _: Turn(stop_after=10) if n == 0 else Turn(status=500))
    assert blocks_read(layout) == list(range(3, 13))
    _, seen = stream(world, layout, in_turn())
    assert [query["fromBlock"] for query in seen] == [13]
    assert stored(layout) == CHAIN.truth(FIRST, LAST)


def test_lines_of_blocks_that_were_not_asked_for_are_left_out_and_counted(layout):
    world = fake_world(CHAIN)
    below, above = (orjson.dumps({"header": world.by_number[n]["header"]}) + b"\n" for n in (1, 40))
    report, _ = stream(
        world, layout, in_turn(Turn(lines=lambda lines: [below, *lines[:9], above, *lines[9:]]))
    )
    assert stored(layout) == CHAIN.truth(FIRST, LAST)
    assert blocks_read(layout) == list(range(FIRST, LAST + 1))
    assert report.set_aside["not_asked_for"] == 2


def test_a_line_of_thirty_megabytes_comes_whole():
    line = b'{"header":{},"logs":"' + b"x" * 30_000_000 + b'"}\n'
    chunks = [line[n : n + 65_536] for n in range(0, len(line), 65_536)] + [b"{}\n", b"torn", b""]
    assert b"".join(whole_lines(lambda: chunks.pop(0), 1 << 20)) == line + b"{}\n"
    chunks = [b"a\nb", b"c\n", b"d", b""]
    assert b"".join(whole_lines(lambda: chunks.pop(0), 1)) == b"a\nbc\n"
    with pytest.raises(WorkError, match="longer than 1,000 bytes"):
        list(whole_lines(lambda: b"x" * 100, 10, longest=1_000))


def test_the_answer_is_packed_whatever_was_asked_and_two_members_are_one_body():
    world = fake_world(CHAIN)
    body = Query("evm", every_block=True).body(0, 9)
    with portal(world) as server, HttpClient() as http:
        server.turn = lambda n, _: Turn(members=3)
        request = Request(
            parse_endpoint(server.url), "POST", "datasets/ethereum-mainnet/finalized-stream", body=body
        )
        with http.open(request) as answer:
            assert answer.headers["Content-Encoding"] == "gzip"
            lines = b"".join(whole_lines(answer.read, 1))
    assert [orjson.loads(line)["header"]["number"] for line in lines.splitlines()] == list(range(10))
    assert gzip.decompress(gzip.compress(b"a") + gzip.compress(b"b")) == b"ab"


def test_gzip_alone_is_offered_and_every_range_ends(layout):
    world = fake_world(CHAIN)
    with portal(world) as server:
        read(layout, server.url, world, FIRST, LAST)
        assert {asked.headers["Accept-Encoding"] for asked in server.asked} == {"gzip"}
        assert all("toBlock" in query and "fromBlock" in query for query in server.queries)
        assert {asked.path for asked in server.asked if asked.query} == {
            "/datasets/ethereum-mainnet/finalized-stream"
        }


def test_no_more_requests_are_sent_than_the_service_takes(layout):
    world = fake_world(CHAIN)
    with portal(world) as server:
        server.limit = (8, 0.5)
        server.turn = lambda n, query: Turn(stop_after=3) if items(query) else None
        pace = replace(QUICK, requests=8, seconds=1.2, workers=4)  # far apart: machines are slow
        read(layout, server.url, world, FIRST, LAST, pace=pace)
        times = [asked.at for asked in server.asked]
    assert len(times) > 16
    assert max(sum(0 <= later - at < 0.5 for later in times) for at in times) <= 8
    assert stored(layout) == CHAIN.truth(FIRST, LAST)


@pytest.mark.parametrize("since", [0, 20])
def test_where_a_dataset_has_no_traces_the_rest_is_read_and_it_is_said(layout, since):
    world = fake_world(CHAIN, without_traces_from=since)
    with portal(world) as server:
        report = read(layout, server.url, world, FIRST, LAST, traces=True)
    assert stored(layout) == CHAIN.truth(FIRST, LAST)
    assert blocks_read(layout) == list(range(FIRST, LAST + 1))
    (warning,) = report.warnings
    assert f"no traces of blocks {max(since, FIRST)} to 38" in warning


def test_where_old_blocks_have_no_withdrawals_the_rest_is_read_and_it_is_said(layout):
    world = fake_world(CHAIN, without_withdrawals_below=FIRST + 1)
    with portal(world) as server:
        report = read(layout, server.url, world, FIRST, LAST)
    assert "withdrawals of blocks" in report.warnings[0]
    assert {row[2] for row in stored(layout)} == {"token", "native"}


@pytest.mark.parametrize("nulls", [1, 2])
def test_a_head_that_is_not_told_yet_is_asked_for_again(layout, nulls):
    world = fake_world(CHAIN)
    heads: list[str] = []

    def get(_, path):
        if not path.endswith("finalized-head"):
            return None
        heads.append(path)
        return (200, None) if len(heads) <= nulls else None

    with portal(world) as server:
        server.get = get
        read(layout, server.url, world, FIRST, LAST)
    assert len(heads) == nulls + 1
    assert stored(layout) == CHAIN.truth(FIRST, LAST)


@pytest.mark.parametrize(
    "hint",
    [
        None,
        {"block_number": 0},
        {"block_number": 10**9},
        {"block_number": 12},
        {"block_number": 35},
        {"number": 3},
        [],
    ],
)
def test_the_times_of_blocks_decide_where_a_range_begins_whatever_the_hint_says(layout, hint):
    world = fake_world(CHAIN)
    with portal(world) as server:
        server.get = lambda _, path: (
            None
            if "timestamps" not in path
            else ((404, b'{"message":"block not in hotblocks"}') if hint is None else (200, hint))
        )
        read(layout, server.url, world, FIRST, LAST)
    assert stored(layout) == CHAIN.truth(FIRST, LAST)


def ask(layout, server, since, until, **options):
    options = {"chain": "ethereum", "labelled": None, "pace": QUICK, "say": lambda _: None} | options
    return ingest_sqd(layout, portal_url=server.url, from_time=since, to_time=until, **options)


def test_a_range_beyond_what_is_final_is_not_there_yet(layout):
    world = fake_world(CHAIN, finalized=20)
    with portal(world) as server, pytest.raises(WorkError, match="not there or not final yet") as caught:
        ask(layout, server, at(world, 3), at(world, 30))
    assert "is 20, of 2024-07-01 00:10:00 UTC" in caught.value.problem
    assert not layout.raw.exists()


def test_a_range_before_the_first_block_is_wrong(layout):
    world = fake_world(CHAIN, start=10)
    with (
        portal(world) as server,
        pytest.raises(UsageError, match="begins with block 10 on 2024-07-01 00:00:00"),
    ):
        ask(layout, server, at(world, 3), at(world, 30))
    assert not layout.raw.exists()


def test_a_range_between_two_blocks_is_empty(layout):
    world = fake_world(CHAIN)
    second = dt.timedelta(seconds=1)
    with portal(world) as server, pytest.raises(UsageError, match="no block between"):
        ask(layout, server, at(world, 3) + second, at(world, 3) + 2 * second)


def test_a_dataset_that_is_not_there_or_another_chains_is_wrong(layout):
    world = fake_world(CHAIN)
    with portal(world) as server:
        with pytest.raises(UsageError, match="has no dataset ethereum"):
            ask(layout, server, at(world, 3), at(world, 30), dataset="ethereum")
        world.chain_id = 56
        with pytest.raises(UsageError, match="chain id 56, and ethereum has 1"):
            ask(layout, server, at(world, 3), at(world, 30))
        world.chain_id = 1
        ask(layout, server, at(world, 3), at(world, 30))


def test_no_network_is_one_sentence(layout):
    world = fake_world(CHAIN)
    with portal(world) as server:
        url = server.url
    with pytest.raises(WorkError, match="cannot be reached"):
        ingest_sqd(
            layout,
            chain="ethereum",
            labelled=None,
            portal_url=url,
            from_time=at(world, 3),
            to_time=at(world, 9),
            pace=QUICK,
            say=lambda _: None,
        )


def test_four_hundred_thousand_addresses_are_refused_before_anything_is_asked(layout):
    world = fake_world(CHAIN)
    many = [f"0x{n:040x}" for n in range(400_000)]
    with portal(world) as server:
        with pytest.raises(UsageError, match=r"400,000 labelled addresses of ethereum need [0-9]+ requests"):
            ask(layout, server, at(world, 3), at(world, 30), labelled=many)
        assert server.asked == []


def test_a_header_is_sent_and_never_shown(layout, capfd):
    world = fake_world(CHAIN)
    key = "canary-7f3a9"
    with portal(world) as server:
        server.turn = lambda n, _: Turn(status=403, body=f"key {key} is no good".encode())
        with pytest.raises(WorkError) as caught:
            ask(layout, server, at(world, 3), at(world, 30), portal_headers={"X-Api-Key": key})
        assert server.asked[0].headers["X-Api-Key"] == key
    assert key not in str(caught.value.problem) + caught.value.hint + "".join(capfd.readouterr())


def test_a_rate_lets_so_many_through_in_any_stretch_of_its_seconds():
    now, sent = [0.0], []

    def rest(seconds: float) -> None:
        now[0] += seconds

    rate = Rate(3, 10.0, clock=lambda: now[0])
    for _ in range(8):
        rate.take(rest)
        sent.append(now[0])
        now[0] += 1.0
    assert sent == [0.0, 1.0, 2.0, 10.0, 11.0, 12.0, 20.0, 21.0]
