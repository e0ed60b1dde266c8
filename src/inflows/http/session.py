"""The session that requests are sent by: no cookies, no retries of its own, and no path in what is logged."""

from __future__ import annotations

import logging
from http.cookiejar import DefaultCookiePolicy

import requests
from requests.adapters import HTTPAdapter

from inflows import __version__
from inflows.http.endpoint import Endpoint


def new_session(connections: int) -> requests.Session:
    """A session for so many connections at once to a host."""
    session = requests.Session()
    adapter = HTTPAdapter(pool_connections=16, pool_maxsize=connections, pool_block=True, max_retries=0)
    session.mount("http://", adapter)
    session.mount("https://", adapter)
    session.headers["User-Agent"] = f"inflows/{__version__}"
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    return session


class _WithoutPaths(logging.Filter):
    """Takes URLs and paths out of what urllib3 logs: it logs the whole path of every request at DEBUG."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(_without_path(argument) for argument in record.args)
        record.exc_info = None
        return True


def _without_path(argument: object) -> object:
    if isinstance(argument, str) and argument.startswith("/"):
        return "/…"
    if isinstance(argument, (str, Exception)):
        return Endpoint("").redact(str(argument))
    return argument


for _name in ("connection", "connectionpool", "poolmanager", "response", "util.retry"):
    logging.getLogger(f"urllib3.{_name}").addFilter(_WithoutPaths())
