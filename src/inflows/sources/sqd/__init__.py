"""Transfers from an SQD Portal: of labelled addresses or all, without a node and without a key."""

from inflows.sources.sqd.ingest import ingest_sqd
from inflows.sources.sqd.pace import SqdPace
from inflows.sources.sqd.report import SqdReport

__all__ = ["SqdPace", "SqdReport", "ingest_sqd"]
