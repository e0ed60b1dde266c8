"""A simulation takes the place of an earlier one, and of nothing else."""

import pytest

from inflows.errors import UsageError
from inflows.simulate import Exchange, Market, Weight, simulate

SMALL = Market.small()


def files(folder):
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_a_new_simulation_replaces_an_earlier_one_whole(tmp_path, monkeypatch):
    monkeypatch.setattr("inflows.simulate.stream.CHUNK_ROWS", 50)
    simulate(tmp_path, transfers=1000, seed=1, market=SMALL)
    many = files(tmp_path)
    simulate(tmp_path, transfers=20, seed=1, market=SMALL)
    assert files(tmp_path) < many


def test_a_folder_with_foreign_files_is_refused_and_left_as_it_is(tmp_path):
    (tmp_path / "precious.csv").write_text("mine", encoding="utf-8")
    with pytest.raises(UsageError, match=r"precious\.csv"):
        simulate(tmp_path, transfers=5, seed=1, market=SMALL)
    assert files(tmp_path) == {"precious.csv"}


def test_an_earlier_simulation_that_somebody_added_to_is_refused(tmp_path):
    simulate(tmp_path, transfers=5, seed=1, market=SMALL)
    (tmp_path / "transfers" / "more.parquet").write_bytes(b"")
    before = files(tmp_path)
    with pytest.raises(UsageError, match=r"more\.parquet"):
        simulate(tmp_path, transfers=5, seed=1, market=SMALL)
    assert files(tmp_path) == before


def test_files_of_the_right_names_without_the_readme_of_a_simulation_are_refused(tmp_path):
    (tmp_path / "labels.csv").write_text("chain,address", encoding="utf-8")
    (tmp_path / "README.md").write_text("# My labels", encoding="utf-8")
    with pytest.raises(UsageError, match="not that of a simulation"):
        simulate(tmp_path, transfers=5, seed=1, market=SMALL)
    assert (tmp_path / "labels.csv").read_text(encoding="utf-8") == "chain,address"


def test_what_a_killed_simulation_left_is_replaced(tmp_path):
    simulate(tmp_path, transfers=50, seed=1, market=SMALL)
    whole = files(tmp_path)
    (tmp_path / "truth" / "totals.csv").unlink()
    (tmp_path / "transfers" / ".part-00002.parquet.0123abcd").write_bytes(b"half a file")
    simulate(tmp_path, transfers=50, seed=1, market=SMALL)
    assert files(tmp_path) == whole


def test_a_file_in_place_of_the_folder_is_refused(tmp_path):
    path = tmp_path / "file"
    path.write_text("mine", encoding="utf-8")
    with pytest.raises(UsageError, match="is a file"):
        simulate(path, transfers=5, seed=1, market=SMALL)


@pytest.mark.parametrize(("transfers", "seed"), [(0, 1), (-3, 1), (5, -1)])
def test_sizes_below_one_and_negative_seeds_are_refused_before_anything_is_written(transfers, seed, tmp_path):
    with pytest.raises(UsageError) as refused:
        simulate(tmp_path / "new", transfers=transfers, seed=seed)
    assert refused.value.hint
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    ("exchanges", "problem"),
    [
        ((Exchange("sim-one", 1),), "two exchanges"),
        ((Exchange("sim-one", 1), Exchange("../two", 1)), "no name"),
        ((Exchange("sim-one", 1), Exchange("sim-two", 0)), "not above 0"),
        ((Exchange("a", 1, (Weight("HK"), Weight("SG", weight="0.1"))), Exchange("b", 1)), "more than 1"),
        ((Exchange("a", 1, (Weight("HK", weight="0.1234567891"),)), Exchange("b", 1)), "9 decimals"),
        ((Exchange("a", 1, (Weight("ZZ"),)), Exchange("b", 1)), "left over"),
    ],
)
def test_a_market_that_makes_no_sense_is_refused_with_the_reason(exchanges, problem):
    with pytest.raises(UsageError, match=problem):
        Market(exchanges=exchanges, start=SMALL.start, end=SMALL.end)
