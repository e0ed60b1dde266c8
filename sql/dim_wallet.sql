-- Who is believed to own an address, and when. Grain: chain, address, valid_from.
create table dim_wallet (
    chain varchar,
    address varchar,
    exchange varchar,
    role varchar,
    confidence bigint,
    valid_from timestamp,
    valid_to timestamp,
    known_at timestamp,
    sources varchar,
    contested boolean
);

comment on table dim_wallet is 'Addresses of exchanges after all claims were weighed, with labels of every confidence (level all). Spans of one address do not overlap.';
comment on column dim_wallet.chain is 'Blockchain on which the label holds, as a slug.';
comment on column dim_wallet.address is 'Canonical spelling: hex and bech32 in lower case, base58 as it is.';
comment on column dim_wallet.exchange is 'Owner, as a slug; NULL where equally good claims disagree, and then the address counts for no exchange.';
comment on column dim_wallet.role is 'What the wallet is for: hot, cold, deposit and other custody roles, or gas, staking, issuer and others that hold no customer money; empty: not told.';
comment on column dim_wallet.confidence is 'Strength of the deciding claim, 0 to 100: 100 ownership, 50 published by the exchange, 20 taken from the web, 10 heuristic.';
comment on column dim_wallet.valid_from is 'First instant of the span, in UTC; NULL: since ever.';
comment on column dim_wallet.valid_to is 'First instant after the span, in UTC; NULL: until now.';
comment on column dim_wallet.known_at is 'When the deciding claim became known to this project, in UTC; NULL: since ever.';
comment on column dim_wallet.sources is 'Every file or feed that makes a claim in the span, joined by a semicolon.';
comment on column dim_wallet.contested is 'True where claims disagree and neither wins, at any level.';
