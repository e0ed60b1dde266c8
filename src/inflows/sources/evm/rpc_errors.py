"""What a JSON-RPC error means: error codes are ambiguous, so code and message are read together.

Sources of the messages: docs of the providers named beside them, ethers.js 4703, viem 5084, reth 23810,
ethereum/execution-apis 875 (ranges beyond the head).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final


class Fault(Enum):
    """What to do about an error."""

    WAIT = "wait"
    SPLIT = "split"
    SMALLER_BATCH = "smaller_batch"
    BEYOND_HEAD = "beyond_head"
    PRUNED = "pruned"
    UNSUPPORTED = "unsupported"
    REFUSED = "refused"
    RETRY = "retry"
    FATAL = "fatal"


@dataclass(frozen=True)
class RpcError:
    """An error item of a JSON-RPC answer, and the HTTP status that it came with."""

    code: int
    message: str
    data: Any = None
    status: int = 200
    retry_after: float | None = None
    """Seconds of the answer's Retry-After header."""


_REFUSED: Final = re.compile(
    r"app is inactive|invalid (?:api[ _-]?key|project id|token)|unauthori[sz]ed|"
    r"api[ _-]?key (?:is )?(?:not|invalid|missing|expired|required)|must be authenticated|"
    r"project id (?:is )?required|access denied|account (?:is )?(?:suspended|disabled|inactive)"
)
_BATCH: Final = re.compile(
    r"batch(?:es|ing)?\b.*(?:limit|exceed|large|long|big|not (?:supported|allowed|permitted)|disabled|max)|"
    r"(?:limit|exceed|too (?:large|many)|max(?:imum)?)\b.*\bbatch|invalid request batch"
)
_WAIT: Final = re.compile(
    r"rate.?limit|too many requests|request limit|requests? per|per second|throttl|over rate|"
    r"no backend is currently healthy|compute units|capacity exceeded|exceeded .*(?:quota|capacity|credits)|"
    r"daily request count|monthly (?:quota|capacity)|server (?:is )?(?:busy|overloaded)|"
    r"concurrent requests|back ?off"
)
_WAIT_CODES: Final = (429, -32007, -32016, -32029, -32097)
_BEYOND: Final = re.compile(
    r"beyond (?:the )?(?:current |chain )?(?:head|latest)|invalid block range|empty range|"
    r"(?:from|to) ?block.*(?:after|greater|higher|beyond|exceeds?).*(?:head|latest|current)|"
    r"could not get header|header not found|block not found|unknown block|"
    r"after last accepted block|requested (?:block|range).*(?:not (?:yet )?available|future)"
)
_RANGE: Final = re.compile(
    r"query returned (?:more|too many)|returns? too many|too many (?:logs|results|blocks|events)|"
    r"response (?:size|is) (?:too|exceed|should|larger)|response too (?:large|big)|"
    r"response size|block range|range \d+ exceeds|exceeds? (?:the )?(?:limit|max)|exceed max|"
    r"limited to (?:a |an )?[\d,]+|max(?:imum)?(?: block)? range|range (?:is )?too|range limit|"
    r"narrow your|query (?:timeout|timed out)|query exceeds|more than [\d,]+ (?:results|logs|blocks)|"
    r"payload too large|entity too large|result set too large|log (?:count|limit)"
)
_TIMEOUT: Final = re.compile(r"time(?:d)? ?out|deadline exceeded|took too long|execution aborted")
_PRUNED: Final = re.compile(
    r"missing trie node|pruned|(?:state|history|data|receipts?|logs?) (?:is |are )?(?:not|un)available|"
    r"historical state|archive|ancient|before the (?:earliest|first)|no longer available"
)
_UNSUPPORTED: Final = re.compile(
    r"method .*(?:not found|not supported|does not exist|not available|unavailable|not whitelisted|"
    r"not allowed|disabled|not enabled)|unsupported method|not implemented|"
    r"(?:is|are) not (?:available|supported|enabled)|(?:paid|upgrade|growth) (?:tier|plan)"
)
_REVERTED: Final = re.compile(r"execution (?:was )?revert|vm execution error|transaction reverted")
_SUGGESTED: Final = (
    re.compile(r"\[\s*(0x[0-9a-f]+|\d+)\s*,\s*(0x[0-9a-f]+|\d+)\s*\]"),
    re.compile(r"range\s+(\d+)\s*-\s*(\d+)"),
)
_LIMIT: Final = re.compile(
    r"(?:up to an? |limited to (?:an? )?|exceeds? (?:the )?limit(?: of)? |"
    r"max(?:imum)? block range:? (?:of )?|max range:? |your filter:? )([\d,]{1,12})(k?)\b"
)
_SECONDS: Final = re.compile(r"(?:retry|try again|wait)\D{0,20}?([\d.]+)\s*(ms|s\b|sec)")


def classify(error: RpcError, method: str = "") -> Fault:
    """What an error means for a call of `method`: keys first, then rate limits, then ranges."""
    text = error.message.lower()
    if _REFUSED.search(text):
        return Fault.REFUSED
    if _BATCH.search(text):
        return Fault.SMALLER_BATCH
    if _WAIT.search(text) or error.code in _WAIT_CODES or error.status == 429:
        return Fault.WAIT
    if error.status in (401, 403):
        return Fault.REFUSED
    if error.code == -32601:
        return Fault.UNSUPPORTED
    if method == "eth_call" and _REVERTED.search(text):
        return Fault.FATAL
    if _BEYOND.search(text):
        return Fault.BEYOND_HEAD
    if _RANGE.search(text) or error.status == 413:
        return Fault.SPLIT if method == "eth_getLogs" else Fault.SMALLER_BATCH
    if _TIMEOUT.search(text):
        return Fault.SPLIT if method == "eth_getLogs" else Fault.RETRY
    if _PRUNED.search(text):
        return Fault.PRUNED
    if _UNSUPPORTED.search(text):
        return Fault.UNSUPPORTED
    if error.code in (-32603, -32000, -32001, -32002, -32005) or error.status >= 500:
        return Fault.RETRY
    return Fault.FATAL


def suggested_size(message: str, first: int, last: int) -> int | None:
    """How many blocks from `first` on a server says that it would answer, if fewer than were asked for."""
    text = message.lower()
    asked = last - first + 1
    for pattern in _SUGGESTED:
        for low, high in pattern.findall(text):
            start, end = int(low, 0), int(high, 0)
            if start == first and first <= end < last:
                return end - first + 1
    for found, thousands in _LIMIT.findall(text):
        limit = int(found.replace(",", "") or "0") * (1000 if thousands else 1)
        if 0 < limit < asked:
            return limit
    return None


def asked_wait(error: RpcError) -> float | None:
    """Seconds that an error asks to wait: Infura's data.rate.backoff_seconds, or in the message."""
    data = error.data
    if isinstance(data, dict):
        rate = data.get("rate")
        seconds = rate.get("backoff_seconds") if isinstance(rate, dict) else data.get("try_again_in")
        try:
            number = float(str(seconds).removesuffix("ms").removesuffix("s"))
        except ValueError:
            pass
        else:
            return number / 1000 if str(seconds).endswith("ms") else number
    match = _SECONDS.search(error.message.lower())
    if match:
        try:
            number = float(match[1].rstrip("."))
        except ValueError:
            return error.retry_after
        return number / 1000 if match[2] == "ms" else number
    return error.retry_after
