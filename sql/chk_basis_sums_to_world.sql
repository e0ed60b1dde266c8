-- Proves that every basis shares out the same world. Grain: period, scope, level and basis whose sum differs.
create view chk_basis_sums_to_world as
with selections as (
    select distinct selection.period, selection.scope, selection.level, bases.basis,
    from agg_jurisdiction_half_year as selection
    cross join (select name as basis from dim_name where set_name = 'basis') as bases
    where selection.scope in ('exchange', 'market')
),

sums as (
    select
        period,
        scope,
        level,
        basis,
        count(*) as jurisdictions,
        sum(inflow_usd) as inflow_usd,
        sum(outflow_usd) as outflow_usd,
    from agg_jurisdiction_half_year
    group by period, scope, level, basis
),

by_day as (
    select daily.date, daily.level, names.is_received, names.is_sent, sum(daily.usd) as usd,
    from agg_flow_daily as daily
    inner join dim_name as names
        on names.set_name = 'flow_type'
        and names.name = daily.flow_type
    where names.is_received or names.is_sent
    group by daily.date, daily.level, names.is_received, names.is_sent
),

world as (
    select
        strftime(date, '%Y') || case when month(date) <= 6 then '-H1' else '-H2' end as period,
        scopes.scope,
        level,
        -- What is received by one exchange and sent by another counts in scope exchange alone.
        sum(usd) filter (where is_received and (not is_sent or scope = 'exchange')) as inflow_usd,
        sum(usd) filter (where is_sent and (not is_received or scope = 'exchange')) as outflow_usd,
    from by_day
    cross join (values ('exchange'), ('market')) as scopes(scope)
    group by all
),

compared as (
    select
        coalesce(selections.period, world.period) as period,
        coalesce(selections.scope, world.scope) as scope,
        coalesce(selections.level, world.level) as level,
        selections.basis,
        coalesce(sums.jurisdictions, 0) as jurisdictions,
        coalesce(sums.inflow_usd, 0) as inflow_usd,
        coalesce(world.inflow_usd, 0) as world_inflow_usd,
        coalesce(sums.outflow_usd, 0) as outflow_usd,
        coalesce(world.outflow_usd, 0) as world_outflow_usd,
    from selections
    full outer join world
        on world.period = selections.period
        and world.scope = selections.scope
        and world.level = selections.level
    left join sums
        on sums.period = selections.period
        and sums.scope = selections.scope
        and sums.level = selections.level
        and sums.basis = selections.basis
)

select
    cast(period as varchar) as period,
    cast(scope as varchar) as scope,
    cast(level as varchar) as level,
    cast(basis as varchar) as basis,
    cast(inflow_usd as decimal(38, 6)) as inflow_usd,
    cast(world_inflow_usd as decimal(38, 6)) as world_inflow_usd,
    cast(outflow_usd as decimal(38, 6)) as outflow_usd,
    cast(world_outflow_usd as decimal(38, 6)) as world_outflow_usd,
from compared
-- Each total was rounded once to 6 decimals, so each may be off by half of the last one.
where abs(inflow_usd - world_inflow_usd) > 0.0000005 * jurisdictions
    or abs(outflow_usd - world_outflow_usd) > 0.0000005 * jurisdictions
order by period, scope, level, basis;

comment on view chk_basis_sums_to_world is 'Proves that the jurisdictions of every basis, ZZ included, add up to the flows of the world, so that attribution neither loses nor doubles anything. Scope jurisdiction is left out: it depends on the basis by design.';
comment on column chk_basis_sums_to_world.period is 'Half-year in which the sums differ.';
comment on column chk_basis_sums_to_world.scope is 'Scope under which the sums differ: exchange or market.';
comment on column chk_basis_sums_to_world.level is 'Label level at which the sums differ.';
comment on column chk_basis_sums_to_world.basis is 'Basis that shares out another amount; NULL where no basis has the period at all.';
comment on column chk_basis_sums_to_world.inflow_usd is 'Sum of the inflow of all jurisdictions under this basis, in US dollars.';
comment on column chk_basis_sums_to_world.world_inflow_usd is 'Inflow of all exchanges by agg_flow_daily, in US dollars.';
comment on column chk_basis_sums_to_world.outflow_usd is 'Sum of the outflow of all jurisdictions under this basis, in US dollars.';
comment on column chk_basis_sums_to_world.world_outflow_usd is 'Outflow of all exchanges by agg_flow_daily, in US dollars.';
