-- Proves that every row belongs to a chain and a day. Grain: table and part of the partition that is missing.
create view chk_no_null_partition as
with missing as (
    select 'fct_flow' as relation, 'chain' as missing, count(*) as rows_without,
    from fct_flow where chain is null or chain = ''
    union all
    select 'fct_flow' as relation, 'block_time' as missing, count(*) as rows_without,
    from fct_flow where block_time is null
    union all
    select 'agg_flow_daily' as relation, 'chain' as missing, count(*) as rows_without,
    from agg_flow_daily where chain is null or chain = ''
    union all
    select 'agg_flow_daily' as relation, 'date' as missing, count(*) as rows_without,
    from agg_flow_daily where date is null
    union all
    select 'agg_flow_daily' as relation, 'level' as missing, count(*) as rows_without,
    from agg_flow_daily
    where level is null or level not in (select name from dim_name where set_name = 'level')
)

select
    cast(relation as varchar) as relation,
    cast(missing as varchar) as missing,
    cast(rows_without as bigint) as rows_without,
from missing
where rows_without > 0
order by relation, missing;

comment on view chk_no_null_partition is 'Proves that every flow and daily sum belongs to a chain, a day and a level: a row that does not would vanish from every report that filters.';
comment on column chk_no_null_partition.relation is 'Table that holds such rows.';
comment on column chk_no_null_partition.missing is 'Column that does not say where the row belongs.';
comment on column chk_no_null_partition.rows_without is 'How many rows there are.';
