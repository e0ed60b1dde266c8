-- The coins and tokens that are valued. Grain: chain, contract.
create table dim_asset (
    chain varchar,
    contract varchar,
    symbol varchar,
    decimals bigint,
    kind varchar,
    trusted boolean,
    max_supply decimal(38, 6),
    known_at timestamp
);

comment on table dim_asset is 'Listed assets: a transfer of anything else is kept and counted, but has no value. Found by chain and contract, never by symbol, since anyone can name a token USDT.';
comment on column dim_asset.chain is 'Blockchain on which the asset lives, as a slug.';
comment on column dim_asset.contract is 'Token contract, in canonical spelling; empty for the native coin.';
comment on column dim_asset.symbol is 'Ticker for readers, such as USDT; not unique.';
comment on column dim_asset.decimals is 'Power of ten between the smallest unit and a whole coin, 0 to 36.';
comment on column dim_asset.kind is 'native, wrapped_native, stablecoin or token.';
comment on column dim_asset.trusted is 'True where a single transfer worth a billion dollars and more is believed.';
comment on column dim_asset.max_supply is 'Whole coins that can exist at most; a transfer above it is quarantined; NULL: no limit is known.';
comment on column dim_asset.known_at is 'When the listing became known to this project, in UTC; NULL: since ever.';
