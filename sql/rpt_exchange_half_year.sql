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
    where flow_type in ('inflow', 'inter_exchange')
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
    where flow_type in ('outflow', 'inter_exchange')
),

sums as (
    select
        strftime(date, '%Y') || case when month(date) <= 6 then '-H1' else '-H2' end as period,
        exchange,
        level,
        coalesce(sum(usd) filter (where received), 0) as inflow_usd,
        coalesce(sum(usd) filter (where not received), 0) as outflow_usd,
        coalesce(sum(transfers) filter (where received and listed), 0) as inflow_transfers,
        coalesce(sum(transfers) filter (where not received and listed), 0) as outflow_transfers,
        coalesce(sum(transfers) filter (where received and not listed), 0) as unlisted_inflow_transfers,
        coalesce(sum(priced_transfers) filter (where received), 0) as priced_inflow_transfers,
    from sides
    group by period, exchange, level
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
from sums
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
