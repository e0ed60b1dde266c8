"""Addresses are tested by their chain's own form, with vectors of the standards."""

import pytest

from inflows.labels.address_check import WRONG_CHECKSUM, WRONG_FORM, Verdict, keeps_eip55, validate_address

ONES = "0x" + "1" * 40


@pytest.mark.parametrize(
    ("chain", "address"),
    [
        ("ethereum", "0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed"),
        ("bitcoin", "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2"),
        ("bitcoin", "3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy"),
        ("bitcoin", "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"),
        ("bitcoin", "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0"),
        ("litecoin", "LbgDyHCVc6UwsKuDzt5jKwFdG5TLsN5tbf"),
        ("litecoin", "ltc1qcnt4f7zqpu2s4pde3h4sjrkn3ekmlvr8ytk3s5"),
        ("dogecoin", "DMbNFKqJpr9B9XPfZL5zbgMTvzpN7h7sfz"),
        ("tron", "TMuA6YqfCeX8EhbfYEg5y7S4DqzSJireY9"),
        ("solana", "FxteHmLwG9nk1eL4pjNve3Eub2goGkkz6g6TbvdmW46a"),
        ("xrp", "rHTG5htCXSNtcXDhFkaSsvB1s1ah6WYrFW"),
        ("ton", "EQDXdpDxXYNW7Ho8A5SZUPV0BpkmHeq4pav2_n6n6_lPWQQ6"),
    ],
)
def test_a_sound_address_is_kept_and_one_changed_letter_is_seen(chain: str, address: str) -> None:
    assert validate_address(chain, address) == Verdict(address)
    at = len(address) // 2
    other = next(letter for letter in "23456789acdefg" if letter != address[at])
    assert validate_address(chain, address[:20]).reason
    if chain not in ("ethereum", "solana"):  # these have no checksum
        assert validate_address(chain, address[:at] + other + address[at + 1 :]).reason == WRONG_CHECKSUM


@pytest.mark.parametrize(
    ("chain", "address"),
    [
        ("ethereum", ONES[:-1]),
        ("ethereum", ONES[:-1] + "g"),
        ("evm", "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2"),
        ("bitcoin", "TMuA6YqfCeX8EhbfYEg5y7S4DqzSJireY9"),
        ("bitcoin", "LbgDyHCVc6UwsKuDzt5jKwFdG5TLsN5tbf"),
        ("tron", "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2"),
        ("solana", "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2"),
        ("ton", "not an address"),
        ("near", "two words"),
        ("near", ""),
    ],
)
def test_an_address_of_another_chain_has_the_wrong_form(chain: str, address: str) -> None:
    assert validate_address(chain, address).reason == WRONG_FORM


def test_bech32_knows_its_two_checksums_and_its_case() -> None:
    # BIP 350: a version 1 address with bech32's checksum, and a version 0 address with bech32m's.
    for wrong in (
        "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqh2y7hd",
        "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kemeawh",
        "bc1qW508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",
    ):
        assert validate_address("bitcoin", wrong).reason == WRONG_CHECKSUM
    capitals = "BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4"
    assert validate_address("bitcoin", capitals) == Verdict(capitals.lower())


def test_all_forms_of_one_account_become_one() -> None:
    tron = Verdict("TMuA6YqfCeX8EhbfYEg5y7S4DqzSJireY9")
    account = "82dd6b9966724ae2fdc79b416c7588da67ff1b35"
    assert [validate_address("tron", form + account) for form in ("41", "0x", "0x41")] == [tron] * 3
    ton = Verdict("EQDT3cimS92wrKXrc7U6quPIM1ose_N5-R4U5byIUDHkF5eo")
    for form in (
        ton.address,
        "UQDT3cimS92wrKXrc7U6quPIM1ose_N5-R4U5byIUDHkF8pt",
        "EQDT3cimS92wrKXrc7U6quPIM1ose/N5+R4U5byIUDHkF5eo",
        "0:d3ddc8a64bddb0aca5eb73b53aaae3c8335a2c7bf379f91e14e5bc885031e417",
    ):
        assert validate_address("ton", form) == ton
    assert validate_address("ethereum", "0x" + "A" * 40) == Verdict("0x" + "a" * 40)


def test_addresses_of_other_chains_are_kept_untested() -> None:
    assert validate_address("near", "exchange.near") == Verdict("exchange.near", tested=False)
    assert validate_address("sui", "0xAB") == Verdict("0xab", tested=False)


def test_eip55_accepts_the_vectors_of_the_standard_and_no_other_case() -> None:
    for address in (
        "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
        "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
        "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB",
        "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
    ):
        assert keeps_eip55(address)
        assert not keeps_eip55("0x" + address[2:].swapcase())
