-- What contested addresses received and sent, by UTC day. Grain: date, chain, address, level.
create table agg_contested_daily (
    date date,
    chain varchar,
    address varchar,
    level varchar,
    inflow_usd decimal(38, 6),
    outflow_usd decimal(38, 6),
    inflow_transfers bigint,
    outflow_transfers bigint,
    priced_transfers bigint
);

comment on table agg_contested_daily is 'Movements of listed assets to and from addresses that count for no exchange as claims disagree: what would count if it were settled whose they are. No total holds it. The levels describe the same transfers.';
comment on column agg_contested_daily.date is 'UTC day of the block.';
comment on column agg_contested_daily.chain is 'Blockchain on which the coins moved, as a slug.';
comment on column agg_contested_daily.address is 'The contested address, in its canonical spelling.';
comment on column agg_contested_daily.level is 'Which labels exist, and so whether it is contested: strict, base or all.';
comment on column agg_contested_daily.inflow_usd is 'Received from others, exchanges among them, in US dollars of what has a price.';
comment on column agg_contested_daily.outflow_usd is 'Sent to others, exchanges among them, in US dollars of what has a price.';
comment on column agg_contested_daily.inflow_transfers is 'Number of transfers received, priced or not.';
comment on column agg_contested_daily.outflow_transfers is 'Number of transfers sent, priced or not.';
comment on column agg_contested_daily.priced_transfers is 'Number of both that have a value in US dollars.';
