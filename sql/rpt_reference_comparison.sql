-- Published figures beside ours, and what makes them differ by definition. Grain: figure (dim_reference), basis, scope, level.
create view rpt_reference_comparison as
with halves as (
    select
        make_date(
            cast(left(period, 4) as integer), case when right(period, 2) = 'H1' then 1 else 7 end, 1
        ) as first_day,
        jurisdiction,
        basis,
        scope,
        level,
        inflow_usd,
        coverage_share,
        chain_days,
        chain_days_covered,
        priced_share,
        partial,
        simulated,
    from agg_jurisdiction_half_year
    where period like '____-H_'
),

figures as (
    select
        figure,
        period,
        period_from,
        period_to,
        jurisdiction,
        other,
        measure,
        counted,
        basis,
        published_usd,
        published_ratio,
        published_count,
        bound,
        caveats,
        source,
        datediff('month', period_from, period_to) / 6 as halves,
    from dim_reference
),

sums as (
    select
        figures.figure,
        halves.basis,
        halves.scope,
        halves.level,
        sum(halves.inflow_usd) as inflow_usd,
        min(halves.coverage_share) filter (where halves.coverage_share is not null) as coverage_share,
        bool_or(halves.coverage_share is null) as coverage_unknown,
        sum(halves.chain_days) as chain_days,
        sum(halves.chain_days_covered) as chain_days_covered,
        min(halves.priced_share) as priced_share,
        bool_or(halves.partial) as partial,
        bool_or(halves.simulated) as simulated,
    from figures
    inner join halves
        on halves.jurisdiction = figures.jurisdiction
        and halves.first_day >= figures.period_from
        and halves.first_day + interval 6 month <= figures.period_to
    where figures.measure <> 'licences'
    group by figures.figure, figures.halves, halves.basis, halves.scope, halves.level
    having count(*) = figures.halves
),

-- What a growth or a multiple is measured against: a year before, or the other place.
grounds as (
    select
        figures.figure,
        halves.basis,
        halves.scope,
        halves.level,
        sum(halves.inflow_usd) as inflow_usd,
    from figures
    inner join halves
        on halves.jurisdiction
        = case when figures.measure = 'growth' then figures.jurisdiction else figures.other end
        and halves.first_day + case when figures.measure = 'growth' then interval 1 year else interval 0 year end
        >= figures.period_from
        and halves.first_day
        + case when figures.measure = 'growth' then interval 18 month else interval 6 month end
        <= figures.period_to
    where figures.measure in ('growth', 'multiple')
    group by figures.figure, figures.halves, halves.basis, halves.scope, halves.level
    having count(*) = figures.halves
),

ours as (
    select
        sums.figure,
        sums.basis,
        sums.scope,
        sums.level,
        sums.inflow_usd,
        sums.inflow_usd / nullif(grounds.inflow_usd, 0) as our_ratio,
        case when not sums.coverage_unknown then sums.coverage_share end as coverage_share,
        sums.chain_days,
        sums.chain_days_covered,
        sums.priced_share,
        sums.partial,
        sums.simulated,
    from sums
    left join grounds
        on grounds.figure = sums.figure
        and grounds.basis = sums.basis
        and grounds.scope = sums.scope
        and grounds.level = sums.level
)

select
    cast(figures.figure as varchar) as figure,
    cast(figures.period as varchar) as period,
    cast(figures.jurisdiction as varchar) as jurisdiction,
    cast(figures.other as varchar) as other,
    cast(figures.measure as varchar) as measure,
    cast(figures.counted as varchar) as counted,
    cast(figures.published_usd as decimal(38, 6)) as published_usd,
    cast(figures.published_ratio as decimal(38, 6)) as published_ratio,
    cast(figures.published_count as bigint) as published_count,
    cast(figures.bound as varchar) as bound,
    cast(ours.basis as varchar) as basis,
    cast(ours.scope as varchar) as scope,
    cast(ours.level as varchar) as level,
    cast(ours.inflow_usd as decimal(38, 6)) as inflow_usd,
    cast(ours.our_ratio as decimal(38, 6)) as our_ratio,
    cast(licences.named_count as bigint) as our_count,
    cast(
        case figures.measure
            when 'received' then ours.inflow_usd / nullif(figures.published_usd, 0)
            when 'growth' then ours.our_ratio / nullif(figures.published_ratio, 0)
            when 'multiple' then ours.our_ratio / nullif(figures.published_ratio, 0)
            when 'licences' then licences.named_count / nullif(figures.published_count, 0)
        end as double
    ) as ratio_to_published,
    cast(
        concat_ws('; ',
            case when figures.measure <> 'licences' and ours.basis is null
                then 'we have no total for this place and period' end,
            case when figures.counted = 'all_services'
                then 'theirs counts all services, ours centralised exchanges alone' end,
            case when figures.measure = 'share'
                then 'we see no other services, so have no share of them' end,
            case when figures.measure in ('growth', 'multiple') and ours.basis is not null and ours.our_ratio is null
                then 'we have no total to measure ours against' end,
            case when figures.basis <> '' and ours.basis <> figures.basis
                then 'theirs places value by ' || figures.basis || ', ours by ' || ours.basis end,
            case ours.scope
                when 'jurisdiction' then 'ours leaves out transfers between exchanges of the same place'
                when 'market' then 'ours leaves out all transfers between exchanges'
            end,
            case
                when ours.basis is not null and ours.chain_days is null
                    then 'it is unknown which days ours holds'
                when ours.chain_days_covered < ours.chain_days
                    then 'ours holds ' || ours.chain_days_covered || ' of ' || ours.chain_days || ' chain-days'
            end,
            case when ours.priced_share < 1
                then round(100 * ours.priced_share, 1) || ' percent of our transfers have a price' end,
            case when licences.unnamed_count <> 0
                then 'the registry does not name ' || licences.unnamed_count || ' of them' end,
            case when ours.simulated then 'ours is simulated' end
        ) as varchar
    ) as differs,
    cast(ours.coverage_share as double) as coverage_share,
    cast(ours.priced_share as double) as priced_share,
    cast(ours.partial as boolean) as partial,
    cast(ours.simulated as boolean) as simulated,
    cast(figures.caveats as varchar) as caveats,
    cast(figures.source as varchar) as source,
from figures
left join ours on ours.figure = figures.figure
left join rpt_licence_comparison as licences on licences.figure = figures.figure
order by figures.period, figures.jurisdiction, figures.figure, ours.basis, ours.scope, ours.level;

comment on view rpt_reference_comparison is 'How far our numbers are from what others published, with the reasons at hand: other services, another basis or scope, days not read, transfers not priced. Nothing is fitted to it.';
comment on column rpt_reference_comparison.figure is 'Short name of the published figure, as in dim_reference.';
comment on column rpt_reference_comparison.period is 'What the published figure covers; ours is the sum of the half-years in it.';
comment on column rpt_reference_comparison.jurisdiction is 'ISO 3166-1 alpha-2 code, or a region in the words of the publisher, for which we have no total.';
comment on column rpt_reference_comparison.other is 'Of a multiple: the jurisdiction of which it is a multiple; else empty.';
comment on column rpt_reference_comparison.measure is 'received, growth (ratio to the year before), multiple (ratio to the other place), share or licences.';
comment on column rpt_reference_comparison.counted is 'What the publisher counted: centralised_exchanges, all_services, or a standing of licences.';
comment on column rpt_reference_comparison.published_usd is 'Their figure in US dollars; NULL where it is a ratio or a count.';
comment on column rpt_reference_comparison.published_ratio is 'Their figure where it is a ratio.';
comment on column rpt_reference_comparison.published_count is 'Their figure where it is a number of licences.';
comment on column rpt_reference_comparison.bound is 'rounded, above (they say more than that) or below (they say almost).';
comment on column rpt_reference_comparison.basis is 'Basis of our total; NULL where we have none for the same period and place.';
comment on column rpt_reference_comparison.scope is 'How transfers between exchanges count in our total; NULL where we have none.';
comment on column rpt_reference_comparison.level is 'Which labels exist in our total; NULL where we have none.';
comment on column rpt_reference_comparison.inflow_usd is 'Our total of value received in US dollars; NULL where a half-year of the period is missing.';
comment on column rpt_reference_comparison.our_ratio is 'Our total divided by that of the year before, or of the other place; NULL where one of them is missing.';
comment on column rpt_reference_comparison.our_count is 'Number of licences that our registry has by name.';
comment on column rpt_reference_comparison.ratio_to_published is 'Ours divided by theirs: 0.5 means that we see half of it.';
comment on column rpt_reference_comparison.differs is 'What makes ours another quantity than theirs, in words; empty where nothing is known that does.';
comment on column rpt_reference_comparison.coverage_share is 'Proven chain-days divided by all of the period, 0 to 1, the least of its half-years; NULL: no blocks are known.';
comment on column rpt_reference_comparison.priced_share is 'Part of the transfers in our total that had a price, 0 to 1, the least of its half-years.';
comment on column rpt_reference_comparison.partial is 'True where our period was not over or not wholly read.';
comment on column rpt_reference_comparison.simulated is 'True where our total comes from the synthetic market, so that the ratio means nothing.';
comment on column rpt_reference_comparison.caveats is 'What to know about the published figure, in words.';
comment on column rpt_reference_comparison.source is 'Who published it, and where it can be read.';
