"""The own formats of registries: their columns, and what must hold within one row.

Columns that may be left out of the file are read as empty. Every format may carry known_at.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import polars as pl

from inflows.contracts.names import ASSET_KINDS, BASES, ROLES
from inflows.registry.balance_format import balances
from inflows.registry.column_checks import (
    Check,
    address,
    choice,
    country,
    day,
    moment,
    number,
    says,
    slug,
    whole,
    words,
    yes_or_no,
)
from inflows.registry.crosschecks import overlapping_owners
from inflows.registry.file_format import OwnFormat, ends_after_it_begins
from inflows.registry.licence_formats import licences, references
from inflows.registry.tables import (
    ASSETS,
    BALANCES,
    JURISDICTIONS,
    LABELS,
    LICENCES,
    PRICES,
    REFERENCES,
    Table,
)

EVM_IS_NO_CHAIN = "stands for every EVM chain in labels only; name the chain"


@cache
def own_format(table: Table) -> OwnFormat:
    """The own format of a registry table."""
    formats: dict[Table, Callable[[], OwnFormat]] = {
        LABELS: _labels,
        PRICES: _prices,
        ASSETS: _assets,
        JURISDICTIONS: _jurisdictions,
        LICENCES: licences,
        REFERENCES: references,
        BALANCES: balances,
    }
    return formats[table]()


def _labels() -> OwnFormat:
    return OwnFormat(
        LABELS,
        (
            slug("chain"),
            address("address"),
            slug("exchange"),
            choice("role", ROLES, present=False, default=""),
            whole("confidence", most=100),
            moment("valid_from", present=False, filled=False),
            moment("valid_to", present=False, filled=False),
            moment("known_at", present=False, filled=False),
            words("source", longest=500),
            words("evidence", longest=500, present=False, filled=False),
        ),
        (ends_after_it_begins(),),
        between=overlapping_owners,
    )


def _prices() -> OwnFormat:
    return OwnFormat(
        PRICES,
        (
            slug("chain", taken="evm", remedy=EVM_IS_NO_CHAIN),
            address("contract", filled=False),
            moment("time"),
            number("price_usd", places=18, zero=False),
            words("source", longest=500),
            moment("known_at", present=False, filled=False),
        ),
        (),
    )


def _assets() -> OwnFormat:
    is_native, has_contract = pl.col("kind") == "native", pl.col("contract") != ""
    return OwnFormat(
        ASSETS,
        (
            slug("chain", taken="evm", remedy=EVM_IS_NO_CHAIN),
            address("contract", filled=False),
            words("symbol", longest=64),
            whole("decimals", most=36),
            choice("kind", ASSET_KINDS),
            yes_or_no("trusted"),
            number("max_supply", places=6, zero=False, present=False, filled=False),
            # Where the facts are from: for who reads the file; the registry does not keep it.
            words("source", longest=500, present=False, filled=False),
            words("checked_against", longest=500, present=False, filled=False),
            moment("known_at", present=False, filled=False),
        ),
        (
            Check(
                is_native & has_contract,
                says("a native coin has no contract, not '{}'; leave it empty", "contract"),
            ),
            Check(
                ~is_native & ~has_contract,
                says("kind '{}' needs a contract; only a native coin has none", "kind"),
            ),
        ),
    )


def _jurisdictions() -> OwnFormat:
    return OwnFormat(
        JURISDICTIONS,
        (
            slug("exchange"),
            country("jurisdiction"),
            choice("basis", BASES),
            number("weight", places=9, zero=True, most=1),
            day("valid_from"),
            day("valid_to"),
            words("source", longest=500),
            moment("known_at", present=False, filled=False),
        ),
        (ends_after_it_begins(),),
    )
