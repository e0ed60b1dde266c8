"""What another program has left in a data folder: an older release, a killed run, a hand that altered it."""

import datetime as dt
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from worlds import NOW, differences, market_files, publish, published_totals

import inflows
from inflows.build import partition_facts, rebuild, steps
from inflows.build.diff import diff
from inflows.contracts.flows import Flows
from inflows.contracts.schema import dtypes
from inflows.settings import Settings, load_settings
from inflows.simulate import Market
from inflows.warehouse.vintages import read_manifests

PREVIOUS = Path(__file__).parent / "previous_release" / "published.tar.xz"
LATER = NOW.replace(year=2027)


@pytest.fixture
def previous(tmp_path: Path) -> Path:
    """A folder with the data that an older release published, and the truth about it."""
    shutil.unpack_archive(PREVIOUS, tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a market and a data folder of it, published. Copy it to change it."""
    folder = tmp_path_factory.mktemp("made")
    publish(folder / "data", market_files(folder, Market.small(), transfers=150))
    return folder


@pytest.fixture
def copied(made: Path, tmp_path: Path) -> Settings:
    """A copy of that data folder."""
    return load_settings(shutil.copytree(made / "data", tmp_path / "data"))


def build(settings: Settings, now: dt.datetime = LATER) -> steps.Built:
    return steps.build(settings, as_of=None, now=now)


def test_a_data_folder_of_the_previous_release_is_computed_anew_and_gives_the_true_totals(
    previous: Path,
) -> None:
    settings = load_settings(previous / "data")
    before = published_totals(settings.layout.published)
    built = build(settings)
    assert (built.partitions, built.computed) == (60, 60)
    assert differences(built.database, previous) == []
    assert len(before) == len(published_totals(built.database)) == 891
    assert build(settings).computed == 0


def test_a_vintage_of_the_previous_release_can_be_read_made_again_and_compared(previous: Path) -> None:
    settings = load_settings(previous / "data")
    (old,) = read_manifests(settings.layout)
    again = rebuild.remake(settings.layout, old.name)
    new = build(settings).vintage
    assert [found.name for found in read_manifests(settings.layout)] == [new, old.name]
    changes = diff(settings.layout, old.name, new)
    caused = pl.sum_horizontal(pl.col(r"^(rules|data|assets|labels|prices|jurisdictions)_usd$"))
    assert changes.filter(caused != pl.col("change_usd")).is_empty()
    assert again.same or again.rules_version != again.present_rules_version


def test_what_is_unchanged_is_not_computed_again(copied: Settings) -> None:
    assert build(copied).computed == 0


def _another_release(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(inflows, "__version__", "0.0.1")


def _another_polars(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(pl, "__version__", "2.0.0")


def _another_column(patch: pytest.MonkeyPatch) -> None:
    others = {Flows: dtypes(Flows) | {"amount": pl.Decimal(38, 10)}}
    patch.setattr(partition_facts, "dtypes", lambda schema: others.get(schema, dtypes(schema)))


@pytest.mark.parametrize("change", [_another_release, _another_polars, _another_column])
def test_whatever_of_the_program_decides_the_results_makes_them_old(
    copied: Settings, monkeypatch: pytest.MonkeyPatch, change: Callable[[pytest.MonkeyPatch], None]
) -> None:
    with monkeypatch.context() as patch:
        change(patch)
        built = build(copied)
        assert built.computed == built.partitions > 0
    assert build(copied, LATER.replace(month=2)).computed == built.partitions


def _largest(settings: Settings, table: str) -> Path:
    return max(
        (settings.layout.warehouse / table).rglob("part.parquet"), key=lambda path: path.stat().st_size
    )


def _cut_off(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def _emptied(path: Path) -> None:
    path.write_bytes(b"")


def _zeroed(path: Path) -> None:
    path.write_bytes(bytes(path.stat().st_size))


def _altered_hash(path: Path) -> None:
    rows = pl.read_parquet(path, hive_partitioning=False)
    rows.with_columns(tx_hash=pl.lit("0x" + "0" * 64)).write_parquet(path)


def _amounts_of_another_type(path: Path) -> None:
    rows = pl.read_parquet(path, hive_partitioning=False)
    rows.with_columns(pl.col("amount").cast(pl.String)).write_parquet(path)


def _twice_the_dollars(path: Path) -> None:
    about = {name: text for name, text in pl.read_parquet_metadata(path).items() if name != "ARROW:schema"}
    rows = pl.read_parquet(path, hive_partitioning=False)
    rows.with_columns(pl.col("usd") * 2).cast(rows.schema).write_parquet(path, metadata=about)


def _another_finding(path: Path) -> None:
    about = {name: text for name, text in pl.read_parquet_metadata(path).items() if name != "ARROW:schema"}
    finding = json.dumps([["unpriced", "ethereum", "", "", 1, None]])
    rows = pl.read_parquet(path, hive_partitioning=False)
    rows.write_parquet(path, metadata=about | {"inflows.findings": finding})


def _flipped_in_the_footer(path: Path) -> None:
    whole = bytearray(path.read_bytes())
    place = whole.rindex(b"ARROW:schema") + 40
    whole[place] = ord("!")  # no digit of base64: the rows are read as ever, the schema is not
    path.write_bytes(whole)


@pytest.mark.parametrize(
    ("table", "spoil"),
    [
        *[
            (table, spoil)
            for table in ("fct_flow", "agg_flow_daily")
            for spoil in (_cut_off, _emptied, _zeroed)
        ],
        ("fct_flow", _altered_hash),
        ("fct_flow", _amounts_of_another_type),
        ("fct_flow", Path.unlink),
        ("agg_flow_daily", Path.unlink),
        ("agg_flow_daily", _twice_the_dollars),
        ("agg_flow_daily", _another_finding),
        ("agg_flow_daily", _flipped_in_the_footer),
    ],
)
def test_a_derived_file_that_is_not_as_it_was_made_is_made_again(
    made: Path, copied: Settings, table: str, spoil: Callable[[Path], None]
) -> None:
    path = _largest(copied, table)
    before = path.read_bytes()
    spoil(path)
    built = build(copied)
    assert built.computed == 1
    assert path.read_bytes() == before
    assert differences(built.database, made) == []


def test_what_killed_runs_left_beside_their_places_goes_with_the_next_build(copied: Settings) -> None:
    layout = copied.layout
    left = [
        _largest(copied, "fct_flow").with_name(".part.parquet.0a1b2c3d"),
        _largest(copied, "agg_flow_daily").with_name(".part.parquet.ffffffff"),
        layout.registry / "labels" / ".000002.parquet.12345678",
        layout.raw / "transfers" / ".part.parquet.9abcdef0",
    ]
    kept = [layout.registry / "notes.txt", _largest(copied, "fct_flow").with_name(".part.parquet.sha256")]
    for path in left + kept:
        path.write_bytes(b"PAR1")
    build(copied)
    assert [path for path in left if path.exists()] == []
    assert all(path.exists() for path in kept)


def test_the_newest_publication_is_the_last_one_even_where_the_clock_was_set_back(copied: Settings) -> None:
    first = build(copied).vintage
    second = steps.build(copied, as_of=LATER, now=NOW.replace(month=6)).vintage
    third = steps.build(copied, as_of=LATER, now=NOW.replace(month=3)).vintage
    names = [found.name for found in read_manifests(copied.layout)]
    assert names[:3] == [third, second, first]
    assert len(names) == 4
