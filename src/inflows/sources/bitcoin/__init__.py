"""Bitcoin and its kin: inputs and outputs from a node's JSON-RPC."""

from inflows.sources.bitcoin.ingest import BitcoinReport, ingest_bitcoin

__all__ = ["BitcoinReport", "ingest_bitcoin"]
