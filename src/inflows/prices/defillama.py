"""DefiLlama's coins: prices by contract, each at its own timestamp (not the one that was asked for).

Answers of /chart and /batchHistorical hold a list of prices for a coin, those of /prices/historical one.
A coin that DefiLlama does not know is left out of the answer: `{"coins": {}}`.
"""

from __future__ import annotations

import datetime as dt
from typing import Any, Final

import polars as pl

from inflows.errors import BadAnswer, UsageError
from inflows.http import Endpoint, HttpClient, Request
from inflows.prices.fetched import Fetched, Span
from inflows.prices.quotes import instant_of, quotes_frame
from inflows.prices.saved_answers import read_answer, saved_answer

_MOST_POINTS: Final = 400
_SECONDS: Final = {"1h": 3600, "1d": 86400}


def parse_defillama(body: bytes, origin: str) -> pl.DataFrame:
    """A saved answer of /chart, /batchHistorical or /prices."""
    coins = _coins(saved_answer(body, origin))
    if coins is None:
        raise UsageError(f"{origin} is no answer of DefiLlama: it has no coins.", "Fetch it again.")
    if not coins:
        raise UsageError(
            f"{origin} holds no quote: DefiLlama knew none of the coins that were asked for.",
            "Ask for coins as CHAIN:CONTRACT or coingecko:ID.",
        )
    return quotes_of(coins, origin)


def quotes_of(coins: dict[str, Any], origin: str) -> pl.DataFrame:
    """The `coins` of an answer as quotes; EVM contracts in lower case."""
    return quotes_frame(
        {
            "source_id": _canonical(coin),
            "time": instant_of(point.get("timestamp")),
            "price": None if point.get("price") is None else str(point["price"]),
            "row": f"{coin},{point.get('timestamp')},{point.get('price')}",
            "origin": origin,
        }
        for coin, said in coins.items()
        for point in _points(said)
    )


def _canonical(coin: str) -> str:
    return coin.lower() if ":0x" in coin.lower() else coin


def _points(said: Any) -> list[dict[str, Any]]:
    found = said.get("prices", [said]) if isinstance(said, dict) else [{}]
    return [point if isinstance(point, dict) else {} for point in found] if isinstance(found, list) else [{}]


def _coins(answer: Any) -> dict[str, Any] | None:
    coins = answer.get("coins") if isinstance(answer, dict) else None
    return coins if isinstance(coins, dict) else None


def fetch_defillama(
    http: HttpClient, endpoint: Endpoint, coins: list[str], span: Span, interval: str | None, now: dt.datetime
) -> Fetched:
    """Prices of coins at every hour or day of a span, in as many requests as it takes."""
    interval = interval or "1d"
    parts, unknown, step = [quotes_frame([])], [], _SECONDS[interval]
    points = int((span.end - span.start) / dt.timedelta(seconds=step)) + 1
    for coin in coins:
        found = False
        for done in range(0, points, _MOST_POINTS):
            params = {
                "start": str(int(span.start.timestamp()) + done * step),
                "span": str(min(_MOST_POINTS, points - done)),
                "period": interval,
            }
            answer = http.call(Request(endpoint, path=f"chart/{coin}", params=params), read_answer)
            said = _coins(answer)
            if said is None:
                raise BadAnswer(f"{endpoint} answered without coins.", "Check the address of the service.")
            part = quotes_of(said, "defillama")
            parts.append(part)
            found = found or not part.is_empty()
        if not found:
            unknown.append(coin)
    return Fetched(pl.concat(parts), tuple(unknown))
