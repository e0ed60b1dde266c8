"""Prices from outside: saved files and answers of price services, and their fetchers, into the registry.

What a service says (`services` declares them; one module each) becomes quotes
(`quotes`), each at the instant at which it held. Quotes are judged (`judge`), valued in dollars (`dollars`),
laid on assets by `catalogue`, and stored in the price registry (`storing`). See docs/prices.md.
"""

from inflows.prices.fetching import SOURCES, fetch_prices
from inflows.prices.import_files import FORMATS, import_outside_prices
from inflows.prices.price_report import PricesReport

__all__ = ["FORMATS", "SOURCES", "PricesReport", "fetch_prices", "import_outside_prices"]
