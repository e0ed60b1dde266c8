"""Reserve lists that exchanges publish of themselves, as CSV in Bybit's form or in OKX's.

Bybit's columns: Coin (`BTC`, `USDT-Ethereum`: the chain stands after the last hyphen), Height, Amount,
Address (several, separated by blanks). Rows of `(ALL)` are sums. OKX's: a block of sums by coin, then coin,
Network, Snapshot Height, address, amount, message and signatures. The
publisher stands in the file's name, bybit_por_202407.csv, or in OKX's message ("I am an OKX address").
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

from inflows.chains import FAMILY, canonical_chain
from inflows.errors import UsageError
from inflows.exchanges import slug_of
from inflows.labels.checkouts import files_in
from inflows.labels.claim_rows import Claim

SOURCE: Final = "reserves"
_PUBLISHER: Final = re.compile(
    r"(.+?)[-_. ](?:por|reserves?|proof)\b|(.+?)_(?:por|reserves?|proof)_", re.IGNORECASE
)
_COLUMNS: Final = ("Coin", "Height", "Amount", "Address")
_OKX: Final = ("coin", "network", "address", "amount")
_MESSAGE: Final = re.compile(r"I am an? (\w+) address", re.IGNORECASE)
_SUMS: Final = 1_000
"""The header of OKX's list stands below at most so many lines of sums."""


class _Row(NamedTuple):
    """A row of a list: where it stands, its coin, the chain in the list's words, addresses, and who signs."""

    line: int
    coin: str
    chain: str
    addresses: str
    signer: str = ""


def read(path: Path) -> Iterator[Claim]:
    """The claims of a list, or of a folder of lists."""
    for file, name in files_in(path, ("*.csv",), ".csv", "reserve lists"):
        match = _PUBLISHER.match(file.name)
        publisher = (match[1] or match[2]) if match else ""
        for row in _rows(file):
            publisher = publisher or row.signer
            if row.addresses and not publisher:
                raise UsageError(
                    f"{file} does not tell in its name which exchange published it.",
                    "Name it after the exchange: bybit_por_202407.csv.",
                )
            for address in row.addresses.split():
                yield Claim(
                    chain=row.chain,
                    address=address,
                    name=publisher,
                    label=row.coin,
                    source=f"{SOURCE}-{slug_of(publisher)}",
                    list=name,
                    entry=str(row.line),
                    role="reserve",
                )


def _rows(file: Path) -> Iterator[_Row]:
    """The rows that have addresses; UsageError where the file is no list in either form."""
    try:
        with file.open(encoding="utf-8-sig", newline="") as handle:
            reader = csv.reader(handle, strict=True)
            header = [name.strip() for name in next(reader, [])]
            if header[:4] == list(_COLUMNS):
                yield from _bybit(file, reader)
                return
            for _ in range(_SUMS):
                names = [name.strip().lower() for name in header]
                if set(_OKX) <= set(names):
                    yield from _okx(file, reader, names)
                    return
                header = next(reader, [])
            raise UsageError(
                f"{file} is no reserve list.",
                f"Its columns are {', '.join(_COLUMNS)}, or as OKX has them: coin, Network, Snapshot Height, "
                "address, amount, message.",
            )
    except csv.Error as error:
        raise UsageError(
            f"{file}:{reader.line_num}: this is not sound CSV: {error}.", "Fetch it again."
        ) from None
    except UnicodeDecodeError as error:
        raise UsageError(f"{file} is not UTF-8 text ({error.reason}).", "Fetch it again.") from None
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror or error}.", "Check the path.") from None


def _bybit(file: Path, reader: Any) -> Iterator[_Row]:
    """`reader` is a csv.reader, whose type has no name."""
    for row in reader:
        if row and len(row) < 4:
            raise _cut_off(file, reader)
        if row and "(ALL)" not in row[0]:
            coin = row[0].strip()
            yield _Row(reader.line_num, coin, coin.rpartition("-")[2], " ".join(row[3:]))


def _okx(file: Path, reader: Any, names: list[str]) -> Iterator[_Row]:
    place = {name: at for at, name in enumerate(names)}
    needed = max(place[name] for name in _OKX)
    for row in reader:
        if not any(field.strip() for field in row):
            continue
        if len(row) <= needed:
            raise _cut_off(file, reader)
        coin, network, address = (row[place[name]].strip() for name in ("coin", "network", "address"))
        message = row[place["message"]] if place.get("message", len(row)) < len(row) else ""
        signer = _MESSAGE.search(message)
        yield _Row(reader.line_num, coin, _chain(coin, network), address, signer[1].lower() if signer else "")


def _chain(coin: str, network: str) -> str:
    """What tells the chain: the network (`ETH`, `USDT-ERC20`), else what follows the coin's hyphen."""
    names = [network, network.rpartition("-")[2], coin.rpartition("-")[2]]
    return next((name for name in names if canonical_chain(name) in FAMILY), network or names[-1])


def _cut_off(file: Path, reader: Any) -> UsageError:
    return UsageError(f"{file}:{reader.line_num}: the row is cut off.", "Fetch the file again.")
