"""The registries: who owns an address, what a contract is, what a coin cost, where an exchange counts.

Every row carries known_at, the instant since which the project has known it (null: since ever), so that
a build as of a past time uses only what was known then.
"""

from __future__ import annotations

from inflows.contracts import columns as c


class Labels(c.Schema):
    """Claims about addresses, one row a claim and validity. Key: chain, address, source, valid_from."""

    chain = c.string()  # 'evm' stands for every EVM chain
    address = c.string()
    exchange = c.string()
    role = c.string()  # empty: not told
    confidence = c.int64()  # 0 to 100
    valid_from = c.utc_time(nullable=True)  # null: since ever
    valid_to = c.utc_time(nullable=True)  # exclusive; null: until now
    known_at = c.utc_time(nullable=True)
    source = c.string()
    evidence = c.string()  # where to look it up: a transaction, a URL, a file and line; empty: not told


class Prices(c.Schema):
    """Quotes in US dollars. Key: chain, contract, time, source."""

    chain = c.string()
    contract = c.string()
    time = c.utc_time()  # the instant at which the price held
    price_usd = c.decimal(38, 18)  # of one whole coin
    source = c.string()
    known_at = c.utc_time(nullable=True)


class Assets(c.Schema):
    """Listed assets. Key: chain, contract."""

    chain = c.string()
    contract = c.string()  # empty: native
    symbol = c.string()
    decimals = c.int64()  # 0 to 36
    kind = c.string()
    trusted = c.boolean()
    max_supply = c.decimal(38, 6, nullable=True)  # whole coins
    known_at = c.utc_time(nullable=True)


class Jurisdictions(c.Schema):
    """Weights of exchanges in jurisdictions. Key: exchange, jurisdiction, basis, valid_from."""

    exchange = c.string()
    jurisdiction = c.string()  # ISO 3166-1 alpha-2
    basis = c.string()
    weight = c.decimal(38, 9)  # 0 to 1
    valid_from = c.date(nullable=True)
    valid_to = c.date(nullable=True)  # exclusive
    source = c.string()
    known_at = c.utc_time(nullable=True)
