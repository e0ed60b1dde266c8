"""The tables that the stages make: wallets, flows, daily facts, totals, findings."""

from __future__ import annotations

from inflows.contracts import columns as c


class Wallets(c.Schema):
    """What is believed of an address at each level in each span of time. Key: chain, address, valid_from.

    Resolved from all claims by stages.wallets: spans of one address do not overlap. An exchange is null where
    no claim exists at that level, or where the claims are contested.
    """

    chain = c.string(primary_key=True)
    address = c.string(primary_key=True)
    address_key = c.uint64()
    valid_from = c.utc_time(primary_key=True)  # times.BEGINNING: since ever
    valid_to = c.utc_time()  # times.END: until now
    exchange_strict = c.string(nullable=True)
    role_strict = c.string(nullable=True)
    exchange_base = c.string(nullable=True)
    role_base = c.string(nullable=True)
    exchange_all = c.string(nullable=True)
    role_all = c.string(nullable=True)
    confidence_all = c.int64(nullable=True)
    known_at = c.utc_time(nullable=True)  # of the claim that decides at level all
    sources = c.string()  # of all claims in the span, sorted, joined by '; '
    contested = c.boolean()  # at any level


class Flows(c.Schema):
    """Transfers that touch an exchange. Key: chain, block_number, tx_hash, kind, position."""

    chain = c.string(primary_key=True)
    block_number = c.int64(primary_key=True)
    block_time = c.utc_time()
    tx_hash = c.string(primary_key=True)
    kind = c.string(primary_key=True)
    position = c.int64(primary_key=True)
    contract = c.string()
    symbol = c.string(nullable=True)  # null: the asset is not listed
    from_address = c.string()
    to_address = c.string()
    from_exchange = c.string(nullable=True)  # at level all
    to_exchange = c.string(nullable=True)
    from_confidence = c.int64(nullable=True)
    to_confidence = c.int64(nullable=True)
    amount_raw = c.string()
    amount = c.decimal(38, 18, nullable=True)  # whole coins; null where unlisted or out of range
    usd = c.decimal(38, 6, nullable=True)  # null: not priced
    flow_type = c.string(nullable=True)  # at level base
    flow_type_strict = c.string(nullable=True)
    flow_type_all = c.string(nullable=True)


class DailyFacts(c.Schema):
    """Sums of flows by UTC day.

    Key: date, chain, contract, from_exchange, to_exchange, flow_type, level, size_band.
    """

    date = c.date()
    chain = c.string()
    contract = c.string()
    symbol = c.string(nullable=True)
    from_exchange = c.string(nullable=True)  # at the row's level
    to_exchange = c.string(nullable=True)
    flow_type = c.string()
    level = c.string()
    transfers = c.int64()
    priced_transfers = c.int64()
    amount = c.decimal(38, 18, nullable=True)
    usd = c.decimal(38, 6)
    size_band = c.string(nullable=True)  # names.SIZE_BANDS, of each transfer; null: it has no price


class ContestedDaily(c.Schema):
    """What contested addresses received and sent by UTC day, of listed assets.

    Key: date, chain, address, level.
    """

    date = c.date(primary_key=True)
    chain = c.string(primary_key=True)
    address = c.string(primary_key=True)
    level = c.string(primary_key=True)
    inflow_usd = c.decimal(38, 6)  # what it received, but for what was minted, wrapped or came from itself
    outflow_usd = c.decimal(38, 6)
    inflow_transfers = c.int64()
    outflow_transfers = c.int64()
    priced_transfers = c.int64()  # of both


class Contested(c.Schema):
    """Addresses that count for no exchange, by level and span. Key: chain, address, level, valid_from."""

    chain = c.string(primary_key=True)
    address = c.string(primary_key=True)
    level = c.string(primary_key=True)
    valid_from = c.utc_time(primary_key=True)  # times.BEGINNING: since ever
    valid_to = c.utc_time()  # times.END: until now
    exchanges = c.string()  # all that are claimed, sorted, joined by '; '
    claims = c.string()  # each exchange with the confidence of its best claim and its sources
    lineages = c.int64()


class Totals(c.Schema):
    """Totals by period. Key: period, jurisdiction, basis, scope, level."""

    period = c.string(primary_key=True)
    jurisdiction = c.string(primary_key=True)
    basis = c.string(primary_key=True)
    scope = c.string(primary_key=True)
    level = c.string(primary_key=True)
    inflow_usd = c.decimal(38, 6)
    outflow_usd = c.decimal(38, 6)
    net_usd = c.decimal(38, 6)
    inflow_transfers = c.int64()  # of listed assets
    outflow_transfers = c.int64()
    unlisted_inflow_transfers = c.int64()
    priced_share = c.float64(nullable=True)  # priced / inflow_transfers
    inflow_ratio_on_year = c.float64(nullable=True)  # to the same half a year before
    coverage_share = c.float64(nullable=True)  # proven chain-days / chain_days; null: no blocks are known
    chain_days = c.int64(nullable=True)  # days × chains; here and below null: an older program published it
    chain_days_covered = c.int64(nullable=True)  # proven or claimed
    days_covered = c.int64(nullable=True)  # days that are covered on every chain
    coverage = c.string(nullable=True)  # proven, claimed (all covered, not all proven) or part
    partial = c.boolean()  # the period is not over, or part
    year_before_partial = c.boolean(nullable=True)  # whether the same half a year before is partial
    previous_partial = c.boolean(nullable=True)  # whether the half-year just before is partial
    simulated = c.boolean()
    inflow_change_on_previous_usd = c.decimal(38, 6, nullable=True)  # null: no data of the period before
    inflow_ratio_on_previous = c.float64(nullable=True)
    inflow_change_on_year_usd = c.decimal(38, 6, nullable=True)
    inflow_rank = c.int64(nullable=True)  # among jurisdictions; null: ZZ
    share_of_world = c.float64(nullable=True)
    strict_share = c.float64(nullable=True)  # inflow at level strict / inflow_usd


class Findings(c.Schema):
    """What a reader should know about a build, counted. Key: finding, chain, contract, reason."""

    finding = c.string(primary_key=True)
    chain = c.string(primary_key=True)
    contract = c.string(primary_key=True)
    detail = c.string(primary_key=True)
    transfers = c.int64()
    usd = c.decimal(38, 6, nullable=True)  # what they moved; null where that is not the point
