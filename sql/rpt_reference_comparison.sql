-- Published figures beside our totals for the same half-year. Grain: figure (dim_reference), basis, scope, level.
create view rpt_reference_comparison as
select
    cast(reference.period as varchar) as period,
    cast(reference.jurisdiction as varchar) as jurisdiction,
    cast(reference.measure as varchar) as measure,
    cast(reference.published_usd as decimal(38, 6)) as published_usd,
    cast(reference.source as varchar) as source,
    cast(ours.basis as varchar) as basis,
    cast(ours.scope as varchar) as scope,
    cast(ours.level as varchar) as level,
    cast(ours.inflow_usd as decimal(38, 6)) as inflow_usd,
    cast(ours.inflow_usd / nullif(reference.published_usd, 0) as double) as ratio_to_published,
    cast(ours.coverage_share as double) as coverage_share,
    cast(ours.priced_share as double) as priced_share,
    cast(ours.partial as boolean) as partial,
    cast(ours.simulated as boolean) as simulated,
from dim_reference as reference
left join agg_jurisdiction_half_year as ours
    on ours.period = reference.period
    and ours.jurisdiction = reference.jurisdiction
order by reference.period, reference.jurisdiction, reference.source, ours.basis, ours.scope, ours.level;

comment on view rpt_reference_comparison is 'How far the totals are from what others published, with the reasons at hand: another basis or scope, days not read, transfers not priced.';
comment on column rpt_reference_comparison.period is 'What the published figure covers; only half-years can be compared.';
comment on column rpt_reference_comparison.jurisdiction is 'ISO 3166-1 alpha-2 code, or a region in the words of the publisher.';
comment on column rpt_reference_comparison.measure is 'What the publisher counted, in its words.';
comment on column rpt_reference_comparison.published_usd is 'The published figure in US dollars.';
comment on column rpt_reference_comparison.source is 'Who published it, and where it can be read.';
comment on column rpt_reference_comparison.basis is 'Basis of our total; NULL where we have none for the same period and jurisdiction.';
comment on column rpt_reference_comparison.scope is 'How transfers between exchanges count in our total; NULL where we have none.';
comment on column rpt_reference_comparison.level is 'Which labels exist in our total; NULL where we have none.';
comment on column rpt_reference_comparison.inflow_usd is 'Our total of value received in US dollars; NULL where we have none.';
comment on column rpt_reference_comparison.ratio_to_published is 'inflow_usd divided by published_usd: 0.5 means that we see half of it.';
comment on column rpt_reference_comparison.coverage_share is 'Part of the days of the period that we have data for, 0 to 1; NULL: unknown.';
comment on column rpt_reference_comparison.priced_share is 'Part of the transfers in our total that had a price, 0 to 1.';
comment on column rpt_reference_comparison.partial is 'True where our period was not over or not wholly read.';
comment on column rpt_reference_comparison.simulated is 'True where our total comes from the synthetic market, so that the ratio means nothing.';
