-- Addresses that count for no exchange, because equally good claims disagree. Grain: chain, address, level, valid_from.
create table dim_contested (
    chain varchar,
    address varchar,
    level varchar,
    valid_from timestamp,
    valid_to timestamp,
    exchanges varchar,
    claims varchar,
    lineages bigint
);

comment on table dim_contested is 'Who claims which address, where the rule cannot settle between them at a level of label confidence. The address counts for no exchange there.';
comment on column dim_contested.chain is 'Blockchain on which the claims hold, as a slug.';
comment on column dim_contested.address is 'Canonical spelling: hex and bech32 in lower case, base58 as it is.';
comment on column dim_contested.level is 'Which labels exist: strict (confidence 50 and more), base (20 and more) or all; an address may be settled at one and contested at another.';
comment on column dim_contested.valid_from is 'First instant of the disagreement, in UTC; NULL: since ever.';
comment on column dim_contested.valid_to is 'First instant after it, in UTC; NULL: until now.';
comment on column dim_contested.exchanges is 'Every exchange that is claimed, as slugs joined by a semicolon.';
comment on column dim_contested.claims is 'Each of them with the confidence of its best claim and the sources that make it.';
comment on column dim_contested.lineages is 'Number of independent lists behind the claims; copies of one explorer are one.';
