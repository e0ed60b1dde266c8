"""Logs as rows: the short way for canonical rows gives what the judge of our own format gives."""

from __future__ import annotations

import json

from evm.fake_chain import USDT, FakeChain, person
from hypothesis import given
from hypothesis import strategies as st

from inflows.sources.evm import decode
from inflows.sources.evm.blocks import header_of
from inflows.sources.evm.logs import read_logs
from inflows.sources.evm_logs import TRANSFER_TOPIC

CHAIN = FakeChain(head=1)
HEADER = header_of(CHAIN.block(1, True), 1, "node")


def word(text: str) -> str:
    return "0x" + text.removeprefix("0x").rjust(64, "0")


LOGS = st.lists(
    st.fixed_dictionaries(
        {
            "address": st.sampled_from([USDT, USDT.upper().replace("X", "x"), "0x12", ""]),
            "topics": st.sampled_from(
                [
                    [TRANSFER_TOPIC, word(person(1)), word(person(2))],
                    [TRANSFER_TOPIC, word(person(1)).upper().replace("X", "x"), word(person(2))],
                    [TRANSFER_TOPIC, word(person(1)), "0x" + "11" * 32],
                    [TRANSFER_TOPIC, word(person(1)), word(person(2)), word("7")],
                    [TRANSFER_TOPIC],
                    [],
                ]
            ),
            "data": st.one_of(
                st.integers(0, 2**256 - 1).map(lambda amount: f"0x{amount:064x}"),
                st.sampled_from(["0x", "0x" + "00" * 31, "0x" + "00" * 33, "0x" + "00" * 96]),
            ),
            "transactionHash": st.sampled_from([word("5"), word("AB"), "0x1", ""]),
        }
    ),
    max_size=8,
)


@given(LOGS)
def test_the_short_way_and_the_judge_agree(found):
    logs = [
        log | {"blockNumber": "0x1", "blockHash": HEADER.hash, "logIndex": hex(place)}
        for place, log in enumerate(found)
    ]
    frame = read_logs(json.dumps({"result": logs}).encode())
    short = decode.tokens("ethereum", frame, {1: HEADER})
    plain = decode._IS_PLAIN
    try:
        decode._IS_PLAIN = plain & False
        judged = decode.tokens("ethereum", frame, {1: HEADER})
    finally:
        decode._IS_PLAIN = plain
    assert short.sort("position").equals(judged.sort("position"))
    assert short.schema == judged.schema


def test_answers_that_hold_no_list_of_logs_are_none():
    for body in (
        b"",
        b"<html>",
        b"[]",
        b'{"error": {}}',
        b'{"result": null}',
        b'{"result": ["x"]}',
        b'{"resu',
    ):
        assert read_logs(body) is None
    assert read_logs(b'{"id": 1, "result": []}').height == 0
    assert read_logs(b'{"id": 1, "result": [null]}').height == 1
