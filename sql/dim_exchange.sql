-- What is known of each exchange: its wallets and where it counts. Grain: one exchange.
create view dim_exchange as
with wallets as (
    select
        exchange,
        count(distinct (chain, address)) as wallets,
        count(distinct (chain, address)) filter (where role = 'deposit') as deposit_wallets,
        count(distinct chain) as chains,
        string_agg(distinct chain, '; ' order by chain) as chain_names,
        max(confidence) as best_confidence,
        min(known_at) as first_known_at,
    from dim_wallet
    where exchange is not null
    group by exchange
),

places as (
    select
        exchange,
        string_agg(distinct jurisdiction, '; ' order by jurisdiction)
            filter (where basis = 'licence') as licences,
        string_agg(distinct jurisdiction, '; ' order by jurisdiction)
            filter (where basis = 'headquarters') as headquarters,
    from dim_jurisdiction
    group by exchange
),

exchanges as (
    select exchange from wallets
    union
    select exchange from places
)

select
    cast(exchanges.exchange as varchar) as exchange,
    cast(coalesce(wallets.wallets, 0) as bigint) as wallets,
    cast(coalesce(wallets.deposit_wallets, 0) as bigint) as deposit_wallets,
    cast(coalesce(wallets.chains, 0) as bigint) as chains,
    cast(wallets.chain_names as varchar) as chain_names,
    cast(wallets.best_confidence as bigint) as best_confidence,
    cast(wallets.first_known_at as timestamp) as first_known_at,
    cast(places.licences as varchar) as licences,
    cast(places.headquarters as varchar) as headquarters,
from exchanges
left join wallets on wallets.exchange = exchanges.exchange
left join places on places.exchange = exchanges.exchange
order by exchanges.exchange;

comment on view dim_exchange is 'Exchanges that own a labelled address or have a weight in some jurisdiction; one without wallets has no flows, one without places counts under ZZ.';
comment on column dim_exchange.exchange is 'Exchange as a slug, the same in every table.';
comment on column dim_exchange.wallets is 'Number of labelled addresses, at any time and any confidence; an address on two chains counts twice.';
comment on column dim_exchange.deposit_wallets is 'Number of those that are deposit addresses of customers.';
comment on column dim_exchange.chains is 'Number of blockchains on which it has labelled addresses.';
comment on column dim_exchange.chain_names is 'Their slugs, joined by a semicolon; NULL where there is none.';
comment on column dim_exchange.best_confidence is 'Highest confidence of any of its labels, 0 to 100; below 50 it is absent from level strict, below 20 from base.';
comment on column dim_exchange.first_known_at is 'When the first of its labels became known to this project, in UTC; NULL: since ever, or no labels.';
comment on column dim_exchange.licences is 'Jurisdictions where it ever counts by licence, joined by a semicolon; the dates are in dim_licence.';
comment on column dim_exchange.headquarters is 'Jurisdictions where it ever counts by headquarters, joined by a semicolon.';
