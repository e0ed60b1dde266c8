"""What a wallet is for, told by its label: what an exchange's contracts take in has been received."""

import json
from pathlib import Path

import polars as pl
import pytest
from label_lists import E, load, stored, write_files

from inflows.contracts.names import CUSTODY_ROLES
from inflows.labels.roles import told_role
from inflows.layout import Layout


def told(label: str, tags: str = "") -> str:
    return str(pl.select(told_role(pl.lit(label), pl.lit(tags))).item())


@pytest.mark.parametrize(
    ("label", "role"),
    [
        ("Gemini: Contract 1", ""),
        ("Gemini: Old Contract 1", ""),
        ("Gate.io: Contract", ""),
        ("Gate.io Contract", ""),
        ("Bitget Proxy 1", ""),
        ("Luno Proxy (EIP-1167 Minimal)", ""),
        ("Coinbase: Proxy (EIP-1967)", ""),
        ("Kraken 13 (old)", ""),
        ("KRAKEN 13 (OLD)", ""),
        ("Kraken 13 (hot)", "hot"),
        ("Kraken 13 (COLD)", "cold"),
        ("Binance (Solana)", ""),
        ("Binance (ETH)", ""),
        ("Binance (SOL)", ""),
        ("Bitfinex Tether USDt (Polkadot)", ""),
        ("Binance: Hot Wallet (BSC)", "hot"),
        ("OKX 5 (ERC20)", ""),
        ("Kraken 5 (USDC)", ""),
        ("Binance: Deposit (USDT)", "deposit"),
        ("Binance (US)", ""),
        ("Coinbase (OTC)", ""),
        ("Kraken: MANA Token Wallet", ""),
        ("token hot wallet", "hot"),
        ("Bybit: Contract Deposit 3", "deposit"),
        ("LAToken 2", ""),
    ],
)
def test_a_contract_or_proxy_of_an_exchange_is_a_wallet_of_customers(label: str, role: str) -> None:
    assert told(label) == role
    assert role in CUSTODY_ROLES


@pytest.mark.parametrize(
    "label",
    [
        "Binance: BUSD (BUSD)",
        "Binance USD (BUSD)",
        "Binance: BNB (BNB)",
        "Binance Coin (BNB)",
        "Cryptonex (CNX) (CNX)",
        "Tether Gold: XAUt Token",
        "Tether (XAUt)",
        "Coinbase: cbETH (cbETH)",
        "Binance-Peg BSC-USD (BSC-USD)",
        "Huobi Token",
        "HuobiToken (HT)",
        "LoopringCoin V2 (LRC)",
        "BitMax: Old Token 1",
        "Trade.io: Token Sale",
        "Upbit Wallet Factory Contract",
    ],
)
def test_a_token_or_a_factory_is_none(label: str) -> None:
    assert told(label) == "contract"


def test_words_on_deployers_stakers_and_thieves_stand_above_those_on_tokens() -> None:
    labels = [
        "Binance: Token Deployer",
        "Kraken: Eth2 Depositor",
        "Fake_Phishing: Token",
        "Coinbase: Staking (ETH)",
    ]
    assert [told(label) for label in labels] == ["deployer", "staking", "hack", "staking"]
    assert told("Coinbase: X", "coinbase token-contract") == "contract"


def test_a_router_is_the_exchanges_own_unless_its_tag_names_another(layout: Layout, tmp_path: Path) -> None:
    tags = {
        "0x" + f"{number:040x}": {"name": name, "labels": ["okx"]}
        for number, name in enumerate(
            ("OKX: DEX Router", "OKX DEX Router 2", "Router 3", "Oneinch: Router 4"), 1
        )
    }
    place = "data/etherscan/combined/combinedAccountLabels.json"
    load(layout, write_files(tmp_path, {place: json.dumps(tags)}), "etherscan-labels")
    assert stored(layout)["role"].to_list() == ["", "", "", "contract"]


def test_the_contract_of_a_listed_asset_is_one_whatever_its_tag_says(layout: Layout, tmp_path: Path) -> None:
    usdt = "0xdac17f958d2ee523a2206206994597c13d831ec7"
    tags = {
        usdt: {"name": "Bitfinex: Hot Wallet", "labels": ["bitfinex"]},
        E: {"name": "Bitfinex: Contract 2", "labels": ["bitfinex"]},
    }
    place = "data/etherscan/combined/combinedAccountLabels.json"
    load(layout, write_files(tmp_path, {place: json.dumps(tags)}), "etherscan-labels")
    assert stored(layout).select("address", "role").rows() == [(usdt, "contract"), (E, "")]
