-- Contested addresses with what they received and sent, the largest first. Grain: chain, address, level.
create view rpt_contested as
with claimed as (
    select
        chain,
        address,
        level,
        string_agg(distinct exchanges, '; ' order by exchanges) as exchanges,
        string_agg(distinct claims, ' | ' order by claims) as claims,
        max(lineages) as lineages,
    from dim_contested
    group by chain, address, level
),

moved as (
    select
        chain,
        address,
        level,
        sum(inflow_usd) as inflow_usd,
        sum(outflow_usd) as outflow_usd,
        sum(inflow_transfers) as inflow_transfers,
        sum(outflow_transfers) as outflow_transfers,
        sum(priced_transfers) as priced_transfers,
        min(date) as first_day,
        max(date) as last_day,
    from agg_contested_daily
    group by chain, address, level
)

select
    cast(claimed.chain as varchar) as chain,
    cast(claimed.address as varchar) as address,
    cast(claimed.level as varchar) as level,
    cast(claimed.exchanges as varchar) as exchanges,
    cast(claimed.claims as varchar) as claims,
    cast(claimed.lineages as bigint) as lineages,
    cast(coalesce(moved.inflow_usd, 0) as decimal(38, 6)) as inflow_usd,
    cast(coalesce(moved.outflow_usd, 0) as decimal(38, 6)) as outflow_usd,
    cast(coalesce(moved.inflow_transfers, 0) as bigint) as inflow_transfers,
    cast(coalesce(moved.outflow_transfers, 0) as bigint) as outflow_transfers,
    cast(coalesce(moved.priced_transfers, 0) as bigint) as priced_transfers,
    cast(moved.first_day as date) as first_day,
    cast(moved.last_day as date) as last_day,
from claimed
left join moved
    on moved.chain = claimed.chain
    and moved.address = claimed.address
    and moved.level = claimed.level
order by inflow_usd desc, outflow_usd desc, chain, address, level;

comment on view rpt_contested is 'What the labels leave open: each address that several exchanges are named for and none wins, with who says so and what it moved. Filter on one level.';
comment on column rpt_contested.chain is 'Blockchain of the address, as a slug.';
comment on column rpt_contested.address is 'Canonical spelling: hex and bech32 in lower case, base58 as it is.';
comment on column rpt_contested.level is 'Which labels exist: strict (confidence 50 and more), base (20 and more) or all.';
comment on column rpt_contested.exchanges is 'Every exchange that is claimed, as slugs joined by a semicolon.';
comment on column rpt_contested.claims is 'Each of them with the confidence of its best claim and the sources that make it; a bar parts spans of time in which other claims hold.';
comment on column rpt_contested.lineages is 'Number of independent lists behind the claims; copies of one explorer are one.';
comment on column rpt_contested.inflow_usd is 'Received while contested, in US dollars of listed assets with a price; 0 where nothing was seen.';
comment on column rpt_contested.outflow_usd is 'Sent while contested, in US dollars of listed assets with a price; 0 where nothing was seen.';
comment on column rpt_contested.inflow_transfers is 'Number of transfers of listed assets that it received, priced or not.';
comment on column rpt_contested.outflow_transfers is 'Number of transfers of listed assets that it sent, priced or not.';
comment on column rpt_contested.priced_transfers is 'Number of both that have a value in US dollars.';
comment on column rpt_contested.first_day is 'First UTC day on which it moved anything; NULL: it never did.';
comment on column rpt_contested.last_day is 'Last UTC day on which it moved anything; NULL: it never did.';
