"""Which exchanges are sister companies: reference/affiliates.csv (family, exchange, source).

Sisters are exchanges of their own in every total. That two lists name sisters for one address is a smaller
matter than that they name strangers, and `labels check` tells them apart.
"""

from __future__ import annotations

import csv
from functools import cache
from types import MappingProxyType
from typing import Final

from inflows.reference.shipped import reference_file

_FACTS: Final = reference_file("affiliates.csv")


@cache
def families() -> MappingProxyType[str, str]:
    """The family of each exchange that has sisters."""
    with _FACTS.open(encoding="utf-8", newline="") as handle:
        return MappingProxyType({row["exchange"]: row["family"] for row in csv.DictReader(handle)})
