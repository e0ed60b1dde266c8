"""The closed sets of names, and the form of the open ones.

Slugs become folder names and SQL values, so they are allow-listed by form before they are used as either.
"""

from typing import Final

SLUG_PATTERN: Final = r"^[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?$"
"""Chains, exchanges and sources: lower case, at most 64 characters, no path or shell characters."""

KINDS: Final = ("token", "native", "trace", "withdrawal")
"""Kinds of account-model transfers."""

SIDES: Final = ("in", "out")
"""Sides of a UTXO entry: an output that is spent, an output that is made."""

CUSTODY_ROLES: Final = (
    "", "hot", "cold", "deposit", "withdrawal", "consolidation", "custody", "reserve", "treasury",
)  # fmt: skip
"""Roles of wallets that hold what customers sent; the empty role is a wallet of unknown use."""

OTHER_ROLES: Final = ("gas", "deposit_funder", "deployer", "contract", "staking", "issuer")
"""Roles that make a transfer internal when the other side is the same exchange, else count for nothing."""

ROLES: Final = CUSTODY_ROLES + OTHER_ROLES

ASSET_KINDS: Final = ("native", "wrapped_native", "stablecoin", "token")

LEVELS: Final = {"strict": 50, "base": 20, "all": 0}
"""Lowest label confidence that exists at each level."""

SCOPES: Final = ("exchange", "jurisdiction", "market")
BASES: Final = ("licence", "headquarters", "traffic")
FLOW_TYPES: Final = ("internal", "mint", "burn", "wrap", "inter_exchange", "inflow", "outflow", "fee")
RECEIVED: Final = ("inflow", "inter_exchange")
"""The flow types that an exchange receives."""

SENT: Final = ("outflow", "inter_exchange")
"""The flow types that an exchange sends."""

COUNTED: Final = tuple(dict.fromkeys(RECEIVED + SENT))
"""The flow types that totals are made of."""

BETWEEN: Final = tuple(name for name in RECEIVED if name in SENT)
"""The flow types that have an exchange on both sides: scopes differ in what they count of these."""

GRAINS: Final = ("half", "quarter", "month", "year", "day")
"""The lengths of periods; half-years are what is published."""

SIZE_BANDS: Final = {"under_10k": 0, "10k_to_1m": 10_000, "1m_to_10m": 1_000_000, "from_10m": 10_000_000}
"""Sizes of single transfers by the US dollars from which each begins, smallest first."""

UNATTRIBUTED: Final = "ZZ"
"""The jurisdiction of what no registry row attributes (a user-assigned code of ISO 3166-1)."""

DATASETS: Final = ("transfers", "utxo", "blocks")
"""The datasets of the raw store."""
