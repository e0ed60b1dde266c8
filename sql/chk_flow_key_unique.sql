-- Proves that no transfer is counted twice. Grain: a key of fct_flow that occurs more than once.
create view chk_flow_key_unique as
with suspects as materialized (
    -- Hashes are small, so that tens of millions of keys can be grouped in bounded memory.
    select hash(chain, block_number, tx_hash, kind, position) as key_hash,
    from fct_flow
    group by key_hash
    having count(*) > 1
)

select
    cast(chain as varchar) as chain,
    cast(block_number as bigint) as block_number,
    cast(tx_hash as varchar) as tx_hash,
    cast(kind as varchar) as kind,
    cast(position as bigint) as position,
    cast(count(*) as bigint) as occurrences,
from fct_flow
-- Without suspects, as it should be, no key is looked at a second time.
where (select count(*) from suspects) > 0
    and hash(chain, block_number, tx_hash, kind, position) in (select key_hash from suspects)
group by chain, block_number, tx_hash, kind, position
having count(*) > 1
order by chain, block_number, tx_hash, kind, position;

comment on view chk_flow_key_unique is 'Proves that no transfer is counted twice: returns the keys that fct_flow holds more than once.';
comment on column chk_flow_key_unique.chain is 'First part of the key that occurs again.';
comment on column chk_flow_key_unique.block_number is 'Block of the repeated transfer.';
comment on column chk_flow_key_unique.tx_hash is 'Transaction of the repeated transfer.';
comment on column chk_flow_key_unique.kind is 'Where the repeated movement was seen.';
comment on column chk_flow_key_unique.position is 'Place of the repeated movement within its transaction.';
comment on column chk_flow_key_unique.occurrences is 'How many rows share the key.';
