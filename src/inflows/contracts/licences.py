"""Licences of exchanges, and figures that others published: the tables and their closed sets of names.

Both are facts to be held beside the totals. No total depends on either: what a licence means for a total is
said by the registry of jurisdictions.
"""

from __future__ import annotations

from typing import Final

from inflows.contracts import columns as c

STATUSES: Final = {
    "granted": "granted",
    "deemed": "applicant",  # may operate while the application is decided
    "in_principle": "applicant",
    "pending": "applicant",
    "withdrawn": "removed",
    "returned": "removed",
    "refused": "removed",
    "lapsed": "ended",
}
"""The statuses of an application or licence, and the standing under which registers count each of them."""

UNDER_WAY: Final = ("granted", "deemed", "in_principle", "pending")
"""Statuses of which an entity has one at a time for a licence; the others stay on record beside them."""

DATINGS: Final = ("on", "in", "by")
"""What valid_from means: on that day; some time in the month or year named; on that day or earlier."""

CERTAINTIES: Final = ("register", "statement", "press", "unverified")
"""Where a row was read: in the regulator's register, with the holder or regulator, in the press, nowhere."""

POLICIES: Final = ("own_wallets", "share", "unattributed")
"""What a licence means for a total: all of the exchange, a share that the registry states, or nothing."""

MEASURES: Final = ("received", "growth", "multiple", "share", "licences")
"""Published figures: dollars received, their ratio to a year before, to another place, to all, or a count."""

COUNTED: Final = ("centralised_exchanges", "all_services", "granted", "applicant", "removed")
"""What a published figure counts: services, or for licences a standing."""

BOUNDS: Final = ("rounded", "above", "below")
"""Whether the number behind a published figure is about it, above it (> 400bn) or below (almost double)."""


class Licences(c.Schema):
    """Statuses of licences by entity. Key: exchange, entity, jurisdiction, licence, status, valid_from."""

    exchange = c.string()  # the brand
    entity = c.string()  # the company; empty: not known
    jurisdiction = c.string()  # ISO 3166-1 alpha-2
    regulator = c.string()
    licence = c.string()  # its kind, as a slug: vatp, dpt-mpi, casp
    status = c.string()  # STATUSES
    valid_from = c.date(nullable=True)  # null: since ever
    valid_to = c.date(nullable=True)  # exclusive
    dating = c.string()  # DATINGS
    certainty = c.string()  # CERTAINTIES
    policy = c.string()  # POLICIES
    note = c.string()
    source = c.string()
    known_at = c.utc_time(nullable=True)


class References(c.Schema):
    """Figures that others published, one of the three published_ columns each. Key: figure."""

    figure = c.string()
    period = c.string()  # 2024-H1, 2025-02, or months from/to: 2023-07/2024-06
    jurisdiction = c.string()  # ISO 3166-1 alpha-2, or a region in the publisher's words
    other = c.string()  # of a multiple: what it is a multiple of; else empty
    measure = c.string()  # MEASURES
    counted = c.string()  # COUNTED
    licence = c.string()  # of a count of licences: their kind; else empty
    basis = c.string()  # names.BASES, by which the publisher placed value; empty: not told
    published_usd = c.decimal(38, 6, nullable=True)
    published_ratio = c.decimal(38, 6, nullable=True)
    published_count = c.int64(nullable=True)
    bound = c.string()  # BOUNDS
    caveats = c.string()
    source = c.string()
    known_at = c.utc_time(nullable=True)
