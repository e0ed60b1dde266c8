-- Licences of exchanges, granted or deemed. Grain: exchange, jurisdiction, valid_from.
create view dim_licence as
select
    cast(exchange as varchar) as exchange,
    cast(jurisdiction as varchar) as jurisdiction,
    cast(weight as decimal(38, 9)) as weight,
    cast(valid_from as date) as valid_from,
    cast(valid_to as date) as valid_to,
    cast(source as varchar) as source,
from dim_jurisdiction
where basis = 'licence'
order by exchange, jurisdiction, valid_from;

comment on view dim_licence is 'The rows of dim_jurisdiction that rest on a licence: who may serve customers where, and since when.';
comment on column dim_licence.exchange is 'Holder of the licence, as a slug.';
comment on column dim_licence.jurisdiction is 'ISO 3166-1 alpha-2 code of the regulator that granted it.';
comment on column dim_licence.weight is 'Share of the exchange that counts there, 0 to 1; below 1 where it holds several licences.';
comment on column dim_licence.valid_from is 'First UTC day of the licence; NULL: since ever.';
comment on column dim_licence.valid_to is 'First UTC day without it; NULL: it is still held.';
comment on column dim_licence.source is 'Register that says so, and whether the licence was granted or deemed.';
