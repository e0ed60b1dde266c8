"""The one client of the network: timeouts, retries, waits that servers ask for, and no key in any message.

Building a request, sending it and reading the answer are three functions, so that a reader of answers is
tested without a network:

    endpoint = parse_endpoint(url)                      # may hold keys; shows itself without them
    request = Request(endpoint, method="POST", body=b"…")
    with HttpClient() as client:
        answer = client.call(request, read)               # read: Reply -> anything, raises NetError

What can go wrong is drawn in inflows.errors.
"""

from inflows.http.adaptive import AdaptiveSize
from inflows.http.client import HttpClient, Limits, gave_up
from inflows.http.endpoint import Endpoint, parse_endpoint
from inflows.http.messages import Reply, Request, read_json, read_ok
from inflows.http.parallel import in_order
from inflows.http.rate import Rate
from inflows.http.retrying import Patience, retry_after
from inflows.http.streaming import Stream, whole_lines

__all__ = [
    "AdaptiveSize",
    "Endpoint",
    "HttpClient",
    "Limits",
    "Patience",
    "Rate",
    "Reply",
    "Request",
    "Stream",
    "gave_up",
    "in_order",
    "parse_endpoint",
    "read_json",
    "read_ok",
    "retry_after",
    "whole_lines",
]
