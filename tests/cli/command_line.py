"""The command line as users meet it: in this process where a process adds nothing, and as one of its own."""

import contextlib
import hashlib
import io
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from inflows.cli import run


@dataclass
class Said:
    """What a command answered."""

    code: int
    out: str
    err: str


class _Stream(io.TextIOWrapper):
    def __init__(self) -> None:
        super().__init__(io.BytesIO(), encoding="utf-8", newline="")

    def text(self) -> str:
        self.flush()
        return self.buffer.getvalue().decode()  # type: ignore[attr-defined]


@dataclass
class Line:
    """Commands on one data folder."""

    data: Path

    def says(self, *arguments: str) -> Said:
        """Run a command in this process."""
        out, err = _Stream(), _Stream()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = run([*arguments, "--data", str(self.data)])
        return Said(code, out.text(), err.text())

    def does(self, *arguments: str) -> str:
        """Run a command that must succeed; returns what it printed."""
        said = self.says(*arguments)
        assert said.code == 0, said.err
        return said.out

    def rows(self, *arguments: str) -> Any:
        """The rows that a command prints as JSON."""
        return json.loads(self.does(*arguments, "--format", "json"))

    def brings_in(self, market: Path) -> None:
        """Import and ingest the files of a market."""
        for table in ("assets", "prices", "labels", "jurisdictions"):
            self.does(table, "import", str(market / f"{table}.csv"))
        self.does("ingest", "files", str(market / "transfers"), "--input-format", "inflows")

    def totals_of_vintages(self) -> list[bytes]:
        """The bytes of the totals of every vintage, oldest first."""
        return [path.read_bytes() for path in sorted(self.data.glob("warehouse/vintages/*/totals.parquet"))]


def start(*arguments: str, **options: Any) -> subprocess.Popen[bytes]:
    """A process of the command line."""
    return subprocess.Popen(
        [sys.executable, "-m", "inflows", *arguments],
        stdout=options.pop("stdout", subprocess.PIPE),
        stderr=options.pop("stderr", subprocess.PIPE),
        **options,
    )


def process(*arguments: str, **options: Any) -> Said:
    """What a process of the command line answers."""
    child = start(*arguments, **options)
    out, err = child.communicate(timeout=600)
    return Said(child.returncode, (out or b"").decode(), (err or b"").decode())


def tree(folder: Path, *left_out: str) -> dict[str, str]:
    """Every file of a folder with its hash; the lock and unfinished work do not count."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not {".lock", ".staging", *left_out} & set(path.relative_to(folder).parts)
    }


def environment(**changes: str) -> dict[str, str]:
    """The environment with changes."""
    return os.environ | changes
