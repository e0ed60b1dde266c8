"""Logging, set up once for library and command line alike: quiet unless asked, and never with a key.

Every module logs to the logger of its name, below `inflows`. The library alone prints nothing. `set_up` sends
what is logged to stderr: warnings (long waits are among them), with `verbose` the rest too, as text or as one
JSON object a line (time, level, logger, message).
"""

from __future__ import annotations

import datetime as dt
import json
import logging
import re
import sys
from typing import Final

ROOT: Final = "inflows"
FORMATS: Final = ("text", "json")
_URL: Final = re.compile(r"(?i)\b([a-z][a-z0-9+.-]*://)(?:[^\s/@\"'<>]*@)?([^\s/?#\"'<>]+)[^\s\"'<>]*")
"""A URL anywhere in a text: what stands before the host and after it may be a key."""


def set_up(*, verbose: bool = False, log_format: str = "text") -> None:
    """Send the project's logs to stderr, in place of an earlier set-up."""
    root = logging.getLogger(ROOT)
    for handler in [handler for handler in root.handlers if isinstance(handler, _ToStderr)]:
        root.removeHandler(handler)
    handler = _ToStderr()
    handler.setFormatter(_Json() if log_format == "json" else _Text(verbose=verbose))
    root.addHandler(handler)
    root.setLevel(logging.DEBUG if verbose else logging.WARNING)


class _ToStderr(logging.Handler):
    """Writes to what stderr is at the moment: a progress bar puts its own in place, above which lines go."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            sys.stderr.write(self.format(record) + "\n")
            sys.stderr.flush()
        except (OSError, ValueError, AttributeError):
            return  # nobody reads it


class _Text(logging.Formatter):
    """The message alone; verbose: with time, level and logger."""

    def __init__(self, *, verbose: bool) -> None:
        super().__init__()
        self.verbose = verbose

    def format(self, record: logging.LogRecord) -> str:
        message = without_keys(record.getMessage())
        if not self.verbose:
            return message
        return f"{_time(record)} {record.levelname.lower()} {record.name}: {message}"


class _Json(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        told = {
            "time": _time(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": without_keys(record.getMessage()),
        }
        return json.dumps(told, ensure_ascii=False)


def without_keys(text: str) -> str:
    """A text in which every URL ends behind its host: what the client redacts is held back here again."""
    return _URL.sub(r"\1\2/…", text)


def _time(record: logging.LogRecord) -> str:
    moment = dt.datetime.fromtimestamp(record.created, dt.UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
