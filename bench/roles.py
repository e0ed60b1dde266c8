"""How many labels of real lists change role under the rule for contracts, and what inflow hangs on it.

    .venv/bin/python bench/roles.py [--transfers 3000]

The rule before took every `contract`, `token`, `proxy`, `router` and every short word in brackets at the
end of a label for a contract. The lists are extracts of public label lists; they and the two recorded
blocks are no part of the project and lie beside the checkout. Inflow (US dollars, headquarters, scope
exchange, level base) is that of the two blocks under six lists, and of a simulated market of 22 days whose
wallets have labels drawn by hash from the same lists: simulated dollars, real words.
"""

from __future__ import annotations

import argparse
import datetime as dt
import hashlib
import sys
import tempfile
from collections import Counter
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import polars as pl

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests" / "realdata"))

from real_files import BLOCKS, LABEL_SOURCES, LABELS, claims_of, quotes, rows_of  # noqa: E402
from real_worlds import ingest, publish, select  # noqa: E402

from inflows.build import steps  # noqa: E402
from inflows.contracts.names import ROLES  # noqa: E402
from inflows.labels.roles import CONTRACT, told_role  # noqa: E402
from inflows.settings import load_settings  # noqa: E402
from inflows.simulate import Market, simulate  # noqa: E402
from inflows.sources import ingest_files  # noqa: E402

BEFORE = r"\bcontract\b|\btoken\b|\bproxy\b|\brouter\b|\([a-z0-9.$]{2,10}\)$"
NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
INFLOW = """
    select sum(inflow_usd) as usd from rpt_jurisdiction_half_year
    where basis = 'headquarters' and scope = 'exchange' and level = 'base'
"""


def told(labels: list[str]) -> list[tuple[str, str]]:
    """Each label's role before and after; what stood above `contract` before stands there still."""
    above = ("hack", "deposit_funder", "deployer", "staking")
    text = pl.col("label").str.to_lowercase().str.replace_all("_", " ", literal=True)
    after = told_role(pl.col("label"), pl.lit(""))
    roles = pl.DataFrame({"label": labels}, schema={"label": pl.String}).select(
        after=after, old=text.str.contains(BEFORE)
    )
    return [
        (CONTRACT if old and role not in above else role, role if role in ROLES else "")
        for role, old in roles.rows()
    ]


def of_lists() -> None:
    """Print a line for each list."""
    sums: Counter[str] = Counter()
    print(f"{'list':<28}{'labels':>8}{'contract before':>17}{'after':>7}  become")
    for name in (*LABEL_SOURCES, "ton-labels"):
        labels = [row["label"] or "" for row in rows_of(LABELS / f"{name}.csv")]
        pairs = told(labels)
        changed = Counter(after or "(none told)" for before, after in pairs if before != after)
        counts = [sum(pair[place] == CONTRACT for pair in pairs) for place in (0, 1)]
        sums += Counter(labels=len(labels), changed=changed.total())
        kinds = ", ".join(f"{role} {count}" for role, count in sorted(changed.items()))
        print(f"{name:<28}{len(labels):>8,}{counts[0]:>17,}{counts[1]:>7,}  {kinds}")
    print(f"{sums['changed']:,} of {sums['labels']:,} labels change")


def of_blocks(place: int) -> Decimal:
    """Inflow of the two blocks with the roles before (0) or after (1)."""
    claims = []
    for source in LABEL_SOURCES:
        rows = rows_of(LABELS / f"{source}.csv")
        roles = dict(
            zip(
                ((r["chain"], r["address"]) for r in rows),
                told([r["label"] or "" for r in rows]),
                strict=True,
            )
        )
        claims += [
            replace(
                claim,
                role=claim.role if claim.role == "reserve" else roles[claim.chain, claim.address][place],
            )
            for claim in claims_of(source)
        ]
    with tempfile.TemporaryDirectory() as folder:
        ingest(Path(folder), BLOCKS, input_format="ethereum-etl")
        days = (dt.date(2023, 4, 28), dt.date(2023, 5, 4))
        database = publish(Path(folder), set(claims), quotes(*days))
        return Decimal(select(database, INFLOW)[0]["usd"])


def of_market(place: int, transfers: int) -> Decimal:
    """Inflow of a simulated market whose wallets have drawn labels with the roles before or after."""
    labels = [
        row["label"] for name in LABEL_SOURCES for row in rows_of(LABELS / f"{name}.csv") if row["label"]
    ]
    roles = told(labels)
    with tempfile.TemporaryDirectory() as folder:
        shape = Market.small(start=dt.date(2023, 12, 20), end=dt.date(2024, 1, 11))
        market = simulate(Path(folder) / "market", transfers=transfers, seed=1, market=shape)
        wallets = pl.read_csv(market / "labels.csv", infer_schema=False)
        drawn = [
            roles[int(hashlib.sha256(address.encode()).hexdigest(), 16) % len(roles)][place]
            for address in wallets["address"]
        ]
        wallets.with_columns(pl.Series("role", [r if r in ROLES else "" for r in drawn])).write_csv(
            market / "labels.csv"
        )
        settings = load_settings(Path(folder) / "data")
        steps.import_folder(settings.layout, market, NOW)
        ingest_files(settings.layout, [str(market / "transfers")], "inflows")
        return Decimal(select(steps.build(settings, as_of=None, now=NOW).database, INFLOW)[0]["usd"])


def main() -> None:
    """Print the lists, then the inflows."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--transfers", type=int, default=3000)
    options = parser.parse_args()
    if not (LABELS.is_dir() and BLOCKS.is_dir()):
        sys.exit(f"The lists and blocks are not beside the checkout: {LABELS}, {BLOCKS}.")
    of_lists()
    for what, inflow in (
        ("two blocks of Ethereum", of_blocks),
        ("simulated market", lambda place: of_market(place, options.transfers)),
    ):
        before, after = inflow(0), inflow(1)
        print(f"{what}: inflow before ${before:,.2f}, after ${after:,.2f} ({(after / before - 1):+.2%})")


if __name__ == "__main__":
    main()
