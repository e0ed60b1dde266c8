"""The short cuts of settling give what the long way gives."""

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st
from raw_helpers import transfer

from inflows.contracts.raw import Transfers
from inflows.contracts.schema import dtypes
from inflows.keys import address_key
from inflows.raw.order import in_order
from inflows.raw.resolve import DELIVERED, ORDER, STORED, resolve
from inflows.raw.settle import in_file_order, settle

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


@given(st.lists(ROW, max_size=6))
@settings(max_examples=150, deadline=None)
def test_settled_is_resolved_and_in_order_whatever_the_rows(changes: list[dict[str, object]]) -> None:
    frame = candidates(changes)
    kept, refused = settle("transfers", frame.lazy())
    long_kept, long_refused = pl.collect_all(resolve("transfers", frame.lazy()), engine="in-memory")
    assert in_file_order("transfers", kept).equals(long_kept.sort(ORDER["transfers"]))
    assert refused.columns == long_refused.columns
    assert refused.sort(pl.all()).equals(long_refused.sort(pl.all()))


@given(st.lists(ROW, max_size=8), st.booleans())
@settings(max_examples=150, deadline=None)
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
