-- How many licences, applicants and removals there were from each day of change on. Grain: jurisdiction, licence, date.
create view rpt_licence_count as
with changes as (
    select
        jurisdiction,
        licence,
        status,
        standing,
        coalesce(valid_from, date '0001-01-01') as date,
        1 as step,
    from dim_licence
    union all
    select
        jurisdiction,
        licence,
        status,
        standing,
        valid_to as date,
        -1 as step,
    from dim_licence
    where valid_to is not null
),

days as (
    select
        jurisdiction,
        licence,
        date,
        coalesce(sum(step) filter (where status = 'granted'), 0) as granted,
        coalesce(sum(step) filter (where status = 'deemed'), 0) as deemed,
        coalesce(sum(step) filter (where status = 'in_principle'), 0) as in_principle,
        coalesce(sum(step) filter (where status = 'pending'), 0) as pending,
        coalesce(sum(step) filter (where status = 'withdrawn'), 0) as withdrawn,
        coalesce(sum(step) filter (where status = 'returned'), 0) as returned,
        coalesce(sum(step) filter (where status = 'refused'), 0) as refused,
        coalesce(sum(step) filter (where status = 'lapsed'), 0) as lapsed,
        coalesce(sum(step) filter (where standing = 'applicant'), 0) as applicants,
        coalesce(sum(step) filter (where standing = 'removed'), 0) as removed,
    from changes
    group by jurisdiction, licence, date
)

select
    cast(jurisdiction as varchar) as jurisdiction,
    cast(licence as varchar) as licence,
    cast(date as date) as date,
    cast(sum(granted) over so_far as bigint) as granted,
    cast(sum(deemed) over so_far as bigint) as deemed,
    cast(sum(in_principle) over so_far as bigint) as in_principle,
    cast(sum(pending) over so_far as bigint) as pending,
    cast(sum(withdrawn) over so_far as bigint) as withdrawn,
    cast(sum(returned) over so_far as bigint) as returned,
    cast(sum(refused) over so_far as bigint) as refused,
    cast(sum(lapsed) over so_far as bigint) as lapsed,
    cast(sum(applicants) over so_far as bigint) as applicants,
    cast(sum(removed) over so_far as bigint) as removed,
from days
window so_far as (partition by jurisdiction, licence order by date)
order by jurisdiction, licence, date;

comment on view rpt_licence_count is 'Statuses of dim_licence counted as they stood from a day on, until the next row of the same jurisdiction and licence. They are lower bounds: only what is in the registry by name is counted.';
comment on column rpt_licence_count.jurisdiction is 'ISO 3166-1 alpha-2 code of the regulator''s place.';
comment on column rpt_licence_count.licence is 'Kind of licence as a slug, such as vatp or dpt-mpi.';
comment on column rpt_licence_count.date is 'First UTC day on which these counts held; the next row begins where they end. The year 1 stands for since ever.';
comment on column rpt_licence_count.granted is 'Number of entities that held the licence.';
comment on column rpt_licence_count.deemed is 'Number of applicants that might operate while their application was decided.';
comment on column rpt_licence_count.in_principle is 'Number of applicants approved in principle, who may not operate yet.';
comment on column rpt_licence_count.pending is 'Number of other applications that were not decided.';
comment on column rpt_licence_count.withdrawn is 'Number of applications taken back by then; one entity may have taken back several.';
comment on column rpt_licence_count.returned is 'Number of applications sent back as incomplete by then.';
comment on column rpt_licence_count.refused is 'Number of applications refused by then.';
comment on column rpt_licence_count.lapsed is 'Number of licences that had ended by then.';
comment on column rpt_licence_count.applicants is 'All that had applied and were not decided: deemed, in principle and pending together.';
comment on column rpt_licence_count.removed is 'All applications that had ended without a licence: withdrawn, returned and refused together.';
