"""A small checkout of every list, in the list's own form, and what must come out of it."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import polars as pl

from inflows.files import writing
from inflows.labels.import_lists import import_labels_of
from inflows.labels.import_report import LabelsReport
from inflows.layout import Layout
from inflows.registry import effective

NOW = dt.datetime(2025, 3, 1, 12, tzinfo=dt.UTC)
LATER = NOW + dt.timedelta(days=1)
FAR = dt.datetime(2030, 1, 1, tzinfo=dt.UTC)

A, B, C, D, E = ("0x" + letter * 40 for letter in "abcde")
BITCOIN = "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2"
SEGWIT = "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq"
SCRIPT = "3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy"
TRON = "TMuA6YqfCeX8EhbfYEg5y7S4DqzSJireY9"
TON_BOUNCEABLE = "EQDXdpDxXYNW7Ho8A5SZUPV0BpkmHeq4pav2_n6n6_lPWQQ6"

CEX = "dbt_subprojects/hourly_spellbook/models/_sector/cex/addresses/chains"

FILES: dict[str, dict[str, str]] = {
    "spellbook": {
        f"{CEX}/cex_evms_addresses.sql": f"""{{{{config(
        tags = ['static'],
        alias = 'addresses',
        post_hook='{{{{ expose_spells(\\'["ethereum"]\\') }}}}')}}}}

SELECT address, cex_name, distinct_name, added_by, added_date
FROM (VALUES
    -- Binance
    ({A}, 'Binance', 'Binance 1', 'someone', date '2023-04-06')
    -- , ({B}, 'Binance', 'Binance 2', 'someone', date '2023-04-06')
    , ({C}, 'Huobi', 'Huobi: Deposit Funder 3', 'someone', date '2023-04-06')
    , ({D}, '1xBet', '1xBet 1', 'someone', date '2023-04-06')
    ) AS x (address, cex_name, distinct_name, added_by, added_date)
""",
        f"{CEX}/bitcoin/cex_bitcoin_addresses.sql": f"""SELECT blockchain, address, cex_name, distinct_name
FROM (VALUES
    ('bitcoin', '{BITCOIN}', 'Gate.io', 'Gate.io 1')
    , ('bitcoin', '{BITCOIN.lower()}', 'Gate.io', 'Gate.io 2')
    ) AS x (blockchain, address, cex_name, distinct_name)
""",
        f"{CEX}/ethereum/cex_ethereum_addresses.sql": "{{cex_evms(blockchain = 'ethereum')}}\n",
    },
    "defillama": {
        "cex/index.js": f"""const {{ cexExports }} = require('../projects/helper/cex')
const configs = {{
  'bitkub-cex': {{
    bitcoin: "bitkub",
    avax: {{ owners: ["{A}" /* cold wallet */, `{B}`] }},
    methodology: "none",
  }},
}}
const allProtocols = {{}}
for (const [name, config] of Object.entries(configs)) allProtocols[name] = cexExports(config)
module.exports = allProtocols
""",
        "cex/osl-hk.js": f'module.exports = {{ ethereum: {{ owners: ["{C}", // hot\n // "{D}",\n ] }} }}\n',
        "projects/okex/index.js": f"""const {{ cexExports }} = require('../helper/cex')
const book = require('../helper/bitcoin-book/index.js')
const more = ['{TRON}']
const config = {{ bitcoin: {{ owners: book.okex }}, tron: {{ owners: [...more] }} }}
module.exports = mergeExports([cexExports(config), {{ ethereum: {{ tvl: async () => 1 }} }}])
""",
        "projects/aave/index.js": f"module.exports = {{ ethereum: {{ owners: ['{E}'] }} }}\n",
        "projects/helper/bitcoin-book/index.js": f"""const imports = [["okex", "./okex.js"]]
const fetchers = require("./fetchers.js")
module.exports = {{ ...fetchers, bitkub: ["{SEGWIT}"] }}
imports.forEach(([key, file]) => {{ module.exports[key] = require(file) }})
""",
        "projects/helper/bitcoin-book/okex.js": f"module.exports = ['{BITCOIN}']\n",
        "projects/helper/bitcoin-book/fetchers.js": "module.exports = { live: async () => fetch('x') }\n",
    },
    "tagpack": {
        "packs/reserves.yaml": f"""title: Reserve wallets
creator: someone
confidence: service_data
category: exchange
currency: BTC
label: okx reserves wallets
actor: okex
source: https://example.org/reserves
tags:
- address: {BITCOIN}
- address: '{A}'
  currency: ETH
  label: okx ERC20 cold wallet
- address: {TRON}
  currency: USDT
""",
        "packs/hacks.yaml": f"""title: Hacks
lastmod: 2019-07-15
currency: BTC
tags:
- address: {SCRIPT}
  concepts: [exchange]
  label: 'Bitstamp 2'
- address: {SEGWIT}
  abuse: service_hack
  label: bitstamp hack
""",
        "actors/some.actorpack.yaml": "title: Actors\nactors:\n- id: okex\n  jurisdictions: [SC]\n",
    },
    "etherscan-labels": {
        "data/etherscan/combined/combinedAccountLabels.json": f"""{{
 "{A}": {{"name": "KuCoin: Deposit Funder", "labels": ["kucoin", "exchange"]}},
 "{B}": {{"name": "Kraken 4", "labels": ["exchange"]}},
 "{C}": {{"name": "Aave: Pool V3", "labels": ["aave"]}},
 "{D}": {{"name": "Fake_Phishing1", "labels": ["kucoin", "phish-hack"]}},
 "": {{"name": "Sum of 5 Accounts", "labels": ["exchange"]}}}}
""",
        "data/bscscan/combined/combinedAccountLabels.json": f"""{{
 "{A}": {{"name": "Uniswap V2", "labels": ["uniswap"]}}}}
""",
    },
    "eth-labels": {
        "data/etherscan/coinbase/accounts.json": f"""{{"lastPulled": "2024-04-02T20:41:10.442Z",
 "data": [{{"address": "{A}", "nameTag": "Coinbase 1"}}]}}
""",
        "data/arbiscan/binance/accounts.json": f"""[{{"address": "{B}", "nameTag": "Binance Hot Wallet"}}]""",
        "data/etherscan/aave/accounts.json": f"""[{{"address": "{C}", "nameTag": "Aave"}}]""",
    },
    "ton-labels": {
        "assets/cex/abantether.json": f"""{{
 "metadata": {{"label": "abantether", "category": "CEX", "organization": "abantether"}},
 "addresses": [{{"address": "{TON_BOUNCEABLE}", "source": "an explorer", "comment": "USDT withdrawals",
   "tags": [], "submittedBy": "someone", "submissionTimestamp": "2024-12-12T10:09:26Z"}}]}}
""",
        "assets/dex/other.json": '{"metadata": {"label": "other", "category": "DEX"}, "addresses": []}',
    },
    "reserves": {
        "bybit_por_202407.csv": f"""Coin,Height,Amount,Address
BTC(ALL),1,30,
BTC,840000,10,{BITCOIN} {SEGWIT}
USDT-Ethereum,20000000,5.5,{A}
USDT-TRX,60000000,5.5,{TRON}
""",
    },
}
Row = tuple[str, str, str, str, int, str]
EXPECTED: dict[str, set[Row]] = {
    "spellbook": {
        ("evm", A, "binance", "", 20, "spellbook"),
        ("evm", C, "htx", "deposit_funder", 20, "spellbook"),
        ("bitcoin", BITCOIN, "gate", "", 20, "spellbook"),
    },
    "defillama": {
        ("avalanche", A, "bitkub", "cold", 50, "defillama"),
        ("avalanche", B, "bitkub", "", 50, "defillama"),
        ("bitcoin", SEGWIT, "bitkub", "", 50, "defillama"),
        ("ethereum", C, "osl-hk", "hot", 50, "defillama"),
        ("bitcoin", BITCOIN, "okx", "", 50, "defillama"),
        ("tron", TRON, "okx", "", 50, "defillama"),
    },
    "tagpack": {
        ("bitcoin", BITCOIN, "okx", "reserve", 50, "tagpack-reserves"),
        ("ethereum", A, "okx", "cold", 50, "tagpack-reserves"),
        ("tron", TRON, "okx", "reserve", 50, "tagpack-reserves"),
        ("bitcoin", SCRIPT, "bitstamp", "", 5, "tagpack-hacks"),
    },
    "etherscan-labels": {
        ("ethereum", A, "kucoin", "deposit_funder", 20, "etherscan-labels"),
        ("ethereum", B, "kraken", "", 20, "etherscan-labels"),
    },
    "eth-labels": {
        ("ethereum", A, "coinbase", "", 20, "eth-labels"),
        ("arbitrum", B, "binance", "hot", 20, "eth-labels"),
    },
    "ton-labels": {("ton", TON_BOUNCEABLE, "abantether", "withdrawal", 20, "ton-labels")},
    "reserves": {
        ("bitcoin", BITCOIN, "bybit", "reserve", 50, "reserves-bybit"),
        ("bitcoin", SEGWIT, "bybit", "reserve", 50, "reserves-bybit"),
        ("ethereum", A, "bybit", "reserve", 50, "reserves-bybit"),
        ("tron", TRON, "bybit", "reserve", 50, "reserves-bybit"),
    },
}
ASIDE = {  # quarantined, skipped
    "spellbook": ({"bad_checksum": 1}, {"casino": 1}),
    "defillama": ({}, {}),
    "tagpack": ({}, {"hack": 1}),
    "etherscan-labels": ({}, {"hack": 1, "not_tagged_exchange": 1, "dex": 1}),
    "eth-labels": ({}, {"not_tagged_exchange": 1}),
    "ton-labels": ({}, {}),
    "reserves": ({}, {}),
}


def write_checkout(root: Path, form: str) -> Path:
    """The small checkout of a list."""
    return write_files(root / form, FILES[form])


def write_files(root: Path, files: dict[str, str]) -> Path:
    """Files below a folder."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


def load(
    layout: Layout, path: Path, form: str, *, now: dt.datetime = NOW, aliases: Path | None = None
) -> LabelsReport:
    """Import a list."""
    with writing(layout):
        return import_labels_of(layout, path, form, aliases=aliases, now=now)


def stored(layout: Layout) -> pl.DataFrame:
    """The labels in effect."""
    return effective.labels(layout, FAR).sort("chain", "address", "source").collect()


def rows(layout: Layout) -> set[Row]:
    """The labels in effect, as in EXPECTED."""
    columns = ("chain", "address", "exchange", "role", "confidence", "source")
    return set(stored(layout).select(columns).rows())
