-- The names that exist for flow types, bases, levels and scopes. Grain: set_name, name.
create table dim_name (
    set_name varchar,
    name varchar,
    is_received boolean,
    is_sent boolean
);

comment on table dim_name is 'Every name that a column flow_type, basis, level or scope can hold, and which flow types totals are made of.';
comment on column dim_name.set_name is 'Column that holds the name: flow_type, basis, level or scope.';
comment on column dim_name.name is 'The value itself, as it is written in that column.';
comment on column dim_name.is_received is 'True where a flow of the type counts as received by the exchange at its end; NULL for all but flow types.';
comment on column dim_name.is_sent is 'True where a flow of the type counts as sent by the exchange at its beginning; NULL for all but flow types.';
