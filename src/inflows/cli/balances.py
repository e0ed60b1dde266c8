"""The commands `balances import`, `balances fetch` and `balances check`."""

from __future__ import annotations

import sys
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from inflows.chains import canonical_chain
from inflows.cli.options import Data, KnownAt, LevelOption, OutputFormat, PrintFormat, instant, now, settings
from inflows.cli.show import Heading, count, moment, show, yes_or_no
from inflows.exchanges import known_names

if TYPE_CHECKING:
    from inflows.balances.check import Checked

Exchanges = Annotated[
    list[str] | None,
    typer.Option(
        "--exchange",
        metavar="X",
        parser=lambda name: known_names().canonical_exchange(name),
        help="This exchange alone; may be repeated",
    ),
]

_TABLE: Final[dict[str, Heading]] = {
    "exchange": ("Exchange", str),
    "chain": ("Chain", str),
    "asset": ("Asset", str),
    "wallets": ("Wallets", count),
    "from_time": ("After", moment),
    "to_time": ("Up to", moment),
    "change": ("Change", str),
    "inflow": ("Inflow", str),
    "outflow": ("Outflow", str),
    "other": ("Other", str),
    "remainder": ("Remainder", str),
    "explained": ("Explained", yes_or_no),
    "may_explain": ("What may explain it", str),
}


def register(group: typer.Typer) -> None:
    """Add the commands to `inflows balances`."""
    group.command("import")(import_balances)
    group.command("fetch")(fetch)
    group.command("check")(check)


def import_balances(
    path: Annotated[
        Path, typer.Argument(metavar="PATH", help="A CSV or Parquet file, a folder of them, or a glob")
    ],
    known_at: KnownAt = None,
    data: Data = None,
) -> None:
    """Import balances of wallets, in the own format."""
    from inflows import files
    from inflows.registry import imports

    known = instant(known_at, "--known-at")
    layout = settings(data).layout
    with files.writing(layout):
        done = imports.import_balances(layout, path, known_at=known, now=now())
    print(done.sentence(), file=sys.stderr)


def fetch(
    chain: Annotated[
        str,
        typer.Option(
            "--chain",
            parser=canonical_chain,
            metavar="C",
            help="The chain: ethereum, bsc, …",
        ),
    ],
    rpc: Annotated[
        list[str], typer.Option("--rpc", metavar="URL", help="A node's JSON-RPC; several times: all are used")
    ],
    block: Annotated[
        int | None, typer.Option("--block", metavar="N", help="As they were after this block")
    ] = None,
    date: Annotated[
        str | None, typer.Option("--date", metavar="T", help="After the last block up to this time (UTC)")
    ] = None,
    exchange: Exchanges = None,
    level: LevelOption = "base",
    confirmations: Annotated[
        int | None,
        typer.Option(
            "--confirmations", metavar="N", help="Take N confirmations for final [default: finalized]"
        ),
    ] = None,
    chain_id: Annotated[
        int | None, typer.Option("--chain-id", metavar="N", help="The id of a chain that is not known here")
    ] = None,
    data: Data = None,
) -> None:
    """Ask a node what labelled wallets held of each listed asset."""
    from inflows import files
    from inflows.balances.fetch import fetch_balances
    from inflows.progress import reporter

    layout = settings(data).layout
    time = instant(date, "--date")
    with files.writing(layout), reporter(f"Asking {chain}", None, unit="balances") as progress:
        fetched = fetch_balances(
            layout,
            chain=chain,
            rpc_urls=rpc,
            block=block,
            time=time,
            exchanges=exchange or (),
            level=level,
            confirmations=confirmations,
            chain_id=chain_id,
            now=now(),
            progress=progress,
        )
    for warning in fetched.warnings:
        print(warning, file=sys.stderr)
    print(fetched.sentence(), file=sys.stderr)


def check(
    exchange: Exchanges = None,
    first: Annotated[
        str | None, typer.Option("--from", metavar="T1", help="Balances from this time on (UTC)")
    ] = None,
    last: Annotated[
        str | None, typer.Option("--to", metavar="T2", help="Balances up to this time, included (UTC)")
    ] = None,
    each: Annotated[
        bool, typer.Option("--each", help="From every balance to the next, not from the first to the last")
    ] = False,
    level: LevelOption = "base",
    output: OutputFormat = PrintFormat.table,
    data: Data = None,
) -> None:
    """Hold changes of balances against the transfers between them.

    By exchange, asset and two instants: what came in less what went out is the change, to the last digit; or
    there is a remainder, with what may explain it.
    """
    from inflows.balances.check import COLUMNS, check_balances
    from inflows.cli.totals import marked
    from inflows.progress import reporter

    start, end = instant(first, "--from"), instant(last, "--to")
    layout = settings(data).layout
    with reporter("Adding up transfers", None, unit="chain-days") as progress:
        checked = check_balances(
            layout,
            now=now(),
            level=level,
            exchanges=exchange or (),
            first=start,
            last=end,
            each=each,
            progress=progress,
        )
    if output is PrintFormat.table:
        columns, rows = _for_people(checked)
        simulated = any(row[COLUMNS.index("simulated")] for row in checked.rows)
        show(
            columns, rows, output, title=marked("Balances against flows", simulated), headings=_TABLE, names=3
        )
    else:
        show(COLUMNS, checked.rows, output)
    for note in checked.notes():
        print(f"note: {note}", file=sys.stderr)
    print(checked.sentence(), file=sys.stderr)


def _for_people(checked: Checked) -> tuple[list[str], list[tuple[Any, ...]]]:
    """The rows in whole coins where the asset's decimals are known, with the smaller parts together."""
    from inflows.balances.check import COLUMNS
    from inflows.contracts.balances import PARTS

    rows = []
    for values, decimals in zip(checked.rows, checked.decimals, strict=True):
        row = dict(zip(COLUMNS, values, strict=True))
        other = sum(
            sign * int(row[f"{part}_raw"])
            for part, sign in PARTS.items()
            if part not in ("inflow", "outflow")
        )
        amounts = {
            "change": row["change_raw"],
            "inflow": row["inflow_raw"],
            "outflow": row["outflow_raw"],
            "other": Decimal(other),
            "remainder": row["remainder_raw"],
        }
        row |= {name: coins(int(amount), decimals) for name, amount in amounts.items()}
        row["asset"] = row["symbol"] or row["contract"] or "native"
        rows.append(tuple(row[name] for name in _TABLE))
    return list(_TABLE), rows


def coins(units: int, decimals: int | None) -> str:
    """Base units as whole coins, exactly; as base units where nobody knows how many make a coin."""
    if decimals is None:
        return f"{units:,} units"
    whole, part = divmod(abs(units), 10**decimals)
    fraction = f".{part:0{decimals}d}".rstrip("0").rstrip(".") if part else ""
    return f"{'-' if units < 0 else ''}{whole:,}{fraction}"
