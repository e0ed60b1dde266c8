-- What each exchange received and sent by half-year. Grain: period, exchange, level.
create view rpt_exchange_half_year as
with sides as (
    select
        to_exchange as exchange,
        true as received,
        date,
        level,
        symbol is not null as listed,
        transfers,
        priced_transfers,
        usd,
    from agg_flow_daily
    where flow_type in (select name from dim_name where is_received)
    union all
    select
        from_exchange as exchange,
        false as received,
        date,
        level,
        symbol is not null as listed,
        transfers,
        priced_transfers,
        usd,
    from agg_flow_daily
    where flow_type in (select name from dim_name where is_sent)
),

sums as (
    select
        strftime(date, '%Y') || case when month(date) <= 6 then '-H1' else '-H2' end as period,
        2 * year(date) + case when month(date) <= 6 then 0 else 1 end as half,
        exchange,
        level,
        coalesce(sum(usd) filter (where received), 0) as inflow_usd,
        coalesce(sum(usd) filter (where not received), 0) as outflow_usd,
        coalesce(sum(transfers) filter (where received and listed), 0) as inflow_transfers,
        coalesce(sum(transfers) filter (where not received and listed), 0) as outflow_transfers,
        coalesce(sum(transfers) filter (where received and not listed), 0) as unlisted_inflow_transfers,
        coalesce(sum(priced_transfers) filter (where received), 0) as priced_inflow_transfers,
    from sides
    group by period, half, exchange, level
),

held as (
    select distinct half
    from sums
),

periods as (
    select distinct
        period,
        coverage_share,
        chain_days,
        chain_days_covered,
        days_covered,
        coverage,
        partial,
        year_before_partial,
        previous_partial,
    from agg_jurisdiction_half_year
),

beside as (
    select
        sums.*,
        case when half_before.half is not null then coalesce(before.inflow_usd, 0) end as previous_usd,
        case when half_of_year_before.half is not null then coalesce(year_before.inflow_usd, 0) end as year_before_usd,
        strict.inflow_usd as strict_usd,
        rank() over (partition by sums.period, sums.level order by sums.inflow_usd desc) as inflow_rank,
        sum(sums.inflow_usd) over (partition by sums.period, sums.level) as world_usd,
        periods.coverage_share,
        periods.chain_days,
        periods.chain_days_covered,
        periods.days_covered,
        periods.coverage,
        periods.partial,
        periods.year_before_partial,
        periods.previous_partial,
    from sums
    left join held as half_before
        on half_before.half = sums.half - 1
    left join held as half_of_year_before
        on half_of_year_before.half = sums.half - 2
    left join sums as before
        on before.half = sums.half - 1
        and before.exchange = sums.exchange
        and before.level = sums.level
    left join sums as year_before
        on year_before.half = sums.half - 2
        and year_before.exchange = sums.exchange
        and year_before.level = sums.level
    left join sums as strict
        on strict.half = sums.half
        and strict.exchange = sums.exchange
        and strict.level = 'strict'
    left join periods
        on periods.period = sums.period
)

select
    cast(period as varchar) as period,
    cast(exchange as varchar) as exchange,
    cast(level as varchar) as level,
    cast(inflow_usd as decimal(38, 6)) as inflow_usd,
    cast(outflow_usd as decimal(38, 6)) as outflow_usd,
    cast(inflow_usd - outflow_usd as decimal(38, 6)) as net_usd,
    cast(inflow_transfers as bigint) as inflow_transfers,
    cast(outflow_transfers as bigint) as outflow_transfers,
    cast(unlisted_inflow_transfers as bigint) as unlisted_inflow_transfers,
    cast(priced_inflow_transfers as bigint) as priced_inflow_transfers,
    cast(priced_inflow_transfers / nullif(inflow_transfers, 0) as double) as priced_share,
    cast(inflow_usd - previous_usd as decimal(38, 6)) as inflow_change_on_previous_usd,
    cast(cast(inflow_usd as double) / nullif(cast(previous_usd as double), 0) as double) as inflow_ratio_on_previous,
    cast(inflow_usd - year_before_usd as decimal(38, 6)) as inflow_change_on_year_usd,
    cast(cast(inflow_usd as double) / nullif(cast(year_before_usd as double), 0) as double) as inflow_ratio_on_year,
    cast(inflow_rank as bigint) as inflow_rank,
    cast(cast(inflow_usd as double) / nullif(cast(world_usd as double), 0) as double) as share_of_world,
    cast(cast(coalesce(strict_usd, 0) as double) / nullif(cast(inflow_usd as double), 0) as double) as strict_share,
    cast(coverage_share as double) as coverage_share,
    cast(chain_days as bigint) as chain_days,
    cast(chain_days_covered as bigint) as chain_days_covered,
    cast(days_covered as bigint) as days_covered,
    cast(coverage as varchar) as coverage,
    cast(partial as boolean) as partial,
    cast(year_before_partial as boolean) as year_before_partial,
    cast(previous_partial as boolean) as previous_partial,
from beside
order by period, level, inflow_usd desc, exchange;

comment on view rpt_exchange_half_year is 'Flows of single exchanges, transfers between exchanges included on both sides: their sum over exchanges is the world total of scope exchange.';
comment on column rpt_exchange_half_year.period is 'Half-year in UTC: 2024-H1 is January to June, 2024-H2 July to December.';
comment on column rpt_exchange_half_year.exchange is 'Exchange as a slug, the same in every table.';
comment on column rpt_exchange_half_year.level is 'Which labels exist: strict (confidence 50 and more), base (20 and more) or all.';
comment on column rpt_exchange_half_year.inflow_usd is 'Value received in US dollars, from customers and from other exchanges.';
comment on column rpt_exchange_half_year.outflow_usd is 'Value sent in US dollars, to customers and to other exchanges.';
comment on column rpt_exchange_half_year.net_usd is 'Received less sent, in US dollars.';
comment on column rpt_exchange_half_year.inflow_transfers is 'Number of transfers of listed assets received.';
comment on column rpt_exchange_half_year.outflow_transfers is 'Number of transfers of listed assets sent.';
comment on column rpt_exchange_half_year.unlisted_inflow_transfers is 'Number of transfers received of assets that are not listed and so have no value.';
comment on column rpt_exchange_half_year.priced_inflow_transfers is 'Number of received transfers that have a value in US dollars.';
comment on column rpt_exchange_half_year.priced_share is 'Part of inflow_transfers that had a price, 0 to 1; NULL where there were no transfers.';
comment on column rpt_exchange_half_year.inflow_change_on_previous_usd is 'inflow_usd less that of the half-year before, in US dollars; NULL where nothing at all is known of that half-year.';
comment on column rpt_exchange_half_year.inflow_ratio_on_previous is 'inflow_usd divided by that of the half-year before; NULL where the exchange received nothing then.';
comment on column rpt_exchange_half_year.inflow_change_on_year_usd is 'inflow_usd less that of the same half a year before, in US dollars; NULL where nothing at all is known of it.';
comment on column rpt_exchange_half_year.inflow_ratio_on_year is 'inflow_usd divided by that of the same half a year before: 2.9 means 2.9 times; NULL where it received nothing then.';
comment on column rpt_exchange_half_year.inflow_rank is 'Place by inflow_usd among the exchanges of the same period and level; 1 received most, equals share a place.';
comment on column rpt_exchange_half_year.share_of_world is 'inflow_usd divided by that of all exchanges, 0 to 1; NULL where none received anything.';
comment on column rpt_exchange_half_year.strict_share is 'Label coverage: what it received at level strict divided by inflow_usd; NULL where that is 0.';
comment on column rpt_exchange_half_year.coverage_share is 'Proven chain-days divided by chain_days, 0 to 1; NULL where no blocks of the period are known.';
comment on column rpt_exchange_half_year.chain_days is 'Days of the period times the chains that count: all of the store, or those that the settings name.';
comment on column rpt_exchange_half_year.chain_days_covered is 'Number of those chain-days that are proven (blocks known without a hole) or claimed (a source says that it holds the day).';
comment on column rpt_exchange_half_year.days_covered is 'Number of days of the period that are covered on every chain.';
comment on column rpt_exchange_half_year.coverage is 'proven (all chain-days are), claimed (all are covered, not all proven) or part (some are missing).';
comment on column rpt_exchange_half_year.partial is 'True where the period was not over when this was built, or some of its chain-days are missing: then the totals are of a part.';
comment on column rpt_exchange_half_year.year_before_partial is 'True where the same half a year before is partial or unknown: then inflow_ratio_on_year is not worth printing.';
comment on column rpt_exchange_half_year.previous_partial is 'True where the half-year just before is partial or unknown: then inflow_ratio_on_previous is not worth printing.';
