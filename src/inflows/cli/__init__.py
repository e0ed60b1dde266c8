"""The command line: `inflows COMMAND`. Every error is one sentence with its remedy, and an exit code."""

from __future__ import annotations

import os
import sys

import typer

from inflows.cli import answers, data_in, work
from inflows.errors import InflowsError

app = typer.Typer(
    name="inflows",
    help="How much value centralised exchanges received on chain, by jurisdiction and half-year.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for module in (work, data_in, answers):
    module.register(app)


def main() -> None:
    """Run the command line and end the process with its exit code: 0 done, 1 failed, 2 wrong usage."""
    arguments = [argument for argument in sys.argv[1:] if argument != "--debug"]
    debug = len(arguments) < len(sys.argv) - 1
    try:
        app(args=arguments, prog_name="inflows", standalone_mode=True)
    except InflowsError as error:
        if debug:
            raise
        print(f"inflows: {error.problem}", file=sys.stderr)
        if error.hint:
            print(f"  {error.hint}", file=sys.stderr)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        print("inflows: stopped; what was published is as it was, start again to go on.", file=sys.stderr)
        sys.exit(130)
    except BrokenPipeError:
        # The reader has gone (`| head`); point stdout elsewhere so that closing it says nothing.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except Exception as error:
        if debug:
            raise
        print(f"inflows: this went wrong unexpectedly: {_first_line(error)}", file=sys.stderr)
        print("  Run it again with --debug to see where, and please report it.", file=sys.stderr)
        sys.exit(1)


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__
