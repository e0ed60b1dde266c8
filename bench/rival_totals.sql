-- From flows to half-year totals: one pass over the rows, the levels apart afterwards.

create temp table combined as
select
    block_time::date as date, contract, symbol, ys, yb, ya,
    case when ys = 'internal' or fcs then fxs end as fxs, case when ys = 'internal' or tcs then txs end as txs,
    case when yb = 'internal' or fcb then fxb end as fxb, case when yb = 'internal' or tcb then txb end as txb,
    case when ya = 'internal' or fca then fxa end as fxa, case when ya = 'internal' or tca then txa end as txa,
    case when usd < 10000 then 1 when usd < 1000000 then 2 when usd < 10000000 then 3 when usd is not null then 4 end as size_band,
    count(*) as transfers, count(usd) as priced, coalesce(sum(usd), 0) as usd, sum(coins) as amount,
from typed
where ys is not null or yb is not null or ya is not null
group by all;

create temp table daily as
select date, contract, symbol, 'strict' as level, ys as flow_type, fxs as from_exchange, txs as to_exchange, size_band, sum(transfers) as transfers, sum(priced) as priced, sum(usd) as usd, sum(amount) as amount from combined where ys is not null group by all
union all
select date, contract, symbol, 'base', yb, fxb, txb, size_band, sum(transfers), sum(priced), sum(usd), sum(amount) from combined where yb is not null group by all
union all
select date, contract, symbol, 'all', ya, fxa, txa, size_band, sum(transfers), sum(priced), sum(usd), sum(amount) from combined where ya is not null group by all;

create temp table total as
with moved as (
    select date, level, flow_type, from_exchange, to_exchange, symbol is not null as listed, sum(transfers) as transfers, sum(priced) as priced, sum(usd) as usd,
    from daily where flow_type in ('inflow', 'outflow', 'inter_exchange') group by all
),
basis as (select unnest(['licence', 'headquarters', 'traffic']) as basis),
exchange as (select distinct unnest([from_exchange, to_exchange]) as exchange from moved),
stated as (
    select e.exchange, b.basis, w.jurisdiction, w.weight::decimal(12, 9) as weight, w.valid_from, w.valid_to
    from exchange as e cross join basis as b join weight as w on w.exchange = e.exchange and w.basis = b.basis
),
share as (
    select exchange, basis, jurisdiction, weight from stated
    union all
    select e.exchange, b.basis, 'ZZ', 1 - coalesce((select sum(weight) from stated as s where s.exchange = e.exchange and s.basis = b.basis), 0)
    from exchange as e cross join basis as b where e.exchange is not null
),
sided as (
    select 'in' as side, date, level, flow_type, listed, transfers, priced, usd, to_exchange as mine, from_exchange as other from moved where flow_type <> 'outflow'
    union all
    select 'out', date, level, flow_type, listed, transfers, priced, usd, from_exchange, to_exchange from moved where flow_type <> 'inflow'
),
placed as (
    select s.*, m.basis, m.jurisdiction, m.weight as w, case when s.flow_type = 'inter_exchange' then coalesce(o.weight, 0) else 0 end as ow
    from sided as s
    join share as m on s.mine = m.exchange and m.weight > 0
    left join share as o on s.other = o.exchange and m.basis = o.basis and m.jurisdiction = o.jurisdiction
),
scoped as (
    select *, 'exchange' as scope, usd * w as v from placed
    union all
    select *, 'jurisdiction', usd * (w * (1 - ow))::decimal(19, 18)::double from placed where 1 - ow > 0
    union all
    select *, 'market', usd * w from placed where flow_type <> 'inter_exchange'
)
select
    concat(year(date), case when month(date) <= 6 then '-H1' else '-H2' end) as period, jurisdiction, basis, scope, level,
    coalesce(sum(v) filter (side = 'in'), 0)::decimal(38, 6) as inflow_usd,
    coalesce(sum(v) filter (side = 'out'), 0)::decimal(38, 6) as outflow_usd,
    coalesce(sum(transfers) filter (side = 'in' and listed), 0)::bigint as inflow_transfers,
    coalesce(sum(transfers) filter (side = 'out' and listed), 0)::bigint as outflow_transfers,
from scoped group by all order by all;
