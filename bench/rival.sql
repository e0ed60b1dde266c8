-- What a hand-written DuckDB script makes of the same raw files: the same rules, on hex addresses.
-- Doubles for dollars, as such scripts have it, rounded once a row to 6 decimals.

create temp table wallet as
select
    address, valid_from, valid_to,
    exchange_strict as xs, exchange_base as xb, exchange_all as xa,
    exchange_strict is not null and role_strict in ('', 'hot', 'cold', 'deposit', 'withdrawal', 'consolidation', 'custody', 'reserve', 'treasury') as cs,
    exchange_base is not null and role_base in ('', 'hot', 'cold', 'deposit', 'withdrawal', 'consolidation', 'custody', 'reserve', 'treasury') as cb,
    exchange_all is not null and role_all in ('', 'hot', 'cold', 'deposit', 'withdrawal', 'consolidation', 'custody', 'reserve', 'treasury') as ca,
    role_strict is not distinct from 'issuer' as iss, role_base is not distinct from 'issuer' as isb, role_all is not distinct from 'issuer' as isa,
    confidence_all as conf,
from read_parquet(getvariable('wallets'));

create temp table asset as select * from read_parquet(getvariable('assets'));
create temp table price as select contract, time, price_usd::double as price from read_parquet(getvariable('prices'));
create temp table weight as select * from read_parquet(getvariable('jurisdictions'));

create macro zero(a) as a = '0x0000000000000000000000000000000000000000';

create macro flow(amount, fx, tx, fc, tc, fi, ti, fa, ta, wraps) as case
    when amount = '0' then null
    when fx = tx then 'internal'
    when tc and (zero(fa) or fi) then 'mint'
    when fc and (zero(ta) or ti) then 'burn'
    when wraps and ((tc and fa in (select contract from asset where kind = 'wrapped_native')) or (fc and ta in (select contract from asset where kind = 'wrapped_native'))) then 'wrap'
    when fc and tc then 'inter_exchange'
    when tc then 'inflow'
    when fc then 'outflow'
end;

create temp view touched as
select
    t.*,
    f.xs as fxs, f.xb as fxb, f.xa as fxa, coalesce(f.cs, false) as fcs, coalesce(f.cb, false) as fcb, coalesce(f.ca, false) as fca,
    coalesce(f.iss, false) as fis, coalesce(f.isb, false) as fib, coalesce(f.isa, false) as fia, f.conf as fconf,
    g.xs as txs, g.xb as txb, g.xa as txa, coalesce(g.cs, false) as tcs, coalesce(g.cb, false) as tcb, coalesce(g.ca, false) as tca,
    coalesce(g.iss, false) as tis, coalesce(g.isb, false) as tib, coalesce(g.isa, false) as tia, g.conf as tconf,
from (
    -- Quicker than to join all rows with the wallets twice and keep those that were found.
    select * from read_parquet(getvariable('transfers'))
    where from_address in (select address from wallet) or to_address in (select address from wallet)
) as t
left join wallet as f on t.from_address = f.address and t.block_time >= f.valid_from and t.block_time < f.valid_to
left join wallet as g on t.to_address = g.address and t.block_time >= g.valid_from and t.block_time < g.valid_to;

create temp view valued as
select
    t.*,
    a.symbol,
    a.kind in ('native', 'wrapped_native') as may_wrap,
    t.amount_raw::double / pow(10, a.decimals) as coins,
    case when t.block_time - p.time <= interval 48 hours then round(t.amount_raw::double / pow(10, a.decimals) * p.price, 6)::decimal(38, 6) end as usd,
from touched as t
left join asset as a on t.contract = a.contract
asof left join price as p on t.contract = p.contract and t.block_time >= p.time;

create temp view typed as
select
    *,
    flow(amount_raw, fxs, txs, fcs, tcs, fis, tis, from_address, to_address, may_wrap) as ys,
    flow(amount_raw, fxb, txb, fcb, tcb, fib, tib, from_address, to_address, may_wrap) as yb,
    flow(amount_raw, fxa, txa, fca, tca, fia, tia, from_address, to_address, may_wrap) as ya,
from valued;
