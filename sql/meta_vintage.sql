-- Which publication this file is, and what it was made of. Grain: one row, the file.
create table meta_vintage (
    vintage varchar,
    published_at timestamp,
    as_of timestamp,
    simulated boolean,
    code_version varchar,
    rules_version varchar,
    inputs varchar
);

comment on table meta_vintage is 'The publication that this file holds. Quote its name with every number, since labels rewrite history.';
comment on column meta_vintage.vintage is 'Name of the publication, the same as its folder under warehouse/vintages.';
comment on column meta_vintage.published_at is 'When it was published, in UTC.';
comment on column meta_vintage.as_of is 'Only registry rows known by this instant and transfers before it were used, in UTC; NULL: no limit was given.';
comment on column meta_vintage.simulated is 'True where any input comes from the synthetic market.';
comment on column meta_vintage.code_version is 'Version of the program that built it.';
comment on column meta_vintage.rules_version is 'Version of the rules of the numbers; it changes when the same input would give other totals.';
comment on column meta_vintage.inputs is 'JSON object from the name of each input (raw data, labels, prices, and so on) to its fingerprint.';
