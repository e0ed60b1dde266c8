-- What a reader should know about this build, counted. Grain: finding, chain, contract, detail.
create table meta_finding (
    finding varchar,
    chain varchar,
    contract varchar,
    detail varchar,
    transfers bigint,
    usd decimal(38, 6)
);

comment on table meta_finding is 'Everything that was left without a value, contested or doubtful while the totals were made.';
comment on column meta_finding.finding is 'Kind of the observation, as a short name.';
comment on column meta_finding.chain is 'Blockchain concerned, as a slug; empty where it concerns all.';
comment on column meta_finding.contract is 'Token contract concerned; empty for the native coin or where none is meant.';
comment on column meta_finding.detail is 'What it was in particular: the hash of the transaction, or the reason in words.';
comment on column meta_finding.transfers is 'Number of transfers concerned.';
comment on column meta_finding.usd is 'What these transfers moved in US dollars, where that is what was found; else null.';
