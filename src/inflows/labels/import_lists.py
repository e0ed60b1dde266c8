"""Import a list of others: read, validate, quarantine what fails, append the rest to the registry."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections import Counter
from pathlib import Path

import polars as pl

from inflows.contracts.registry import Labels
from inflows.contracts.schema import UTC_TIME, dtypes
from inflows.errors import UsageError
from inflows.exchanges import UNKNOWN_KIND, Names, one_spelling
from inflows.labels import address_lookup, label_quarantine, snapshots
from inflows.labels.claim_rows import frames
from inflows.labels.import_report import LabelsReport
from inflows.labels.list_format import FORMATS
from inflows.labels.validate import (
    QUARANTINED,
    SKIPPED,
    SOUND,
    validate_claims,
    validate_together,
    with_contracts,
)
from inflows.layout import Layout
from inflows.registry import effective
from inflows.registry.imports import core_assets_path
from inflows.registry.label_sources import label_sources
from inflows.registry.naming import held_exchanges
from inflows.registry.store import Imported, append
from inflows.registry.tables import LABELS
from inflows.times import END

_EACH_ITS_OWN = ("tagpack", "reserves")
"""Formats of which each pack or publisher is a source, and so a list, of its own."""


def import_labels_of(
    layout: Layout,
    path: Path,
    input_format: str,
    *,
    aliases: Path | None = None,
    known_at: dt.datetime | None = None,
    replaces: bool = False,
    now: dt.datetime,
) -> LabelsReport:
    """Import a checkout, folder or file of a list; UsageError where a file cannot be read (nothing is
    stored).

    Claims that fail are quarantined and counted. Claims of an earlier import that the list does not make any
    more are told, and with `replaces` withdrawn from the import's known_at on (snapshots). aliases: a user's
    own names of exchanges (alias, exchange). known_at: since when the claims are known; else from `now` on.
    The caller holds files.writing(layout).
    """
    if input_format not in FORMATS:
        raise UsageError(
            f"--input-format {input_format} is unknown.",
            f"The formats of labels are inflows, {', '.join(FORMATS)}.",
        )
    names = Names(aliases)
    batches = [
        validate_claims(claims, names, _default_confidence(claims["source"].unique().to_list()))
        for claims in frames(FORMATS[input_format].read(path))
    ]
    if not batches:
        raise UsageError(f"{path} holds no labels.", "Give a checkout or a file of the list.")
    claims = _of_one_spelling(pl.concat(batches), names, held_exchanges(layout))
    validated = validate_together(with_contracts(claims, _contracts(layout)))
    rows = validated.filter((pl.col("verdict") == SOUND) & ~pl.col("repeated"))
    lists = label_quarantine.keep(layout, validated)
    held = address_lookup.in_effect(effective.labels(layout, known_at or now)).collect()
    is_whole = path.is_dir() or input_format in _EACH_ITS_OWN
    gone = snapshots.not_any_more(snapshots.with_list(held), rows, validated, path, is_whole=is_whole)
    ended = snapshots.withdrawn(gone) if replaces else gone.clear().select(LABELS.columns)
    added = append(layout, LABELS, pl.concat([_as_labels(rows), ended]), known_at=known_at, now=now)
    since = gone.with_columns(known_at=pl.lit(known_at or now, dtype=UTC_TIME))
    snapshots.remember(layout, rows, since, ended=replaces)
    imported = dataclasses.replace(
        added, read=added.read - ended.height, replaced=added.replaced - ended.height
    )
    report = _report(input_format, validated, lists, imported, names)
    return dataclasses.replace(report, gone=tuple(snapshots.names_of(gone)), ended=replaces)


def unknown_exchanges(labels: pl.DataFrame, names: Names | None = None) -> list[str]:
    """The exchanges among labels (column exchange) that the project's facts do not list, sorted."""
    known = names or Names()
    slugs = labels["exchange"].unique().sort().to_list()
    return [slug for slug in slugs if slug and known.owner(slug).kind == UNKNOWN_KIND]


def _of_one_spelling(validated: pl.DataFrame, names: Names, held: list[str]) -> pl.DataFrame:
    """Claims of which exchanges that nobody listed are one where their names differ in punctuation alone."""
    unlisted = [slug for slug in validated["exchange"].unique() if slug and not names.is_known(slug)]
    return validated.with_columns(pl.col("exchange").replace(one_spelling(unlisted, held)))


def _default_confidence(sources: list[str]) -> dict[str, int]:
    """The confidence of each source's claims; of a pack or an exchange's list, what holds for all of them."""
    listed = label_sources()
    found = {}
    for source in sources:
        facts = listed.get(source) or next(
            listed[name] for name in ("tagpack", "reserves") if source.startswith(f"{name}-")
        )
        found[source] = facts.confidence
    return found


def _contracts(layout: Layout) -> pl.DataFrame:
    """The contracts of the listed assets, and of the project's own list of core assets."""
    core = pl.read_csv(core_assets_path(), infer_schema=False).select(
        "chain", pl.col("contract").fill_null("")
    )
    return pl.concat([core, effective.assets(layout, END).select("chain", "contract").collect()]).unique()


def _as_labels(rows: pl.DataFrame) -> pl.DataFrame:
    never = [pl.lit(None).alias(name) for name in ("valid_from", "valid_to", "known_at")]
    return rows.with_columns(never).select(pl.col(name).cast(kind) for name, kind in dtypes(Labels).items())


def _report(
    input_format: str, validated: pl.DataFrame, lists: pl.DataFrame, imported: Imported, names: Names
) -> LabelsReport:
    sound = validated.filter((pl.col("verdict") == SOUND) & ~pl.col("repeated"))
    facts = label_sources()[input_format]
    worthless = label_quarantine.worthless_lists(lists)
    return LabelsReport(
        input_format=input_format,
        lists=lists.select("source", "list").n_unique(),
        claims=validated.height,
        imported=imported,
        repeated=int(validated["repeated"].sum()),
        untested=sound.filter(~pl.col("tested")).height,
        quarantined=_by_reason(validated, QUARANTINED),
        skipped=_by_reason(validated, SKIPPED),
        unknown=tuple(unknown_exchanges(sound, names)),
        worthless=tuple(
            f"{source}, {name}, {chain}: {failed:,}"
            for source, name, chain, failed in worthless.select(
                "source", "list", "chain", "quarantined"
            ).rows()
        ),
        licence=f"{facts.licence} ({facts.licence_url})" if facts.licence_url else facts.licence,
    )


def _by_reason(validated: pl.DataFrame, verdict: str) -> Counter[str]:
    counts = validated.filter(pl.col("verdict") == verdict).group_by("reason").agg(pl.len()).sort("reason")
    return Counter(dict(counts.rows()))
