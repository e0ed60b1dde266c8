"""TagPacks of GraphSense: YAML with a header whose fields hold for every tag that does not say otherwise.

Source: graphsense/graphsense-tagpacks, packs/**/*.yaml. A tag counts where its category or one of its
concepts is `exchange`; one with `abuse` is of a hacker. Every pack is a source of its own, `tagpack-<name of
the file>`. The confidence is the pack's, on GraphSense's scale.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from inflows.exchanges import slug_of
from inflows.labels.checkouts import files_in
from inflows.labels.claim_rows import Claim
from inflows.labels.yaml_stream import Node, YamlFile

SOURCE: Final = "tagpack"
LAYOUT: Final = ("packs/**/*.yaml", "**/*.yaml")
CONFIDENCE: Final = {
    "ownership": 100, "ledger_immanent": 100, "manual_transaction": 90, "service_api": 70,
    "authority_data": 60, "service_data": 50, "web_crawl": 20, "heuristic": 10, "unknown": 5,
}  # fmt: skip
"""GraphSense's scale of sureness."""

_INHERITED: Final = (
    "address", "label", "source", "currency", "network", "category", "concepts", "confidence", "abuse",
    "actor",
)  # fmt: skip
_MOST_ALIKE: Final = 10_000
_DOLLARS: Final = ("usdt", "usdc", "busd", "tusd", "usdp", "dai")


def read(path: Path) -> Iterator[Claim]:
    """The claims of a checkout, of a folder of packs, or of one pack."""
    for file, name in files_in(path, LAYOUT, ".yaml", "TagPacks"):
        yield from _claims(YamlFile(file), name, f"{SOURCE}-{slug_of(file.stem)}")


def _claims(pack: YamlFile, name: str, source: str) -> Iterator[Claim]:
    header: dict[str, Node] = {}
    alike: dict[str, Claim] = {}
    tags = 0
    for line, key, value in pack.items("tags"):
        if key != "tags":
            if tags and key in _INHERITED:
                raise pack.error(line, f"the header's '{key}' stands below the tags", "Move it above them.")
            header[key] = value
            continue
        tags += 1
        if not isinstance(value, dict):
            raise pack.error(line, "the tag is no mapping", "Give a TagPack.")
        address = value.pop("address", None) or header.get("address")
        if not isinstance(address, str):
            raise pack.error(line, "the tag has no address", "Give a TagPack.")
        # Tags that differ in nothing but the address are many: what they share is made out once.
        own = repr(value) if value else ""
        if own not in alike:
            if len(alike) >= _MOST_ALIKE:
                alike.clear()
            alike[own] = _claim({**header, **value}, name, source)
        shared = alike[own]
        chain = _chain(shared.chain, address)
        yield shared._replace(chain=chain, address=address.strip(), entry=str(line))
    if not tags and "actors" not in header:
        raise pack.error(1, "the file has no tags", "Give a TagPack; packs of actors are imported elsewhere.")


def _claim(tag: dict[str, Any], name: str, source: str) -> Claim:
    """The claim of a tag, but for its address and line."""
    return Claim(
        chain=_text(tag, "network") or _text(tag, "currency"),
        address="",
        name=_text(tag, "actor"),
        label=_text(tag, "label"),
        source=source,
        list=name,
        link=_text(tag, "source"),
        confidence=CONFIDENCE.get(_text(tag, "confidence"), CONFIDENCE["unknown"]),
        # A tag of no category is nobody's exchange, even where it names an actor.
        tags=" ".join([*_words(tag, "category"), *_words(tag, "concepts"), *_words(tag, "abuse")]) or "none",
    )


def _chain(currency: str, address: str) -> str:
    """The chain of a currency; a dollar coin's is told by the form of its address."""
    if currency.lower() in _DOLLARS:
        return "ethereum" if address.startswith("0x") else "tron" if address.startswith("T") else currency
    return currency


def _text(tag: dict[str, Any], name: str) -> str:
    value = tag.get(name)
    return value.strip() if isinstance(value, str) else ""


def _words(tag: dict[str, Any], name: str) -> list[str]:
    """A field as words; an abuse of any kind says so."""
    value = tag.get(name)
    words = (
        [str(word) for word in value]
        if isinstance(value, list)
        else [value]
        if isinstance(value, str)
        else []
    )
    return [f"abuse:{word}" for word in words] if name == "abuse" else words
