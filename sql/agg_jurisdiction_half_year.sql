-- What exchanges received and sent by jurisdiction and half-year. Grain: period, jurisdiction, basis, scope, level.
create table agg_jurisdiction_half_year (
    period varchar,
    jurisdiction varchar,
    basis varchar,
    scope varchar,
    level varchar,
    inflow_usd decimal(38, 6),
    outflow_usd decimal(38, 6),
    net_usd decimal(38, 6),
    inflow_transfers bigint,
    outflow_transfers bigint,
    unlisted_inflow_transfers bigint,
    priced_share double,
    inflow_ratio_on_year double,
    coverage_share double,
    chain_days bigint,
    chain_days_covered bigint,
    days_covered bigint,
    coverage varchar,
    partial boolean,
    year_before_partial boolean,
    previous_partial boolean,
    simulated boolean,
    inflow_change_on_previous_usd decimal(38, 6),
    inflow_ratio_on_previous double,
    inflow_change_on_year_usd decimal(38, 6),
    inflow_rank bigint,
    share_of_world double,
    strict_share double
);

comment on table agg_jurisdiction_half_year is 'The published totals, one row for every answer to "how much": filter on one basis, one scope and one level before adding anything up.';
comment on column agg_jurisdiction_half_year.period is 'Half-year in UTC: 2024-H1 is January to June, 2024-H2 July to December.';
comment on column agg_jurisdiction_half_year.jurisdiction is 'ISO 3166-1 alpha-2 code; ZZ is what no registry row attributes to a jurisdiction.';
comment on column agg_jurisdiction_half_year.basis is 'Why an exchange counts there: licence held, headquarters, or share of traffic.';
comment on column agg_jurisdiction_half_year.scope is 'How transfers between exchanges count: exchange (as received), jurisdiction (left out inside one jurisdiction) or market (all left out).';
comment on column agg_jurisdiction_half_year.level is 'Which labels exist: strict (confidence 50 and more), base (20 and more) or all.';
comment on column agg_jurisdiction_half_year.inflow_usd is 'Value received in US dollars, weighted by the share of each exchange in the jurisdiction.';
comment on column agg_jurisdiction_half_year.outflow_usd is 'Value sent in US dollars, weighted in the same way.';
comment on column agg_jurisdiction_half_year.net_usd is 'inflow_usd less outflow_usd, in US dollars; not a change of balances at the price of a later day.';
comment on column agg_jurisdiction_half_year.inflow_transfers is 'Number of transfers of listed assets received; with fractional weights a transfer counts 1 in each jurisdiction with a share.';
comment on column agg_jurisdiction_half_year.outflow_transfers is 'Number of transfers of listed assets sent, counted in the same way.';
comment on column agg_jurisdiction_half_year.unlisted_inflow_transfers is 'Number of transfers received of assets outside the registry; they have no value here.';
comment on column agg_jurisdiction_half_year.priced_share is 'Part of inflow_transfers that had a price, 0 to 1; NULL where there were no transfers.';
comment on column agg_jurisdiction_half_year.inflow_ratio_on_year is 'inflow_usd divided by that of the same half a year before: 2.9 means 2.9 times; NULL where there is none.';
comment on column agg_jurisdiction_half_year.coverage_share is 'Proven chain-days divided by chain_days, 0 to 1; NULL where no blocks of the period are known.';
comment on column agg_jurisdiction_half_year.chain_days is 'Days of the period times the chains that count: all of the store, or those that the settings name.';
comment on column agg_jurisdiction_half_year.chain_days_covered is 'Number of those chain-days that are proven (blocks known without a hole) or claimed (a source says that it holds the day).';
comment on column agg_jurisdiction_half_year.days_covered is 'Number of days of the period that are covered on every chain.';
comment on column agg_jurisdiction_half_year.coverage is 'proven (all chain-days are), claimed (all are covered, not all proven) or part (some are missing).';
comment on column agg_jurisdiction_half_year.partial is 'True where the period was not over when this was built, or some of its chain-days are missing: then the totals are of a part.';
comment on column agg_jurisdiction_half_year.year_before_partial is 'True where the same half a year before is partial or unknown: then inflow_ratio_on_year is not worth printing.';
comment on column agg_jurisdiction_half_year.previous_partial is 'True where the half-year just before is partial or unknown: then inflow_ratio_on_previous is not worth printing.';
comment on column agg_jurisdiction_half_year.simulated is 'True where the numbers come from the synthetic market and say nothing about the world.';
comment on column agg_jurisdiction_half_year.inflow_change_on_previous_usd is 'inflow_usd less that of the half-year before, in US dollars; NULL where there is no data of that half-year at all.';
comment on column agg_jurisdiction_half_year.inflow_ratio_on_previous is 'inflow_usd divided by that of the half-year before; NULL where there is none.';
comment on column agg_jurisdiction_half_year.inflow_change_on_year_usd is 'inflow_usd less that of the same half a year before, in US dollars; NULL where there is no data of it at all.';
comment on column agg_jurisdiction_half_year.inflow_rank is 'Place by inflow_usd among the jurisdictions of the same period, basis, scope and level; 1 received most, equals share a place; NULL for ZZ.';
comment on column agg_jurisdiction_half_year.share_of_world is 'inflow_usd divided by that of all jurisdictions, ZZ included, 0 to 1; NULL where nothing was received anywhere.';
comment on column agg_jurisdiction_half_year.strict_share is 'Label coverage: the inflow at level strict divided by the inflow of this row; above 1 where surer labels move value to the other side of a sweep; NULL where there is none.';
