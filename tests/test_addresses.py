import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inflows.addresses import address_form, address_key, canonical_address


def canonical(text: str) -> str:
    return str(pl.DataFrame({"a": [text]}).select(canonical_address(pl.col("a"))).item())


@pytest.mark.parametrize(
    ("written", "spelling"),
    [
        ("0xDAC17F958D2ee523a2206206994597C13D831ec7", "0xdac17f958d2ee523a2206206994597c13d831ec7"),
        ("0XDAC17F958D2EE523A2206206994597C13D831EC7", "0xdac17f958d2ee523a2206206994597c13d831ec7"),
        ("BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4", "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"),
        (" bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4 ", "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"),
        # Base58 is never lower-cased, whatever it begins with: these look like bech32 and hex.
        ("TB1Xi79ev8ysox9EGsx2UG8FFPf5tV6oPQ", "TB1Xi79ev8ysox9EGsx2UG8FFPf5tV6oPQ"),
        ("LTC1abcDEFghijkmnopqrstuvwxyz12345", "LTC1abcDEFghijkmnopqrstuvwxyz12345"),
        ("1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2", "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2"),
        ("", ""),
    ],
)
def test_an_address_has_one_spelling(written: str, spelling: str) -> None:
    assert canonical(written) == spelling
    assert canonical(spelling) == spelling


def key(address: str) -> int:
    return int(pl.DataFrame({"a": [address]}).select(address_key(pl.col("a"))).item())


def test_keys_are_the_same_for_ever() -> None:
    """Raw files hold them: a change of these figures would need every raw file to be written again."""
    assert key("0xdac17f958d2ee523a2206206994597c13d831ec7") == 4_159_838_494_996_441_502
    assert key("TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t") == 4_952_625_136_855_520_817
    assert key("") == 9_600_148_151_228_629_952


def plainly(address: str) -> int:
    """The key as the documentation words it."""
    tail = address.rjust(16, "0")[-16:].encode()
    a, b = int.from_bytes(tail[:8], "little"), int.from_bytes(tail[8:], "little")
    return (a * 0x9E3779B97F4A7C15 % 2**64) ^ b


@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=64))
def test_the_key_is_what_its_documentation_says(address: str) -> None:
    assert key(address) == plainly(address)


@pytest.mark.parametrize(
    ("chain", "good", "bad"),
    [
        ("ethereum", "0x" + "a" * 40, "0x" + "a" * 39),
        ("evm", "0x" + "a" * 40, "0x" + "g" * 40),
        ("tron", "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t", "0x" + "a" * 40),
        ("bitcoin", "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4", "bc1 qw508"),
        ("some-new-chain", "anything-printable", "with blank"),
    ],
)
def test_each_family_has_its_form(chain: str, good: str, bad: str) -> None:
    matches = pl.DataFrame({"a": [good, bad]}).select(pl.col("a").str.contains(address_form(chain)))
    assert matches.to_series().to_list() == [True, False]
