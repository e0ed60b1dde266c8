-- Every transfer that touches an exchange, with its owners, value and classification. Grain: one transfer.
-- Where one compression is always the best it is stated, as DuckDB would try all that it knows otherwise.
create table fct_flow (
    chain varchar,
    block_number bigint using compression bitpacking,
    block_time timestamp using compression bitpacking,
    tx_hash varchar using compression fsst,
    kind varchar,
    position bigint using compression bitpacking,
    contract varchar,
    symbol varchar,
    from_address varchar using compression fsst,
    to_address varchar using compression fsst,
    from_exchange varchar,
    to_exchange varchar,
    from_confidence bigint using compression bitpacking,
    to_confidence bigint using compression bitpacking,
    amount_raw varchar using compression fsst,
    amount decimal(38, 18),
    usd decimal(38, 6),
    flow_type varchar,
    flow_type_strict varchar,
    flow_type_all varchar
);

comment on table fct_flow is 'Transfers that touch an exchange: on account chains one row per transfer, on UTXO chains one per netted movement between two owners in a transaction. Key: chain, block_number, tx_hash, kind, position; the classification is no part of it.';
comment on column fct_flow.chain is 'Blockchain on which the coins moved, as a slug such as ethereum or bitcoin.';
comment on column fct_flow.block_number is 'Height of the block that holds the transaction.';
comment on column fct_flow.block_time is 'When the block was made, in UTC; labels, prices and licences are those that held at this instant.';
comment on column fct_flow.tx_hash is 'Hash of the transaction; empty for withdrawals of the beacon chain, which have none.';
comment on column fct_flow.kind is 'Where the movement was seen: token (event log), native (transaction), trace (internal call), withdrawal (beacon chain) or utxo (netted inputs and outputs).';
comment on column fct_flow.position is 'Place within the transaction: the log index for token, 0 for native, the number of the source for trace, the global index for withdrawal.';
comment on column fct_flow.contract is 'Token contract, in canonical spelling; empty for the native coin of the chain.';
comment on column fct_flow.symbol is 'Ticker in the asset registry; NULL: the asset is not listed, so it is counted but never valued.';
comment on column fct_flow.from_address is 'Sender; empty where several addresses of one owner paid together (UTXO chains).';
comment on column fct_flow.to_address is 'Receiver; empty where several addresses of one owner were paid together (UTXO chains).';
comment on column fct_flow.from_exchange is 'Exchange that owns the sender by labels of any confidence (level all); NULL: none known.';
comment on column fct_flow.to_exchange is 'Exchange that owns the receiver by labels of any confidence (level all); NULL: none known.';
comment on column fct_flow.from_confidence is 'Confidence of the label of the sender, 0 to 100; 50 and more counts at level strict, 20 and more at base.';
comment on column fct_flow.to_confidence is 'Confidence of the label of the receiver, 0 to 100; 50 and more counts at level strict, 20 and more at base.';
comment on column fct_flow.amount_raw is 'Exact quantity in the smallest unit of the asset (wei, satoshi), as decimal digits of an integer of up to 256 bits.';
comment on column fct_flow.amount is 'Quantity in whole coins, exact to 18 decimals; NULL where the asset is not listed or the quantity is out of range.';
comment on column fct_flow.usd is 'Value in US dollars at the latest quote at or before the block, to 6 decimals; NULL: not priced, which is not the same as 0.';
comment on column fct_flow.flow_type is 'What the transfer is to exchanges at level base: inflow, outflow, inter_exchange, internal, mint, burn, wrap or fee; NULL where no side counts at that level.';
comment on column fct_flow.flow_type_strict is 'The same classification when only labels of confidence 50 and more exist; NULL where no side counts.';
comment on column fct_flow.flow_type_all is 'The same classification when labels of every confidence exist, heuristic ones too; NULL where no side counts.';
