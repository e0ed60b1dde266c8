"""Rows that need no judgement, and orders that need no look at texts: as the long way has them."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from unittest.mock import patch

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from raw_helpers import transfer

from inflows.addresses import address_key
from inflows.contracts.raw import Transfers
from inflows.contracts.schema import dtypes
from inflows.raw.dedupe import dedupe
from inflows.raw.order import in_order
from inflows.raw.resolve import DELIVERED, KEYS, ORDER, STORED, resolve

ROW = st.fixed_dictionaries(
    {},
    optional={
        "block_number": st.sampled_from([0, 1, 2**31 - 1, 2**31, 2**62]),
        "position": st.sampled_from([0, 1, 2**31 - 1, 2**31, 2**62]),
        "tx_hash": st.sampled_from(["0x" + "1" * 64, "0x" + "2" * 64]),
        "kind": st.sampled_from(["token", "native"]),
        "amount_raw": st.sampled_from(["5", "6"]),
    },
)


def candidates(changes: list[dict[str, object]]) -> pl.DataFrame:
    types = {n: t for n, t in dtypes(Transfers).items() if n not in ("from_key", "to_key")}
    frame = pl.DataFrame([transfer(**change) for change in changes], schema=types)
    return frame.with_columns(
        from_key=address_key(pl.col("from_address")), to_key=address_key(pl.col("to_address"))
    ).with_columns(pl.lit(False).alias(STORED), pl.lit(True).alias(DELIVERED))


def all_others(
    rows: pl.DataFrame, key: Sequence[str], flags: Sequence[str]
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """In place of `dedupe`: every row takes the long way, by groups of texts."""
    return rows.clear(), rows


@given(st.lists(ROW, max_size=8), st.data())
@settings(max_examples=250)
def test_equal_rows_are_resolved_as_the_long_way_resolves_them(
    changes: list[dict[str, object]], data: st.DataObject
) -> None:
    frame = candidates(changes).with_columns(
        pl.Series(name, [data.draw(st.booleans()) for _ in changes], dtype=pl.Boolean)
        for name in (STORED, DELIVERED)
    )
    found = resolve("transfers", frame)
    with patch("inflows.raw.resolve.dedupe", all_others):
        expected = resolve("transfers", frame)
    for ours, theirs in zip(found, expected, strict=True):
        assert ours.schema == theirs.schema
        assert ours.sort(pl.all()).equals(theirs.sort(pl.all()))


@given(st.lists(st.tuples(ROW, st.booleans(), st.booleans()), max_size=8))
@settings(max_examples=150)
def test_a_key_gives_one_row_if_all_of_its_rows_are_equal(
    changes: list[tuple[dict[str, object], bool, bool]],
) -> None:
    frame = candidates([change for change, _, _ in changes]).with_columns(
        pl.Series(STORED, [stored for _, stored, _ in changes], dtype=pl.Boolean),
        pl.Series(DELIVERED, [delivered for _, _, delivered in changes], dtype=pl.Boolean),
    )
    of_key = defaultdict(list)
    for row in frame.iter_rows(named=True):
        of_key[tuple(row[name] for name in KEYS["transfers"])].append(row)
    equal, others = Counter[tuple[object, ...]](), Counter[tuple[object, ...]]()
    for rows in of_key.values():
        if len({contents(row) for row in rows}) == 1:
            equal[(*contents(rows[0]), any(r[STORED] for r in rows), any(r[DELIVERED] for r in rows))] += 1
        else:
            others.update((*contents(row), row[STORED], row[DELIVERED]) for row in rows)
    parts = dedupe(frame, KEYS["transfers"], (STORED, DELIVERED))
    assert [Counter(part.iter_rows()) for part in parts] == [equal, others]


def contents(row: dict[str, object]) -> tuple[object, ...]:
    return tuple(value for name, value in row.items() if name not in (STORED, DELIVERED))


@pytest.mark.parametrize("same", [True, False])
def test_keys_that_share_a_hash_are_compared_in_full(monkeypatch: pytest.MonkeyPatch, same: bool) -> None:
    rows = candidates([{"position": 0}, {"position": 0 if same else 1}])
    monkeypatch.setattr(pl.Expr, "hash", lambda self, *_: self.is_null().cast(pl.UInt64))
    once, many = dedupe(rows, KEYS["transfers"], (STORED, DELIVERED))
    assert (once.height, many.height) == ((1, 0) if same else (0, 2))


@given(st.lists(ROW, max_size=8), st.booleans())
@settings(max_examples=150)
def test_in_order_is_sorted_whatever_the_ties_and_whether_it_was_before(
    changes: list[dict[str, object]], sorted_before: bool
) -> None:
    frame, order = candidates(changes), ORDER["transfers"]
    frame = frame.with_row_index("place") if not sorted_before else frame.sort(order).with_row_index("place")
    assert in_order(frame, order).select(order).equals(frame.sort(order).select(order))


def test_ties_of_block_and_position_are_settled_by_kind_and_hash() -> None:
    frame = candidates(
        [{"kind": "token"}, {"kind": "native"}, {"tx_hash": "0x" + "0" * 64}, {"block_number": 3}]
    )
    assert in_order(frame, ORDER["transfers"]).equals(frame.sort(ORDER["transfers"]))
