"""Import files of the project's own formats into the registries: all of a file, or nothing of it.

Each function reads `path` (a file, folder or glob), refuses it with UsageError naming every bad line, and
appends what is new. Rows without a known_at of their own get `known_at`; without that, labels are known from
`now` on, and so are the other tables' rows, except that the first import into an empty table is known since
ever. The caller holds files.writing(layout).
"""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path

import polars as pl

from inflows.contracts.schema import UTC_TIME
from inflows.errors import UsageError
from inflows.layout import Layout
from inflows.reference.shipped import reference_file
from inflows.registry import crosschecks, store
from inflows.registry.by_symbol import with_symbols
from inflows.registry.effective import latest
from inflows.registry.file_format import OwnFormat
from inflows.registry.naming import held_exchanges, with_our_names
from inflows.registry.own_formats import own_format
from inflows.registry.parsing import parse
from inflows.registry.problems import PLACE, Problems
from inflows.registry.read_files import files_at, is_parquet, read_text
from inflows.registry.store import SEQUENCE, Addition, Imported
from inflows.registry.tables import ASSETS, BALANCES, JURISDICTIONS, LABELS, LICENCES, PRICES, REFERENCES
from inflows.registry.traffic import traffic
from inflows.times import END

__all__ = [
    "Imported",
    "core_assets_path",
    "import_assets",
    "import_balances",
    "import_jurisdictions",
    "import_labels",
    "import_licences",
    "import_prices",
    "import_references",
    "import_traffic",
    "read_sound",
]


def import_labels(
    layout: Layout, path: Path, *, known_at: dt.datetime | None = None, now: dt.datetime
) -> Imported:
    """Import claims about addresses; within one import an address has one exchange at a time."""
    return _import(layout, own_format(LABELS), path, known_at, now)


def import_prices(
    layout: Layout, path: Path, *, known_at: dt.datetime | None = None, now: dt.datetime
) -> Imported:
    """Import quotes in US dollars of one whole coin, of assets or of all listed ones of a symbol."""
    listed = latest(store.scan(layout, ASSETS), ASSETS, END).collect()
    return _import(layout, with_symbols(own_format(PRICES), listed), path, known_at, now)


def import_assets(
    layout: Layout, path: Path, *, known_at: dt.datetime | None = None, now: dt.datetime
) -> Imported:
    """Import the assets that are valued."""
    return _import(layout, own_format(ASSETS), path, known_at, now)


def import_jurisdictions(
    layout: Layout, path: Path, *, known_at: dt.datetime | None = None, now: dt.datetime
) -> Imported:
    """Import weights of exchanges; for an exchange, basis and day they sum to at most 1 in the registry."""
    return _import(layout, own_format(JURISDICTIONS), path, known_at, now)


def import_traffic(
    layout: Layout, path: Path, *, known_at: dt.datetime | None = None, now: dt.datetime
) -> Imported:
    """Import shares of web traffic by country and month, as weights under the basis traffic."""
    return _import(layout, traffic(), path, known_at, now)


def import_licences(
    layout: Layout, path: Path, *, known_at: dt.datetime | None = None, now: dt.datetime
) -> Imported:
    """Import statuses of licences; of those under way an entity has one at a time for a licence."""
    return _import(layout, own_format(LICENCES), path, known_at, now)


def import_references(
    layout: Layout, path: Path, *, known_at: dt.datetime | None = None, now: dt.datetime
) -> Imported:
    """Import figures that others published, besides those that come with the project."""
    return _import(layout, own_format(REFERENCES), path, known_at, now)


def import_balances(
    layout: Layout, path: Path, *, known_at: dt.datetime | None = None, now: dt.datetime
) -> Imported:
    """Import balances of wallets; no total depends on them."""
    return _import(layout, own_format(BALANCES), path, known_at, now)


def core_assets_path() -> Path:
    """The list of core assets that comes with the project, in the own format for assets."""
    return reference_file("core_assets.csv")


def _import(
    layout: Layout, form: OwnFormat, path: Path, known_at: dt.datetime | None, now: dt.datetime
) -> Imported:
    default = store.default_known_at(layout, form.table, known_at, now)
    rows, renamed = _sound(form, path, default, held_exchanges(layout))
    rows_read = rows.height
    addition = store.plan(layout, form.table, rows)
    if form.table is JURISDICTIONS:
        _check_weights(layout, addition)
    store.write(layout, addition)
    return replace(store.report(addition, rows_read, default), renamed=renamed)


def read_sound(form: OwnFormat, path: Path, default: dt.datetime | None) -> pl.DataFrame:
    """The rows of a file, folder or glob (the columns of its table); UsageError names every bad line.

    default goes to rows without a known_at of their own.
    """
    return _sound(form, path, default, [])[0]


def _sound(
    form: OwnFormat, path: Path, default: dt.datetime | None, held: list[str]
) -> tuple[pl.DataFrame, int]:
    """As read_sound, and how many rows name a chain or an exchange by another name than ours."""
    rows, problems, renamed = _read(path, form, default, held)
    crosschecks.repeated_keys(rows, form.table, problems)
    if form.between is not None:
        form.between(rows.join(problems.all(), on=list(PLACE), how="anti"), problems)
    problems.refuse(form.table.name)
    return rows.select(form.table.columns), renamed


def _read(
    path: Path, form: OwnFormat, default: dt.datetime | None, held: list[str]
) -> tuple[pl.DataFrame, Problems, int]:
    """The sound rows of all files, with known_at settled, the problems of the others, and how many
    were renamed.
    """
    files = files_at(path)
    problems = Problems([str(file) for file in files], [is_parquet(file) for file in files])
    columns = {column.name: column.present for column in form.columns}
    parts, renamed = [], 0
    for number, file in enumerate(files):
        text = read_text(file, number, columns, problems, form.instead)
        raw, changed = with_our_names(text, held)
        if form.before is not None:
            raw, wrong = form.before(raw)
            problems.add(wrong)
        rows, wrong = parse(raw, form)
        problems.add(wrong)
        parts.append(rows)
        renamed += changed
        if "exchange" in rows.columns:
            held = [*held, *rows["exchange"].unique()]
    rows = pl.concat(parts)
    if rows.is_empty() and problems.all().is_empty():
        raise UsageError(f"{path} holds no rows.", "Give a file with rows below its header.")
    return rows.with_columns(pl.col("known_at").fill_null(pl.lit(default, dtype=UTC_TIME))), problems, renamed


def _check_weights(layout: Layout, addition: Addition) -> None:
    """Refuse weights that sum to more than 1 in the registry as it will be."""
    added = addition.rows.lazy().with_columns(
        pl.int_range(pl.len(), dtype=pl.Int64).alias(SEQUENCE) + pl.lit(2**62, dtype=pl.Int64)
    )
    after = latest(pl.concat([store.scan(layout, JURISDICTIONS), added]), JURISDICTIONS, END)
    wrong = crosschecks.excessive_weights(after, addition.rows)
    if wrong:
        raise UsageError(
            "The weights of an exchange on a day may sum to at most 1 for a basis, so nothing was stored: "
            + "; ".join(wrong[:20])
            + (f"; and {len(wrong) - 20:,} more." if len(wrong) > 20 else "."),
            "An older row stays until it is imported again with a valid_to, or with weight 0.",
        )
