"""Inflows: what centralised exchanges received on chain, by jurisdiction and half-year.

The data's way: sources -> transfers (raw) -> labelled -> priced -> classified flows -> daily facts
-> attributed -> half-year totals -> published warehouse.
"""

import logging as _logging
from importlib.metadata import version

__version__ = version("inflows")

_logging.getLogger(__name__).addHandler(_logging.NullHandler())  # the library alone prints nothing
