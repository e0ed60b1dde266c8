import polars as pl
import pytest
from support import USDT, WETH, ZERO, address, asset, assets, prices, transfer, transfers, wallet, wallets

from inflows.chains import STAKING_CONTRACTS, TRON_ZERO
from inflows.stages.classify import classify_transfers
from inflows.stages.label import label_transfers
from inflows.stages.price import price_transfers

BEACON = STAKING_CONTRACTS["ethereum"][0]
ISSUED, OURS = address("weth-issuer"), address("a-any")
"""Wrapped-native contracts that a list names too: an issuer's, and an exchange's own."""
KNOWN = wallets(
    wallet("a-hot", "alpha"),
    wallet("a-cold", "alpha", "cold"),
    wallet("a-any", "alpha", ""),
    wallet("a-gas", "alpha", "gas"),
    wallet("b-hot", "bravo"),
    wallet("b-gas", "bravo", "deposit_funder"),
    wallet("issuer", "tether", "issuer"),
    wallet("a-issuer", "alpha", "issuer"),
    wallet("weth-issuer", "weth", "issuer"),
    wallet("low", "charlie", exchange_strict=None, role_strict=None, exchange_base=None, role_base=None),
    wallet("mid", "delta", exchange_strict=None, role_strict=None),
)
LISTED = assets(
    asset(),
    asset("", "ETH", 18, "native"),
    asset(WETH, "WETH", 18, "wrapped_native"),
)


def classified(*rows: dict[str, object]) -> pl.DataFrame:
    named = [
        row
        | {
            side: row[side] if str(row[side]).startswith(("0x", "T")) else address(str(row[side]))
            for side in ("from_address", "to_address")
        }
        for row in rows
    ]
    return (
        transfers(*named)
        .lazy()
        .pipe(label_transfers, KNOWN)
        .pipe(price_transfers, LISTED, prices())
        .pipe(classify_transfers, [WETH, ISSUED, OURS])
        .collect()
    )


@pytest.mark.parametrize(
    ("sender", "receiver", "contract", "flow", "from_exchange", "to_exchange"),
    [
        ("user", "a-hot", USDT, "inflow", None, "alpha"),
        ("a-any", "user", USDT, "outflow", "alpha", None),
        ("a-hot", "a-cold", USDT, "internal", "alpha", "alpha"),
        ("a-hot", "a-hot", USDT, "internal", "alpha", "alpha"),
        ("a-hot", "a-gas", USDT, "internal", "alpha", "alpha"),
        ("a-gas", "a-issuer", USDT, "internal", "alpha", "alpha"),
        ("a-hot", "b-hot", USDT, "inter_exchange", "alpha", "bravo"),
        ("a-hot", "b-gas", USDT, "outflow", "alpha", None),
        ("b-gas", "a-hot", USDT, "inflow", None, "alpha"),
        (ZERO, "a-hot", USDT, "mint", None, "alpha"),
        ("a-hot", ZERO, USDT, "burn", "alpha", None),
        (TRON_ZERO, "a-hot", USDT, "mint", None, "alpha"),
        ("issuer", "a-hot", USDT, "mint", None, "alpha"),
        ("a-hot", "issuer", USDT, "burn", "alpha", None),
        (WETH, "a-hot", "", "wrap", None, "alpha"),
        ("a-hot", WETH, "", "wrap", "alpha", None),
        ("a-hot", WETH, WETH, "wrap", "alpha", None),
        ("a-hot", WETH, USDT, "outflow", "alpha", None),
        (WETH, "a-hot", USDT, "inflow", None, "alpha"),
        ("user", "a-hot", "0x" + "fa4e" * 10, "inflow", None, "alpha"),
        ("a-hot", BEACON, "", "burn", "alpha", None),
        (BEACON, "a-hot", "", "mint", None, "alpha"),
        ("a-hot", BEACON, USDT, "burn", "alpha", None),
        # What holds for two rules shows which of them stands first.
        ("a-issuer", "a-hot", USDT, "internal", "alpha", "alpha"),
        ("a-hot", "a-issuer", USDT, "internal", "alpha", "alpha"),
        (ISSUED, "a-hot", "", "mint", None, "alpha"),
        ("a-hot", ISSUED, "", "burn", "alpha", None),
        (OURS, "a-hot", "", "internal", "alpha", "alpha"),
        ("b-hot", OURS, "", "wrap", "bravo", "alpha"),
        (OURS, "b-hot", "", "wrap", "alpha", "bravo"),
    ],
)
def test_each_kind_of_flow(
    sender: str, receiver: str, contract: str, flow: str, from_exchange: str | None, to_exchange: str | None
) -> None:
    kind = "token" if contract else "native"
    row = classified(transfer(from_address=sender, to_address=receiver, contract=contract, kind=kind)).row(
        0, named=True
    )
    for level in ("strict", "base", "all"):
        assert row[f"flow_type_{level}"] == flow
        assert row[f"from_exchange_{level}"] == from_exchange
        assert row[f"to_exchange_{level}"] == to_exchange


@pytest.mark.parametrize(
    ("sender", "receiver"),
    [
        ("user", "a-gas"),
        ("a-gas", "b-gas"),
        (ZERO, "a-gas"),
        ("issuer", "user"),
        (ZERO, "issuer"),
        (WETH, "a-gas"),
    ],
)
def test_where_no_side_holds_customers_money_nothing_flows(sender: str, receiver: str) -> None:
    assert classified(transfer(from_address=sender, to_address=receiver)).is_empty()


def test_a_transfer_of_nothing_is_no_flow() -> None:
    assert classified(transfer(to_address="a-hot", from_address="user", amount_raw="0")).is_empty()


def test_each_level_sees_only_labels_that_exist_there() -> None:
    found = classified(
        transfer(1, from_address="low", to_address="a-hot"), transfer(2, from_address="mid", to_address="low")
    ).sort("position")
    assert found["flow_type_strict"].to_list() == ["inflow", None]
    assert found["flow_type_base"].to_list() == ["inflow", "outflow"]
    assert found["flow_type_all"].to_list() == ["inter_exchange", "inter_exchange"]
    assert found["to_exchange_base"].to_list() == ["alpha", None]
    assert found["to_exchange_all"].to_list() == ["alpha", "charlie"]


def test_a_staking_contract_is_one_on_its_own_chain_alone() -> None:
    known = wallets(wallet("a-hot", "alpha", chain="bsc"))
    row = transfer(chain="bsc", from_address=address("a-hot"), to_address=BEACON, contract="", kind="native")
    typed = (
        transfers(row)
        .lazy()
        .pipe(label_transfers, known)
        .pipe(price_transfers, LISTED, prices())
        .pipe(classify_transfers, [])
    )
    assert typed.collect()["flow_type_base"].to_list() == ["outflow"]
