"""Which exchanges are sister companies: facts/affiliates.csv (family, exchange, source).

Sisters are exchanges of their own in every total. That two lists name sisters for one address is a smaller
matter than that they name strangers, and `labels check` tells them apart.
"""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Final

_FACTS: Final = Path(__file__).parents[1] / "facts" / "affiliates.csv"


@cache
def families() -> MappingProxyType[str, str]:
    """The family of each exchange that has sisters."""
    with _FACTS.open(encoding="utf-8", newline="") as handle:
        return MappingProxyType({row["exchange"]: row["family"] for row in csv.DictReader(handle)})
