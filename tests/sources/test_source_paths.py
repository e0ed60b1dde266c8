from pathlib import Path

import pytest
from source_files import ROW, write_csv

from inflows.errors import UsageError
from inflows.layout import Layout
from inflows.sources import FORMATS, ingest_files
from inflows.sources.paths import expand


def test_files_folders_and_globs_are_expanded_once_and_sorted(tmp_path: Path) -> None:
    for name in ("b.csv", "a.csv", "deep/c.csv", "notes.txt", ".hidden.csv", "_temporary.csv"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    a, b, c = tmp_path / "a.csv", tmp_path / "b.csv", tmp_path / "deep" / "c.csv"
    assert expand([tmp_path, b], (".csv",)) == [a, b, c]
    assert expand([str(tmp_path / "*.csv")], (".csv",)) == [a, b]
    assert expand([str(tmp_path / "**" / "*.csv")], (".csv",)) == [a, b, c]
    assert expand([tmp_path / "notes.txt"], (".csv",)) == [tmp_path / "notes.txt"]


@pytest.mark.parametrize("path", ["nothing.csv", "*.csv", ".", "s3://bucket/key"])
def test_a_path_that_leads_to_nothing_is_named(tmp_path: Path, path: str) -> None:
    given = path if path.startswith("s3") else str(tmp_path / path)
    with pytest.raises(UsageError, match=r"leads to no file|object store"):
        expand([given], (".csv",))


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_every_format_says_what_it_is_and_refuses_paths_that_lead_to_nothing(
    tmp_path: Path, name: str
) -> None:
    source = FORMATS[name]
    assert (source.name, bool(source.summary)) == (name, True)
    layout = Layout(tmp_path / "data")
    with pytest.raises(UsageError, match="leads to no file"):
        ingest_files(layout, [tmp_path / "nowhere"], name)
    with pytest.raises(UsageError, match="No files were named"):
        ingest_files(layout, [], name)
    assert not layout.raw.exists()


def test_an_unknown_format_is_refused_with_those_that_exist(layout: Layout, tmp_path: Path) -> None:
    path = write_csv(tmp_path / "rows.csv", [ROW])
    with pytest.raises(UsageError, match="'infows' is not an input format") as error:
        ingest_files(layout, [path], "infows")
    assert "inflows" in error.value.hint
