import os
import random
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from worlds import KEY, NOW, differences, ingest, market_files, publish, published_totals

from inflows.build import steps
from inflows.settings import load_settings
from inflows.simulate import Market, random_market


@given(shape=st.integers(0, 10_000), seed=st.integers(0, 10_000), transfers=st.integers(1, 1_500))
@settings(max_examples=8, suppress_health_check=list(HealthCheck))
def test_the_true_totals_of_any_market_are_recovered_to_the_last_digit(
    tmp_path_factory: pytest.TempPathFactory, shape: int, seed: int, transfers: int
) -> None:
    folder = tmp_path_factory.mktemp("world")
    market = market_files(folder / "market", random_market(shape), transfers=transfers, seed=seed)
    assert differences(publish(folder / "data", market), market) == []


def test_the_comparison_can_fail(tmp_path: Path) -> None:
    """Take one transfer away, and the totals differ from the truth."""
    market = market_files(tmp_path / "market", Market.small(), transfers=600)
    rows = pl.read_parquet(market / "transfers" / "*.parquet")
    inflow = pl.read_csv(market / "labels.csv")["address"].str.to_lowercase()
    gone = rows.with_row_index().filter(
        pl.col("to_address").is_in(inflow.implode()), pl.col("amount_raw") != "0"
    )["index"][0]
    rows.with_row_index().filter(pl.col("index") != gone).drop("index").write_parquet(
        tmp_path / "fewer.parquet"
    )
    assert differences(publish(tmp_path / "data", market, tmp_path / "fewer.parquet"), market) != []


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return market_files(tmp_path_factory.mktemp("one") / "market", random_market(7), transfers=3_000, seed=3)


@pytest.fixture(scope="module")
def reference(market: Path, tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, object]]:
    return published_totals(publish(tmp_path_factory.mktemp("reference"), market))


def test_another_order_and_other_files_give_the_same_totals(
    market: Path, reference: list[dict[str, object]], tmp_path: Path
) -> None:
    rows = pl.read_parquet(market / "transfers" / "*.parquet").sample(fraction=1, shuffle=True, seed=5)
    draw = random.Random(5)
    cuts = sorted(draw.randrange(rows.height) for _ in range(3))
    parts = []
    for number, (start, end) in enumerate(zip([0, *cuts], [*cuts, rows.height], strict=True)):
        part = rows[max(0, start - 100) : end]  # the parts overlap
        parts.append(tmp_path / f"part-{number}.{'csv' if number % 2 else 'parquet'}")
        part.write_csv(parts[-1]) if number % 2 else part.write_parquet(parts[-1])
    draw.shuffle(parts)
    data = tmp_path / "data"
    settings = load_settings(data)
    for part in parts:
        ingest(settings, part)
    assert published_totals(publish(data, market, parts[0])) == reference


@pytest.mark.parametrize(
    "environment", [{"POLARS_MAX_THREADS": "1"}, {"POLARS_MAX_THREADS": "7", "TZ": "America/New_York"}]
)
def test_other_thread_counts_and_time_zones_give_the_same_totals(
    market: Path, reference: list[dict[str, object]], tmp_path: Path, environment: dict[str, str]
) -> None:
    script = (
        "import sys; from pathlib import Path; from worlds import publish\n"
        "print(publish(Path(sys.argv[1]), Path(sys.argv[2])))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "data"), str(market)],
        env=os.environ | environment | {"PYTHONPATH": str(Path(__file__).parent)},
        capture_output=True,
        text=True,
        check=True,
        encoding="utf-8",
    )
    assert published_totals(Path(done.stdout.strip())) == reference


def test_other_partitions_computed_together_give_the_same_totals(
    market: Path, reference: list[dict[str, object]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from inflows.build import partition_facts

    monkeypatch.setattr(partition_facts, "BATCH_BYTES", 1)  # every chain-day by itself
    assert published_totals(publish(tmp_path / "data", market)) == reference


def test_a_build_of_the_same_inputs_computes_nothing_and_gives_the_same_bytes(
    market: Path, tmp_path: Path
) -> None:
    first = publish(tmp_path / "data", market)
    chosen = load_settings(tmp_path / "data")
    again = steps.build(chosen, as_of=None, now=NOW.replace(hour=1))
    assert again.computed == 0
    assert again.partitions > 0
    results = [path.read_bytes() for path in chosen.layout.vintages.glob("*/totals.parquet")]
    assert len(results) == 2
    assert results[0] == results[1]
    assert published_totals(again.database) == published_totals(first)


def test_a_new_label_computes_its_chain_again_and_no_other(market: Path, tmp_path: Path) -> None:
    publish(tmp_path / "data", market)
    chosen = load_settings(tmp_path / "data")
    before = published_totals(chosen.layout.published)
    user = (
        pl.read_parquet(market / "transfers" / "*.parquet")
        .filter(chain="ethereum", kind="token")["from_address"]
        .mode()[0]
    )
    (tmp_path / "labels.csv").write_text(
        "chain,address,exchange,role,confidence,valid_from,valid_to,source\n"
        f"ethereum,{user},sim-new,hot,90,,,simulated\n",
        encoding="utf-8",
    )
    from inflows.registry.imports import import_labels

    import_labels(chosen.layout, tmp_path / "labels.csv", known_at=None, now=NOW)
    again = steps.build(chosen, as_of=None, now=NOW.replace(hour=1))
    days = pl.read_parquet(market / "transfers" / "*.parquet").with_columns(pl.col("block_time").dt.date())
    assert again.computed == days.filter(chain="ethereum")["block_time"].n_unique()
    after = published_totals(again.database)
    assert {tuple(r[k] for k in KEY) for r in after} >= {tuple(r[k] for k in KEY) for r in before}
    assert after != before
