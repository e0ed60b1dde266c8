"""Import saved files and answers of price services: the files of a path, read by their format."""

from __future__ import annotations

import dataclasses
import datetime as dt
import glob
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple

import polars as pl

from inflows.errors import UsageError
from inflows.layout import Layout
from inflows.prices.archives import is_whole
from inflows.prices.catalogue import ids_asked, of_source, price_ids
from inflows.prices.coingecko import coin_of
from inflows.prices.price_report import PricesReport
from inflows.prices.quote_store import store_quotes
from inflows.prices.services import SERVICES
from inflows.sources import recognise


class PriceFormat(NamedTuple):
    """A format: the source of its quotes, its reader (bytes, file name → quotes), its files' suffixes."""

    source: str
    read: Callable[[bytes, str], pl.DataFrame]
    suffixes: tuple[str, ...]


FORMATS: Final = {
    one.input_format: PriceFormat(one.name, one.read, one.suffixes) for one in SERVICES.values()
}
"""Formats of others; the own format, `inflows`, is read by registry.imports."""


def import_outside_prices(
    layout: Layout,
    path: Path,
    input_format: str,
    *,
    known_at: dt.datetime | None = None,
    now: dt.datetime,
    ids: Path | None = None,
) -> PricesReport:
    """Import the quotes of a file, folder or glob; a file that cannot be read stores nothing (UsageError).

    Bad quotes are quarantined and counted. known_at: as for the own formats. ids: a file of further ids, in
    the columns of reference/price_ids.csv. The caller holds files.writing(layout).
    """
    if input_format not in FORMATS:
        raise UsageError(
            f"--input-format {input_format} is unknown.",
            f"The formats of prices are inflows, {', '.join(FORMATS)}.",
        )
    form = FORMATS[input_format]
    catalogue = price_ids(ids)
    parts, unchecked = [], 0
    for file in _files_at(path, form.suffixes):
        body = _bytes_of(file)
        if file.suffix.lower() == ".zip":
            unchecked += not _check(file, body)
        parts.append(_read(form, input_format, file, body))
    quotes = pl.concat(parts)
    if quotes.is_empty():
        raise UsageError(f"{path} holds no quotes.", "Give a file with rows.")
    if form.source == "coingecko":
        quotes = _by_downloads(quotes, catalogue, form.source)
    known = catalogue.filter(pl.col("source") == form.source)["source_id"]
    if not quotes["source_id"].is_in(known.unique().to_list()).any():
        names = ", ".join(quotes["source_id"].unique().sort().head(5).to_list())
        raise UsageError(
            f"{path} holds quotes of ids that stand for no asset here: {names}.",
            "Name the file after the id of its source, or say with --ids FILE which asset an id stands for.",
        )
    report = store_quotes(layout, form.source, quotes, catalogue, known_at=known_at, now=now)
    return dataclasses.replace(report, without_checksum=unchecked)


def _read(form: PriceFormat, input_format: str, file: Path, body: bytes) -> pl.DataFrame:
    """The quotes of a file; UsageError where it is another kind of file, or no time in it is understood."""
    try:
        quotes = form.read(body, file.name)
    except UsageError:
        found = recognise.known(recognise.head_of(file))
        if found is None or f"--input-format {input_format}." in found.remedy:
            raise
        raise UsageError(
            f"{file} is not in the format {input_format}: this is {found.words}.", found.remedy
        ) from None
    if quotes.height and quotes["time"].null_count() == quotes.height:
        raise UsageError(
            f"No time in {file} is understood; its first row is '{(quotes['row'][0] or '')[:80]}'.",
            f"Give a file as {form.source} writes it, or write your own prices (--input-format inflows).",
        )
    return quotes


def _by_downloads(quotes: pl.DataFrame, ids: pl.DataFrame, source: str) -> pl.DataFrame:
    """Names that are no id of the source as the one id that they mean: of a download, by id or symbol."""
    known = set(of_source(ids, source)["source_id"])
    found = {}
    for name in sorted(set(quotes["source_id"]) - known):
        coin = coin_of(name)
        with suppress(UsageError):
            meant = [coin] if coin in known else ids_asked(ids, source, [coin])
            if len(meant) == 1:
                found[name] = meant[0]
    return quotes.with_columns(pl.col("source_id").replace(found))


def _check(file: Path, body: bytes) -> bool:
    """Whether there is a .CHECKSUM beside an archive; UsageError where it says otherwise."""
    beside = file.with_name(file.name + ".CHECKSUM")
    if not beside.is_file():
        return False
    if not is_whole(body, _bytes_of(beside), str(file)):
        raise UsageError(f"{file} is not what its .CHECKSUM says.", "Fetch both again.")
    return True


def _bytes_of(file: Path) -> bytes:
    try:
        body = file.read_bytes()
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror or error}.", "Check the path.") from None
    if not body.strip():
        raise UsageError(f"{file} is empty.", "Fetch it again.")
    return body


def _files_at(path: Path, suffixes: tuple[str, ...]) -> list[Path]:
    if path.is_file():
        return [path]
    if path.is_dir():
        found = [file for file in path.rglob("*") if file.is_file() and not file.name.startswith(".")]
    else:
        names = glob.glob(str(path), recursive=True)  # noqa: PTH207  (Path.glob takes no absolute pattern)
        found = [Path(name) for name in names if Path(name).is_file()]
    files = sorted(file for file in found if file.suffix.lower() in suffixes)
    if not files:
        raise UsageError(f"There is no {' or '.join(suffixes)} file at {path}.", "Check the path.")
    return files
