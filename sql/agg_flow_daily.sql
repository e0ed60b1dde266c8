-- Sums of flows by UTC day, with one full set of rows for each level. Grain: date, chain, contract, from_exchange, to_exchange, flow_type, level, size_band.
create table agg_flow_daily (
    date date,
    chain varchar,
    contract varchar,
    symbol varchar,
    from_exchange varchar,
    to_exchange varchar,
    flow_type varchar,
    level varchar,
    transfers bigint,
    priced_transfers bigint,
    amount decimal(38, 18),
    usd decimal(38, 6),
    size_band varchar
);

comment on table agg_flow_daily is 'What moved to, from and between exchanges on each day. The three levels describe the same transfers: always filter on one, never add them up.';
comment on column agg_flow_daily.date is 'UTC day of the block.';
comment on column agg_flow_daily.chain is 'Blockchain on which the coins moved, as a slug.';
comment on column agg_flow_daily.contract is 'Token contract; empty for the native coin of the chain.';
comment on column agg_flow_daily.symbol is 'Ticker in the asset registry; NULL: the asset is not listed.';
comment on column agg_flow_daily.from_exchange is 'Exchange that sent, as known at the level of the row; NULL: somebody else did.';
comment on column agg_flow_daily.to_exchange is 'Exchange that received, as known at the level of the row; NULL: somebody else did.';
comment on column agg_flow_daily.flow_type is 'Classification at the level of the row: inflow, outflow, inter_exchange, internal, mint, burn, wrap or fee.';
comment on column agg_flow_daily.level is 'Which labels exist: strict (confidence 50 and more), base (20 and more) or all.';
comment on column agg_flow_daily.transfers is 'Number of transfers, priced or not.';
comment on column agg_flow_daily.priced_transfers is 'Number of those that have a value in US dollars.';
comment on column agg_flow_daily.amount is 'Sum in whole coins; NULL where the asset is not listed or the sum is out of range.';
comment on column agg_flow_daily.usd is 'Sum in US dollars of the priced transfers; 0 where none was priced, so read it together with priced_transfers.';
comment on column agg_flow_daily.size_band is 'Worth of each single transfer in US dollars: under_10k, 10k_to_1m, 1m_to_10m or from_10m, lower bounds included; NULL: the transfers have no price.';
