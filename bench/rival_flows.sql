-- The whole build of the rival: one row for each flow, written once, and the totals made of what was written.

create table fct_flow as
select
    chain, block_number, block_time, tx_hash, kind, position, contract, symbol, from_address, to_address,
    fxs, fxb, fxa, txs, txb, txa, fcs, fcb, fca, tcs, tcb, tca,
    fconf as from_confidence, tconf as to_confidence, amount_raw, coins, usd, yb, ys, ya,
from typed
where ys is not null or yb is not null or ya is not null;

create or replace temp view typed as select * from fct_flow;
