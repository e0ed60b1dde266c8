"""Inflows: what centralised exchanges received on chain, by jurisdiction and half-year.

The data's way: sources -> transfers (raw) -> labelled -> priced -> classified flows -> daily facts
-> attributed -> half-year totals -> published warehouse.
"""

from importlib.metadata import version

__version__ = version("inflows")
