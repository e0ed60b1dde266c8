"""DefiLlama's lists of exchanges' wallets, in the JavaScript of its adapters.

Source: DefiLlama/DefiLlama-Adapters. `cex/index.js` holds small lists in `configs`, by exchange;
`cex/<exchange>.js` and the `projects/<exchange>/index.js` that call `cexExports` hold one each: {chain:
{owners: [address, …]}}. Bitcoin may name an entry of `projects/helper/bitcoin-book` instead. What only a run
would fetch is not in the checkout.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from inflows.errors import UsageError
from inflows.labels.claim_rows import Claim
from inflows.labels.javascript import UNTOLD, Modules, Text, Value

SOURCE: Final = "defillama"
_BOOK: Final = "projects/helper/bitcoin-book/index.js"
_CALL: Final = "cexExports"


def read(path: Path) -> Iterator[Claim]:
    """The claims of a checkout, or of one exchange's file in it."""
    root = _root_of(path)
    modules = Modules(root)
    book = _bitcoin_book(modules, root)
    lists = 0
    for file, exchange, config in _configs(path, root, modules):
        if isinstance(config, dict) and config:
            lists += 1
            yield from _claims(exchange, config, book, root, file)
    if not lists:
        raise UsageError(
            f"{path} is no checkout of DefiLlama-Adapters: it holds no list of an exchange's wallets.",
            "Give the folder of the checkout (cex/, projects/), or one of its files.",
        )


def _configs(path: Path, root: Path, modules: Modules) -> Iterator[tuple[Path, str, Value]]:
    """File, exchange and {chain: …} of every list."""
    if path.is_file():
        files = [path]
    elif path.is_dir():
        files = [*sorted((root / "cex").glob("*.js")), *sorted((root / "projects").glob("*/index.js"))]
    else:
        raise UsageError(f"There is no file or folder at {path}.", "Give a checkout of DefiLlama-Adapters.")
    for file in files:
        is_own = file.is_relative_to(root / "cex") or path.is_file()
        if not is_own and _CALL.encode() not in file.read_bytes():
            continue  # thousands of adapters are of no exchange
        module = modules.module(file)
        if file.name == "index.js" and file.parent.name == "cex":
            configs = module.name("configs")
            for exchange, config in (configs if isinstance(configs, dict) else {}).items():
                yield file, exchange, config
            continue
        config = module.argument_of(_CALL) if module.mentions(_CALL) else module.exports()
        yield file, file.parent.name if file.name == "index.js" else file.stem, config


def _claims(
    exchange: str, config: dict[str, Value], book: dict[str, Value], root: Path, file: Path
) -> Iterator[Claim]:
    for chain, told in config.items():
        if isinstance(told, Text):
            owners = book.get(told.value, UNTOLD) if chain == "bitcoin" else UNTOLD
        else:
            owners = told.get("owners", UNTOLD) if isinstance(told, dict) else UNTOLD
            if isinstance(owners, Text) and chain == "bitcoin":
                owners = book.get(owners.value, UNTOLD)
        for owner in owners if isinstance(owners, list) else ():
            if isinstance(owner, Text):
                yield Claim(
                    chain=chain,
                    address=owner.value.strip(),
                    name=exchange,
                    label=owner.note,
                    source=SOURCE,
                    list=_name_in(owner.file, root, file),
                    entry=str(owner.line),
                )


def _bitcoin_book(modules: Modules, root: Path) -> dict[str, Value]:
    """The address book of Bitcoin, by entry."""
    file = root / _BOOK
    if not file.is_file():
        return {}
    exports = modules.module(file).exports()
    return exports if isinstance(exports, dict) else {}


def _root_of(path: Path) -> Path:
    """The checkout that a path lies in: the nearest folder above it that holds `cex` or `projects`."""
    start = path if path.is_dir() else path.parent
    for folder in (start, *start.resolve().parents):
        if (folder / "cex").is_dir() or (folder / "projects").is_dir():
            return folder
    return start


def _name_in(file: Path, root: Path, fallback: Path) -> str:
    resolved = root.resolve()
    return file.relative_to(resolved).as_posix() if file.is_relative_to(resolved) else fallback.name
