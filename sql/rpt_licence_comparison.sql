-- Published counts of licences beside those that the registry has by name. Grain: figure (dim_reference).
create view rpt_licence_comparison as
with figures as (
    select
        figure,
        period,
        jurisdiction,
        licence,
        counted as standing,
        published_count,
        cast(period_to - interval 1 day as date) as counted_on,
        bound,
        caveats,
        source,
    from dim_reference
    where measure = 'licences'
),

named as (
    select
        figures.figure,
        count(*) as named_count,
        count(*) filter (where licences.certainty = 'unverified') as unverified_count,
        string_agg(
            case when licences.entity = '' then licences.exchange else licences.entity end
            || coalesce(strftime(licences.valid_from, ' (%Y-%m-%d)'), ''),
            '; '
            order by licences.valid_from nulls first, licences.exchange, licences.entity, licences.status
        ) as names,
    from figures
    inner join dim_licence as licences
        on licences.jurisdiction = figures.jurisdiction
        and licences.licence = figures.licence
        and licences.standing = figures.standing
        and (licences.valid_from is null or licences.valid_from <= figures.counted_on)
        and (licences.valid_to is null or licences.valid_to > figures.counted_on)
    group by figures.figure
)

select
    cast(figures.figure as varchar) as figure,
    cast(figures.period as varchar) as period,
    cast(figures.counted_on as date) as counted_on,
    cast(figures.jurisdiction as varchar) as jurisdiction,
    cast(figures.licence as varchar) as licence,
    cast(figures.standing as varchar) as standing,
    cast(figures.published_count as bigint) as published_count,
    cast(coalesce(named.named_count, 0) as bigint) as named_count,
    cast(figures.published_count - coalesce(named.named_count, 0) as bigint) as unnamed_count,
    cast(coalesce(named.unverified_count, 0) as bigint) as unverified_count,
    cast(named.names as varchar) as names,
    cast(figures.bound as varchar) as bound,
    cast(figures.caveats as varchar) as caveats,
    cast(figures.source as varchar) as source,
from figures
left join named on named.figure = figures.figure
order by figures.period, figures.jurisdiction, figures.standing, figures.figure;

comment on view rpt_licence_comparison is 'How much of a published number of licences the registry knows by name. What it does not name it does not guess.';
comment on column rpt_licence_comparison.figure is 'Short name of the published count, as in dim_reference.';
comment on column rpt_licence_comparison.period is 'Month for which it was published.';
comment on column rpt_licence_comparison.counted_on is 'UTC day for which the registry is counted: the last of the period.';
comment on column rpt_licence_comparison.jurisdiction is 'ISO 3166-1 alpha-2 code of the regulator''s place.';
comment on column rpt_licence_comparison.licence is 'Kind of licence as a slug, such as vatp or dpt-mpi.';
comment on column rpt_licence_comparison.standing is 'What was counted: granted licences, applicants not decided, or removed applications (withdrawn, returned, refused).';
comment on column rpt_licence_comparison.published_count is 'Number that was published.';
comment on column rpt_licence_comparison.named_count is 'Number of them in dim_licence; two applications of one company are two.';
comment on column rpt_licence_comparison.unnamed_count is 'Published less named: how many the registry does not know; negative where it knows more.';
comment on column rpt_licence_comparison.unverified_count is 'Number among the named for which no page has been read.';
comment on column rpt_licence_comparison.names is 'Who they are: the entity, or the brand where the entity is not known, with the first day of the status; NULL: nobody.';
comment on column rpt_licence_comparison.bound is 'rounded, above or below, as in dim_reference.';
comment on column rpt_licence_comparison.caveats is 'What to know about the published count, in words.';
comment on column rpt_licence_comparison.source is 'Who published it, and where it can be read.';
