-- Licences, applications and what became of them, by entity. Grain: exchange, entity, jurisdiction, licence, status, valid_from.
create table dim_licence (
    exchange varchar,
    entity varchar,
    jurisdiction varchar,
    regulator varchar,
    licence varchar,
    status varchar,
    standing varchar,
    valid_from date,
    valid_to date,
    dating varchar,
    certainty varchar,
    policy varchar,
    note varchar,
    source varchar,
    known_at timestamp
);

comment on table dim_licence is 'Who holds, seeks or gave up which licence where, since when, and who says so. No total is computed from it: what a licence means for a total stands in dim_jurisdiction.';
comment on column dim_licence.exchange is 'Brand to which the entity belongs, as a slug, the same as in dim_wallet.';
comment on column dim_licence.entity is 'Company that is licensed or applied; empty where the source names only the brand.';
comment on column dim_licence.jurisdiction is 'ISO 3166-1 alpha-2 code of the place where the licence holds.';
comment on column dim_licence.regulator is 'Authority that grants it and keeps the register.';
comment on column dim_licence.licence is 'Kind of licence as a slug: vatp (Hong Kong, virtual asset trading platform), dpt-mpi (Singapore, major payment institution with a digital payment token service), casp (EU), and others.';
comment on column dim_licence.status is 'granted, deemed (may operate meanwhile), in_principle, pending, withdrawn, returned, refused or lapsed.';
comment on column dim_licence.standing is 'How registers count the status: granted, applicant (deemed, in principle, pending), removed (withdrawn, returned, refused) or ended.';
comment on column dim_licence.valid_from is 'First UTC day of the status, read with dating; NULL: since ever.';
comment on column dim_licence.valid_to is 'First UTC day on which it no longer holds; NULL: it still does, as far as is known.';
comment on column dim_licence.dating is 'What valid_from means: on (that day), in (some time in the month or year that begins there), by (that day or earlier).';
comment on column dim_licence.certainty is 'Where it was read: register (of the regulator), statement (of holder or regulator), press, or unverified.';
comment on column dim_licence.policy is 'What it means for the brand''s wallets: own_wallets (they are this entity''s and count here), share (the registry states a part) or unattributed.';
comment on column dim_licence.note is 'What else should be known of the row, in words; empty: nothing.';
comment on column dim_licence.source is 'Page or record in which it can be looked up.';
comment on column dim_licence.known_at is 'When the row became known to this project, in UTC; NULL: since ever.';
