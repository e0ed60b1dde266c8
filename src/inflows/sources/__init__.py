"""Sources: what others wrote about transfers, read into the raw store's columns."""

from inflows.sources.ingest_files import FORMATS, ingest_files

__all__ = ["FORMATS", "ingest_files"]
