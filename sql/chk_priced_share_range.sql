-- Proves that shares are shares: 0 to 1, and absent where there is nothing to share. Grain: a total that breaks it.
create view chk_priced_share_range as
select
    cast(period as varchar) as period,
    cast(jurisdiction as varchar) as jurisdiction,
    cast(basis as varchar) as basis,
    cast(scope as varchar) as scope,
    cast(level as varchar) as level,
    cast(inflow_transfers as bigint) as inflow_transfers,
    cast(priced_share as double) as priced_share,
    cast(coverage_share as double) as coverage_share,
from agg_jurisdiction_half_year
where not coalesce(priced_share between 0 and 1, true)
    or not coalesce(coverage_share between 0 and 1, true)
    or (inflow_transfers = 0) is distinct from (priced_share is null)
order by period, jurisdiction, basis, scope, level;

comment on view chk_priced_share_range is 'Proves that the priced and the covered share of every total lie between 0 and 1, and that a total without transfers claims no priced share.';
comment on column chk_priced_share_range.period is 'Half-year of the total.';
comment on column chk_priced_share_range.jurisdiction is 'Jurisdiction of the total, ISO 3166-1 alpha-2.';
comment on column chk_priced_share_range.basis is 'Why exchanges count there.';
comment on column chk_priced_share_range.scope is 'How transfers between exchanges count.';
comment on column chk_priced_share_range.level is 'Which labels exist.';
comment on column chk_priced_share_range.inflow_transfers is 'Number of transfers of listed assets received.';
comment on column chk_priced_share_range.priced_share is 'Part of them that is said to have a price.';
comment on column chk_priced_share_range.coverage_share is 'Part of the chain-days of the period that is said to be proven.';
