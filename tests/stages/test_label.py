import datetime as dt

import polars as pl
import pytest
from support import NOON, address, transfer, transfers, wallet, wallets

from inflows.addresses import address_key
from inflows.stages.label import label_transfers, touching


def labelled(rows: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    return rows.lazy().pipe(touching, known).pipe(label_transfers, known).collect()


def test_both_sides_are_looked_up_and_strangers_stay_out() -> None:
    known = wallets(wallet("hot", "alpha"), wallet("cold", "bravo", "cold", exchange_strict=None))
    rows = transfers(
        transfer(1, to_address=address("hot")),
        transfer(2, from_address=address("cold"), to_address=address("hot")),
        transfer(3),
    )
    found = labelled(rows, known).sort("position")
    assert found["position"].to_list() == [1, 2]
    assert found["to_exchange_base"].to_list() == ["alpha", "alpha"]
    assert found["from_exchange_all"].to_list() == [None, "bravo"]
    assert found["from_exchange_strict"].to_list() == [None, None]
    assert found["from_role_all"].to_list() == [None, "cold"]


@pytest.mark.parametrize(
    ("offset_seconds", "owner"), [(-1, "first"), (0, "second"), (59, "second"), (60, None), (3600, None)]
)
def test_a_transfer_is_judged_by_what_held_at_its_blocks_time(offset_seconds: int, owner: str | None) -> None:
    known = wallets(
        wallet("moved", "first", valid_to=NOON),
        wallet("moved", "second", valid_from=NOON, valid_to=NOON + dt.timedelta(minutes=1)),
    )
    at = NOON + dt.timedelta(seconds=offset_seconds)
    found = labelled(transfers(transfer(block_time=at, to_address=address("moved"))), known)
    assert found["to_exchange_base"].to_list() == [owner]


def test_a_key_that_matches_is_verified_on_the_full_address() -> None:
    """Two addresses with the same last 16 characters share a key; only the labelled one is a wallet."""
    tail = "00112233445566aa"
    ours, stranger = "0x" + "1" * 24 + tail, "0x" + "2" * 24 + tail
    pair = pl.DataFrame({"a": [ours, stranger]}).select(address_key(pl.col("a"))).to_series()
    assert pair[0] == pair[1]
    known = wallets(wallet(ours, "alpha"))
    rows = transfers(transfer(1, to_address=ours), transfer(2, to_address=stranger))
    found = labelled(rows, known).sort("position")
    assert found["to_exchange_all"].to_list() == ["alpha", None]


def test_labelling_conserves_rows_whatever_their_order_and_number_of_spans() -> None:
    spans = [
        wallet(
            "many",
            f"x{n}",
            valid_from=NOON + dt.timedelta(hours=n),
            valid_to=NOON + dt.timedelta(hours=n + 1),
        )
        for n in range(20)
    ]
    rows = transfers(
        *(
            transfer(
                n,
                block_time=NOON + dt.timedelta(minutes=37 * n),
                from_address=address("many"),
                to_address=address("many"),
            )
            for n in reversed(range(30))
        )
    )
    known = wallets(*spans)
    assert touching(rows.lazy(), known).collect().height == 30
    found = labelled(rows, known).sort("position")
    assert found["position"].to_list() == list(range(30))
    assert found["to_exchange_all"].to_list() == [f"x{37 * n // 60}" for n in range(30)]
