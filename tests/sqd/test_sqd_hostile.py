"""Rows with fields of no sense: quarantined, or refused in one sentence; never taken, never a traceback."""

from __future__ import annotations

import copy
from collections import Counter
from typing import Any

import orjson
import pytest
from evm.fake_chain import person
from sqd.test_sqd_bitcoin import paying, simple
from sqd.test_sqd_rows import TOP, W, call, create, log, suicide, traced_world, word

from inflows.contracts.schema import dtypes
from inflows.errors import WorkError
from inflows.raw.quarantine import SCHEMAS
from inflows.sources.evm_logs import TRANSFER_TOPIC
from inflows.sources.sqd import evm, utxo
from inflows.sources.sqd.answers import LISTS, read_lines
from inflows.sources.sqd.reading import Gathered

ODD: tuple[Any, ...] = (None, "", "zz", "0x", "0x" + "f" * 80, -1, 2**62, [], {}, ["x"], 1.5)
TRACES = [TOP, call([0], person(2), W, 7), create([1], person(2), W, 7), suicide([2], person(2), W, 7)]


def evm_block() -> dict[str, Any]:
    block = traced_world(TRACES).by_number[1]
    return copy.deepcopy({**block, "logs": [log(0, [TRANSFER_TOPIC, word(person(1)), word(W)])]})


def bitcoin_block() -> dict[str, Any]:
    return copy.deepcopy(simple(paying((0.29, "1Shop"), (2.8, "1Pool"))).by_number[101])


def places(block: dict[str, Any], kind: str) -> list[tuple[str, tuple[Any, ...]]]:
    """Every field of the first and last row of every table, nested ones too."""
    found = []
    for table in LISTS[kind]:
        for place in {0, len(block[table]) - 1}:
            for name, value in block[table][place].items():
                found.append((table, (place, name)))
                if isinstance(value, dict):
                    found += [(table, (place, name, inner)) for inner in value]
    found += [
        ("header", ("withdrawals", 0, name)) for name in ("index", "address", "amount") if kind == "evm"
    ]
    return found


def with_odd(block: dict[str, Any], table: str, path: tuple[Any, ...], value: Any) -> bytes:
    changed = copy.deepcopy(block)
    at = changed[table]
    for step in path[:-1]:
        at = at[step]
    at[path[-1]] = value
    return orjson.dumps(changed) + b"\n"


@pytest.mark.parametrize("kind", ["evm", "bitcoin"])
def test_no_field_of_no_sense_is_taken_or_ends_in_a_traceback(kind):
    block = evm_block() if kind == "evm" else bitcoin_block()
    quarantined, refused = 0, []
    for table, path in places(block, kind):
        for value in ODD:
            line = with_odd(block, table, path, value)
            try:
                gathered = Gathered("the Portal")
                gathered.add(read_lines(line, kind, name="the Portal", withdrawals=kind == "evm"))
                tables = gathered.upto(10**6, Counter())
                if kind == "evm":
                    rows, dataset = evm.transfers("ethereum", tables, None, Counter()), "transfers"
                else:
                    rows, dataset = utxo.entries("bitcoin", tables, None, "the Portal"), "utxo"
            except WorkError as error:
                refused.append(error.problem)
                continue
            good = rows.filter(rows["reason"].is_null())
            quarantined += rows.height - good.height
            kept = [name for name in dtypes(SCHEMAS[dataset]) if name in good.columns]
            assert not any(good[name].null_count() for name in kept), (table, path, value)
            assert good["amount_raw"].str.contains(r"^[0-9]{1,78}$").all(), (table, path, value)
    assert len(refused) > 50
    assert all(". " not in said for said in refused)
    assert quarantined > 5
