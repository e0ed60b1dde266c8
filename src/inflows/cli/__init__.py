"""The command line: `inflows COMMAND`. Every error is one sentence with its remedy, and an exit code.

0: done; 1: the work failed or is incomplete; 2: wrong usage; 130 and 143: stopped by a signal. Only data goes
to standard output. Little is imported before `main` runs, so that an interruption finds somebody to explain
it.
"""

from __future__ import annotations

import os
import signal
import sys
import warnings
from types import FrameType
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from inflows.errors import InflowsError

_INTERRUPTED = 130
_stopped_by: list[int] = []
"""The signals that came. A library may turn the interruption into an error of its own; then this tells."""


def main() -> None:
    """Run the command line and end the process with its exit code."""
    arguments = [argument for argument in sys.argv[1:] if argument != "--debug"]
    debug = len(arguments) < len(sys.argv) - 1
    if not (debug or sys.warnoptions):
        warnings.simplefilter("ignore")  # Libraries' warnings are for programmers.
    keep_freed_memory()
    for number in (signal.SIGINT, signal.SIGTERM):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _stop)
    try:
        code = run(arguments, debug=debug)
    finally:
        _let_go_of_what_cannot_be_written()
    sys.exit(code)


def keep_freed_memory() -> None:
    """Have Polars keep what it frees for five seconds, as its next frame will want it; before it is imported.

    Polars tells its allocator, jemalloc, to give pages back after half a second. A build wants them
    again at once (docs/decisions/0023-build-speed.md). A setting of the user's own stays.
    """
    os.environ.setdefault("_RJEM_MALLOC_CONF", "dirty_decay_ms:5000,muzzy_decay_ms:0")


def run(arguments: list[str], *, debug: bool = False) -> int:
    """Do what the arguments say; returns the exit code. Errors are told on stderr, or raised for debug."""
    try:
        from inflows import log_setup
        from inflows.errors import InflowsError

        arguments, verbose, log_format = _of_logs(arguments)
        if log_format not in log_setup.FORMATS:
            return _print_error(
                f"'{log_format}' is no format of the log.",
                f"Give --log-format {' or '.join(log_setup.FORMATS)}.",
                2,
            )
        log_setup.set_up(verbose=verbose, log_format=log_format)
        code = _called(arguments)
        if sys.stdout is not None:
            sys.stdout.flush()
    except SystemExit:
        raise
    except BaseException as error:  # Polars' panics are no Exceptions.
        if debug:
            raise
        if isinstance(error, KeyboardInterrupt) or _stopped_by:
            code = _INTERRUPTED
        elif isinstance(error, BrokenPipeError):
            _let_go_of_streams()  # The reader has gone (`| head`).
            return 1
        elif isinstance(error, InflowsError):
            return _print_error(error.problem, error.hint, error.exit_code)
        else:
            return _unexpected(error)
    if code == _INTERRUPTED:
        number = _stopped_by[0] if _stopped_by else signal.SIGINT
        return _print_error(
            "stopped; what was published is as it was.", "Start it again to go on.", 128 + number
        )
    return code


def _of_logs(arguments: list[str]) -> tuple[list[str], bool, str]:
    """The arguments without those of the log, which may stand anywhere; whether it is verbose; its format."""
    kept, verbose, log_format = [], False, "text"
    words = iter(arguments)
    for word in words:
        if word == "--":
            kept += [word, *words]
        elif word in ("-v", "--verbose"):
            verbose = True
        elif word == "--log-format":
            log_format = next(words, "")
        elif word.startswith("--log-format="):
            log_format = word.partition("=")[2]
        else:
            kept.append(word)
    return kept, verbose, log_format


def _called(arguments: list[str]) -> int:
    """The exit code of the command that the arguments name."""
    import typer

    from inflows.cli.commands import app
    from inflows.cli.usage import print_usage_error

    _speak_utf8()
    try:
        code = app(args=arguments, prog_name="inflows", standalone_mode=False)
    except typer.TyperException as error:
        return print_usage_error(error)
    return code if isinstance(code, int) else 0


def _speak_utf8() -> None:
    """Data is UTF-8 wherever it goes; a terminal that cannot show a letter gets a substitute."""
    if sys.stdout is None or not hasattr(sys.stdout, "reconfigure"):
        return
    if sys.stdout.isatty():
        sys.stdout.reconfigure(errors="replace")
    else:
        sys.stdout.reconfigure(encoding="utf-8")


def _unexpected(error: BaseException) -> int:
    broken = _broken_file()
    if broken is not None:
        return _print_error(broken.problem, broken.hint)
    if isinstance(error, OSError) and error.strerror:
        _let_go_of_streams(only_output=True)
        where = f"{error.filename}: " if error.filename else "Reading or writing failed: "
        return _print_error(
            f"{where}{error.strerror}.", "Make room, or see that it may be read and written, and try again."
        )
    if isinstance(error, MemoryError):
        return _print_error("there is not enough memory.", "Close other programs, or ask for less at a time.")
    lines = str(error).strip().splitlines()
    what = f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__
    return _print_error(
        f"this went wrong unexpectedly: {what}",
        "Run it again with --debug to see where, and please report it.",
    )


def _broken_file() -> InflowsError | None:
    """The error that names a broken file of the data folder, if there is one."""
    from inflows.cli.options import LAYOUTS
    from inflows.errors import InflowsError
    from inflows.files import refuse_broken

    try:
        for layout in LAYOUTS:
            refuse_broken(layout.raw, layout.registry)
    except InflowsError as error:
        return error
    return None


def _print_error(problem: str, hint: str, code: int = 1) -> int:
    """Say what is wrong, and the remedy; returns the exit code."""
    try:
        print(f"inflows: {problem}", file=sys.stderr)
        if hint:
            print(f"  {hint}", file=sys.stderr, flush=True)
    except OSError:
        _let_go_of_streams()
    return code


def _stop(number: int, frame: FrameType | None) -> None:
    """Unwind, so that unfinished files go and locks are released; a second signal ends it at once."""
    _stopped_by.append(number)
    signal.signal(number, signal.SIG_DFL)
    raise KeyboardInterrupt


def _let_go_of_what_cannot_be_written() -> None:
    """Python writes what a stream still holds once more at its end, complains, and ends with 120."""
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:
                stream.flush()
        except (OSError, ValueError):
            _point_nowhere(stream)


def _let_go_of_streams(*, only_output: bool = False) -> None:
    """Point streams that nobody reads elsewhere, so that closing them at the end says nothing."""
    for stream in (sys.stdout,) if only_output else (sys.stdout, sys.stderr):
        _point_nowhere(stream)


def _point_nowhere(stream: TextIO | None) -> None:
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())  # type: ignore[union-attr]
        os.close(nowhere)
    except (AttributeError, OSError, ValueError):
        return
