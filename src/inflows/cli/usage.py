"""Wrong usage, in the words of all other errors: one sentence, and where to look."""

from __future__ import annotations

import sys
from typing import Any

import typer


def print_usage_error(error: typer.TyperException) -> int:
    """Print what is wrong with the arguments; returns the exit code. A command alone prints its help."""
    context: Any = getattr(error, "ctx", None)
    if type(error).__name__ == "NoArgsIsHelpError":
        print(error.format_message(), file=sys.stderr)
        return error.exit_code
    # Values are checked by a library that begins its sentences with the class of its error.
    problem = error.format_message().replace("Value error, ", "")
    print(f"inflows: {problem if problem.endswith(('.', '?')) else problem + '.'}", file=sys.stderr)
    path = "inflows" if context is None else context.command_path
    print(f"  Try '{path} --help'.", file=sys.stderr)
    return error.exit_code
