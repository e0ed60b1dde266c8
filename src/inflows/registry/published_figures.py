"""Figures that others published: those that come with the project, and what was imported besides."""

from __future__ import annotations

import datetime as dt

import polars as pl

from inflows.layout import Layout
from inflows.reference.shipped import shipped
from inflows.registry.effective import latest
from inflows.registry.imports import read_sound
from inflows.registry.own_formats import own_format
from inflows.registry.store import SEQUENCE, scan
from inflows.registry.tables import REFERENCES


def references(layout: Layout, as_of: dt.datetime) -> pl.LazyFrame:
    """Published figures (contracts.licences.References) as of a time.

    The project's own are known since ever; an imported row with the name of one of them replaces it.
    """
    own = read_sound(own_format(REFERENCES), shipped("references"), None)
    first = own.lazy().with_columns(pl.lit(-1, dtype=pl.Int64).alias(SEQUENCE))
    return latest(pl.concat([first, scan(layout, REFERENCES)]), REFERENCES, as_of)
