"""The lists of others that can be imported, by the name of their format."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, NamedTuple

from inflows.labels import defillama, json_lists, reserves, spellbook, tagpack
from inflows.labels.claim_rows import Claim


class LabelFormat(NamedTuple):
    """A list: its name, the reader of a path (a checkout, or files of it), and where it comes from."""

    name: str
    read: Callable[[Path], Iterator[Claim]]
    origin: str


FORMATS: Final = {
    form.name: form
    for form in (
        LabelFormat("spellbook", spellbook.read, "https://github.com/duneanalytics/spellbook"),
        LabelFormat("defillama", defillama.read, "https://github.com/DefiLlama/DefiLlama-Adapters"),
        LabelFormat("tagpack", tagpack.read, "https://github.com/graphsense/graphsense-tagpacks"),
        LabelFormat(
            "etherscan-labels",
            json_lists.read_etherscan_labels,
            "https://github.com/brianleect/etherscan-labels",
        ),
        LabelFormat("eth-labels", json_lists.read_eth_labels, "https://github.com/dawsbot/eth-labels"),
        LabelFormat("ton-labels", json_lists.read_ton_labels, "https://github.com/ton-studio/ton-labels"),
        LabelFormat("reserves", reserves.read, "https://www.bybit.com/app/user/proof-of-reserve"),
    )
}
