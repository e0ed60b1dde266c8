-- Totals that others have published, to be held against ours. Grain: period, jurisdiction, measure, source.
create table dim_reference (
    period varchar,
    jurisdiction varchar,
    measure varchar,
    published_usd decimal(38, 6),
    source varchar
);

comment on table dim_reference is 'Figures from reports and the press. They are shown beside the totals and never used to compute or calibrate them.';
comment on column dim_reference.period is 'What the figure covers: a half-year such as 2024-H1, or a span of months such as 2022-07/2023-06.';
comment on column dim_reference.jurisdiction is 'ISO 3166-1 alpha-2 code, or the name of a region in the words of the publisher.';
comment on column dim_reference.measure is 'What was counted in the words of the publisher, such as value received by centralised exchanges.';
comment on column dim_reference.published_usd is 'The figure in US dollars, as rounded by the publisher.';
comment on column dim_reference.source is 'Who published it, and where it can be read.';
