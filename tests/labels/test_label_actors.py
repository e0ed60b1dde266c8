"""Actor packs: one jurisdiction is a home, several are nobody's guess."""

from pathlib import Path

import polars as pl
import pytest
from label_lists import FAR, LATER, NOW, write_files

from inflows.errors import UsageError
from inflows.files import writing
from inflows.labels.actors import ActorsReport, import_actors
from inflows.layout import Layout
from inflows.registry import effective
from inflows.registry.imports import import_jurisdictions

PACK = """title: Actors
creator: someone
actors:
- id: okex
  label: OKX
  jurisdictions: [SC]
  categories: [exchange]
- id: binance
  jurisdictions:
  - KY
  - MT
  categories:
  - exchange
- id: firi
  jurisdictions: [NO]
  categories: [exchange]
- id: uniswap
  jurisdictions: [US]
  categories: [exchange, defi_dex]
- id: 999dicecom
  jurisdictions: [CW]
  categories: [gambling]
- id: huobi
  jurisdictions: [SC]
  categories: [exchange]
- id: htx
  jurisdictions: [PA]
  categories: [exchange]
- id: paribu
  jurisdictions: [XX]
  categories: [exchange]
- id: zaif
  jurisdictions: []
  categories: [exchange]
"""


def load(layout: Layout, path: Path) -> ActorsReport:
    with writing(layout):
        return import_actors(layout, path, now=NOW)


def homes(layout: Layout) -> list[tuple[str, str, str, str]]:
    rows = effective.jurisdictions(layout, FAR).sort("exchange", "jurisdiction").collect()
    return [
        (row["exchange"], row["jurisdiction"], row["basis"], f"{row['weight']:f}")
        for row in rows.rows(named=True)
    ]


def test_an_exchange_with_one_jurisdiction_is_at_home_there(layout: Layout, tmp_path: Path) -> None:
    report = load(layout, write_files(tmp_path, {"actors/a.actorpack.yaml": PACK}))
    assert homes(layout) == [
        ("firi", "NO", "headquarters", "1.000000000"),
        ("okx", "SC", "headquarters", "1.000000000"),
    ]
    assert (report.actors, report.skipped, report.imported.added) == (9, 3, 2)


def test_several_jurisdictions_are_kept_and_never_guessed_at(layout: Layout, tmp_path: Path) -> None:
    report = load(layout, write_files(tmp_path, {"actors/a.actorpack.yaml": PACK}))
    assert dict(report.quarantined) == {"several_jurisdictions": 3, "not_a_country": 1}
    quarantine = pl.read_parquet(layout.registry / "quarantine" / "jurisdictions.parquet")
    kept = quarantine.select("actor", "exchange", "jurisdictions", "reason", "entry").rows()
    assert ("binance", "binance", "KY MT", "several_jurisdictions", "8") in kept
    assert {(actor, exchange) for actor, exchange, *_ in kept} == {
        ("binance", "binance"),
        ("huobi", "htx"),
        ("htx", "htx"),
        ("paribu", "paribu"),
    }


def test_what_the_registry_says_otherwise_stands(layout: Layout, tmp_path: Path) -> None:
    (tmp_path / "own.csv").write_text(
        "exchange,jurisdiction,basis,weight,source\nokx,HK,headquarters,1,a register\n", encoding="utf-8"
    )
    with writing(layout):
        import_jurisdictions(layout, tmp_path / "own.csv", now=LATER)
    report = load(layout, write_files(tmp_path / "c", {"actors/a.actorpack.yaml": PACK}))
    assert report.quarantined["registry_says_otherwise"] == 1
    assert [place for exchange, place, *_ in homes(layout) if exchange == "okx"] == ["HK"]


def test_actors_imported_twice_are_stored_once(layout: Layout, tmp_path: Path) -> None:
    path = write_files(tmp_path, {"actors/a.actorpack.yaml": PACK})
    load(layout, path)
    again = load(layout, path)
    assert (again.imported.added, again.imported.unchanged) == (0, 2)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (PACK + "- label: x\n", "a.actorpack.yaml:35: the actor has no id"),
        ("title: x\ntags: []\n", "holds no actors"),
        (PACK + "- id: !!python/name:os.system x\n", "the tag"),
    ],
)
def test_a_pack_that_is_none_is_told(layout: Layout, tmp_path: Path, text: str, said: str) -> None:
    write_files(tmp_path, {"actors/a.actorpack.yaml": text})
    with pytest.raises(UsageError) as error:
        load(layout, tmp_path)
    assert said in error.value.problem
    assert homes(layout) == []
