"""The raw store: what the chains say, deduplicated, by chain and UTC day; and what could not be believed."""

from inflows.raw.by_source import coverage_by_source
from inflows.raw.coverage import coverage
from inflows.raw.delivery import Delivery, delivered_columns
from inflows.raw.ingest_report import IngestReport
from inflows.raw.partitions import list_partitions, list_quarantine, partition_fingerprint
from inflows.raw.resolve import resolve
from inflows.raw.store import ingest

__all__ = [
    "Delivery",
    "IngestReport",
    "coverage",
    "coverage_by_source",
    "delivered_columns",
    "ingest",
    "list_partitions",
    "list_quarantine",
    "partition_fingerprint",
    "resolve",
]
