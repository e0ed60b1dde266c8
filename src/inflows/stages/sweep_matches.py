"""Which payments to an exchange passed on what had been received, and within a day.

A payment matches where its amount is 0.9 to 1.1 times

- all that was received of the asset since the last payment of it, as far as it came within the day before, or
- one of the last 64 receipts of the asset, within the day before (Victor, FC 2020: deposits may be moved one
  by one, and a rest or a speck of dust from a stranger need not hide the others).

The native coin pays its own way, and the fee is not in the transfers: there a payment also matches that is
at most 0.01 coins less than what was received (Victor), and at least half of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

LOWEST, HIGHEST = 0.9, 1.1
WITHIN_SECONDS: Final = 86_400
LAST_RECEIPTS: Final = 64
_ROUNDING: Final = 1e-12
"""Amounts are doubles here; those that stand exactly on a limit are inside."""
_SPAN: Final = 2**36
"""More seconds than any two block times are apart."""


@dataclass(frozen=True)
class Moves:
    """Receipts and payments, sorted by group, then time, receipts before payments of the same block.

    group: a number for each address and asset, ascending. allowance: raw units by which a payment may fall
    short for its fee. is_foreign: of a receipt, that it came from no exchange.
    """

    group: Ints
    seconds: Ints
    is_out: Bools
    amount: Floats
    allowance: Floats
    is_foreign: Bools


@dataclass(frozen=True)
class Matches:
    """Of each row: whether it is a payment that matches in time, that would match but for the time, and
    whether something that came from no exchange is in what it matches."""

    in_time: Bools
    late: Bools
    is_foreign: Bools


def match_sweeps(moves: Moves, asked: Bools) -> Matches:
    """Match the payments that are asked for; the others are only seen as payments that came between."""
    got = np.flatnonzero(~moves.is_out)
    sent = np.flatnonzero(moves.is_out)
    before = np.searchsorted(got, sent)  # of each payment: how many receipts stand before it
    first = np.searchsorted(moves.group[got], moves.group[sent])  # the first receipt of its group
    same = np.zeros(len(sent), dtype=bool)
    same[1:] = moves.group[sent[1:]] == moves.group[sent[:-1]]
    since = np.where(same, np.concatenate([[0], before[:-1]]), first)[: len(sent)]
    chosen = asked[sent]
    found = _Search(moves, got, sent[chosen], before[chosen], first[chosen], since[chosen])
    found.batches()
    found.one_by_one()
    out = Matches(*(np.zeros(len(moves.group), dtype=bool) for _ in range(3)))
    for name in ("in_time", "late", "is_foreign"):
        getattr(out, name)[sent[chosen]] = getattr(found, name)
    return out


class _Search:
    """The payments asked for, and what has been found of them: arrays of one length."""

    def __init__(self, moves: Moves, got: Ints, sent: Ints, before: Ints, first: Ints, since: Ints) -> None:
        self.before, self.first, self.since = before, first, since
        self.amount, self.allowance = moves.amount[sent], moves.allowance[sent]
        self.seconds, self.group = moves.seconds[sent], moves.group[sent]
        self.got_amount, self.got_seconds = moves.amount[got], moves.seconds[got]
        self.got_group, self.got_foreign = moves.group[got], moves.is_foreign[got]
        self.in_time, self.late, self.is_foreign = (np.zeros(len(sent), dtype=bool) for _ in range(3))

    def batches(self) -> None:
        """All receipts since the last payment: those of the day before, then whatever their time."""
        got_at = self.got_group * _SPAN + self.got_seconds
        a_day_ago = self.group * _SPAN + self.seconds - WITHIN_SECONDS
        fresh = np.maximum(self.since, np.searchsorted(got_at, a_day_ago))
        self.in_time = self._fits(self._sums(self.got_amount, fresh), slice(None))
        foreign = self._sums(self.got_foreign.astype(np.float64), fresh)
        self.is_foreign = self.in_time & (foreign > 0)
        self.late = ~self.in_time & self._fits(self._sums(self.got_amount, self.since), slice(None))

    def one_by_one(self) -> None:
        """The last receipts before each payment that no batch explains, the newest first."""
        open_ = np.flatnonzero(~self.in_time)
        for back in range(1, LAST_RECEIPTS + 1):
            open_ = open_[self.before[open_] - back >= self.first[open_]]
            if not len(open_):
                return
            receipt = self.before[open_] - back
            fits = self._fits(self.got_amount[receipt], open_)
            fresh = self.seconds[open_] - self.got_seconds[receipt] <= WITHIN_SECONDS
            hit = open_[fits & fresh]
            self.in_time[hit] = True
            self.is_foreign[hit] = self.got_foreign[receipt[fits & fresh]]
            self.late[open_[fits & ~fresh]] = True
            self.late[hit] = False
            open_ = open_[~(fits & fresh)]

    def _fits(self, received: Floats, which: Ints | slice) -> Bools:
        sent, short = self.amount[which], received - self.amount[which]
        low = sent >= LOWEST * received * (1 - _ROUNDING)
        by_fee = (short >= 0) & (short <= self.allowance[which]) & (2 * sent >= received)
        return (received > 0) & (sent <= HIGHEST * received * (1 + _ROUNDING)) & (low | by_fee)

    def _sums(self, values: Floats, begin: Ints) -> Floats:
        """The sum of the receipts from `begin` up to each payment; each is summed by itself, since a
        running sum would lose small amounts beside large ones."""
        if not len(values) or not len(begin):
            return np.zeros(len(begin))
        bounds = np.stack([begin, self.before], axis=1).ravel()
        sums = np.add.reduceat(np.append(values, 0.0), bounds)[::2]
        return np.where(begin < self.before, sums, 0.0)
