"""Answers with another type or shape somewhere in them: text for a list, a number for text, nothing."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest
from evm.fake_chain import QUICK, FakeChain, tree
from network.playing import playing

from inflows.errors import InflowsError
from inflows.layout import Layout
from inflows.sources.evm import ingest_evm

ODD: tuple[Any, ...] = (5, "x", None, [], {}, ["x"], [[]], True, -1.5)
Path = tuple[str | int, ...]


def places(value: Any, path: Path = ()) -> Iterator[Path]:
    """Every place of an answer; of lists the first item stands for all."""
    yield path
    if isinstance(value, dict):
        for name in value:
            yield from places(value[name], (*path, name))
    elif isinstance(value, list) and value:
        yield from places(value[0], (*path, 0))


def replaced(value: Any, path: Path, odd: Any) -> Any:
    if not path:
        return odd
    changed = copy.copy(value)
    changed[path[0]] = replaced(value[path[0]], path[1:], odd)
    return changed


class Odd(FakeChain):
    """A node of which one answer has something odd in one place, always."""

    def __init__(self, method: str, path: Path, odd: Any) -> None:
        super().__init__(head=3)
        self.odd = method, path, odd

    def answer(self, method: str, params: list[Any]) -> Any:
        found = super().answer(method, params)
        return replaced(found, *self.odd[1:]) if method == self.odd[0] and found else found


def read(layout: Layout, url: str) -> None:
    ingest_evm(
        layout, rpc_urls=[url], chain="ethereum", from_block=1, to_block=3, pace=QUICK, say=lambda _: None
    )


PARAMETERS = {
    "eth_getBlockByNumber": ["0x2", True],
    "eth_getLogs": [{"fromBlock": "0x1", "toBlock": "0x3", "topics": []}],
    "eth_getBlockReceipts": ["0x2"],
}
PLACES = [
    (method, path)
    for method, parameters in PARAMETERS.items()
    for path in places(FakeChain(head=3).answer(method, parameters))
]


@pytest.mark.parametrize(
    ("method", "path"), PLACES, ids=[".".join(map(str, (method, *path))) for method, path in PLACES]
)
def test_an_odd_answer_is_one_sentence_or_does_not_matter(tmp_path: Any, method: str, path: Path) -> None:
    for number, odd in enumerate(ODD):
        layout = Layout(tmp_path / str(number))
        problem = ""
        with playing(Odd(method, path, odd)) as stage:
            try:
                read(layout, stage.url)
            except InflowsError as error:
                problem = error.problem
        assert "\n" not in problem
        assert not problem or "127.0.0.1" in problem, "the node is named"
        assert not problem or tree(layout.root) == {}


def test_an_odd_answer_names_what_is_odd_and_the_blocks(tmp_path: Any) -> None:
    with (
        playing(Odd("eth_getBlockByNumber", ("withdrawals", 0), "x")) as stage,
        pytest.raises(InflowsError, match=r"in a form that cannot be read, about blocks up to 3 \(.*str"),
    ):
        read(Layout(tmp_path), stage.url)
