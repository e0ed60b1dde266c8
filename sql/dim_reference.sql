-- Figures that others have published, to be held against ours. Grain: figure.
create table dim_reference (
    figure varchar,
    period varchar,
    period_from date,
    period_to date,
    jurisdiction varchar,
    other varchar,
    measure varchar,
    counted varchar,
    licence varchar,
    basis varchar,
    published_usd decimal(38, 6),
    published_ratio decimal(38, 6),
    published_count bigint,
    bound varchar,
    caveats varchar,
    source varchar,
    known_at timestamp
);

comment on table dim_reference is 'Figures from reports, registers and the press. They are shown beside our numbers and never used to compute or calibrate them.';
comment on column dim_reference.figure is 'Short name of the published figure, as a slug.';
comment on column dim_reference.period is 'What it covers: a half-year (2024-H1), a month (2025-02) or a span of months (2023-07/2024-06).';
comment on column dim_reference.period_from is 'First UTC day of that.';
comment on column dim_reference.period_to is 'First UTC day after it.';
comment on column dim_reference.jurisdiction is 'ISO 3166-1 alpha-2 code, or a region in the words of the publisher.';
comment on column dim_reference.other is 'Of a multiple: the jurisdiction of which it is a multiple; else empty.';
comment on column dim_reference.measure is 'received (dollars), growth (ratio to the year before), multiple (ratio to another place), share (part of all services) or licences (a count).';
comment on column dim_reference.counted is 'What the publisher counted: centralised_exchanges, all_services, or for licences the standing (granted, applicant, removed).';
comment on column dim_reference.licence is 'Of a count of licences: their kind, as in dim_licence; else empty.';
comment on column dim_reference.basis is 'By what the publisher placed value: licence, headquarters or traffic; empty: not told.';
comment on column dim_reference.published_usd is 'Figure in US dollars, as rounded by the publisher; NULL where it is none.';
comment on column dim_reference.published_ratio is 'Figure that is a ratio, where 1.856 stands for a growth of 85.6 percent; NULL where it is none.';
comment on column dim_reference.published_count is 'Figure that is a number of licences or applications; NULL where it is none.';
comment on column dim_reference.bound is 'rounded, above (the publisher says more than that) or below (almost).';
comment on column dim_reference.caveats is 'What to know before anything is compared with it, in words.';
comment on column dim_reference.source is 'Who published it, and where it can be read.';
comment on column dim_reference.known_at is 'When it became known to this project, in UTC; NULL: it comes with the program.';
