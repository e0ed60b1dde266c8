"""A claim as a list of others makes it, before anything in it is believed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Final, NamedTuple

import polars as pl

CHUNK_ROWS: Final = 100_000


class Claim(NamedTuple):
    """One address with the owner that a list names, in the list's own words."""

    chain: str
    """The list's own name of the chain; `evm` where it holds on all EVM chains."""
    address: str
    name: str
    """The owner, as the list names it."""
    label: str
    """The list's name or comment for the wallet; empty: none."""
    source: str
    """The source in the registry: the format's, or one of several below it (a pack, an exchange's list)."""
    list: str
    """The file within the checkout."""
    entry: str = ""
    """The line in it, where that is known."""
    link: str = ""
    """Where the list itself has it from."""
    confidence: int | None = None
    """What the list says of its own sureness, on GraphSense's scale; None: the source's default."""
    role: str = ""
    """The role that the whole list says; empty: the label may tell."""
    tags: str = ""
    """Further words of the list about the wallet (its categories), which may tell role and kind."""


CLAIMS: Final = {name: pl.Int64() if name == "confidence" else pl.String() for name in Claim._fields}


def frames(claims: Iterable[Claim]) -> Iterator[pl.DataFrame]:
    """The claims in frames (CLAIMS) of at most CHUNK_ROWS: a long list is never a long list of tuples."""
    rest = iter(claims)
    while chunk := list(islice(rest, CHUNK_ROWS)):
        columns = zip(*chunk, strict=True)
        yield pl.DataFrame(dict(zip(CLAIMS, map(list, columns), strict=True)), schema=CLAIMS)
