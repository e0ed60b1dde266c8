-- Proves that a question has one answer. Grain: a key of agg_jurisdiction_half_year that occurs more than once.
create view chk_total_key_unique as
select
    cast(period as varchar) as period,
    cast(jurisdiction as varchar) as jurisdiction,
    cast(basis as varchar) as basis,
    cast(scope as varchar) as scope,
    cast(level as varchar) as level,
    cast(count(*) as bigint) as occurrences,
from agg_jurisdiction_half_year
group by period, jurisdiction, basis, scope, level
having count(*) > 1
order by period, jurisdiction, basis, scope, level;

comment on view chk_total_key_unique is 'Proves that there is one total for each period, jurisdiction, basis, scope and level.';
comment on column chk_total_key_unique.period is 'Half-year of the repeated total.';
comment on column chk_total_key_unique.jurisdiction is 'Jurisdiction of the repeated total, ISO 3166-1 alpha-2.';
comment on column chk_total_key_unique.basis is 'Why exchanges count there.';
comment on column chk_total_key_unique.scope is 'How transfers between exchanges count.';
comment on column chk_total_key_unique.level is 'Which labels exist.';
comment on column chk_total_key_unique.occurrences is 'How many totals share the key.';
