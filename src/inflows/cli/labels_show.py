"""The command `inflows labels show`: all claims about an address, the verdict at each level, and why."""

from __future__ import annotations

import datetime as dt
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from inflows.chains import canonical_chain
from inflows.cli.options import Data, OutputFormat, PrintFormat, instant, now, settings
from inflows.cli.show import Heading, moment, show

if TYPE_CHECKING:
    import polars as pl


def _since(value: dt.datetime | None) -> str:
    return moment(value) or "ever"


def _until(value: dt.datetime | None) -> str:
    return moment(value) or "now"


def _why(reason: str) -> str:
    from inflows.stages.claim_rule import REASONS

    return REASONS[reason]


VERDICTS_TABLE: dict[str, Heading] = {
    "chain": ("Chain", str),
    "level": ("Level", str),
    "valid_from": ("From", _since),
    "valid_to": ("To", _until),
    "exchange": ("Exchange", lambda name: name or "(contested)"),
    "role": ("Role", lambda role: role or ""),
    "confidence": ("Confidence", lambda value: "" if value is None else str(value)),
    "exchanges": ("Claimed", str),
    "reason": ("Why", _why),
}
CLAIMS_TABLE: dict[str, Heading] = {
    "chain": ("Chain", str),
    "exchange": ("Exchange", str),
    "role": ("Role", str),
    "confidence": ("Confidence", str),
    "source": ("Source", str),
    "lineage": ("Lineage", str),
    "known_at": ("Known since", _since),
    "valid_from": ("From", _since),
    "valid_to": ("To", _until),
    "state": ("State", str),
    "evidence": ("Evidence", str),
}


def register(labels: typer.Typer) -> None:
    """Add the command to `inflows labels`."""
    labels.command("show")(labels_show)


def labels_show(
    address: Annotated[str, typer.Argument(metavar="ADDRESS", help="In any spelling that its chain knows")],
    chain: Annotated[
        str | None,
        typer.Option(
            "--chain",
            parser=canonical_chain,
            metavar="C",
            help="What holds on this chain; all that are named if none",
        ),
    ] = None,
    as_of: Annotated[str | None, typer.Option("--as-of", metavar="T", help="As it was known at T")] = None,
    output: OutputFormat = PrintFormat.table,
    data: Data = None,
) -> None:
    """Whose address it is believed to be at each level, why, and everything that was ever claimed."""
    from inflows.labels.address_lookup import claims_about
    from inflows.registry.label_sources import lineages

    layout = settings(data).layout
    found = claims_about(layout, address, chain, instant(as_of, "--as-of") or now(), lineages())
    if found.is_empty():
        where = f" on {chain}" if chain else ""
        print(f"Nobody has named an owner of {address}{where}.", file=sys.stderr)
    if output is not PrintFormat.table:
        show(found.columns, found.rows(), output)
        return
    for part, title, headings in (
        ("verdict", f"Whose {address} is believed to be", VERDICTS_TABLE),
        ("claim", "What is claimed", CLAIMS_TABLE),
    ):
        rows = _part(found, part)
        show(rows.columns, rows.rows(), output, title=title, headings=headings, names=2)


def _part(found: pl.DataFrame, name: str) -> pl.DataFrame:
    import polars as pl

    return found.filter(pl.col("part") == name)
