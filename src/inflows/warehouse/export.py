"""Everything published, as Parquet and CSV for BI tools and spreadsheets.

Times are naive UTC in columns named *_utc, amounts of money decimal(38,6), amounts of coins decimal(38,18),
counts 64-bit integers. CSV text that a spreadsheet would run as a formula begins with an apostrophe.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Final
from uuid import uuid4

import duckdb
from duckdb import CaseExpression, ColumnExpression, ConstantExpression, Expression, FunctionExpression

from inflows.errors import UsageError, WorkError
from inflows.layout import Layout
from inflows.stages.period_coverage import partial_periods
from inflows.warehouse import sqlfiles
from inflows.warehouse.query import MEMORY, is_broken, one_line
from inflows.warehouse.totals import read_all_totals

MARKER: Final = "export.json"
"""Says that a folder is an export, and which files are its own."""

_FORMULA: Final = r"^[=+\-@\t\r]"
_RATIOS: Final = (
    *("_share", "share_of_world", "ratio_to_published", "_ratio_on_previous", "_ratio_on_year"),
)
"""Endings of the only columns that may be floating point."""


def export(source: Layout | Path | str, folder: Path, *, memory: str = MEMORY) -> list[Path]:
    """Write every relation but the checks into a folder, which appears whole; returns the files.

    An earlier export is replaced. A folder that holds anything else is refused, and so is a relation that
    would leave with inexact types.
    """
    path = source.published if isinstance(source, Layout) else Path(source)
    if not path.is_file():
        raise UsageError(f"Nothing has been published at {path}.", "Run `inflows build` first.")
    folder = folder.resolve()
    aside = folder.with_name(f".{folder.name}.{uuid4().hex[:8]}")
    try:
        _refuse_foreign_files(folder)
        aside.mkdir(parents=True)
        names = _write_all(path, aside, memory)
        _swap(aside, folder)
    except duckdb.Error as error:
        raise WorkError(
            f"The export to {folder} failed: {one_line(error)}",
            "Run `inflows build` to make the database again."
            if is_broken(error) and "checksum" in str(error)
            else "Make sure that the disk has room.",
        ) from error
    except OSError as error:
        raise WorkError(
            f"The export to {folder} failed: {error.strerror or error}",
            "Give a folder that you may write to.",
        ) from error
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return [folder / name for name in names]


def exported_relations() -> tuple[str, ...]:
    """The relations that leave: all but the checks."""
    return tuple(name for name in sqlfiles.relation_names() if not name.startswith("chk_"))


def columns_to_export(names: Sequence[str], types: Sequence[str]) -> list[Expression]:
    """The columns under their exported names; a type that is not exact where it must be is an error."""
    columns = []
    for name, kind in zip(names, types, strict=True):
        if "HUGEINT" in kind or (kind in ("DOUBLE", "FLOAT") and not name.endswith(_RATIOS)):
            raise WorkError(
                f"Column {name} would be exported as {kind}, which other tools round.",
                "Cast it to decimal or bigint in its file under sql/.",
            )
        is_time = kind.startswith("TIMESTAMP") and not name.endswith("_utc")
        columns.append(ColumnExpression(name).alias(f"{name}_utc" if is_time else name))
    return columns


def defused(name: str, kind: str) -> Expression:
    """A column for CSV: text that begins like a formula gets an apostrophe, everything else stays."""
    column = ColumnExpression(name)
    if kind != "VARCHAR":
        return column
    marked = FunctionExpression("concat", ConstantExpression("'"), column)
    is_formula = FunctionExpression("regexp_matches", column, ConstantExpression(_FORMULA))
    return CaseExpression(is_formula, marked).otherwise(column).alias(name)


def _write_all(database: Path, folder: Path, memory: str) -> list[str]:
    """Stream every relation into Parquet and CSV files; returns their names."""
    names = []
    partial = partial_periods(read_all_totals(database))
    settings: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": memory,
        "threads": 2,
        "temp_directory": str(folder / ".spill"),
    }
    with duckdb.connect(config=settings) as connection:
        connection.execute("attach ? as inflows (read_only)", [str(database)])
        connection.execute("use inflows")
        connection.execute("set TimeZone = 'UTC'")
        vintage, simulated = connection.table("meta_vintage").select("vintage", "simulated").fetchall()[0]
        for name in exported_relations():
            relation = connection.table(name)
            kinds = [str(kind) for kind in relation.types]
            relation = relation.select(*columns_to_export(relation.columns, kinds))
            relation.to_parquet(str(folder / f"{name}.parquet"), compression="zstd")
            cells = [defused(*column) for column in zip(relation.columns, kinds, strict=True)]
            relation.select(*cells).to_csv(str(folder / f"{name}.csv"), header=True)
            names += [f"{name}.parquet", f"{name}.csv"]
    shutil.rmtree(folder / ".spill", ignore_errors=True)
    marker = {
        "format": "inflows-export",
        "vintage": vintage,
        "simulated": simulated,
        "partial_periods": partial,
        "files": names,
    }
    (folder / MARKER).write_text(json.dumps(marker, indent=2) + "\n", encoding="utf-8", newline="\n")
    return names


def _refuse_foreign_files(folder: Path) -> None:
    """Make sure that replacing the folder deletes nothing that an export did not write."""
    if not folder.exists():
        return
    if not folder.is_dir():
        raise UsageError(f"{folder} is a file.", "Give a folder that is new or empty.")
    present = {path.name for path in folder.iterdir()}
    own: set[str] = set()
    if MARKER in present:
        try:
            marker = json.loads((folder / MARKER).read_text(encoding="utf-8"))
            own = {MARKER, *marker["files"]} if marker["format"] == "inflows-export" else own
        except (ValueError, KeyError, TypeError):
            own = set()
    foreign = sorted(present - own)
    if foreign:
        raise UsageError(
            f"{folder} holds {foreign[0]}, which no earlier export wrote and this one would delete.",
            "Give a folder that is new or empty.",
        )


def _swap(aside: Path, folder: Path) -> None:
    """Put the new folder in place of the old one; if that fails, the old one comes back."""
    if not folder.exists() or not any(folder.iterdir()):
        os.rename(aside, folder)  # noqa: PTH104 (an empty folder is replaced in one step)
        return
    old = folder.with_name(f".{folder.name}.{uuid4().hex[:8]}")
    folder.rename(old)
    try:
        aside.rename(folder)
    except OSError:
        old.rename(folder)
        raise
    shutil.rmtree(old, ignore_errors=True)
