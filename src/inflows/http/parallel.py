"""Work done by several threads at once, with its results in order and never far ahead of their reader."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

In = TypeVar("In")
Out = TypeVar("Out")


def in_order(
    function: Callable[[In], Out], items: Iterable[In], *, workers: int, ahead: int | None = None
) -> Iterator[Out]:
    """Yield function(item) for each item, in the items' order, computed by `workers` threads.

    At most `ahead` results (twice the workers unless told) are under way or unread: memory stays bounded.
    `items` is read only as fast as that, so a generator may depend on results already yielded. The first
    error ends it; what has not begun by then is not done.
    """
    bound = 2 * workers if ahead is None else max(1, ahead)
    waiting: deque[Future[Out]] = deque()
    source = iter(items)
    with ThreadPoolExecutor(max_workers=workers, thread_name_prefix="net") as pool:
        try:
            while True:
                while len(waiting) < bound:
                    try:
                        item = next(source)
                    except StopIteration:
                        break
                    waiting.append(pool.submit(function, item))
                if not waiting:
                    return
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()
