-- Where each exchange counts, with which weight, and since when. Grain: exchange, jurisdiction, basis, valid_from.
create table dim_jurisdiction (
    exchange varchar,
    jurisdiction varchar,
    basis varchar,
    weight decimal(38, 9),
    valid_from date,
    valid_to date,
    source varchar,
    known_at timestamp
);

comment on table dim_jurisdiction is 'Weights that share the flows of an exchange among jurisdictions. What the weights of a basis and day leave over goes to ZZ.';
comment on column dim_jurisdiction.exchange is 'Exchange as a slug, the same as in dim_wallet.';
comment on column dim_jurisdiction.jurisdiction is 'ISO 3166-1 alpha-2 code, such as HK or SG.';
comment on column dim_jurisdiction.basis is 'Why the exchange counts there: licence, headquarters or traffic.';
comment on column dim_jurisdiction.weight is 'Share of the exchange that counts there, 0 to 1, at most 9 decimals.';
comment on column dim_jurisdiction.valid_from is 'First UTC day on which the weight holds; NULL: since ever.';
comment on column dim_jurisdiction.valid_to is 'First UTC day on which it no longer holds; NULL: until now.';
comment on column dim_jurisdiction.source is 'Register, report or file that says so.';
comment on column dim_jurisdiction.known_at is 'When the weight became known to this project, in UTC; NULL: since ever.';
