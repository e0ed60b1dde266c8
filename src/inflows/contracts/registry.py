"""The registries: who owns an address, what a contract is, what a coin cost, where an exchange counts.

Every row carries known_at, the instant since which the project has known it (null: since ever), so that
a build as of a past time uses only what was known then.
"""

from __future__ import annotations

import dataframely as dy

from inflows.contracts.schema import utc_time


class Labels(dy.Schema):
    """Claims about addresses, one row a claim and validity. Key: chain, address, source, valid_from."""

    chain = dy.String(nullable=False)  # 'evm' stands for every EVM chain
    address = dy.String(nullable=False)
    exchange = dy.String(nullable=False)
    role = dy.String(nullable=False)  # empty: not told
    confidence = dy.Int64(nullable=False)  # 0 to 100
    valid_from = utc_time(nullable=True)  # null: since ever
    valid_to = utc_time(nullable=True)  # exclusive; null: until now
    known_at = utc_time(nullable=True)
    source = dy.String(nullable=False)


class Prices(dy.Schema):
    """Quotes in US dollars. Key: chain, contract, time, source."""

    chain = dy.String(nullable=False)
    contract = dy.String(nullable=False)
    time = utc_time()  # the instant at which the price held
    price_usd = dy.Decimal(38, 18, nullable=False)  # of one whole coin
    source = dy.String(nullable=False)
    known_at = utc_time(nullable=True)


class Assets(dy.Schema):
    """Listed assets. Key: chain, contract."""

    chain = dy.String(nullable=False)
    contract = dy.String(nullable=False)  # empty: native
    symbol = dy.String(nullable=False)
    decimals = dy.Int64(nullable=False)  # 0 to 36
    kind = dy.String(nullable=False)
    trusted = dy.Bool(nullable=False)
    max_supply = dy.Decimal(38, 6, nullable=True)  # whole coins
    known_at = utc_time(nullable=True)


class Jurisdictions(dy.Schema):
    """Weights of exchanges in jurisdictions. Key: exchange, jurisdiction, basis, valid_from."""

    exchange = dy.String(nullable=False)
    jurisdiction = dy.String(nullable=False)  # ISO 3166-1 alpha-2
    basis = dy.String(nullable=False)
    weight = dy.Decimal(38, 9, nullable=False)  # 0 to 1
    valid_from = dy.Date(nullable=True)
    valid_to = dy.Date(nullable=True)  # exclusive
    source = dy.String(nullable=False)
    known_at = utc_time(nullable=True)
