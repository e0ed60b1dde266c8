-- What has been read of each chain, so that gaps can be seen. Grain: chain, date, dataset.
create table rpt_coverage (
    chain varchar,
    date date,
    dataset varchar,
    rows bigint,
    first_block bigint,
    last_block bigint,
    blocks bigint,
    has_token boolean,
    has_native boolean,
    has_trace boolean,
    has_withdrawal boolean,
    has_utxo boolean,
    only_labelled boolean,
    quarantined bigint,
    claimed_by varchar,
    coverage varchar,
    read_again boolean
);

comment on table rpt_coverage is 'The raw data behind the totals by chain and UTC day: how much there is, which kinds of movement were read, and how much was set aside.';
comment on column rpt_coverage.chain is 'Blockchain as a slug.';
comment on column rpt_coverage.date is 'UTC day of the blocks; NULL where quarantined rows do not tell their day.';
comment on column rpt_coverage.dataset is 'Part of the raw store: transfers, utxo or blocks.';
comment on column rpt_coverage.rows is 'Number of rows in the raw store.';
comment on column rpt_coverage.first_block is 'Lowest block height among them; NULL where there is none.';
comment on column rpt_coverage.last_block is 'Highest block height among them; NULL where there is none.';
comment on column rpt_coverage.blocks is 'Number of blocks known to have been read; NULL where no block list was delivered, and then gaps cannot be told.';
comment on column rpt_coverage.has_token is 'True where token transfers were read in every block of the day; NULL: unknown.';
comment on column rpt_coverage.has_native is 'True where native transfers by transactions were read in every block; NULL: unknown.';
comment on column rpt_coverage.has_trace is 'True where native coin moved by contracts was read in every block; NULL: unknown.';
comment on column rpt_coverage.has_withdrawal is 'True where withdrawals of the beacon chain were read in every block; NULL: unknown.';
comment on column rpt_coverage.has_utxo is 'True where inputs and outputs of transactions were read in every block; NULL: unknown.';
comment on column rpt_coverage.only_labelled is 'True where of some block only the token transfers of labelled wallets were read: what others moved, and native coin, is missing; NULL: unknown.';
comment on column rpt_coverage.quarantined is 'Number of rows set aside because they could not be understood or trusted.';
comment on column rpt_coverage.claimed_by is 'Sources that say that they hold the day, joined by semicolons; NULL where none does.';
comment on column rpt_coverage.coverage is 'proven (blocks known without a hole, from the one before the day to the one after it), claimed (a source says that it holds the day) or missing; NULL where the day is not known.';
comment on column rpt_coverage.read_again is 'True where the day was read for labelled wallets alone and is missing only because labels were added since.';
