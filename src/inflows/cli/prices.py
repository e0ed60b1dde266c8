"""The commands `prices import` and `prices fetch`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from inflows import files
from inflows.cli.options import Data, KnownAt, now
from inflows.errors import UsageError, WorkError
from inflows.settings import load_settings
from inflows.times import parse_instant

IdsOption = Annotated[
    Path | None,
    typer.Option("--ids", metavar="FILE", help="Further ids: source, source_id, chain, contract, quote"),
]


def register(prices: typer.Typer) -> None:
    """Add the commands to `inflows prices`."""
    prices.command("import")(import_prices)
    prices.command("fetch")(fetch)


def import_prices(
    path: Annotated[Path, typer.Argument(metavar="PATH", help="A file, a folder of them, or a glob")],
    input_format: Annotated[
        str,
        typer.Option(
            "--input-format",
            metavar="F",
            help="inflows, binance-klines, coinmetrics, coingecko or defillama",
        ),
    ] = "inflows",
    known_at: KnownAt = None,
    ids: IdsOption = None,
    data: Data = None,
) -> None:
    """Import quotes: files in the own format (US dollars), or saved files and answers of price services."""
    instant = None if known_at is None else parse_instant(known_at, "--known-at")
    layout = load_settings(data).layout
    if input_format == "inflows":
        from inflows.registry.imports import import_prices as import_own

        if ids is not None:
            raise UsageError(
                "--ids says what ids of other services stand for; the format inflows has none.",
                "Leave it out.",
            )
        with files.writing(layout):
            own = import_own(layout, path, known_at=instant, now=now())
        print(own.sentence(), file=sys.stderr)
        return
    from inflows.prices import import_outside_prices

    with files.writing(layout):
        done = import_outside_prices(layout, path, input_format, known_at=instant, now=now(), ids=ids)
    print(done.sentence(), file=sys.stderr)
    if done.quarantined and not done.quotes_stored:
        raise WorkError(
            f"Not one quote of {path} is believed.",
            "The reasons stand above; the rows lie in raw/quarantine/dataset=prices.",
        )


def fetch(
    source: Annotated[
        str, typer.Option("--source", metavar="S", help="binance, coingecko, coinmetrics or defillama")
    ],
    start: Annotated[str, typer.Option("--from", metavar="DATE", help="The first day (UTC)")],
    end: Annotated[
        str | None, typer.Option("--to", metavar="DATE", help="The day after the last [default: today]")
    ] = None,
    asset: Annotated[
        list[str] | None,
        typer.Option("--asset", help="ETH, an id of the source, or CHAIN:CONTRACT (several) [default: all]"),
    ] = None,
    interval: Annotated[
        str | None, typer.Option("--interval", help="1h or 1d, where the source has it")
    ] = None,
    known_at: KnownAt = None,
    ids: IdsOption = None,
    data: Data = None,
) -> None:
    """Fetch quotes from a public price service and store them, with the licence under which it gives them.

    Addresses: INFLOWS_BINANCE_URL, INFLOWS_COINGECKO_URL, INFLOWS_COINMETRICS_URL, INFLOWS_DEFILLAMA_URL; a
    key of CoinGecko: COINGECKO_API_KEY.
    """
    from inflows.prices import fetch_prices

    instant = None if known_at is None else parse_instant(known_at, "--known-at")
    moment = now()
    first = parse_instant(start, "--from").date()
    last = moment.date() if end is None else parse_instant(end, "--to").date()
    done = fetch_prices(
        load_settings(data).layout,
        source,
        asset or [],
        first,
        last,
        now=moment,
        interval=interval,
        ids=ids,
        known_at=instant,
    )
    print(done.sentence(), file=sys.stderr)
    if done.incomplete:
        raise WorkError(
            f"{source} had no quote of {', '.join(done.nothing_known_of[:5])}; the others were stored.",
            "Check the days and the assets, or take another --source.",
        )
