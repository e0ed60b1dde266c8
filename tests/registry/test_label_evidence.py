"""Where a claim can be looked up: a note beside the claim, which decides nothing."""

import datetime as dt

import polars as pl
import pytest
from registry_files import LATER, NOW, A, B, load_rows, row

from inflows.build.registry_snapshot import Registries
from inflows.errors import UsageError
from inflows.files import write_parquet
from inflows.layout import Layout
from inflows.registry import effective
from inflows.registry.label_sources import label_sources, lineages
from inflows.registry.store import append, files_of
from inflows.registry.tables import LABELS

FAR = dt.datetime(2030, 1, 1, tzinfo=dt.UTC)


def evidence(layout: Layout) -> list[str]:
    return effective.labels(layout, FAR).sort("address").collect()["evidence"].to_list()


def test_evidence_is_kept_and_empty_where_the_file_has_none(layout: Layout) -> None:
    load_rows(layout, "labels", row("labels", evidence="https://example.org/reserves"))
    load_rows(layout, "labels", row("labels", address=B), now=LATER)
    assert evidence(layout) == ["https://example.org/reserves", ""]


def test_files_stored_before_there_was_evidence_are_read_beside_newer_ones(layout: Layout) -> None:
    load_rows(layout, "labels", row("labels"))
    [file] = files_of(layout, LABELS)
    write_parquet(pl.read_parquet(file).drop("evidence"), file)
    load_rows(layout, "labels", row("labels", address=B, evidence="ab12"), now=LATER)
    assert evidence(layout) == ["", "ab12"]


def test_other_evidence_alone_is_nothing_new_and_changes_no_fingerprint(layout: Layout) -> None:
    load_rows(layout, "labels", row("labels", evidence="list.csv:12"))
    before = effective.fingerprint(layout, "labels", FAR)
    again = load_rows(layout, "labels", row("labels", evidence="list.csv:13"), now=LATER)
    assert (again.added, again.replaced, again.unchanged) == (0, 0, 1)
    assert evidence(layout) == ["list.csv:12"]
    load_rows(layout, "labels", row("labels", exchange="okx", evidence="list.csv:13"), now=LATER)
    assert evidence(layout) == ["list.csv:13"]
    assert effective.fingerprint(layout, "labels", FAR) != before


def test_evidence_has_at_most_500_characters(layout: Layout) -> None:
    with pytest.raises(UsageError, match=r"evidence .* is longer than 500"):
        load_rows(layout, "labels", row("labels", evidence="x" * 501))


def test_rows_appended_without_evidence_have_an_empty_one(layout: Layout) -> None:
    load_rows(layout, "labels", row("labels"))
    rows = effective.labels(layout, FAR).drop("evidence").with_columns(address=pl.lit(B)).collect()
    append(layout, LABELS, rows, known_at=None, now=LATER)
    assert evidence(layout) == ["", ""]


def test_copies_of_one_explorer_are_one_vote(layout: Layout) -> None:
    """Two lists of Etherscan's tags say one exchange; a list of its own and another say the other."""
    says = {"etherscan-labels": "kraken", "eth-labels": "kraken", "spellbook": "kraken"}
    for source, exchange in says.items():
        load_rows(layout, "labels", row("labels", address=A, source=source, exchange=exchange), now=NOW)
    for source in ("defillama", "ton-labels"):
        load_rows(layout, "labels", row("labels", address=A, source=source, exchange="okx"), now=NOW)
    wallets = Registries(layout, FAR).of_chain("ethereum").wallets
    assert wallets["exchange_base"].to_list() == ["okx"]


def test_every_listed_source_names_its_lineage_confidence_and_licence() -> None:
    for name, source in label_sources().items():
        assert lineages()[name] == source.lineage
        assert 0 <= source.confidence <= 100
        assert source.licence
        assert source.note
