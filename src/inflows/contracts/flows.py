"""The tables that the stages make: wallets, flows, daily facts, totals, findings."""

from __future__ import annotations

import dataframely as dy

from inflows.contracts.schema import utc_time


class Wallets(dy.Schema):
    """What is believed of an address at each level in each span of time. Key: chain, address, valid_from.

    Resolved from all claims by stages.resolve: spans of one address do not overlap. An exchange is null where
    no claim exists at that level, or where the claims are contested.
    """

    chain = dy.String(nullable=False, primary_key=True)
    address = dy.String(nullable=False, primary_key=True)
    address_key = dy.UInt64(nullable=False)
    valid_from = utc_time(primary_key=True)  # keys.BEGINNING: since ever
    valid_to = utc_time()  # keys.END: until now
    exchange_strict = dy.String(nullable=True)
    role_strict = dy.String(nullable=True)
    exchange_base = dy.String(nullable=True)
    role_base = dy.String(nullable=True)
    exchange_all = dy.String(nullable=True)
    role_all = dy.String(nullable=True)
    confidence_all = dy.Int64(nullable=True)
    known_at = utc_time(nullable=True)  # of the claim that decides at level all
    sources = dy.String(nullable=False)  # of all claims in the span, sorted, joined by '; '
    contested = dy.Bool(nullable=False)  # at any level


class Flows(dy.Schema):
    """Transfers that touch an exchange. Key: chain, block_number, tx_hash, kind, position."""

    chain = dy.String(nullable=False, primary_key=True)
    block_number = dy.Int64(nullable=False, primary_key=True)
    block_time = utc_time()
    tx_hash = dy.String(nullable=False, primary_key=True)
    kind = dy.String(nullable=False, primary_key=True)
    position = dy.Int64(nullable=False, primary_key=True)
    contract = dy.String(nullable=False)
    symbol = dy.String(nullable=True)  # null: the asset is not listed
    from_address = dy.String(nullable=False)
    to_address = dy.String(nullable=False)
    from_exchange = dy.String(nullable=True)  # at level all
    to_exchange = dy.String(nullable=True)
    from_confidence = dy.Int64(nullable=True)
    to_confidence = dy.Int64(nullable=True)
    amount_raw = dy.String(nullable=False)
    amount = dy.Decimal(38, 18, nullable=True)  # whole coins; null where unlisted or out of range
    usd = dy.Decimal(38, 6, nullable=True)  # null: not priced
    flow_type = dy.String(nullable=True)  # at level base
    flow_type_strict = dy.String(nullable=True)
    flow_type_all = dy.String(nullable=True)


class DailyFacts(dy.Schema):
    """Sums of flows by UTC day. Key: date, chain, contract, from_exchange, to_exchange, flow_type, level."""

    date = dy.Date(nullable=False)
    chain = dy.String(nullable=False)
    contract = dy.String(nullable=False)
    symbol = dy.String(nullable=True)
    from_exchange = dy.String(nullable=True)  # at the row's level
    to_exchange = dy.String(nullable=True)
    flow_type = dy.String(nullable=False)
    level = dy.String(nullable=False)
    transfers = dy.Int64(nullable=False)
    priced_transfers = dy.Int64(nullable=False)
    amount = dy.Decimal(38, 18, nullable=True)
    usd = dy.Decimal(38, 6, nullable=False)


class Totals(dy.Schema):
    """Totals by period. Key: period, jurisdiction, basis, scope, level."""

    period = dy.String(nullable=False, primary_key=True)
    jurisdiction = dy.String(nullable=False, primary_key=True)
    basis = dy.String(nullable=False, primary_key=True)
    scope = dy.String(nullable=False, primary_key=True)
    level = dy.String(nullable=False, primary_key=True)
    inflow_usd = dy.Decimal(38, 6, nullable=False)
    outflow_usd = dy.Decimal(38, 6, nullable=False)
    net_usd = dy.Decimal(38, 6, nullable=False)
    inflow_transfers = dy.Int64(nullable=False)  # of listed assets
    outflow_transfers = dy.Int64(nullable=False)
    unlisted_inflow_transfers = dy.Int64(nullable=False)
    priced_share = dy.Float64(nullable=True)  # priced / inflow_transfers
    inflow_ratio_on_year = dy.Float64(nullable=True)  # to the same half a year before
    coverage_share = dy.Float64(nullable=True)  # of the period's days with data; null: blocks unknown
    partial = dy.Bool(nullable=False)
    simulated = dy.Bool(nullable=False)


class Findings(dy.Schema):
    """What a reader should know about a build, counted. Key: finding, chain, contract, reason."""

    finding = dy.String(nullable=False, primary_key=True)
    chain = dy.String(nullable=False, primary_key=True)
    contract = dy.String(nullable=False, primary_key=True)
    detail = dy.String(nullable=False, primary_key=True)
    transfers = dy.Int64(nullable=False)
