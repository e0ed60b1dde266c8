-- Proves that every flow type is one of the closed set. Grain: table, level and unknown flow type.
create view chk_flow_type_known as
with combined as (
    select flow_type_strict, flow_type, flow_type_all, count(*) as flows,
    from fct_flow
    group by flow_type_strict, flow_type, flow_type_all
),

types as (
    select 'fct_flow' as relation, 'base' as level, flow_type, sum(flows) as flows,
    from combined group by flow_type
    union all
    select 'fct_flow' as relation, 'strict' as level, flow_type_strict as flow_type, sum(flows) as flows,
    from combined group by flow_type_strict
    union all
    select 'fct_flow' as relation, 'all' as level, flow_type_all as flow_type, sum(flows) as flows,
    from combined group by flow_type_all
    union all
    select 'agg_flow_daily' as relation, level, coalesce(flow_type, 'NULL') as flow_type, count(*) as flows,
    from agg_flow_daily group by level, flow_type
)

select
    cast(relation as varchar) as relation,
    cast(level as varchar) as level,
    cast(flow_type as varchar) as flow_type,
    cast(flows as bigint) as flows,
from types
where flow_type not in (select name from dim_name where set_name = 'flow_type')
order by relation, level, flow_type;

comment on view chk_flow_type_known is 'Proves that every flow type is one of those that exist (dim_name), so that no report misses a kind of flow it does not know.';
comment on column chk_flow_type_known.relation is 'Table that holds the unknown type.';
comment on column chk_flow_type_known.level is 'Level at which it was given.';
comment on column chk_flow_type_known.flow_type is 'The type that does not exist.';
comment on column chk_flow_type_known.flows is 'Number of rows that carry it.';
