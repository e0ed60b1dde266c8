"""One slug for an exchange however it is spelled, and sisters apart."""

import re
from pathlib import Path

import pytest
from label_lists import write_files

from inflows.contracts.names import SLUG_PATTERN
from inflows.errors import UsageError
from inflows.exchanges import Names, known_exchanges, read_aliases, slug_of, spelling
from inflows.labels.owners import owner_in

FACTS = Path(__file__).parents[2] / "src" / "inflows" / "reference"


@pytest.mark.parametrize(
    ("names", "slug"),
    [
        (("huobi", "HTX", "Huobi Global", "huobi.com"), "htx"),
        (("OKEx", "okx", "OKX"), "okx"),
        (("gate-io", "Gate.io", "Gate", "GATEIO"), "gate"),
        (("bitkub-cex", "Bitkub"), "bitkub"),
        (("crypto-com", "Crypto.com"), "crypto-com"),
    ],
)
def test_all_spellings_of_an_exchange_are_one(names: tuple[str, ...], slug: str) -> None:
    assert {Names().owner(name).exchange for name in names} == {slug}


@pytest.mark.parametrize(
    "sisters",
    [
        ("OKCoin", "OKX"),
        ("Binance", "Binance US"),
        ("FTX", "FTX US"),
        ("OSL", "OSL HK"),
        ("HashKey", "HashKey Exchange"),
        ("Gate", "Gate US"),
        ("Upbit", "Upbit Indonesia"),
    ],
)
def test_sister_companies_are_kept_apart(sisters: tuple[str, ...]) -> None:
    owners = [Names().owner(name) for name in sisters]
    assert len({owner.exchange for owner in owners}) == len(sisters)
    assert all(owner.kind for owner in owners)


def test_a_name_that_nobody_listed_keeps_a_slug_of_its_own() -> None:
    assert Names().owner("Some New Exchange!") == ("some-new-exchange", "")
    assert Names().owner("../x") == ("x", "")
    assert Names().owner("交易所") == ("", "")


def test_the_facts_are_sound() -> None:
    entities = known_exchanges()
    aliases = read_aliases(FACTS / "exchange_aliases.csv")
    names: dict[str, str] = {}
    for slug, entity in entities.items():
        assert re.fullmatch(SLUG_PATTERN, slug)
        assert entity.kind
        assert entity.source.startswith("https://")
        for name in (slug, entity.name):
            assert names.setdefault(spelling(name), slug) == slug, name
    for alias, slug in aliases.items():
        assert slug in entities, alias
        assert names.setdefault(spelling(alias), slug) == slug, alias
    assert list(entities) == sorted(entities)


def test_a_users_aliases_lead_where_they_say_and_win(tmp_path: Path) -> None:
    write_files(
        tmp_path, {"a.csv": "alias,exchange\nOld Name,Newer Name\nNewer Name,Huobi\nKraken,My Desk\n"}
    )
    names = Names(tmp_path / "a.csv")
    assert names.owner("old-name") == ("htx", "exchange")
    assert names.owner("KRAKEN") == ("my-desk", "")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("alias,exchange\na,b\nb,c\nc,a\n", "the aliases a -> b -> c -> a go round in a circle"),
        ("alias,exchange\na,b\nb,c\nc,b\n", "the aliases b -> c -> b go round in a circle"),
        ("alias,exchange\na,b\na,c\n", "a.csv:3: the alias 'a' stands for two exchanges"),
        ("alias,exchange\n,b\n", "a.csv:2: alias or exchange is empty"),
        ("alias,name\na,b\n", "lacks the column 'exchange'"),
        ('alias,exchange\na,"b\n', "cannot be read as CSV"),
    ],
)
def test_aliases_that_lead_nowhere_are_told(tmp_path: Path, text: str, said: str) -> None:
    write_files(tmp_path, {"a.csv": text})
    with pytest.raises(UsageError) as error:
        Names(tmp_path / "a.csv")
    assert said in error.value.problem


@pytest.mark.parametrize(
    ("label", "owner"),
    [
        ("Binance: Hot Wallet 20", "Binance"),
        ("Binance US 2", "Binance US"),
        ("okx ERC20 reserves", "okx"),
        ("bitfinex AION hot wallet", "bitfinex"),
        ("Kraken 4", "Kraken"),
        ("Somebody Else 3", "Somebody Else"),
        ("Gate Keeper Fund", "Gate Keeper Fund"),
    ],
)
def test_a_label_names_its_owner_before_words_on_the_wallet(label: str, owner: str) -> None:
    assert owner_in(label, Names()) == owner


def test_slugs_are_fit_for_folders() -> None:
    for name in ("../../etc", "=cmd()", "a" * 200, "-x-", "__HIVE_DEFAULT_PARTITION__"):
        assert re.fullmatch(SLUG_PATTERN, slug_of(name))
