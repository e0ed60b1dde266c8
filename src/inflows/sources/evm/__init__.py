"""Live EVM chains and Tron by JSON-RPC: token, native and internal transfers, and withdrawals."""

from inflows.sources.evm.ingest import ingest_evm
from inflows.sources.evm.pace import Pace
from inflows.sources.evm.report import EvmReport

__all__ = ["EvmReport", "Pace", "ingest_evm"]
