"""Jurisdictions are taken as people write them."""

import pytest

from inflows.errors import UsageError
from inflows.jurisdictions import is_jurisdiction, jurisdiction_code, jurisdiction_codes, name_of


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("HK", "HK"), ("hk", "HK"), (" Hk ", "HK"), ("HKG", "HK"), ("Hong Kong", "HK"), ("hong-kong", "HK"),
        ("HONG_KONG", "HK"), ("Singapore", "SG"), ("South Korea", "KR"), ("Korea, Republic of", "KR"),
        ("UK", "GB"), ("United States", "US"), ("u.s.", "US"), ("Viet Nam", "VN"), ("vietnam", "VN"),
        ("Türkiye", "TR"), ("turkey", "TR"), ("Cote d'Ivoire", "CI"), ("zz", "ZZ"), ("unattributed", "ZZ"),
        ("xx", "XX"),
    ],
)  # fmt: skip
def test_a_jurisdiction_is_taken_by_code_or_name_in_any_case(text: str, code: str) -> None:
    assert jurisdiction_code(text) == code


@pytest.mark.parametrize(
    ("text", "hint"),
    [("Honk Kong", "Did you mean Hong Kong (HK)?"), ("", "English name"), ("HK SG", ""), ("2024", "HK")],
)
def test_what_names_no_jurisdiction_is_answered_with_what_may_be_meant(text: str, hint: str) -> None:
    with pytest.raises(UsageError, match="is no jurisdiction") as error:
        jurisdiction_code(text)
    assert hint in error.value.hint


def test_several_are_given_one_by_one_or_by_commas() -> None:
    assert jurisdiction_codes(["HK,sg", "Hong Kong", "Korea, Republic of", "ZZ,"]) == ("HK", "SG", "KR", "ZZ")
    assert jurisdiction_codes(["HK", "hk"], each_once=False) == ("HK", "HK")
    assert jurisdiction_codes([]) == ()


@pytest.mark.parametrize("text", ["", " ", ",", " , "])
def test_no_jurisdiction_is_not_every_jurisdiction(text: str) -> None:
    with pytest.raises(UsageError, match="is empty"):
        jurisdiction_codes(["HK", text])


def test_a_code_in_use_is_told_from_two_letters() -> None:
    assert is_jurisdiction("HK")
    assert is_jurisdiction("ZZ")
    assert not is_jurisdiction("XX")
    assert [name_of(code) for code in ("HK", "TW", "ZZ", "XX")] == [
        "Hong Kong",
        "Taiwan",
        "unattributed",
        "XX",
    ]
