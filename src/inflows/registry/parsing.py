"""Text rows of an own format into rows of its table, and what is wrong with those that are not sound."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from inflows.registry.column_checks import Check, says, text
from inflows.registry.file_format import OwnFormat
from inflows.registry.problems import PLACE, PROBLEMS


def parse(raw: pl.DataFrame, form: OwnFormat) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Rows (PLACE and the table's columns) that are sound, and the problems (PROBLEMS) of the others.

    `raw` has PLACE and every column of the format as text, null where empty.
    """
    texts = [pl.col(column.name).alias(f"text:{column.name}") for column in form.columns]
    typed = raw.select(*PLACE, *texts).with_columns(
        column.value.alias(column.name) for column in form.columns
    )
    problems: list[pl.DataFrame] = []
    for column in form.columns:
        checks = list(column.checks)
        if column.filled:
            checks.insert(0, Check(text(column.name).is_null(), says(f"{column.name} is empty")))
        problems += _failing(typed, checks)
    sound = _without(typed, problems)
    for check in form.checks:
        problems += _failing(sound, [check])
    rows = _without(sound, problems).with_columns(form.derived).select(*PLACE, *form.table.columns)
    return rows, pl.concat([pl.DataFrame(schema=PROBLEMS), *problems])


def _failing(typed: pl.DataFrame, checks: list[Check]) -> Iterator[pl.DataFrame]:
    """The problems of rows that fail one of the checks: the first one, of several."""
    flags = typed.select(check.bad.fill_null(False).alias(str(i)) for i, check in enumerate(checks))
    told = pl.repeat(False, typed.height, eager=True)
    for i, check in enumerate(checks):
        bad = flags[str(i)] & ~told
        if bad.any():
            told = told | bad
            yield typed.filter(bad).select(*PLACE, check.says.alias("problem"))


def _without(rows: pl.DataFrame, problems: list[pl.DataFrame]) -> pl.DataFrame:
    return rows.join(pl.concat(problems), on=list(PLACE), how="anti") if problems else rows
