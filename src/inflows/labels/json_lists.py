"""Lists in JSON: the tags of explorers in two repositories, and TON's labels.

etherscan-labels: data/<explorer>/combined/combinedAccountLabels.json, {address: {name, labels}}; or a label's
own file data/<explorer>/accounts/<label>.json, {address: name}. eth-labels:
data/<explorer>/<label>/accounts.json, [{address, nameTag}] or {data: […]}; or all of them in
data/json/accounts.json, [{address, chainId, label, nameTag}]. ton-labels: assets/cex/<name>.json, {metadata:
{label, organization}, addresses: [{address, source, comment, tags}]}.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import orjson

from inflows.chains import CHAINS, EXPLORERS, canonical_chain
from inflows.errors import UsageError
from inflows.labels.checkouts import files_in, text_of
from inflows.labels.claim_rows import Claim

ETHERSCAN: Final = "etherscan-labels"
ETH: Final = "eth-labels"
TON: Final = "ton-labels"


def read_etherscan_labels(path: Path) -> Iterator[Claim]:
    """The tags of a checkout of etherscan-labels, each with the labels (`tags`) that it carries."""
    layout = ("data/*/combined/combinedAccountLabels.json", "data/*/accounts/*.json")
    for file, name in files_in(path, layout, ".json", "etherscan-labels"):
        chain = _explorer_of(file)
        for address, told in _object(file).items():
            if address == "":  # the sum below the explorer's table
                continue
            is_plain = isinstance(told, str)
            label = told if is_plain else _field(file, told, "name")
            labels = [file.stem] if is_plain else list(told.get("labels") or ())
            yield _tag(chain, address, label, labels, ETHERSCAN, name)


def read_eth_labels(path: Path) -> Iterator[Claim]:
    """The tags of a checkout of eth-labels."""
    layout = ("data/json/accounts.json", "data/*/*/accounts.json")
    for file, name in files_in(path, layout, ".json", "eth-labels"):
        body = _json(file)
        rows = body.get("data") if isinstance(body, dict) else body
        if not isinstance(rows, list):
            raise UsageError(f"{file} is no list of tags.", "Give a checkout of eth-labels.")
        for row in rows:
            if not isinstance(row, dict):
                raise UsageError(f"{file} is no list of tags.", "Give a checkout of eth-labels.")
            chain_id = str(row.get("chainId", ""))
            chain = _numbered(chain_id) if chain_id else _explorer_of(file)
            label = str(row.get("label") or file.parent.name)
            tag = str(row.get("nameTag") or "")
            yield _tag(chain, _field(file, row, "address"), tag, [label], ETH, name)


def read_ton_labels(path: Path) -> Iterator[Claim]:
    """The labels of centralised exchanges of a checkout of ton-labels."""
    for file, name in files_in(path, ("assets/cex/*.json", "cex/*.json"), ".json", "ton-labels"):
        body = _object(file)
        about = body.get("metadata")
        rows = body.get("addresses")
        if not isinstance(about, dict) or not isinstance(rows, list):
            raise UsageError(f"{file} has no metadata or no addresses.", "Give a checkout of ton-labels.")
        owner = str(about.get("organization") or about.get("label") or file.stem)
        for row in rows:
            if not isinstance(row, dict):
                raise UsageError(
                    f"{file} has an address that is no object.", "Give a checkout of ton-labels."
                )
            words = [str(word) for word in (row.get("comment"), *(row.get("tags") or ())) if word]
            yield Claim(
                chain="ton",
                address=_field(file, row, "address"),
                name=owner,
                label=" ".join(words),
                source=TON,
                list=name,
                link=str(row.get("source") or ""),
                tags="" if about.get("category") in (None, "", "CEX") else str(about["category"]),
            )


def _tag(chain: str, address: str, tag: str, labels: list[Any], source: str, name: str) -> Claim:
    """A tag of an explorer; whose it is must be found out from the tag and its labels."""
    return Claim(
        chain=chain, address=address, name="", label=tag, source=source, list=name,
        tags=" ".join(str(label) for label in labels),
    )  # fmt: skip


def _numbered(chain_id: str) -> str:
    """The chain of an EIP-155 number; one that is not known has a name of its own."""
    chain = canonical_chain(chain_id)
    return chain if chain in CHAINS else f"chain-{chain_id}"


def _explorer_of(file: Path) -> str:
    """The chain of the explorer whose folder a file lies in; ethereum where no folder tells."""
    return next((EXPLORERS[part] for part in reversed(file.parts) if part in EXPLORERS), "ethereum")


def _object(file: Path) -> dict[str, Any]:
    body = _json(file)
    if not isinstance(body, dict):
        raise UsageError(f"{file} is no JSON object.", "Give a checkout of the list, or one of its files.")
    return body


def _json(file: Path) -> Any:
    try:
        return orjson.loads(text_of(file))
    except orjson.JSONDecodeError as error:
        raise UsageError(f"{file}:{error.lineno}: this is not sound JSON.", "Fetch it again.") from None


def _field(file: Path, row: Any, name: str) -> str:
    if not isinstance(row, dict) or not isinstance(row.get(name), str):
        raise UsageError(f"{file} has an entry without '{name}'.", "Give a checkout of the list.")
    return str(row[name])
