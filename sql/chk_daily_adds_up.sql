-- Proves that the daily facts hold exactly what the flows hold. Grain: chain, level and flow type that differ.
create view chk_daily_adds_up as
with classified as (
    select
        chain,
        flow_type_strict,
        flow_type,
        flow_type_all,
        count(*) as transfers,
        count(usd) as priced_transfers,
        coalesce(sum(usd), 0) as usd,
    from fct_flow
    group by chain, flow_type_strict, flow_type, flow_type_all
),

levels as (
    select chain, 'strict' as level, flow_type_strict as flow_type, transfers, priced_transfers, usd,
    from classified
    union all
    select chain, 'base' as level, flow_type, transfers, priced_transfers, usd,
    from classified
    union all
    select chain, 'all' as level, flow_type_all as flow_type, transfers, priced_transfers, usd,
    from classified
),

flows as (
    select
        chain,
        level,
        flow_type,
        sum(transfers) as transfers,
        sum(priced_transfers) as priced_transfers,
        sum(usd) as usd,
    from levels
    where flow_type is not null
    group by chain, level, flow_type
),

daily as (
    select
        chain,
        level,
        flow_type,
        sum(transfers) as transfers,
        sum(priced_transfers) as priced_transfers,
        sum(usd) as usd,
    from agg_flow_daily
    group by chain, level, flow_type
)

select
    cast(coalesce(flows.chain, daily.chain) as varchar) as chain,
    cast(coalesce(flows.level, daily.level) as varchar) as level,
    cast(coalesce(flows.flow_type, daily.flow_type) as varchar) as flow_type,
    cast(flows.transfers as bigint) as flow_transfers,
    cast(daily.transfers as bigint) as daily_transfers,
    cast(flows.priced_transfers as bigint) as flow_priced_transfers,
    cast(daily.priced_transfers as bigint) as daily_priced_transfers,
    cast(flows.usd as decimal(38, 6)) as flow_usd,
    cast(daily.usd as decimal(38, 6)) as daily_usd,
from flows
full outer join daily
    on daily.chain = flows.chain
    and daily.level = flows.level
    and daily.flow_type = flows.flow_type
where flows.transfers is distinct from daily.transfers
    or flows.priced_transfers is distinct from daily.priced_transfers
    or flows.usd is distinct from daily.usd
order by 1, 2, 3;

comment on view chk_daily_adds_up is 'Proves that transfers and dollars of agg_flow_daily are those of fct_flow, for each chain, level and flow type.';
comment on column chk_daily_adds_up.chain is 'Blockchain on which the two tables differ.';
comment on column chk_daily_adds_up.level is 'Level at which they differ.';
comment on column chk_daily_adds_up.flow_type is 'Flow type for which they differ.';
comment on column chk_daily_adds_up.flow_transfers is 'Number of transfers in fct_flow; NULL: none.';
comment on column chk_daily_adds_up.daily_transfers is 'Number of transfers in agg_flow_daily; NULL: none.';
comment on column chk_daily_adds_up.flow_priced_transfers is 'Number of priced transfers in fct_flow; NULL: no transfers at all.';
comment on column chk_daily_adds_up.daily_priced_transfers is 'Number of priced transfers in agg_flow_daily; NULL: no transfers at all.';
comment on column chk_daily_adds_up.flow_usd is 'US dollars in fct_flow; NULL: no transfers at all.';
comment on column chk_daily_adds_up.daily_usd is 'US dollars in agg_flow_daily; NULL: no transfers at all.';
