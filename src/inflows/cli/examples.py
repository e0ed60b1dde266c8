"""An example of each command, shown below its help. The tests hold them against the commands' options."""

from __future__ import annotations

from typing import Final

import typer

EXAMPLES: Final[dict[str, tuple[str, ...]]] = {
    "run": ("inflows run --sample --data sample",),
    "build": ("inflows build", "inflows build --as-of 2024-12-31"),
    "simulate": ("inflows simulate market --transfers 20000 --seed 7",),
    "totals": ("inflows totals --period 2024-H1 --jurisdiction HK --format csv",),
    "compare": ("inflows compare HK SG 2024-H1 --basis headquarters",),
    "explain": ("inflows explain 2024-H1 HK --scope jurisdiction",),
    "sql": ("inflows sql 'select chain, count(*) from fct_flow group by 1'",),
    "export": ("inflows export for-bi",),
    "status": ("inflows status --format json",),
    "vintages": ("inflows vintages --format json",),
    "diff": (
        "inflows diff 20240701t060000.000000z-1f2e3d4c 20240801t060000.000000z-5b6a7988 \\",
        "    --jurisdiction HK",
    ),
    "rebuild": ("inflows rebuild 20240701t060000.000000z-1f2e3d4c",),
    "ingest files": ("inflows ingest files 'transfers/*.parquet' --input-format inflows",),
    "ingest evm": (
        "inflows ingest evm --chain ethereum --rpc https://node.example \\",
        "    --from-block 20000000 --to-block 20000999",
    ),
    "ingest bitcoin": (
        "inflows ingest bitcoin --rpc http://user:password@127.0.0.1:8332 \\",
        "    --from-block 840000 --to-block 840143",
    ),
    "ingest sqd": (
        "inflows ingest sqd --chain ethereum --from-date 2024-01-01 --to-date 2024-07-01",
        "inflows ingest sqd --chain bitcoin --from-date 2024-01-01 --to-date 2024-07-01",
    ),
    "labels import": (
        "inflows labels import --core",
        "inflows labels import labels.csv --known-at 2024-06-30",
        "inflows labels import graphsense-tagpacks --input-format tagpack",
    ),
    "labels show": ("inflows labels show 0x28C6c06298d514Db089934071355E5743bf21d60 --chain ethereum",),
    "labels check": ("inflows labels check --strict --format json",),
    "labels stats": ("inflows labels stats --by exchange", "inflows labels stats --agreement"),
    "labels discover": ("inflows labels discover --chain ethereum",),
    "prices import": ("inflows prices import prices.csv --input-format inflows",),
    "prices fetch": ("inflows prices fetch --source binance --from 2024-01-01 --to 2024-07-01",),
    "assets import": ("inflows assets import --core",),
    "jurisdictions import": (
        "inflows jurisdictions import --core",
        "inflows jurisdictions import visits.csv --input-format traffic",
    ),
    "licences import": ("inflows licences import --core",),
    "licences show": ("inflows licences show --jurisdiction HK --at 2025-02-28",),
    "licences count": ("inflows licences count --at 2025-02-28 --format json",),
    "licences compare": ("inflows licences compare",),
    "references show": ("inflows references show --basis headquarters",),
    "references import": ("inflows references import figures.csv",),
    "balances import": ("inflows balances import reserves.csv",),
    "balances fetch": (
        "inflows balances fetch --chain ethereum --rpc https://node.example --date 2024-07-01",
    ),
    "balances check": ("inflows balances check --exchange binance --from 2024-01-01 --to 2024-07-01",),
}


def add_examples(app: typer.Typer, group: str = "") -> None:
    """Put its example below the help of each command of an app, which may be a group."""
    for command in app.registered_commands:
        name = f"{group} {command.name}".strip()
        if name in EXAMPLES:
            # \b keeps the lines of a paragraph as they are.
            command.epilog = "\b\nExample:\n" + "\n".join(f"  {line}" for line in EXAMPLES[name])
