-- The published totals with rank and share, ready to be filtered. Grain: period, jurisdiction, basis, scope, level.
create view rpt_jurisdiction_half_year as
select
    cast(period as varchar) as period,
    cast(jurisdiction as varchar) as jurisdiction,
    cast(basis as varchar) as basis,
    cast(scope as varchar) as scope,
    cast(level as varchar) as level,
    cast(inflow_rank as bigint) as inflow_rank,
    cast(inflow_usd as decimal(38, 6)) as inflow_usd,
    cast(outflow_usd as decimal(38, 6)) as outflow_usd,
    cast(net_usd as decimal(38, 6)) as net_usd,
    cast(share_of_world as double) as share_of_world,
    cast(inflow_change_on_previous_usd as decimal(38, 6)) as inflow_change_on_previous_usd,
    cast(inflow_ratio_on_previous as double) as inflow_ratio_on_previous,
    cast(inflow_change_on_year_usd as decimal(38, 6)) as inflow_change_on_year_usd,
    cast(inflow_ratio_on_year as double) as inflow_ratio_on_year,
    cast(strict_share as double) as strict_share,
    cast(inflow_transfers as bigint) as inflow_transfers,
    cast(outflow_transfers as bigint) as outflow_transfers,
    cast(unlisted_inflow_transfers as bigint) as unlisted_inflow_transfers,
    cast(priced_share as double) as priced_share,
    cast(coverage_share as double) as coverage_share,
    cast(chain_days as bigint) as chain_days,
    cast(chain_days_covered as bigint) as chain_days_covered,
    cast(days_covered as bigint) as days_covered,
    cast(coverage as varchar) as coverage,
    cast(partial as boolean) as partial,
    cast(year_before_partial as boolean) as year_before_partial,
    cast(previous_partial as boolean) as previous_partial,
    cast(simulated as boolean) as simulated,
from agg_jurisdiction_half_year
order by period, basis, scope, level, inflow_usd desc, jurisdiction;

comment on view rpt_jurisdiction_half_year is 'The totals as readers want them. Filter on one basis (licence), one scope (exchange) and one level (base): those are the defaults of the program.';
comment on column rpt_jurisdiction_half_year.period is 'Half-year in UTC: 2024-H1 is January to June, 2024-H2 July to December.';
comment on column rpt_jurisdiction_half_year.jurisdiction is 'ISO 3166-1 alpha-2 code; ZZ is what is attributed to none.';
comment on column rpt_jurisdiction_half_year.basis is 'Why an exchange counts there: licence held, headquarters, or share of traffic.';
comment on column rpt_jurisdiction_half_year.scope is 'How transfers between exchanges count: exchange (as received), jurisdiction (left out inside one jurisdiction) or market (all left out).';
comment on column rpt_jurisdiction_half_year.level is 'Which labels exist: strict (confidence 50 and more), base (20 and more) or all.';
comment on column rpt_jurisdiction_half_year.inflow_rank is 'Place by inflow_usd among the jurisdictions of the same period, basis, scope and level; 1 received most, equals share a place; NULL for ZZ, which is no jurisdiction.';
comment on column rpt_jurisdiction_half_year.inflow_usd is 'Value received in US dollars.';
comment on column rpt_jurisdiction_half_year.outflow_usd is 'Value sent in US dollars.';
comment on column rpt_jurisdiction_half_year.net_usd is 'Received less sent, in US dollars.';
comment on column rpt_jurisdiction_half_year.share_of_world is 'inflow_usd divided by that of all jurisdictions, ZZ included, 0 to 1; NULL where nothing was received anywhere.';
comment on column rpt_jurisdiction_half_year.inflow_transfers is 'Number of transfers of listed assets received.';
comment on column rpt_jurisdiction_half_year.outflow_transfers is 'Number of transfers of listed assets sent.';
comment on column rpt_jurisdiction_half_year.unlisted_inflow_transfers is 'Number of transfers received of assets that are not listed and so have no value.';
comment on column rpt_jurisdiction_half_year.priced_share is 'Part of inflow_transfers that had a price, 0 to 1; NULL where there were none.';
comment on column rpt_jurisdiction_half_year.inflow_ratio_on_year is 'Times the inflow of the same half a year before: 2.9 means 2.9 times; NULL where there is none.';
comment on column rpt_jurisdiction_half_year.coverage_share is 'Proven chain-days divided by chain_days, 0 to 1; NULL where no blocks of the period are known.';
comment on column rpt_jurisdiction_half_year.chain_days is 'Days of the period times the chains that count: all of the store, or those that the settings name.';
comment on column rpt_jurisdiction_half_year.chain_days_covered is 'Number of those chain-days that are proven (blocks known without a hole) or claimed (a source says that it holds the day).';
comment on column rpt_jurisdiction_half_year.days_covered is 'Number of days of the period that are covered on every chain.';
comment on column rpt_jurisdiction_half_year.coverage is 'proven (all chain-days are), claimed (all are covered, not all proven) or part (some are missing).';
comment on column rpt_jurisdiction_half_year.partial is 'True where the period was not over when this was built, or some of its chain-days are missing: then the totals are of a part.';
comment on column rpt_jurisdiction_half_year.year_before_partial is 'True where the same half a year before is partial or unknown: then inflow_ratio_on_year is not worth printing.';
comment on column rpt_jurisdiction_half_year.previous_partial is 'True where the half-year just before is partial or unknown: then inflow_ratio_on_previous is not worth printing.';
comment on column rpt_jurisdiction_half_year.simulated is 'True where the numbers come from the synthetic market.';
comment on column rpt_jurisdiction_half_year.inflow_change_on_previous_usd is 'inflow_usd less that of the half-year before, in US dollars; NULL where there is no data of that half-year at all.';
comment on column rpt_jurisdiction_half_year.inflow_ratio_on_previous is 'inflow_usd divided by that of the half-year before; NULL where there is none.';
comment on column rpt_jurisdiction_half_year.inflow_change_on_year_usd is 'inflow_usd less that of the same half a year before, in US dollars; NULL where there is no data of it at all.';
comment on column rpt_jurisdiction_half_year.strict_share is 'Label coverage: the inflow at level strict divided by the inflow of this row; above 1 where surer labels move value to the other side of a sweep; NULL where there is none.';
