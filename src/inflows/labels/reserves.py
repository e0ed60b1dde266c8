"""Reserve lists that exchanges publish of themselves, in Bybit's form of CSV.

Columns: Coin (`BTC`, `USDT-Ethereum`: the chain stands after the last hyphen), Height, Amount, Address
(several, separated by blanks). Rows of `(ALL)` are sums. The publisher stands in the file's name:
bybit_por_202407.csv.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from inflows.errors import UsageError
from inflows.labels.checkouts import files_in
from inflows.labels.claims import Claim
from inflows.labels.exchanges import slug_of

SOURCE: Final = "reserves"
_PUBLISHER: Final = re.compile(
    r"(.+?)[-_. ](?:por|reserves?|proof)\b|(.+?)_(?:por|reserves?|proof)_", re.IGNORECASE
)
_COLUMNS: Final = ("Coin", "Height", "Amount", "Address")


def read(path: Path) -> Iterator[Claim]:
    """The claims of a list, or of a folder of lists."""
    for file, name in files_in(path, ("*.csv",), ".csv", "reserve lists"):
        match = _PUBLISHER.match(file.name)
        if not match:
            raise UsageError(
                f"{file} does not tell in its name which exchange published it.",
                "Name it after the exchange: bybit_por_202407.csv.",
            )
        publisher = match[1] or match[2]
        for line, coin, addresses in _rows(file):
            for address in addresses.split():
                yield Claim(
                    chain=coin.rpartition("-")[2],
                    address=address,
                    name=publisher,
                    label=coin,
                    source=f"{SOURCE}-{slug_of(publisher)}",
                    list=name,
                    entry=str(line),
                    role="reserve",
                )


def _rows(file: Path) -> Iterator[tuple[int, str, str]]:
    """Line, coin and addresses of the rows that have some."""
    try:
        with file.open(encoding="utf-8-sig", newline="") as handle:
            reader = csv.reader(handle, strict=True)
            header = [name.strip() for name in next(reader, [])]
            if header[:4] != list(_COLUMNS):
                raise UsageError(f"{file} is no reserve list.", f"Its columns are {', '.join(_COLUMNS)}.")
            for row in reader:
                if row and len(row) < 4:
                    raise UsageError(
                        f"{file}:{reader.line_num}: the row is cut off.", "Fetch the file again."
                    )
                if row and "(ALL)" not in row[0]:
                    yield reader.line_num, row[0].strip(), " ".join(row[3:])
    except csv.Error as error:
        raise UsageError(
            f"{file}:{reader.line_num}: this is not sound CSV: {error}.", "Fetch it again."
        ) from None
    except UnicodeDecodeError as error:
        raise UsageError(f"{file} is not UTF-8 text ({error.reason}).", "Fetch it again.") from None
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror or error}.", "Check the path.") from None
