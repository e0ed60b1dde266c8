"""Whatever is wrong is told in one sentence with a remedy, with its exit code, and stores nothing."""

import shutil
import signal
from pathlib import Path

import polars as pl
import pytest
from command_line import Line, Said, process, tree

from inflows.cli import run

HEADERS = {
    "assets": "chain,contract,symbol,decimals,kind,trusted",
    "prices": "chain,contract,time,price_usd,source",
    "labels": "chain,address,exchange,role,confidence,source",
    "jurisdictions": "exchange,jurisdiction,basis,weight,source",
}
SOUND = {
    "assets": "ethereum,,ETH,18,native,true",
    "prices": "ethereum,,2024-01-01,2500.5,mine",
    "labels": "ethereum,0x" + "a" * 40 + ",kraken,hot,90,mine",
    "jurisdictions": "kraken,US,licence,1,mine",
}
BROKEN = {
    "assets": "ethereum,,ETH,many,native,true",
    "prices": "ethereum,,2024-01-01,-1,mine",
    "labels": "ethereum,0x12,kraken,hot,90,mine",
    "jurisdictions": "kraken,USA,licence,1,mine",
}
TRANSFERS = "chain,block_number,block_time,tx_hash,position,kind,contract,from_address,to_address,amount_raw"


def _is_told(said: Said, code: int, *words: str) -> None:
    lines = said.err.splitlines()
    assert (said.code, said.out) == (code, ""), said
    assert any(line.startswith("inflows: ") for line in lines), said.err
    assert lines[-1].startswith("  "), said.err
    assert "Traceback" not in said.err
    assert "unexpectedly" not in said.err
    for word in words:
        assert word in said.err, said.err


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> Line:
    """A data folder with one row in each registry; what is refused leaves it as it is."""
    folder = tmp_path_factory.mktemp("line")
    line = Line(folder / "data")
    for table, row in SOUND.items():
        path = folder / f"sound-{table}.csv"
        path.write_text(f"{HEADERS[table]}\n{row}\n", encoding="utf-8")
        line.does(table, "import", str(path))
    return line


def _refused(line: Line, *arguments: str, code: int = 2, words: tuple[str, ...] = ()) -> None:
    before = tree(line.data)
    assert before
    _is_told(line.says(*arguments), code, *words)
    assert tree(line.data) == before


def _spoilt(table: str, how: str, path: Path) -> tuple[Path, str]:
    """A file that is wrong in one way, and a word that tells where."""
    header, sound, broken = HEADERS[table], SOUND[table], BROKEN[table]
    if how == "a bad row":
        path.write_text(f"{header}\n{sound}\n{broken}\n", encoding="utf-8")
        return path, f"{path.name}:3"
    if how == "a short row":
        path.write_text(f"{header}\n{sound},more\n", encoding="utf-8")
        return path, f"{path.name}:2"
    if how == "an unknown column":
        path.write_text(f"{header},colour\n{sound},red\n", encoding="utf-8")
        return path, "'colour'"
    if how == "a missing column":
        path.write_text(header.rpartition(",")[0] + "\n" + sound.rpartition(",")[0] + "\n", encoding="utf-8")
        return path, f"'{header.rpartition(',')[2]}'"
    if how == "another encoding":
        path.write_bytes(f"{header}\n{sound}\xf6\n".encode("latin-1"))
        return path, path.name
    if how == "cut-off parquet":
        path = path.with_suffix(".parquet")
        pl.DataFrame({name: ["x"] for name in header.split(",")}).write_parquet(path)
        path.write_bytes(path.read_bytes()[:-20])
        return path, path.name
    if how == "only a header":
        path.write_text(header + "\n", encoding="utf-8")
        return path, path.name
    if how == "nothing":
        path.write_text("", encoding="utf-8")
        return path, path.name
    return path.with_name("nowhere.csv"), "nowhere.csv"


@pytest.mark.parametrize("how", [
    "a bad row", "a short row", "an unknown column", "a missing column", "another encoding",
    "cut-off parquet", "only a header", "nothing", "not there",
])  # fmt: skip
@pytest.mark.parametrize("table", list(HEADERS))
def test_a_wrong_registry_file_is_named_and_nothing_is_stored(
    line: Line, tmp_path: Path, table: str, how: str
) -> None:
    path, word = _spoilt(table, how, tmp_path / "given.csv")
    _refused(line, table, "import", str(path), words=(word,))


@pytest.mark.parametrize(("content", "word"), [
    ("", "given.csv is empty"),
    ("chain,block_number\nethereum,1\n", "'block_time'"),
    (TRANSFERS + ",colour\n", "'colour'"),
    ("chain,chain\n", "'chain' twice"),
    (b"\xff\xfe\x00", "given.csv"),
])  # fmt: skip
def test_a_wrong_file_of_transfers_is_named_and_nothing_is_stored(
    line: Line, tmp_path: Path, content: str | bytes, word: str
) -> None:
    path = tmp_path / "given.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    _refused(line, "ingest", "files", str(path), "--input-format", "inflows", words=(word,))


def test_a_bad_row_of_transfers_among_good_ones_is_counted_and_is_no_failure(tmp_path: Path) -> None:
    line = Line(tmp_path / "data")
    path = tmp_path / "given.csv"
    row = f"ethereum,1,2024-01-01T00:00:00Z,0x{'1' * 64},0,token,0x{'c' * 40},0x{'a' * 40},0x{'b' * 40},"
    path.write_text(f"{TRANSFERS}\n{row}5\n{row.replace(',0,token', ',1,token')}five\n", encoding="utf-8")
    said = line.says("ingest", "files", str(path), "--input-format", "inflows")
    assert (said.code, said.out) == (0, "")
    assert "1 new" in said.err
    assert "1 quarantined" in said.err
    assert sum(row["quarantined"] for row in line.rows("status")) == 1


@pytest.mark.parametrize(("arguments", "words"), [
    (["nonsense"], ["'nonsense'"]),
    (["totls"], ["Did you mean 'totals'?"]),
    (["labels", "imprt"], ["Did you mean 'import'?"]),
    (["totals", "--frmat", "json"], ["--frmat", "inflows totals --help"]),
    (["totals", "--format", "xml"], ["'--format'", "'xml'", "'table', 'json', 'csv'"]),
    (["totals", "--basis", "license"], ["'--basis'", "'license'", "'licence'"]),
    (["totals", "--scope", "all"], ["'--scope'"]),
    (["totals", "--level", "low"], ["'--level'"]),
    (["compare", "HK", "SG"], ["PERIOD"]),
    (["sql"], ["QUERY"]),
    (["sql", "select 1", "--timeout", "0"], ["--timeout"]),
    (["sql", "select 1", "--timeout", "soon"], ["--timeout", "number"]),
    (["labels", "import"], ["PATH"]),
    (["assets", "import"], ["PATH", "--core"]),
    (["assets", "import", "x.csv", "--core"], ["PATH", "--core"]),
    (["labels", "import", "x.csv", "--input-format", "yaml"], ["--input-format yaml"]),
    (["labels", "import", "x.csv", "--known-at", "soon"], ["--known-at 'soon'"]),
    (["ingest", "files", "x.csv"], ["--input-format"]),
    (["ingest", "files", "x.csv", "--input-format", "yaml"], ["'yaml'", "ethereum-etl"]),
    (["ingest", "files", "x.csv", "--input-format", "inflows"], ["x.csv"]),
    (["ingest", "files", "x.csv", "--input-format", "inflows", "--chain", "../x"], ["'../x'"]),
    (["build", "--as-of", "soon"], ["--as-of 'soon'"]),
    (["build", "--as-of", "2999"], ["--as-of 2999", "future"]),
    (["build"], ["no transfers"]),
    (["run"], ["nothing to run", "--sample"]),
    (["totals"], ["Nothing has been published", "inflows build"]),
    (["compare", "HK", "SG", "2024-H1"], ["Nothing has been published"]),
    (["sql", "select 1"], ["Nothing has been published"]),
    (["export", "out"], ["Nothing has been published"]),
    (["totals", "--vintage", "x"], ["'x'", "inflows build"]),
])  # fmt: skip
def test_wrong_usage_is_told_and_stores_nothing(line: Line, arguments: list[str], words: list[str]) -> None:
    if arguments[0] in ("nonsense", "totls"):
        said = Line(line.data).says(*arguments)
        assert said.code == 2
        assert words[0] in said.err
    else:
        _refused(line, *arguments, words=tuple(words))


@pytest.mark.parametrize(("arguments", "words"), [
    (["totals", "--period", "2024-H3"], ["'2024-H3'", "2024-H1"]),
    (["totals", "--period", "2031-H1"], ["2031-H1", "2023-H2, 2024-H1"]),
    (["totals", "--jurisdiction", "Honk Kong"], ["'Honk Kong'", "Hong Kong (HK)"]),
    (["totals", "--jurisdiction", "xx"], ["'XX'", "HK"]),
    (["compare", "HK", "2024-H1"], ["two jurisdictions", "Given: HK"]),
    (["compare", "HK", "SG", "US", "2024-H1"], ["two jurisdictions", "Given: HK, SG, US"]),
    (["compare", "2024-H1", "2023-H1", "HK"], ["2024-H1, 2023-H1 are 2 periods"]),
    (["explain", "2024-H1", "HK,SG"], ["one jurisdiction", "Given: HK, SG"]),
    (["explain", "HK"], ["PERIOD"]),
    (["totals", "--vintage", "../../x"], ["'../../x'"]),
    (["compare", "HK", "XX", "2024-H1"], ["'XX'"]),
    (["sql", "drop table fct_flow"], ["can only be read"]),
    (["sql", "copy fct_flow to 'stolen.csv'"], ["can only be read"]),
    (["sql", "select * from read_csv('/etc/passwd')"], ["can only be read"]),
    (["sql", "select 1; select 2"], ["2 statements"]),
    (["sql", "select nothing from fct_flow"], ["nothing"]),
    (["build", "--as-of", "2001"], ["no transfers before 2001-01-01", "2023-12-20"]),
])  # fmt: skip
def test_wrong_questions_are_answered_with_what_there_is(
    published: Line, arguments: list[str], words: list[str]
) -> None:
    _refused(published, *arguments, words=tuple(words))


@pytest.mark.parametrize("command", [
    ["totals"], ["status"], ["vintages"], ["build"], ["run", "--sample"], ["labels", "import", "x.csv"],
    ["ingest", "files", "x.csv", "--input-format", "inflows"],
])  # fmt: skip
def test_a_data_folder_that_is_a_file_is_refused(tmp_path: Path, command: list[str]) -> None:
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    _is_told(Line(tmp_path / "file").says(*command), 2, f"{tmp_path / 'file'} is a file")
    assert (tmp_path / "file").read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize("name", ["", "s3://bucket/data"])
def test_a_data_folder_that_is_none_is_refused(name: str) -> None:
    assert run(["status", "--data", name]) == 2


def test_a_file_that_is_no_warehouse_is_named(tmp_path: Path) -> None:
    (tmp_path / "data" / "warehouse").mkdir(parents=True)
    (tmp_path / "data" / "warehouse" / "inflows.duckdb").write_text("something else", encoding="utf-8")
    for command in (["totals"], ["sql", "select 1"], ["export", "out"], ["compare", "HK", "SG", "2024-H1"]):
        _refused(Line(tmp_path / "data"), *command, code=1, words=("inflows.duckdb cannot be opened",))
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(("file", "command"), [
    ("totals.parquet", ["totals", "--vintage", "V"]), ("manifest.json", ["vintages"]),
])  # fmt: skip
def test_a_damaged_vintage_is_named(published: Line, tmp_path: Path, file: str, command: list[str]) -> None:
    (vintage,) = published.rows("vintages")
    line = Line(shutil.copytree(published.data, tmp_path / "data"))
    path = line.data / "warehouse" / "vintages" / vintage["vintage"] / file
    path.write_text("damaged", encoding="utf-8")
    _refused(line, *[vintage["vintage"] if word == "V" else word for word in command], code=1, words=(file,))


@pytest.mark.parametrize(("text", "words"), [
    ("sources = [", ["inflows.toml cannot be read"]),
    ("colour = 1", ["colour", "no such setting"]),
    ("staleness_hours = 'long'", ["staleness_hours"]),
    ("keep_databases = 0", ["keep_databases"]),
    ("sources = [{paths = ['x'], input_format = 'inflows', typo = 1}]", ["sources.0.typo"]),
])  # fmt: skip
def test_a_wrong_setting_is_named(tmp_path: Path, text: str, words: list[str]) -> None:
    (tmp_path / "inflows.toml").write_text(text, encoding="utf-8")
    _is_told(Line(tmp_path / "data").says("status"), 2, *words)


def test_a_wrong_setting_of_the_environment_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INFLOWS_SOURCES", "[not json")
    _is_told(Line(tmp_path / "data").says("status"), 2, "sources", "environment")


def test_the_environment_names_the_data_folder_and_the_option_wins(
    published: Line, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    expected = published.does("vintages", "--format", "json")

    def printed(*more: str) -> str:
        assert run(["vintages", "--format", "json", *more]) == 0
        return capsys.readouterr().out

    monkeypatch.setenv("INFLOWS_DATA", str(published.data))
    assert printed() == expected
    monkeypatch.setenv("INFLOWS_DATA", str(tmp_path / "other"))
    assert printed("--data", str(published.data)) == expected
    monkeypatch.setenv("INFLOWS_DATA", "")
    assert printed() == "[]\n"


def test_the_sample_does_not_mix_with_what_is_not_simulated(line: Line) -> None:
    _refused(line, "run", "--sample", words=("not simulated", "--data"))


def test_an_error_shows_a_traceback_with_debug_alone(published: Line) -> None:
    arguments = ["totals", "--period", "2024-H3", "--data", str(published.data)]
    assert "Traceback" not in published.says(*arguments[:-2]).err
    said = process("--debug", *arguments)
    assert "Traceback" in said.err
    assert "is not a half-year" in said.err


def test_what_nobody_foresaw_is_one_sentence_too(published: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    from inflows.warehouse import vintages

    class Panic(BaseException):
        pass

    def breaks(_: object) -> None:
        raise Panic("a library gave up\nwith many words")

    monkeypatch.setattr(vintages, "read_manifests", breaks)
    said = published.says("vintages")
    assert (said.code, said.out) == (1, "")
    assert said.err.splitlines()[0] == "inflows: this went wrong unexpectedly: Panic: a library gave up"
    assert "--debug" in said.err


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path, market: Path) -> None:
    """Below /proc nobody may make a folder, not even root."""
    for command in (
        ["labels", "import", str(market / "labels.csv")],
        ["ingest", "files", str(market / "transfers"), "--input-format", "inflows"],
    ):
        _is_told(Line(Path("/proc/inflows")).says(*command), 1, "/proc/inflows cannot be written", "--data")


def test_a_full_disk_is_told_and_the_last_publication_stays(stored: Path, tmp_path: Path) -> None:
    """A limit on the size of files stands for the full disk: the database is the largest of all."""
    import resource

    def bounded() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))

    line = Line(shutil.copytree(stored, tmp_path / "data"))
    line.does("build")
    before = tree(line.data)
    said = process("build", "--data", str(line.data), preexec_fn=bounded)
    _is_told(said, 1, "could not be published", "the last publication is untouched")
    assert tree(line.data) == before
