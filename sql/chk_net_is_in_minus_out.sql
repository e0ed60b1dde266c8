-- Proves that the three printed amounts of a total agree to the last digit. Grain: a total that does not.
create view chk_net_is_in_minus_out as
select
    cast(period as varchar) as period,
    cast(jurisdiction as varchar) as jurisdiction,
    cast(basis as varchar) as basis,
    cast(scope as varchar) as scope,
    cast(level as varchar) as level,
    cast(inflow_usd as decimal(38, 6)) as inflow_usd,
    cast(outflow_usd as decimal(38, 6)) as outflow_usd,
    cast(net_usd as decimal(38, 6)) as net_usd,
from agg_jurisdiction_half_year
where net_usd is distinct from inflow_usd - outflow_usd
order by period, jurisdiction, basis, scope, level;

comment on view chk_net_is_in_minus_out is 'Proves that net is inflow less outflow in every published total, to the last digit.';
comment on column chk_net_is_in_minus_out.period is 'Half-year of the total.';
comment on column chk_net_is_in_minus_out.jurisdiction is 'Jurisdiction of the total, ISO 3166-1 alpha-2.';
comment on column chk_net_is_in_minus_out.basis is 'Why exchanges count there.';
comment on column chk_net_is_in_minus_out.scope is 'How transfers between exchanges count.';
comment on column chk_net_is_in_minus_out.level is 'Which labels exist.';
comment on column chk_net_is_in_minus_out.inflow_usd is 'US dollars received.';
comment on column chk_net_is_in_minus_out.outflow_usd is 'US dollars sent.';
comment on column chk_net_is_in_minus_out.net_usd is 'US dollars that stand as net, and are not the difference of the two.';
