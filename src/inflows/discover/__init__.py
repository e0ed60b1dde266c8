"""Labels that follow from other labels and the raw store: deposit addresses, and what was spent together."""

from inflows.discover.cospending import Discovered, discover
from inflows.discover.deposits import DiscoveredDeposits, discover_deposits
from inflows.discover.recording import OUTCOMES

__all__ = ["OUTCOMES", "Discovered", "DiscoveredDeposits", "discover", "discover_deposits"]
