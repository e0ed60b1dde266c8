-- Proves that an address has one owner at a time. Grain: a span of an address that begins before the one before it ends.
create view chk_wallet_spans_disjoint as
with several as (
    select
        chain,
        address,
    from dim_wallet
    group by chain, address
    having count(*) > 1
),

spans as (
    select
        wallets.chain,
        wallets.address,
        wallets.valid_from,
        lag(coalesce(wallets.valid_to, timestamp '9999-12-31')) over spans_of_address as previous_valid_to,
    from dim_wallet as wallets
    inner join several on several.chain = wallets.chain and several.address = wallets.address
    window spans_of_address as (
        partition by wallets.chain, wallets.address
        order by coalesce(wallets.valid_from, timestamp '0001-01-01')
    )
)

select
    cast(chain as varchar) as chain,
    cast(address as varchar) as address,
    cast(valid_from as timestamp) as valid_from,
    cast(previous_valid_to as timestamp) as previous_valid_to,
from spans
where previous_valid_to > coalesce(valid_from, timestamp '0001-01-01')
order by chain, address, valid_from;

comment on view chk_wallet_spans_disjoint is 'Proves that no address has two owners at one instant, which would count its transfers twice.';
comment on column chk_wallet_spans_disjoint.chain is 'Blockchain of the address.';
comment on column chk_wallet_spans_disjoint.address is 'Address whose spans overlap.';
comment on column chk_wallet_spans_disjoint.valid_from is 'First instant of the later span, in UTC; NULL: since ever.';
comment on column chk_wallet_spans_disjoint.previous_valid_to is 'First instant after the span before it, in UTC; it lies later.';
