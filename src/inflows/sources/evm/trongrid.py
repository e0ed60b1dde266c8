"""TronGrid's index of accounts: which transactions touch a wallet, found in slices of time.

`GET /v1/accounts/{address}/transactions/trc20` (developers.tron.network, "TRC-20 transaction history") gives
at most 200 rows, and a fingerprint where there are more. Paging by it loses rows (TRON-US/trongrid 16, 23),
so a slice that does not fit into one page is halved; only one second is paged through, and there a full page
without a fingerprint, or a fingerprint that comes again, is an error. The index says where to look and no
more: what was transferred is read from the receipts of the chain itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any, Final
from urllib.parse import urlsplit

from inflows.errors import BadAnswer, RateLimited
from inflows.http import Endpoint, HttpClient, Reply, Request, parse_endpoint, read_json

PAGE_ROWS: Final = 200
KEY_HEADER: Final = "TRON-PRO-API-KEY"
_SUSPENDED: Final = re.compile(r"frequency limit|suspended for (\d+) ?s")
_TRANSACTION: Final = re.compile(r"[0-9a-f]{64}")
_HINT: Final = "Leave --trongrid out: then the logs of all blocks are asked for, by JSON-RPC."


@dataclass(frozen=True)
class Page:
    """One answer: transactions (0x…) with their times in milliseconds, and where the next page begins."""

    rows: tuple[tuple[str, int], ...]
    fingerprint: str | None


@dataclass(frozen=True)
class TronGrid:
    """The index at one address."""

    http: HttpClient
    endpoint: Endpoint

    def transactions(self, addresses: Iterable[str], first: int, last: int) -> set[str]:
        """Transactions that touch any of the addresses (base58check) from `first` to `last` (seconds).

        Raises BadAnswer where the index contradicts itself, and the other errors of the client.
        """
        return {tx for address in addresses for tx in self._of(address, first, last)}

    def _of(self, address: str, first: int, last: int) -> set[str]:
        found: set[str] = set()
        slices = [(first, last)]
        while slices:
            start, end = slices.pop()
            page = self._page(address, start, end, None)
            if page.fingerprint is None and len(page.rows) < PAGE_ROWS:
                found |= {tx for tx, _ in page.rows}
            elif start < end:
                middle = (start + end) // 2
                slices += [(middle + 1, end), (start, middle)]
            else:
                found |= self._page_by_page(address, start, page)
        return found

    def _page_by_page(self, address: str, second: int, page: Page) -> set[str]:
        """All transactions of one second, which is too short to be halved."""
        where = f"{self.endpoint} gives the transactions of {address} at {second} (seconds since 1970)"
        found = {tx for tx, _ in page.rows}
        seen: set[str] = set()
        while page.fingerprint is not None:
            if page.fingerprint in seen:
                raise BadAnswer(f"{where} with a fingerprint that it gave before.", _HINT)
            seen.add(page.fingerprint)
            page = self._page(address, second, second, page.fingerprint)
            found |= {tx for tx, _ in page.rows}
        if len(page.rows) >= PAGE_ROWS:
            raise BadAnswer(f"{where} on a full page without a fingerprint: the rest cannot be had.", _HINT)
        return found

    def _page(self, address: str, first: int, last: int, fingerprint: str | None) -> Page:
        request = Request(
            self.endpoint,
            path=f"/v1/accounts/{address}/transactions/trc20",
            params={
                "limit": str(PAGE_ROWS),
                # Blocks are of whole seconds: so it does not matter whether the bounds count.
                "min_timestamp": str(first * 1000 - 1),
                "max_timestamp": str(last * 1000 + 1),
                "only_confirmed": "true",
                **({} if fingerprint is None else {"fingerprint": fingerprint}),
            },
        )
        return self.http.call(request, partial(read_page, first=first, last=last))


def trongrid_at(url: str, key: str | None, http: HttpClient) -> TronGrid:
    """The index at a user's URL; `key` goes into a header, and into no message."""
    return TronGrid(http, parse_endpoint(url, what="--trongrid", headers={KEY_HEADER: key} if key else {}))


def read_page(reply: Reply, first: int, last: int) -> Page:
    """An answer about `first` to `last` (seconds); BadAnswer where it is none, or about another time."""
    limited = _SUSPENDED.search(reply.excerpt())
    if limited:
        raise RateLimited(
            f"{reply.endpoint} limits the rate of requests: {reply.excerpt()}.",
            "Give a key in the environment as TRONGRID_API_KEY.",
            wait_seconds=reply.asked_wait or (float(limited[1]) if limited[1] else None),
        )
    found: Any = read_json(reply)
    if isinstance(found, dict) and found.get("success") is False:
        said = reply.endpoint.redact(str(found.get("error") or found.get("message") or "no message"))
        raise BadAnswer(f"{reply.endpoint} refuses: {' '.join(said.split())[:200]}.", "Check --trongrid.")
    try:
        rows = tuple((str(item["transaction_id"]).lower(), item["block_timestamp"]) for item in found["data"])
        fingerprint = found["meta"].get("fingerprint") or None
        good = found["success"] is True and all(
            _TRANSACTION.fullmatch(tx) and isinstance(time, int) for tx, time in rows
        )
    except (KeyError, TypeError, AttributeError):
        good = False
    if not good:
        raise BadAnswer(
            f"{reply.endpoint} does not answer as TronGrid does: {reply.excerpt()}.",
            "Give its address, such as https://api.trongrid.io.",
        )
    outside = [time for _, time in rows if not first * 1000 <= time <= last * 1000]
    if outside:
        raise BadAnswer(
            f"{reply.endpoint} gives a transaction of {outside[0]} where {first * 1000} to {last * 1000} "
            "(milliseconds since 1970) were asked for.",
            _HINT,
        )
    return Page(tuple(("0x" + tx, time) for tx, time in rows), fingerprint and str(fingerprint))


def with_key(endpoint: Endpoint, trongrid: str, key: str) -> Endpoint:
    """A node's address with TronGrid's key, if it is TronGrid's; the key goes to no other host."""
    same = urlsplit(endpoint.url).hostname == urlsplit(trongrid.strip()).hostname
    return Endpoint(endpoint.url, {**endpoint.headers, KEY_HEADER: key}) if same else endpoint
