"""The registries as they stood at one instant, loaded once for a build."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

import polars as pl

from inflows.contracts.flows import Contested, Wallets
from inflows.contracts.schema import conform, dtypes, empty
from inflows.layout import Layout
from inflows.registry import effective, published_figures
from inflows.registry.label_sources import lineages
from inflows.registry.store import files_of
from inflows.registry.tables import LABELS, REFERENCES, TABLES
from inflows.stages.claim_verdicts import contested as contested_of
from inflows.stages.wallets import contested_wallets, resolve_wallets


@dataclass(frozen=True)
class Registries:
    """What was known at as_of (contracts Labels, Assets, Prices, Jurisdictions), read when first asked for.

    price_sources is the order in which the sources of quotes for one instant are believed.
    """

    layout: Layout
    as_of: dt.datetime
    price_sources: tuple[str, ...] = ()

    @cached_property
    def claims(self) -> pl.DataFrame:
        """Claims about addresses."""
        return effective.labels(self.layout, self.as_of).collect()

    @cached_property
    def assets(self) -> pl.DataFrame:
        """Listed assets."""
        return effective.assets(self.layout, self.as_of).sort("chain", "contract").collect()

    @cached_property
    def prices(self) -> pl.DataFrame:
        """One quote for an asset and instant, by time."""
        return effective.prices(self.layout, self.as_of, self.price_sources).sort("chain", "time").collect()

    @cached_property
    def jurisdictions(self) -> pl.DataFrame:
        """Weights of exchanges in jurisdictions."""
        keys = ("exchange", "basis", "jurisdiction", "valid_from")
        return effective.jurisdictions(self.layout, self.as_of).sort(keys).collect()

    @cached_property
    def licences(self) -> pl.DataFrame:
        """Statuses of licences; no total depends on them."""
        return effective.licences(self.layout, self.as_of).collect()

    @cached_property
    def references(self) -> pl.DataFrame:
        """Figures that others published, those of the project among them; no total depends on them."""
        return published_figures.references(self.layout, self.as_of).collect()

    @cached_property
    def fingerprints(self) -> dict[str, str]:
        """SHA-256 of what is in effect, by registry."""
        tables = ("assets", "prices", "jurisdictions", "licences")
        stored = {table: effective.fingerprint(self.layout, table, self.as_of) for table in tables}
        return {
            "labels": effective.digest(self.claims.lazy(), LABELS),
            **stored,
            "references": effective.digest(self.references.lazy(), REFERENCES),
        }

    @property
    def simulated(self) -> bool:
        """Whether any of it comes from a simulation."""
        return effective.is_simulated(self.layout, self.as_of)

    def of_chain(self, chain: str) -> ChainRegistries:
        """The part of the registries that a chain's partitions depend on."""
        of = pl.col("chain") == chain
        if chain not in self._resolved_wallets:
            self._resolved_wallets[chain] = self._resolve(chain)
        wallets, contested = self._resolved_wallets[chain]
        return ChainRegistries(
            chain=chain,
            wallets=wallets,
            assets=self.assets.filter(of),
            prices=self.prices.filter(of),
            contested=contested,
        )

    @cached_property
    def _resolved_wallets(self) -> dict[str, tuple[pl.DataFrame, pl.DataFrame]]:
        return {}

    def _resolve(self, chain: str) -> tuple[pl.DataFrame, pl.DataFrame]:
        """The wallets of a chain, and the contested ones among them as owners of their own."""
        claims = self.claims.lazy()
        wallets = resolve_wallets(claims, chain, lineages()).collect()
        contested = wallets.lazy().filter("contested").select("address").unique().collect()
        if contested.is_empty():
            return wallets, wallets.clear()
        disputed = claims.join(contested.lazy(), on="address", how="semi")
        return wallets, contested_wallets(disputed, chain, lineages()).collect()

    def contested(self, chains: Iterable[str]) -> pl.DataFrame:
        """The addresses of chains that count for no exchange, with what is claimed (contract Contested)."""
        found = [empty(Contested)]
        for chain in chains:
            contested = self.of_chain(chain).contested.lazy().select("address").unique()
            claims = self.claims.lazy().join(contested, on="address", how="semi")
            found.append(contested_of(claims, chain, lineages()).pipe(conform, Contested))
        return pl.concat(found).collect()


def registries_at(layout: Layout, as_of: dt.datetime, price_sources: tuple[str, ...] = ()) -> Registries:
    """The registries at a time, shared by the steps of a run that are taken in one process.

    What is imported in between is seen: files of a registry are added, and never changed.
    """
    stored = tuple(path.name for table in TABLES.values() for path in files_of(layout, table))
    return _shared(layout, as_of, price_sources, stored)


@lru_cache(maxsize=1)
def _shared(
    layout: Layout, as_of: dt.datetime, price_sources: tuple[str, ...], stored: tuple[str, ...]
) -> Registries:
    return Registries(layout, as_of, price_sources)


@dataclass(frozen=True)
class MixedRegistries(Registries):
    """Registries of which each table is that of another time or place: what a change of one alone does."""

    labels: Registries = field(kw_only=True)
    asset_list: Registries = field(kw_only=True)
    quotes: Registries = field(kw_only=True)
    weights: Registries = field(kw_only=True)

    @cached_property
    def claims(self) -> pl.DataFrame:
        """Claims about addresses, of `labels`."""
        return self.labels.claims

    @cached_property
    def assets(self) -> pl.DataFrame:
        """Listed assets, of `asset_list`."""
        return self.asset_list.assets

    @cached_property
    def prices(self) -> pl.DataFrame:
        """Quotes, of `quotes`."""
        return self.quotes.prices

    @cached_property
    def jurisdictions(self) -> pl.DataFrame:
        """Weights, of `weights`."""
        return self.weights.jurisdictions


@dataclass(frozen=True)
class ChainRegistries:
    """Resolved wallets, assets and quotes of one chain, with digests that tell when they changed."""

    chain: str
    wallets: pl.DataFrame
    assets: pl.DataFrame
    prices: pl.DataFrame
    contested: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=dtypes(Wallets)))
    """The wallets of addresses that are contested at any time, as owners of their own."""

    @property
    def wrapped_contracts(self) -> list[str]:
        """The chain's wrapped-native tokens."""
        return self.assets.filter(pl.col("kind") == "wrapped_native")["contract"].sort().to_list()

    @cached_property
    def digest(self) -> str:
        """Changes with any wallet or asset of the chain."""
        digests = [row_digest(frame) for frame in (self.wallets, self.assets)]
        return "-".join([*digests, row_digest(self.contested)] if self.contested.height else digests)

    @cached_property
    def price_digests(self) -> dict[dt.date, str]:
        """For each UTC day with quotes, a digest of them."""
        by_day = (
            self.prices.with_columns(
                _date=pl.col("time").dt.date(), _a=self.prices.hash_rows(1), _b=self.prices.hash_rows(2)
            )
            .group_by("_date")
            .agg(pl.len(), pl.col("_a").sum(), pl.col("_b").sum())
        )
        return {date: f"{n:x}.{a:x}.{b:x}" for date, n, a, b in by_day.iter_rows()}

    def prices_between(self, first: dt.date, last: dt.date, staleness: dt.timedelta) -> pl.LazyFrame:
        """The quotes that can price transfers of the days first to last."""
        start = dt.datetime.combine(first, dt.time(), dt.UTC) - staleness
        end = dt.datetime.combine(last + dt.timedelta(days=1), dt.time(), dt.UTC)
        return self.prices.lazy().filter(pl.col("time").is_between(start, end, closed="left"))

    def digest_of_day(self, date: dt.date, staleness: dt.timedelta) -> str:
        """Changes with anything in the registries that a partition of this day depends on."""
        days = [date - dt.timedelta(days=back) for back in range(staleness.days + 1, -1, -1)]
        return "|".join([self.digest, *(self.price_digests.get(day, "") for day in days)])


def row_digest(frame: pl.DataFrame) -> str:
    """128 bits over the rows of a frame, whatever their order. Stable within one version of Polars only."""
    return f"{frame.height:x}.{frame.hash_rows(1).sum():x}.{frame.hash_rows(2).sum():x}"
