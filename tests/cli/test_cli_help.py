"""Every command explains itself, in its help and in docs/commands.md, and help needs no engine."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from command_line import process
from typer.main import get_group

from inflows.cli.commands import app
from inflows.cli.examples import EXAMPLES

DOCS = Path(__file__).parents[2] / "docs" / "commands.md"
CONTRACT = {
    "run", "build", "totals", "compare", "sql", "export", "status", "vintages", "simulate", "ingest files",
    "ingest evm", "ingest bitcoin", "ingest sqd", "labels import",
    "prices import", "prices fetch", "assets import",
    "jurisdictions import",
}  # fmt: skip


def _commands() -> dict[str, Any]:
    group = get_group(app)
    context = group.make_context("inflows", ["build"], resilient_parsing=True)

    def walk(command: Any, name: str) -> dict[str, Any]:
        if not hasattr(command, "list_commands"):
            return {name: command}
        found: dict[str, Any] = {}
        for child in command.list_commands(context):
            found |= walk(command.get_command(context, child), f"{name} {child}".strip())
        return found

    return walk(group, "")


COMMANDS = _commands()
OPTIONS = [
    (name, option)
    for name, command in COMMANDS.items()
    for parameter in command.params
    if parameter.param_type_name == "option"
    for option in (*parameter.opts, *parameter.secondary_opts)
]


def _section(name: str) -> str:
    found = re.search(
        rf"^## inflows {name}\n(.*?)(?=^## |\Z)", DOCS.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
    )
    assert found, f"docs/commands.md has no section for `inflows {name}`"
    return found[1]


def _documented_example(name: str) -> list[str]:
    found = re.search(r"```sh\n(.*?)\n```", _section(name), re.DOTALL)
    assert found, f"the section for `inflows {name}` has no example"
    return shlex.split(found[1])


def test_the_commands_of_the_contract_are_there() -> None:
    assert set(COMMANDS) >= CONTRACT


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_and_each_of_its_parameters_has_a_help_text(name: str) -> None:
    assert len(COMMANDS[name].help or "") > 20
    for parameter in COMMANDS[name].params:
        assert getattr(parameter, "help", None), parameter.name


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_shows_an_example_that_its_options_allow(name: str) -> None:
    shown = " ".join(line.strip().removesuffix("\\") for line in EXAMPLES[name])
    assert all(line in COMMANDS[name].epilog for line in EXAMPLES[name])
    for text in shown.split("inflows " + name)[1:]:
        COMMANDS[name].make_context(name, shlex.split(text))


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_documented_with_an_example_that_its_options_allow(name: str) -> None:
    words = _documented_example(name)
    assert words[: 1 + len(name.split())] == ["inflows", *name.split()]
    COMMANDS[name].make_context(name, words[1 + len(name.split()) :])


@pytest.mark.parametrize(("name", "option"), OPTIONS)
def test_every_option_is_documented_with_its_command(name: str, option: str) -> None:
    assert re.search(rf"{re.escape(option)}(?![\w-])", _section(name)), f"{option} of `inflows {name}`"


def test_no_section_is_about_a_command_that_is_not_there() -> None:
    assert set(re.findall(r"^## inflows (.+)$", DOCS.read_text(encoding="utf-8"), re.MULTILINE)) == set(
        COMMANDS
    )


def test_no_section_names_an_option_that_is_not_there() -> None:
    for name in COMMANDS:
        table = [line for line in _section(name).splitlines() if line.startswith("| `--")]
        for option in {found for line in table for found in re.findall(r"--[a-z-]+", line.split("|")[1])}:
            assert (name, option) in OPTIONS


def test_every_data_folder_can_be_named_after_its_command() -> None:
    without = {name for name in COMMANDS if (name, "--data") not in OPTIONS}
    assert without == {"simulate"}


@pytest.mark.parametrize("words", [["--help"], ["prices", "import", "--help"], ["--version"]])
def test_help_goes_to_standard_output(words: list[str]) -> None:
    said = process(*words)
    assert (said.code, said.err) == (0, "")
    assert "inflows" in said.out


def _imported(*words: str) -> set[str]:
    """The modules that a command imports."""
    code = (
        "import sys\nsys.argv = ['inflows', *sys.argv[1:]]\nfrom inflows.cli import main\n"
        "try:\n    main()\nfinally:\n    print(*sys.modules, sep='\\n', file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *words], capture_output=True, text=True, check=True, encoding="utf-8"
    )
    return set(done.stderr.splitlines())


def test_help_imports_no_engine() -> None:
    heavy = {"polars", "duckdb", "prefect", "pyarrow", "numpy", "rich", "pydantic", "requests"}
    helped = _imported("--help")
    assert "typer" in helped
    assert not heavy & helped
    # Typer itself checks the values of options with pydantic.
    assert heavy & _imported("totals", "--help") <= {"pydantic"}


def test_nothing_in_the_library_imports_prefect() -> None:
    code = (
        "import importlib, pkgutil, sys, inflows\n"
        "names = [m.name for m in pkgutil.walk_packages(inflows.__path__, 'inflows.')]\n"
        "[importlib.import_module(name) for name in names if name != 'inflows.__main__']\n"
        "print(len(names), 'prefect' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, encoding="utf-8"
    )
    number, found = done.stdout.split()
    assert int(number) > 80
    assert found == "False"


@pytest.mark.parametrize("theirs", [None, "dirty_decay_ms:1"])
def test_polars_keeps_freed_memory_unless_the_user_says_otherwise(theirs: str | None) -> None:
    name = "_RJEM_MALLOC_CONF"
    environment = {key: value for key, value in os.environ.items() if key != name}
    program = (
        "import os; from inflows.cli import keep_freed_memory; keep_freed_memory(); "
        f"import polars; polars.Series([1]).sum(); print(os.environ['{name}'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=environment | ({} if theirs is None else {name: theirs}),
        capture_output=True,
        text=True,
        check=True,
        encoding="utf-8",
    )
    assert done.stderr == ""  # the allocator complains there of what it does not understand
    # Polars puts its own wishes before; the last ones hold.
    assert done.stdout.strip().endswith(theirs or "dirty_decay_ms:5000,muzzy_decay_ms:0")
