"""The tree of commands."""

from __future__ import annotations

from typing import Annotated

import typer

from inflows.cli import answers, explain, groups, totals, vintages, work
from inflows.cli.examples import add_examples

app = typer.Typer(
    name="inflows",
    help="How much value centralised exchanges received on chain, by jurisdiction and half-year.",
    epilog="Only data goes to stdout. Exit codes: 0 done, 1 failed or incomplete, 2 wrong usage. "
    "`inflows COMMAND --help` explains a command, with an example.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _print_version(wanted: bool) -> None:
    if wanted:
        from inflows import __version__

        print(f"inflows {__version__}")
        raise typer.Exit


@app.callback()
def inflows(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit"),
    ] = False,
    debug: Annotated[
        bool, typer.Option("--debug", help="Show where an error came from (anywhere on the line)")
    ] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Log what is done, on stderr (anywhere on the line)")
    ] = False,
    log_format: Annotated[
        str, typer.Option("--log-format", metavar="text|json", help="How the log is written (anywhere too)")
    ] = "text",
) -> None:
    """Options of the command line as a whole; `run` takes them out before they are read."""


work.register(app)
totals.register(app)
explain.register(app)
answers.register(app)
vintages.register(app)
add_examples(app)
groups.register(app)
