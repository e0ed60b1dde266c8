"""Sizes that adapt, and work in order by several threads."""

from __future__ import annotations

import threading
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inflows.http import AdaptiveSize, in_order


def test_a_suggestion_that_is_not_smaller_is_not_followed():
    size = AdaptiveSize(1000, 10_000)
    assert size.refused(1000, 1000) == 500
    assert size.refused(500, 2000) == 250
    assert size.refused(250, 0) == 125
    assert size.refused(125, 7) == 7
    assert size.size == 7


def test_it_grows_to_just_below_what_was_too_much_and_later_tries_more():
    size = AdaptiveSize(1000, 10_000)
    size.refused(1000)
    for _ in range(20):
        size.succeeded(size.size)
    assert size.size == 999
    for _ in range(100):
        size.succeeded(size.size)
    assert size.size == 10_000


def test_answers_to_small_requests_do_not_let_it_grow():
    size = AdaptiveSize(100, 1000)
    for _ in range(50):
        size.succeeded(3)
    assert size.size == 100


@given(st.lists(st.tuples(st.booleans(), st.none() | st.integers(-5, 5000)), max_size=200))
def test_it_always_lies_between_one_and_the_largest(events):
    size = AdaptiveSize(64, 1000)
    for good, suggested in events:
        asked = size.size
        if good:
            size.succeeded(asked)
        else:
            assert size.refused(asked, suggested) < asked or asked == 1
        assert 1 <= size.size <= 1000


def test_results_come_in_order_and_never_far_ahead():
    begun: list[int] = []
    lock = threading.Lock()

    def work(item: int) -> int:
        with lock:
            begun.append(item)
        time.sleep(0.002 if item % 3 else 0.01)
        return item * item

    for expected, result in enumerate(in_order(work, range(60), workers=4, ahead=6)):
        assert result == expected**2
        assert len(begun) <= expected + 1 + 6


def test_the_first_error_ends_it_and_the_rest_is_not_begun():
    begun: list[int] = []

    def work(item: int) -> int:
        begun.append(item)
        if item == 3:
            raise ValueError("three")
        return item

    results = in_order(work, range(1000), workers=2)
    assert [next(results) for _ in range(3)] == [0, 1, 2]
    with pytest.raises(ValueError, match="three"):
        next(results)
    assert len(begun) < 20
