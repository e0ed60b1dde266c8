-- Proves that no daily sum stands twice. Grain: a key of agg_flow_daily that occurs more than once.
create view chk_daily_key_unique as
with suspects as materialized (
    -- Hashes group faster than eight columns do.
    select hash(date, chain, contract, from_exchange, to_exchange, flow_type, level, size_band) as key_hash,
    from agg_flow_daily
    group by key_hash
    having count(*) > 1
)

select
    cast(date as date) as date,
    cast(chain as varchar) as chain,
    cast(contract as varchar) as contract,
    cast(from_exchange as varchar) as from_exchange,
    cast(to_exchange as varchar) as to_exchange,
    cast(flow_type as varchar) as flow_type,
    cast(level as varchar) as level,
    cast(size_band as varchar) as size_band,
    cast(count(*) as bigint) as occurrences,
from agg_flow_daily
where (select count(*) from suspects) > 0
    and hash(date, chain, contract, from_exchange, to_exchange, flow_type, level, size_band)
        in (select key_hash from suspects)
group by date, chain, contract, from_exchange, to_exchange, flow_type, level, size_band
having count(*) > 1
order by date, chain, contract, from_exchange, to_exchange, flow_type, level, size_band;

comment on view chk_daily_key_unique is 'Proves that no daily sum stands twice, as it would if a partition had been loaded again.';
comment on column chk_daily_key_unique.date is 'UTC day of the repeated row.';
comment on column chk_daily_key_unique.chain is 'Blockchain of the repeated row.';
comment on column chk_daily_key_unique.contract is 'Token contract of the repeated row; empty for the native coin.';
comment on column chk_daily_key_unique.from_exchange is 'Sending exchange of the repeated row; NULL: none.';
comment on column chk_daily_key_unique.to_exchange is 'Receiving exchange of the repeated row; NULL: none.';
comment on column chk_daily_key_unique.flow_type is 'Classification of the repeated row.';
comment on column chk_daily_key_unique.level is 'Label level of the repeated row.';
comment on column chk_daily_key_unique.size_band is 'Worth of the single transfers in the repeated row; NULL: no price.';
comment on column chk_daily_key_unique.occurrences is 'How many rows share the key.';
