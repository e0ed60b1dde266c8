"""The order of the steps, written once.

The command line runs it as it stands. The Prefect flows run the same functions and hand in `step`, which
makes a task of each: large ones that take and return paths, counts and names.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

import polars as pl

import inflows
from inflows import files
from inflows.build import partition_facts
from inflows.build.publication import assembled, inputs_to_keep, result_digest
from inflows.build.registry_snapshot import Registries, registries_at
from inflows.errors import UsageError
from inflows.layout import Layout
from inflows.progress import reporter
from inflows.raw.claims import labelled_addresses
from inflows.raw.store import coverage
from inflows.registry import imports
from inflows.settings import FileSource, Settings
from inflows.simulate import simulate
from inflows.sources import ingest_files
from inflows.sources.listed import chain_warning
from inflows.stages import RULES_VERSION
from inflows.stages.contested_flows import notes as contested_notes
from inflows.stages.pass_through import FINDING as PASSING
from inflows.stages.pass_through import sentence as said_of_passing
from inflows.stages.period_coverage import classified_days, store_chains
from inflows.stages.unattributed import FINDING as UNPLACED
from inflows.stages.unattributed import sentence
from inflows.warehouse.publish import publish
from inflows.warehouse.vintages import Vintage

SAMPLE_TRANSFERS, SAMPLE_SEED = 30_000, 1
"""The bundled sample: the default simulated market at this size."""

R = TypeVar("R")


class Step(Protocol):
    """Turns a function into a step of a run: as it is, or as a task with retries."""

    def __call__(self, function: Callable[..., R]) -> Callable[..., R]:
        """The function, to be called with the same arguments."""
        ...


def plain(function: Callable[..., R]) -> Callable[..., R]:
    """The function itself."""
    return function


@dataclass(frozen=True)
class Built:
    """What a build made: names, paths and counts."""

    vintage: str
    database: Path
    partitions: int
    computed: int
    findings: int
    notes: list[str]
    simulated: bool


def run(settings: Settings, *, now: dt.datetime, step: Step = plain) -> Built:
    """The main job: ingest what is configured, then build and publish."""
    layout = settings.layout
    if not settings.sources and not partition_facts.chain_days(layout):
        raise UsageError(
            f"There is nothing to run: no sources are configured, and {layout.raw} holds no transfers.",
            "Try `inflows run --sample`, use `inflows ingest files`, or list sources in inflows.toml.",
        )
    for source in settings.sources:
        step(ingest_source)(settings, source)
    return build(settings, as_of=None, now=now, step=step)


def build(settings: Settings, *, as_of: dt.datetime | None, now: dt.datetime, step: Step = plain) -> Built:
    """Label, price, classify, aggregate, attribute, check, publish: a vintage, as of now unless told."""
    as_of = as_of or now
    _require_transfers_before(settings.layout, as_of)
    layout = settings.layout
    with files.writing(layout):
        files.remove_unfinished(layout.raw, layout.registry, layout.warehouse)
        facts = step(compute_facts)(settings, as_of)
        return step(publish_vintage)(settings, as_of, now, facts)


def run_sample(settings: Settings, *, now: dt.datetime, step: Step = plain) -> Built:
    """The main job on the bundled sample: a simulated market, made in the data folder at run time."""
    layout = settings.layout
    if _holds_anything(layout, now) and not Registries(layout, now).simulated:
        raise UsageError(
            f"{layout.root} holds data that is not simulated, and the sample would mix with it.",
            "Give the sample a folder of its own: inflows run --sample --data sample",
        )
    folder = step(make_sample)(settings)
    import_folder(layout, folder, now)
    source = FileSource(paths=[str(folder / "transfers")], input_format="inflows")
    step(ingest_source)(settings, source)
    return build(settings, as_of=None, now=now, step=step)


def _holds_anything(layout: Layout, now: dt.datetime) -> bool:
    """Whether there is anything that a simulation would mix with; a list of assets is no such thing."""
    known = Registries(layout, now)
    return bool(partition_facts.chain_days(layout)) or not all(
        table.is_empty() for table in (known.claims, known.prices, known.jurisdictions)
    )


def _require_transfers_before(layout: Layout, as_of: dt.datetime) -> None:
    """Refuse to build of nothing, before anything is locked or written."""
    days = [found[1] for found in partition_facts.chain_days(layout)]
    if not days:
        raise UsageError(
            f"{layout.raw} holds no transfers.", "Ingest some first, with `inflows ingest files`."
        )
    if dt.datetime.combine(min(days), dt.time(), dt.UTC) >= as_of:
        raise UsageError(
            f"{layout.raw} holds no transfers before {as_of:%Y-%m-%dT%H:%M:%SZ}.",
            f"The first are of {min(days)}: give a later time.",
        )


def make_sample(settings: Settings) -> Path:
    """Write the sample's files below the data folder; returns their folder."""
    with reporter("Simulating", SAMPLE_TRANSFERS, unit="transfers") as progress:
        return simulate(
            settings.layout.root / "sample",
            transfers=SAMPLE_TRANSFERS,
            seed=SAMPLE_SEED,
            progress=lambda done, of: progress.moved_to(done * SAMPLE_TRANSFERS // of),
        )


def ingest_source(settings: Settings, source: FileSource) -> str:
    """Ingest one configured source; returns its closing line."""
    with files.writing(settings.layout):
        report = ingest_files(
            settings.layout, source.paths, source.input_format, chain=source.chain, blocks=source.blocks
        )
    report.raise_if_misread()
    return report.sentence()


def import_folder(layout: Layout, folder: Path, now: dt.datetime) -> None:
    """Import assets.csv, prices.csv, labels.csv and jurisdictions.csv of a folder into the registries."""
    with files.writing(layout):
        imports.import_assets(layout, folder / "assets.csv", known_at=None, now=now)
        imports.import_prices(layout, folder / "prices.csv", known_at=None, now=now)
        imports.import_labels(layout, folder / "labels.csv", known_at=None, now=now)
        imports.import_jurisdictions(layout, folder / "jurisdictions.csv", known_at=None, now=now)


def compute_facts(settings: Settings, as_of: dt.datetime) -> partition_facts.Facts:
    """Bring the flows and daily facts of every partition up to date."""
    layout = settings.layout
    partitions = partition_facts.chain_days(layout)
    registries = registries_at(layout, as_of, tuple(settings.price_sources))
    with reporter("Computing flows", len(partitions), unit="chain-days") as progress:
        return partition_facts.update(
            layout, registries, as_of=as_of, staleness=settings.staleness, progress=progress.advance
        )


def publish_vintage(
    settings: Settings, as_of: dt.datetime, now: dt.datetime, facts: partition_facts.Facts
) -> Built:
    """Total the daily facts, and publish everything as a new vintage."""
    layout = settings.layout
    registries = registries_at(layout, as_of, tuple(settings.price_sources))
    read = classified_coverage(layout, registries)
    chains = tuple(sorted(set(settings.chains)) or store_chains(read))
    kept = inputs_to_keep(layout, facts, settings.staleness_hours, tuple(settings.price_sources), chains)
    made = assembled(facts, registries, read, as_of, kept)
    inputs = registries.fingerprints | {
        "raw": facts.raw_fingerprint(),
        "staleness_hours": f"{settings.staleness_hours:g}",
        "price_sources": ",".join(settings.price_sources),
        "chains": ",".join(chains),
        "result": result_digest(made.totals),
    }
    vintage = Vintage(
        name=f"{now:%Y%m%dt%H%M%S.%fz}-{inputs['result'][:8]}",
        published_at=now,
        as_of=as_of,
        simulated=registries.simulated,
        code_version=inflows.__version__,
        rules_version=RULES_VERSION,
        inputs=inputs,
    )
    database = publish(layout, made, vintage, keep=settings.keep_databases)
    return Built(
        vintage=vintage.name,
        database=database,
        partitions=len(facts.partitions),
        computed=facts.computed,
        findings=made.findings.height,
        notes=[*_notes(read, registries, made.findings), *contested_notes(made.contested_daily)],
        simulated=vintage.simulated,
    )


def classified_coverage(layout: Layout, registries: Registries) -> pl.DataFrame:
    """What the raw store covers, with a verdict on each day under the labels in force."""
    return classified_days(
        coverage(layout),
        lambda chain: registries.of_chain(chain).wallets,
        lambda digest: labelled_addresses(layout, digest),
    )


def _unvalued_chains(read: pl.DataFrame, registries: Registries) -> list[str]:
    """A sentence on each stored chain that is not known here, or of which no asset is listed."""
    listed = set(registries.assets["chain"])
    rows = read.group_by("chain").agg(pl.col("rows").sum()).filter(pl.col("rows") > 0).sort("chain")
    told = [
        chain_warning(chain, chain in listed or not listed, f"{number:,} rows of it")
        for chain, number in rows.iter_rows()
    ]
    return [sentence for sentence in told if sentence]


def _notes(read: pl.DataFrame, registries: Registries, found: pl.DataFrame) -> list[str]:
    """What a reader of the totals should know, in sentences."""
    notes = []
    for table, consequence in (
        ("assets", "nothing is valued: import some with `inflows assets import`"),
        ("claims", "there are no flows: import some with `inflows labels import`"),
        ("jurisdictions", "everything is unattributed (ZZ): import some with `inflows jurisdictions import`"),
    ):
        if getattr(registries, table).is_empty():
            notes.append(f"The registry of {table.replace('claims', 'labels')} is empty, so {consequence}.")
    for finding, transfers in (
        found.filter(~pl.col("finding").is_in([UNPLACED, PASSING]))
        .group_by("finding")
        .agg(pl.col("transfers").sum())
        .sort("finding")
        .iter_rows()
    ):
        flows = "flow" if transfers == 1 else "flows"
        notes.append(f"{transfers:,} {flows}: {finding.replace('_', ' ')} (table meta_finding).")
    passed = found.filter(pl.col("finding") == PASSING)
    if passed.height:
        notes.append(said_of_passing(passed))
    unplaced = found.filter(pl.col("finding") == UNPLACED)
    if unplaced.height:
        notes.append(sentence(unplaced))
    again = read.filter("read_again").group_by("chain").agg(pl.col("date").n_unique()).sort("chain")
    for chain, days in again.iter_rows():
        notes.append(
            f"{days:,} {'day' if days == 1 else 'days'} of {chain} must be read again, and count as missing "
            "until then: labels were added since they were read for labelled wallets alone "
            "(rpt_coverage.read_again)."
        )
    notes += _unvalued_chains(read, registries)
    quarantined = read["quarantined"].fill_null(0).sum()
    if quarantined:
        notes.append(
            f"{quarantined:,} rows stand in quarantine (rpt_coverage, and raw/quarantine in the data folder)."
        )
    return notes
