"""The folder of a simulation: which ones may be written, and what is said in them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from inflows.errors import UsageError, WorkError
from inflows.files import write_text
from inflows.simulate.market import Market

_TITLE: Final = "# Simulated market"
_OURS: Final = re.compile(
    r"README\.md|(?:labels|assets|prices|jurisdictions)\.csv|truth/(?:totals|flow_types)\.csv"
    r"|transfers/part-\d+\.parquet"
)
_UNSCALED: Final = (
    "\nThese are too few transfers for the market to be scaled to its targets: it is as it was drawn.\n"
)
_FOLDERS: Final = ("transfers", "truth")
_ASIDE: Final = re.compile(r"\.(?P<name>.+)\.[0-9a-f]{8}$")
"""What a writer that was killed leaves beside the file it was writing."""


def prepare(folder: Path) -> None:
    """Make the folder; refuse one that holds anything but an earlier simulation."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        present = sorted(folder.rglob("*"))
    except FileExistsError:
        raise UsageError(f"{folder} is a file.", "Name a folder for the simulation.") from None
    except OSError as error:
        raise _unwritable(folder, error) from None
    if not present:
        return
    foreign = [path for path in present if not _is_ours(path, folder)]
    if foreign:
        raise UsageError(
            f"The folder {folder} holds {foreign[0].relative_to(folder)}, which no simulation wrote.",
            "Name a new or an empty folder.",
        )
    if not _is_simulation(folder):
        raise UsageError(
            f"The folder {folder} is not empty, and its README.md is not that of a simulation.",
            "Name a new or an empty folder.",
        )


def empty(folder: Path) -> None:
    """Remove what an earlier simulation wrote to a folder that was prepared."""
    try:
        present = sorted(folder.rglob("*"))
        # The truth goes first: without it, the rest is seen to be incomplete.
        for path in sorted(present, key=lambda path: path.parent.name != "truth"):
            if path.is_file() and path.name != "README.md":
                path.unlink()
    except OSError as error:
        raise _unwritable(folder, error) from None


def _is_ours(path: Path, folder: Path) -> bool:
    if path.is_symlink():
        return False
    name = path.relative_to(folder).as_posix()
    if path.is_dir():
        return name in _FOLDERS
    aside = _ASIDE.match(path.name)
    if aside:
        name = path.with_name(aside["name"]).relative_to(folder).as_posix()
    return bool(_OURS.fullmatch(name))


def _is_simulation(folder: Path) -> bool:
    readme = folder / "README.md"
    try:
        return readme.is_file() and readme.read_text(encoding="utf-8").startswith(_TITLE)
    except (OSError, UnicodeDecodeError):
        return False


def _unwritable(folder: Path, error: OSError) -> WorkError:
    return WorkError(
        f"The folder {folder} cannot be written: {error.strerror or error}.",
        "Name a folder that you may write to, on a disk with space left.",
    )


def write_readme(folder: Path, transfers: int, seed: int, market: Market, *, scaled: bool) -> None:
    """Say what the folder holds; written first, so that an interrupted simulation can be replaced."""
    write_text(
        f"""{_TITLE}

Everything in this folder is simulated: no exchange, wallet, transfer, price or licence in it is real.

- transfers: {transfers}
- seed: {seed}
- window: {market.start} to {market.end} (UTC, end not included; sweeps may follow within 20 hours)
- exchanges: {", ".join(exchange.slug for exchange in market.exchanges)}
{_targets(market) if scaled else _UNSCALED if market.targets else ""}
`transfers/`, `labels.csv`, `assets.csv`, `prices.csv` and `jurisdictions.csv` are inputs in the project's own
formats. `truth/totals.csv` and `truth/flow_types.csv` say what must come out of them, to the last digit; they
are written last, so a folder without them is not complete.
""",
        folder / "README.md",
    )


def _targets(market: Market) -> str:
    if not market.targets:
        return ""
    lines = [f"- {one.jurisdiction} {one.period}: US${one.inflow_usd:,.0f}" for one in market.targets]
    return (
        "\nThe market is invented and merely scaled so that these sums come out (basis licence, scope"
        "\nexchange, level base); the figures are published ones, the transfers behind them are not:\n\n"
        + "\n".join(lines)
        + "\n"
    )
